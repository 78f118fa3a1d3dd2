"""Decides at cursors with code behind them on their line, or in brackets. Any language but Python.

Closing brackets, quotes and `;` right of the cursor are the editor's, not the user's text.
"""

from __future__ import annotations

import re

from beadline.context.cursor.text import (
    LINE,
    NOTHING,
    NUMBER_AT_END,
    Decision,
    code_before,
    is_word,
    word_at_end,
)
from beadline.context.hole import Hole
from beadline.context.lexer import CLOSERS, OPENERS, indent_of
from beadline.context.syntax import SyntaxTree

_AFTER_OPERAND = re.compile(
    r"(?:[=/%|?^]|&&|[<>]=?\s|!=|\*\s|[+-]\s|:(?!:)|\.(?!\.)|->|=>|(?:of|in|instanceof|as|is)\b)"
)
"""What can only follow an operand: an operator of two sides, or a member."""
_OPERATOR_AT_END = re.compile(r"(?:[=*/%&|^<~@\\!?.:]|(?<!\+)\+|(?<!-)-|->|=>|[\s=]>|::)$")
_TRY_OR_NULL = re.compile(r"[\w)\]>}](?:\?|!!?)$")
"""`?` and `!` behind an operand belong to it."""


def unfinished(hole: Hole, code: str) -> bool:
    """Code that ends in an operator, or in a word after which something must follow."""
    if word := word_at_end(code):
        before = code[: word.start()]
        if before.endswith((".", "->", "::", "$", "@", ":")) and not before.endswith("..."):
            return False
        return word.group() in hole.language.words.incomplete
    if code.endswith("*/") or _TRY_OR_NULL.search(code):
        return False
    return _OPERATOR_AT_END.search(code) is not None


def inside_line(hole: Hole, tree: SyntaxTree | None) -> Decision:
    """Code follows on the line."""
    rest = hole.rest_code
    before = hole.left[-1:]
    code = code_before(hole)
    last = code[-1:]
    if is_word(before) and is_word(hole.rest[:1]):
        return NOTHING, "inside_word"
    in_list = bool(hole.scanned.stack) and hole.scanned.stack[-1][0] in "(["
    if hole.left_blank and not in_list:
        return NOTHING, "text_follows"
    if hole.scanned.escaped:
        return NOTHING, "text_follows"
    if rest[0] == ";" and before.isspace() and _lacks_value(hole, code):
        return LINE, "inside_statement"
    bare = rest.rstrip(CLOSERS + ";,\"'`>")
    if (
        last in OPENERS
        or last in ",;"
        or unfinished(hole, code)
        or (last == "<" and rest[0] == ">")
    ):
        if rest[0] in CLOSERS + ";," or not bare or (rest[0] == ":" and last == "?"):
            in_brackets = last in OPENERS or last == ","
            return LINE, "inside_brackets" if in_brackets else "inside_statement"
        if rest[0] == ">" and last in ",<":
            return LINE, "inside_brackets"
        if _AFTER_OPERAND.match(rest) and last not in ",;":
            return LINE, "inside_statement"
    elif rest[0] in CLOSERS + ",:;" and word_at_end(hole.left):
        return LINE, "ambiguous_end"
    start = hole.offset - len(hole.left) + len(indent_of(hole.left))
    if tree is not None and broken_within(tree, hole, start, hole.offset + len(hole.rest)):
        return LINE, "inside_statement"
    return NOTHING, "complete_construct"


def _lacks_value(hole: Hole, code: str) -> bool:
    """`return` and the like, which may stand alone, with a blank behind."""
    word = word_at_end(code)
    alone = ("break", "continue", "next", "fallthrough")
    return bool(word) and word.group() in hole.language.words.jumps and word.group() not in alone


def inside_brackets(hole: Hole) -> Decision:
    """A parenthesis or a square bracket is open and nothing follows on the line."""
    if hole.missing:
        return LINE, "inside_brackets"
    code = hole.statement
    last = code[-1:]
    if hole.left_blank:
        if last in OPENERS + ",;" or unfinished(hole, code):
            return LINE, "inside_brackets"
        # The last item has no comma: only an operator could follow.
        return (NOTHING, "complete_expression") if hole.adjacent else (LINE, "inside_brackets")
    if last == "," and not hole.left[-1:].isspace() and _entry_alone(hole):
        return NOTHING, "complete_entry"
    if last in OPENERS + ",;":
        return LINE, "inside_brackets"
    if unfinished(hole, code):
        return LINE, "inside_statement"
    spaced = hole.left[-1:].isspace()
    if not spaced and (last in CLOSERS + "\"'`" or NUMBER_AT_END.search(code)):
        following = hole.next_code.lstrip()
        if following[:1] in (*CLOSERS, ",", ".", "?"):
            return NOTHING, "complete_expression"
    return LINE, "ambiguous_end"


def _entry_alone(hole: Hole) -> bool:
    """The innermost bracket was opened on a line above: the cursor's line holds entries only."""
    opened = hole.scanned.stack[-1][1]
    return opened < hole.offset - len(hole.left)


def broken_within(tree: SyntaxTree, hole: Hole, start: int, end: int) -> bool:
    """A problem of the parser lies within [start, end], not one that only spans it."""
    if (near := tree.around(hole.offset)) is None:
        return False
    part, skipped = near
    first, last = part.byte_offset(start - skipped), part.byte_offset(end - skipped)
    return any(first <= n.start_byte and n.end_byte <= last for n in part.problem_nodes())
