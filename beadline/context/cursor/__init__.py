"""Reads off the text around a cursor what is expected there. Knows syntax; knows no model.

Code at a cursor is broken as a rule, so decisions rest on a scan of brackets, strings and logical
lines that cannot fail; the tree is asked where the text alone leaves it open. There is one module
for every way of deciding: `python`, `braces`, `keywords`, and `lines` for the rest.
"""

from __future__ import annotations

from beadline.context import languages
from beadline.context.cursor import braces, keywords, lines, python
from beadline.context.cursor.indent import indent_at, indent_unit
from beadline.context.cursor.scopes import scopes_at
from beadline.context.cursor.text import BLOCK, LINE, Decision, code_before
from beadline.context.hole import Hole, look
from beadline.context.syntax import SyntaxTree
from beadline.context.types import CursorContext, Document

__all__ = ["indent_unit", "read_cursor"]


def read_cursor(document: Document, offset: int, tree: SyntaxTree | None) -> CursorContext:
    """What is expected at `offset` (clamped to the text), and the scopes around it."""
    text = document.text
    offset = max(0, min(offset, len(text)))
    language = languages.get(document.language)
    hole = look(text, offset, language) if tree is None else tree.hole_at(offset)
    in_comment, in_string = _literal(hole, tree)
    if in_comment:
        decision: Decision = LINE, "comment"
    elif in_string:
        decision = LINE, "string"
    else:
        decision = _decide(hole, tree)
    expected, reason = decision
    indent = indent_at(hole, expected, opened=_opened(hole))
    return CursorContext(
        offset=offset,
        expected=expected,
        reason=reason,
        scopes=scopes_at(hole, indent, tree, opens=expected is BLOCK),
        node=tree.node_at(offset) if tree is not None else "",
        in_comment=in_comment,
        in_string=in_string,
        indent=indent,
    )


def _literal(hole: Hole, tree: SyntaxTree | None) -> tuple[bool, bool]:
    """The cursor is in a comment; in a string."""
    if tree is not None:
        return tree.in_comment(hole.offset), tree.in_string(hole.offset)
    block = hole.language.block_comment
    in_block_comment = block is not None and hole.scanned.string == block[1]
    in_comment = hole.scanned.comment or in_block_comment
    return in_comment, bool(hole.scanned.string) and not in_comment


def _decide(hole: Hole, tree: SyntaxTree | None) -> Decision:
    match hole.language.blocks:
        case "indent" if hole.language.id == "python":
            return python.decide(hole, tree)
        case "braces":
            return braces.decide(hole, tree)
        case "keywords":
            return keywords.decide(hole, tree)
        case _:
            return lines.decide(hole)


def _opened(hole: Hole) -> bool:
    """The code before the cursor opens a body."""
    code = code_before(hole)
    match hole.language.blocks:
        case "indent":
            return hole.header_before
        case "braces":
            return code.endswith(("{", ":"))
        case "keywords":
            return keywords.opens_body(code, hole.language)
        case _:
            return False
