"""Definitions around a cursor: from the tree where it is sound, else by indentation.

Broken code keeps its indentation, so that is what scopes are read from when the parser could not
make sense of the cursor's surroundings, and in languages whose blocks are indentation.
"""

from __future__ import annotations

import re

from beadline.context.hole import Hole
from beadline.context.lexer import CLOSERS
from beadline.context.syntax import SyntaxTree
from beadline.context.types import Scope

_PYTHON = re.compile(r"(?:async\s+)?(?P<word>def|class)\s+(?P<name>\w+)")
_NAMED = re.compile(
    r"\b(?P<word>class|interface|struct|enum|trait|union|module|mod|namespace|impl|object|record"
    r"|function|func|fn|fun|def|sub)\b(?:\s*\([^)]*\))?[\s*]+(?P<name>(?:self\.)?[\w$?!]+)"
)
_ASSIGNED = re.compile(
    r"(?:const|let|var|val)?\s*(?P<name>[\w$]+)\s*[=:]\s*(?:async\s*)?"
    r"(?:function\b|\([^()]*\)[^=]*=>|[\w$]+\s*=>)"
)
_CALLABLE = re.compile(r"(?P<name>[\w$~]+)\s*\((?:[^()]|\([^()]*\))*\)[^;=()]*$")
_CLASSES = frozenset(("class", "object", "record"))
_OTHERS = frozenset(("interface", "struct", "enum", "trait", "union", "namespace", "impl"))


def scopes_at(
    hole: Hole, indent: str, tree: SyntaxTree | None, *, opens: bool
) -> tuple[Scope, ...]:
    """Definitions around the cursor, outermost first.

    `indent`: where a statement at the cursor starts. `opens`: the cursor's own line opens a body.
    """
    if hole.language.blocks == "indent" and hole.language.id != "python":
        return ()
    found = None if tree is None or hole.language.blocks == "indent" else _by_tree(hole, tree)
    if found is not None:
        return found
    return _by_indentation(hole, indent, opens)


def _by_tree(hole: Hole, tree: SyntaxTree) -> tuple[Scope, ...] | None:
    """None where the parser could not read the cursor's surroundings."""
    if not _sound(hole, tree):
        return None
    found = tree.captures("definition", hole.offset, hole.offset + 1)
    inside = [c for c in found if c.name and c.start < hole.offset <= c.end]
    scopes = {(c.start, c.end): Scope(c.kind, c.name, c.start, c.body) for c in inside}
    return tuple(scopes.values())


def _sound(hole: Hole, tree: SyntaxTree) -> bool:
    """No node around the cursor is an ERROR, or has lost its closing bracket."""
    if (near := tree.around(hole.offset)) is None:
        return False
    part, skipped = near
    byte = part.byte_offset(hole.offset - skipped)
    stack = hole.scanned.stack
    opened = max(0, stack[-1][1] - skipped) if stack else 0
    first = part.byte_offset(opened) if stack else byte
    node = part.root.descendant_for_byte_range(first, byte)
    if stack and (node is None or node.parent is None):
        return False  # what is open at the cursor is in no node
    while node is not None:
        if node.is_error or (node.children and node.children[-1].is_missing):
            return False
        node = node.parent
    return True


def _by_indentation(hole: Hole, indent: str, opens: bool) -> tuple[Scope, ...]:
    lines = hole.scanned.lines
    limit = len(indent.expandtabs())
    found: list[Scope] = []
    if opens and hole.statement and (scope := _definition(hole, hole.statement)):
        start = hole.scanned.code_end - len(hole.statement)
        found.append(Scope(*scope, start, hole.scanned.code_end))
    if opens and hole.statement:
        limit = hole.statement_column
    for index in range(len(lines) - 1, -1, -1):
        if not limit:
            break
        line = lines[index]
        if line.column >= limit:
            continue
        text = hole.text_of(index)
        if text[0] in CLOSERS + "#" or text == "{":
            continue
        limit = line.column
        if scope := _definition(hole, text):
            body = lines[index + 1].start if index + 1 < len(lines) else line.end
            found.append(Scope(*scope, line.start, body))
    return tuple(reversed(found))


def _definition(hole: Hole, code: str) -> tuple[str, str] | None:
    """Kind and name of what a line of code defines."""
    if hole.language.id == "python":
        match = _PYTHON.match(code)
        return match and ("class" if match["word"] == "class" else "function", match["name"])
    text = code.rstrip("{ \t")
    if match := _NAMED.search(text):
        return _kind(match["word"]), match["name"]
    if match := _ASSIGNED.match(text):
        return "function", match["name"]
    words = hole.language.words
    match = _CALLABLE.search(text)
    if match and match["name"] not in words.headers | words.jumps and code.endswith("{"):
        return "function", match["name"]
    return None


def _kind(word: str) -> str:
    if word in _CLASSES:
        return "class"
    if word in ("module", "mod", "namespace"):
        return "module"
    return word if word in _OTHERS else "function"
