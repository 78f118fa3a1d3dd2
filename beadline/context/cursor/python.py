"""Decides what is expected at a cursor in Python. Knows lines, brackets and the tree; no model."""

from __future__ import annotations

import keyword
import re

from beadline.context.cursor.text import (
    BLOCK,
    LINE,
    NOTHING,
    NUMBER_AT_END,
    Decision,
    first_word,
    flatten,
    is_known,
    is_word,
    word_at_end,
)
from beadline.context.hole import HEADER, Hole
from beadline.context.lexer import CLOSERS, OPENERS, columns, indent_of
from beadline.context.syntax import SyntaxTree

_DEFINITION = re.compile(r"(?:async\s+)?(def|class)\s+(\w+)")
_JUMP = re.compile(r"(?:return|raise|continue|break|pass)\b")
_DOCSTRING = re.compile(r"[rRuUbB]{0,2}(?:\"\"\"|'''|\"|')")
_ASSIGNMENT = re.compile(r"(?<![=!<>:])=(?!=)|:=")
_INLINE_BODY = re.compile(r"(?<!lambda):\s*(\S.*)$", re.S)
_STRING_ONLY = re.compile(r"[rbfuRBFU]{0,2}[\"']+")

_COMPLETE_WORDS = frozenset(("pass", "break", "continue", "True", "False", "None"))
_INCOMPLETE_WORDS = frozenset(keyword.kwlist) - {
    *_COMPLETE_WORDS,
    "return",
    "raise",
    "yield",
}
_COMPLETE_OR_NOT = frozenset(("return", "raise", "yield"))
_STATEMENT_WORDS = frozenset(keyword.kwlist) - {"None", "True", "False", "not", "lambda"}
"""What starts a statement that does something, whatever it ends in."""


def decide(hole: Hole, tree: SyntaxTree | None) -> Decision:
    if hole.rest_code:
        return _inside_line(hole, tree)
    if hole.scanned.stack:
        return _inside_brackets(hole)
    if hole.left_blank and not hole.statement:
        return _on_blank_line(hole)
    return _at_line_end(hole)


def _inside_line(hole: Hole, tree: SyntaxTree | None) -> Decision:
    """Code follows on the line."""
    rest = hole.rest_code
    before = hole.left[-1:]
    if is_word(before) and is_word(hole.rest[:1]):
        return NOTHING, "inside_word"
    if hole.left_blank and not hole.scanned.stack:
        return NOTHING, "text_follows"
    line_end = hole.offset + len(hole.rest)
    statement_start = hole.offset - len(hole.left) + len(indent_of(hole.left))
    if tree is not None and tree.broken_between(statement_start, line_end):
        return LINE, "inside_statement"
    last = hole.statement[-1:]
    if last in OPENERS or last == ",":
        if rest[0] in CLOSERS:
            return LINE, "inside_brackets"
        return NOTHING, "complete_construct"
    if rest[0] in CLOSERS + ",:" and is_word(before):
        return LINE, "ambiguous_end"
    return NOTHING, "complete_construct"


def _inside_brackets(hole: Hole) -> Decision:
    """A bracket is open and nothing follows on the line."""
    if hole.missing:
        return LINE, "inside_brackets"
    last = hole.statement[-1:]
    if hole.left_blank and last not in OPENERS + ",":
        # The last item has no comma: only an operator or `for` could follow.
        return (NOTHING, "complete_expression") if hole.adjacent else (LINE, "inside_brackets")
    if hole.left_blank or last in OPENERS:
        return LINE, "inside_brackets"
    return LINE, "ambiguous_end"


def _on_blank_line(hole: Hole) -> Decision:
    lines = hole.scanned.lines
    if not lines:
        return LINE, "new_statement"
    previous = lines[-1]
    column = columns(hole.left)
    if hole.header_before:
        if hole.has_body(previous.column):
            return LINE, "new_statement"
        return BLOCK, "open_block"
    if _docstring_only(hole) and not hole.has_body(previous.column - 1):
        return BLOCK, "body_after_docstring"
    if column == previous.column and _JUMP.match(hole.text_of(-1)):
        return NOTHING, "after_jump"
    return LINE, "new_statement"


def _at_line_end(hole: Hole) -> Decision:
    """Code before the cursor, none after it, no bracket open."""
    statement = hole.statement
    if hole.scanned.escaped or hole.wanted:
        return LINE, "inside_statement"
    if hole.is_header(statement):
        if hole.has_body(hole.statement_column):
            return NOTHING, "header_complete"
        return BLOCK, "open_block"
    if HEADER.match(statement) and (
        inline := _INLINE_BODY.search(flatten(statement, hole.language))
    ):
        statement = inline.group(1)
    spaced = hole.left[-1:].isspace()
    if word := word_at_end(statement):
        decision = _after_word(statement, word.group(), spaced)
        if decision[1] == "ambiguous_end" and not spaced and is_known(hole, word.group()):
            return NOTHING, "known_name"
        return decision
    if HEADER.match(statement):
        return LINE, "inside_statement"
    last = statement[-1:]
    flat = flatten(statement, hole.language)
    literal = NUMBER_AT_END.search(statement) is not None or last in "\"'"
    if not (literal or last in CLOSERS or statement.endswith("...")):
        if flat.endswith("import *"):
            return NOTHING, "complete_statement"
        return LINE, "inside_statement"
    if spaced:
        return LINE, "ambiguous_end"
    return _completeness(hole, flat, last)


def _after_word(statement: str, word: str, spaced: bool) -> Decision:
    if statement.endswith("." + word):
        # An attribute, even if it is spelled like a keyword.
        return LINE, "inside_statement" if HEADER.match(statement) else "ambiguous_end"
    if word in _INCOMPLETE_WORDS:
        return LINE, "inside_statement"
    if word in _COMPLETE_OR_NOT:
        return LINE, "inside_statement" if spaced else "ambiguous_end"
    if HEADER.match(statement):
        return LINE, "inside_statement"
    if word in _COMPLETE_WORDS and not spaced:
        return NOTHING, "complete_statement"
    return LINE, "ambiguous_end"


def _completeness(hole: Hole, flat: str, last: str) -> Decision:
    """A statement that ends in a closer, a literal or an ellipsis: can it stand like this?"""
    first = first_word(flat)
    if _ASSIGNMENT.search(flat) or first in _STATEMENT_WORDS or flat.startswith("@"):
        return NOTHING, "complete_statement"
    if ":" in flat:
        return LINE, "ambiguous_end"  # An annotation: a value may follow.
    if last == ")":
        # A call does something; a tuple or a parenthesis alone does nothing.
        called = re.search(r"[\w)\]\"']\(\)$", flat) is not None
        return (NOTHING, "complete_statement") if called else (LINE, "inside_statement")
    if last in "\"'" and _STRING_ONLY.fullmatch(flat):
        lines = hole.scanned.lines
        if not lines or hole.header_before or '"""' in hole.statement or "'''" in hole.statement:
            return NOTHING, "complete_statement"
        return LINE, "ambiguous_end"
    if flat.endswith("..."):
        return NOTHING, "complete_statement"
    return LINE, "inside_statement"


def _docstring_only(hole: Hole) -> bool:
    """The last logical line is the docstring of a definition and its only statement so far."""
    lines = hole.scanned.lines
    if len(lines) < 2 or not _DOCSTRING.match(hole.text_of(-1)):
        return False
    header = hole.text_of(-2)
    return (
        hole.is_header(header)
        and _DEFINITION.match(header) is not None
        and lines[-2].column < lines[-1].column
    )
