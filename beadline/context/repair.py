"""Guesses how unfinished Python could be finished, and whether Python takes it. Knows no tree.

Used to compare code with and without a suggestion fairly: text at a cursor is broken before
anything is suggested, and a suggestion may end inside a bracket or before a block.
"""

from __future__ import annotations

import ast
import re
import warnings

from beadline.context.hole import HEADER, Hole
from beadline.context.lexer import CLOSER, columns, indent_of

_COMPILE_CHARS = 20_000
"""Longer code is only parsed: compiling costs three times as much and finds little more."""
_PARSE_CHARS = 200_000
"""Longer code is not given to Python at all."""

_TRY = re.compile(r"^([ \t]*)try\s*:", re.M)


def python_accepts(source: str) -> bool | None:
    """Whether the interpreter's own compiler takes `source`; None when it is too long to ask."""
    if len(source) > _PARSE_CHARS:
        return None
    flags = 0 if len(source) <= _COMPILE_CHARS else ast.PyCF_ONLY_AST
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "<suggestion>", "exec", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return False
    return True


def fillings(hole: Hole) -> list[str]:
    """What could stand at a cursor to make the text around it whole, likeliest first."""
    if hole.scanned.comment:
        return []
    closers = _closers(hole)
    if hole.scanned.string:
        return [] if hole.string_closed else [_string_end(hole) + closers]
    if not hole.statement and hole.left_blank:
        return _statements(hole)
    tail = _header_tail(hole)
    found = [closers + tail, " _" + closers + tail, tail]
    found += [f" {words}{closers}{tail}" for words in _words(hole)]
    if hole.scanned.stack:
        found += [fill + "," for fill in (closers, " _" + closers, ": _", " _: _", "=_", "._: _")]
    if hole.wanted:
        openers = {closer: opener for opener, closer in CLOSER.items()}
        found.insert(0, " _" + "".join(openers[c] for c in reversed(hole.wanted)))
        found.insert(1, " =" + found[0])
    if hole.rest_code:
        found += [" _,", ", _ ", " _ ", ".", " + "]
    return [f for f in dict.fromkeys(found) if f]


def endings(hole: Hole, start: int) -> list[tuple[int, str]]:
    """How a suggestion from `start` to the hole that is unfinished at its own end may go on.

    Pairs of an offset and the text to put there: closers of brackets it found open, a body for
    its last header, a handler for its last `try`. With code behind it on its line, or with a
    bracket of its own left open (which swallows what follows), it is not unfinished but wrong.
    """
    text, end = hole.text, hole.offset
    if hole.scanned.string or hole.rest_code:
        return []
    at = start + len(text[start:end].rstrip())
    found: list[tuple[int, str]] = []
    stack = hole.scanned.stack
    own = sum(offset >= start for _, offset in stack)
    if not own and hole.missing and not hole.scanned.comment:
        closers = _closers(hole)
        found += [(at, closers), (at, closers + _header_tail(hole))]
    written = text[start:at]
    if written.endswith(":"):
        found.append((at, " pass"))
    tries = list(_TRY.finditer(text, text.rfind("\n", 0, start) + 1, at))
    if tries:
        handler = f"\n{tries[-1].group(1)}finally: pass"
        found += [(at, handler), (at, " pass" + handler)]
    return list(dict.fromkeys(found))


def _closers(hole: Hole) -> str:
    """Closers of the brackets that are open at the cursor and not closed behind it."""
    stack = hole.scanned.stack
    return "".join(CLOSER[b] for b, _ in reversed(stack[len(stack) - hole.missing :]))


def _string_end(hole: Hole) -> str:
    return hole.scanned.string


def _header_tail(hole: Hole) -> str:
    if not HEADER.match(hole.statement) or hole.rest_code:
        return ""
    has_body = hole.has_body(hole.statement_column)
    if hole.is_header(hole.statement) and not hole.scanned.stack:
        return "" if has_body else " pass"
    return ":" if has_body else ": pass"


def _words(hole: Hole) -> list[str]:
    first = re.match(r"(?:async\s+)?(\w+)", hole.statement)
    word = first.group(1) if first else ""
    found = {
        "from": ["import _", "_ import _"],
        "for": ["in _", "_ in _"],
        "def": ["_()", "()"],
        "async": ["def _()"],
        "lambda": [": _"],
    }.get(word, [])
    if re.search(r"\bfor\b", hole.statement) and word != "for":
        found = [*found, "in _", "_ in _"]
    if re.search(r"\bif\b", hole.statement) and word != "if":
        found = [*found, "else _", "_ else _"]
    if re.search(r"\blambda\b", hole.statement):
        found = [*found, ": _"]
    return found


def _statements(hole: Hole) -> list[str]:
    """A statement on the cursor's own line, at an indentation that fits."""
    indents = [hole.left]
    if hole.scanned.lines:
        last = hole.scanned.lines[-1]
        indents.append(last.indent + "    " if hole.header_before else last.indent)
    if hole.next_code:
        indents.append(indent_of(hole.next_code))
    missing = [i[len(hole.left) :] for i in indents if columns(i) >= columns(hole.left)]
    separator = "; " if hole.rest_code else ""
    return list(dict.fromkeys(f"{blanks}pass{separator}" for blanks in missing))
