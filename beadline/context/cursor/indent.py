"""Blanks that a new statement at a cursor starts with. Knows lines and brackets, no tree."""

from __future__ import annotations

from collections import Counter

from beadline.context.cursor.text import BLOCK, code_before
from beadline.context.hole import Hole
from beadline.context.lexer import CLOSERS, columns, indent_of
from beadline.context.types import Expected

_SEARCHED = 50_000
"""Characters that are read to learn a text's own unit."""


def indent_at(hole: Hole, expected: Expected, *, opened: bool) -> str:
    """Blanks that a new statement at the cursor starts with.

    `opened`: the code before the cursor opens a body.
    """
    lines = hole.scanned.lines
    if not hole.left_blank or hole.statement:
        here = hole.statement_indent
        return here + _level(hole) if expected is BLOCK else here
    if expected is BLOCK and lines:
        if not opened:
            return lines[-1].indent
        deeper = columns(hole.left) > lines[-1].column
        return hole.left if deeper else lines[-1].indent + _level(hole)
    if hole.left or not lines:
        return hole.left
    following = indent_of(hole.next_code)
    if code_before(hole)[-1:] in ("{", "(", "[") or hole.next_code.lstrip()[:1] in tuple(CLOSERS):
        return max(following, lines[-1].indent, key=columns)
    return min(following, lines[-1].indent, key=columns)


def _level(hole: Hole) -> str:
    return indent_unit(hole.text, hole.language.indent)


def indent_unit(text: str, default: str) -> str:
    """One level of indentation as this text has it; `default` when it has none."""
    steps: Counter[str] = Counter()
    above = ""
    for line in text[:_SEARCHED].split("\n"):
        if not line.strip():
            continue
        indent = indent_of(line)
        if indent.startswith(above) and len(indent) > len(above):
            steps[indent[len(above) :]] += 1
        above = indent
    return min(steps, key=lambda s: (-steps[s], len(s))) if steps else default
