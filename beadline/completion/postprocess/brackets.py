"""Takes off closing brackets and block ends that the suffix brings. Knows lexical states."""

from __future__ import annotations

from beadline.context.hole import Hole
from beadline.context.lexer import CLOSERS, Lexer, columns, indent_of

_BLOCK_END = frozenset(CLOSERS + ";, \t")
"""What a line that only ends blocks is made of."""


def without_closers_behind(text: str, hole: Hole) -> str:
    """Cut at a closing bracket or quote that closes what the suffix closes.

    The stop rule did the same when the text was written; but the text may be an answer for an
    earlier cursor, or for a document without the closer that was typed since.
    """
    lexer = Lexer(hole.language, hole.scanned)
    lowest, may_close = len(lexer.stack), hole.missing
    string = bool(hole.scanned.string) and hole.string_closed and not _next_comment_closes(hole)
    for at, character in enumerate(text):
        delimiter = lexer.string
        event = lexer.feed(character)
        if event == "closed_string" and string:
            return text[: at + 1 - len(delimiter)]
        if event == "opened_string" or event == "newline":
            string = False
        if event == "extra":
            return _before(text, at, hole)
        if event == "close" and len(lexer.stack) < lowest:
            lowest = len(lexer.stack)
            may_close -= 1
            if may_close < 0:
                return _before(text, at, hole)
    return text


def _next_comment_closes(hole: Hole) -> bool:
    """Whether the end that seems to close the open block comment is another comment's."""
    block = hole.language.block_comment
    if block is None or hole.scanned.string != block[1]:
        return False
    begins, ends = (hole.text.find(mark, hole.offset) for mark in block)
    return 0 <= begins < ends


def _before(text: str, at: int, hole: Hole) -> str:
    """Up to a closer; the line break before it is the suffix's as well."""
    blanks = text[:at][len(text[:at].rstrip()) :]
    return text[: at - len(blanks)] if "\n" in blanks and not hole.rest.strip() else text[:at]


def without_block_end_behind(text: str, hole: Hole) -> str:
    """Drop a last line that only ends a block when the next line of the document does so.

    After Copilot and Tabby: the document's line may go on (`} else {`). Two such lines never
    stand below one another at the same column.
    """
    start = text.rfind("\n") + 1
    line = text[start:] if start else hole.left + text
    said = line.strip()
    if not said or hole.rest.strip() or not _ends_block(said, hole):
        return text
    following = hole.next_line
    if columns(indent_of(line)) != columns(indent_of(following)):
        return text
    if not following.strip().startswith(said) or (said.isalpha() and not _is_word(following, said)):
        return text
    return text[: max(0, start - 1)]


def _ends_block(said: str, hole: Hole) -> bool:
    return said in hole.language.words.closers or (
        said[0] in CLOSERS and all(c in _BLOCK_END for c in said)
    )


def _is_word(line: str, word: str) -> bool:
    behind = line.strip()[len(word) :][:1]
    return not (behind.isalnum() or behind == "_")
