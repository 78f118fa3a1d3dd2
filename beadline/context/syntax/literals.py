"""Says whether a place in a tree is inside a string, a comment, or code. Parses nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from beadline.context.hole import Hole
from beadline.context.languages import Language

if TYPE_CHECKING:
    import tree_sitter

_QUOTED = re.compile(rb"[\w@$%&#]*?(\"\"\"+|'''+|[\"'`/<])")
"""Start of a string whose delimiters are no nodes: a prefix and a quote."""


def kind_at(root: tree_sitter.Node, byte: int, language: Language) -> str | None:
    """`string`, `comment` or `code`: what text typed at a byte offset becomes part of.

    None where the tree does not say: the text around it could not be parsed.
    """
    kinds = language.kinds
    # What stands to the left decides: a cursor before a string is not in it, a cursor behind one
    # is when it is not closed. But running text has no delimiters: it starts where it starts.
    behind = root.descendant_for_byte_range(byte, byte + 1)
    if behind is not None and behind.type in kinds.texts and behind.start_byte == byte:
        return "string"
    node = root.descendant_for_byte_range(byte - 1, byte) if byte else None
    while node is not None:
        if node.is_error or node.type in kinds.opaque:
            return None
        if node.type in kinds.texts:
            return "string"
        if node.type in kinds.comments:
            return "comment" if _in_comment(node, byte, language) else "code"
        # A keyword may be called like a kind (`string` of TypeScript).
        if node.type in kinds.strings and node.is_named and _in_string(node, byte):
            return "string"
        if node.type in kinds.interpolations and byte < node.end_byte:
            return "code"
        node = node.parent
    return "code"


def kind_in(hole: Hole) -> str:
    """The same by the lexer alone."""
    scanned, block = hole.scanned, hole.language.block_comment
    if scanned.comment or (block is not None and scanned.string == block[1]):
        return "comment"
    return "string" if scanned.string else "code"


def _in_comment(node: tree_sitter.Node, byte: int, language: Language) -> bool:
    text = node.text or b""
    if byte < node.end_byte:
        return True
    block = language.block_comment
    if block is not None and text.startswith(block[0].encode()):
        return not text.endswith(block[1].encode())
    return not text.endswith(b"\n")


def _in_string(node: tree_sitter.Node, byte: int) -> bool:
    first, last = node.start_byte, node.end_byte
    children = node.children
    delimiters = [c for c in children if not c.is_named or c.type.endswith(("start", "end"))]
    if delimiters:
        opening, closing = delimiters[0], delimiters[-1]
        if opening.start_byte == first:
            first = opening.end_byte
        if closing.start_byte >= first and not closing.is_missing:
            # Bash counts blanks before it in.
            last = closing.end_byte - len((closing.text or b"").strip())
        return first <= byte <= last
    if children:
        return children[0].start_byte <= byte <= children[-1].end_byte
    text = node.text or b""
    if match := _QUOTED.match(text):
        quote = match.group(1).replace(b"<", b">")
        first += match.end()
        if len(text) >= match.end() + len(quote) and text.endswith(quote):
            last -= len(quote)
    return first <= byte <= last
