"""Decides what is expected at a cursor in texts of which only lines and brackets are known."""

from __future__ import annotations

from beadline.context.cursor.text import (
    BLOCK,
    LINE,
    NOTHING,
    Decision,
    is_word,
)
from beadline.context.hole import Hole
from beadline.context.lexer import CLOSERS, OPENERS


def decide(hole: Hole) -> Decision:
    """Brackets, indentation and the characters beside the cursor."""
    language = hole.language
    before, after = hole.left[-1:], hole.rest[:1]
    if is_word(before) and is_word(after):
        return NOTHING, "inside_word"
    last = hole.statement[-1:]
    rest = hole.rest_code
    if rest:
        if hole.left_blank and not hole.scanned.stack:
            return NOTHING, "text_follows"
        if last in OPENERS or last == ",":
            return (LINE, "inside_brackets") if rest[0] in CLOSERS else (NOTHING, "text_follows")
        if is_word(before):
            return LINE, "ambiguous_end"
        if last in CLOSERS + "\"'`;":
            return NOTHING, "complete_construct"
        return (NOTHING, "text_follows") if is_word(after) else (LINE, "inside_statement")
    if language.blocks == "none" and not language.line_comment:
        return LINE, "new_line" if hole.left_blank else "ambiguous_end"
    if hole.left_blank:
        return LINE, "new_statement"
    if language.blocks == "indent" and last == ":" and not hole.has_body(hole.statement_column):
        return BLOCK, "open_block"
    if last in ";}" and last:
        return NOTHING, "complete_statement"
    complete = last in CLOSERS + "\"'`" and not language.semicolons
    if complete and not before.isspace():
        return NOTHING, "complete_statement"
    return LINE, "ambiguous_end" if is_word(before) else "inside_statement"
