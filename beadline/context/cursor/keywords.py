"""Decides what is expected at a cursor where words close blocks: Ruby, Bash. Knows lines and words.

Whether a body is empty is read from the indentation below its header: `end` and `fi` are often
missing while code is typed.
"""

from __future__ import annotations

import re

from beadline.context.cursor.inline import inside_brackets, inside_line, unfinished
from beadline.context.cursor.text import (
    BLOCK,
    LINE,
    NOTHING,
    NUMBER_AT_END,
    Decision,
    code_before,
    column_before,
    first_word,
    flatten,
    is_known,
    next_column,
    word_at_end,
)
from beadline.context.hole import Hole
from beadline.context.languages import Language
from beadline.context.lexer import CLOSERS, columns
from beadline.context.syntax import SyntaxTree

_COMPLETE_WORDS = {
    "ruby": frozenset(("true", "false", "nil", "self", "break", "next", "redo", "retry")),
    # The last argument of `trap` is a signal.
    "shellscript": frozenset(
        (
            "true",
            "false",
            "break",
            "continue",
            "exit",
            "return",
            "shift",
            "wait",
            "EXIT",
            "INT",
            "TERM",
            "HUP",
            "QUIT",
            "ERR",
            "DEBUG",
        )
    ),
}
_DO = re.compile(r"\b(?:do|then)\s*(?:\|[^|]*\|)?$|\{\s*\|[^|]*\|$")
"""Ends of a header, whatever stands before."""
_VALUE_BLOCK = re.compile(r"(?:=|<<)\s*(?:if|unless|case|begin|while|until)\b")
_ENDLESS = re.compile(r"def\s+[\w.?!]+(?:\(\))?\s*=\s")
_MODIFIER = re.compile(r"\s(?:if|unless|while|until|rescue)\s")
_SHELL_UNFINISHED = re.compile(r"(?:\||&&|\\|[=($<]|(?<!\d)>|\s-+)$")
_WHOLE_NAME = re.compile(r"\w[?!]$|\$[?!#$@*\d]$")
"""Ruby's methods with a mark at their end, Bash's special parameters."""
CLAUSES = frozenset(("when", "in", "else", "elsif", "rescue", "ensure", "elif"))


def decide(hole: Hole, tree: SyntaxTree | None) -> Decision:
    """What is expected at the hole, which is in code."""
    if hole.rest_code and not _body_in_braces(hole):
        return inside_line(hole, tree)
    stack = hole.scanned.stack
    code_in_string = hole.scanned.state.interpolated
    if stack and (code_in_string or stack[-1][0] != "{") and not _shell_pattern(hole):
        return inside_brackets(hole)
    if hole.left_blank and not hole.statement:
        return _on_blank_line(hole)
    return _at_line_end(hole)


def opens_body(code: str, language: Language) -> bool:
    """A logical line is a header whose body comes on the lines below."""
    if language.id == "shellscript":
        return _opens_shell_body(code, language)
    first = first_word(code)
    if _ENDLESS.match(code) or closes(code, language):
        return False
    if _DO.search(code) or code.endswith("{") or _VALUE_BLOCK.search(code):
        return True
    if first in language.words.headers:
        return re.search(r"\bthen\s+\S", code) is None
    return re.match(r"\w+\s+def\s+\w", code) is not None


def closes(code: str, language: Language) -> bool:
    """A logical line ends with a word that closes a block."""
    word = word_at_end(code)
    if word is None or word.group() not in language.words.closers:
        return False
    return code[: word.start()][-1:] not in (".", ":", "@", "$", "-")


def _opens_shell_body(code: str, language: Language) -> bool:
    if code.endswith("{") or re.search(r"(?:^|[;\s])(?:then|do|else)$", code):
        return True
    if re.match(r"case\b.*\bin$", code, re.S):
        return True
    return opens_arm(code, language)


def opens_arm(code: str, language: Language) -> bool:
    """Bash: a line ends with a pattern of `case`."""
    if not code.endswith(")"):
        return False
    flat = flatten(code, language)
    return flat.count("(") < flat.count(")") or re.fullmatch(r"\([^()]*\)", code) is not None


def count_words(code: str, language: Language) -> tuple[int, int]:
    """Ruby: how many blocks a logical line opens, and how many `end`s it has."""
    flat = flatten(code, language)
    words = re.findall(r"(?<![.:@$\w])[a-z]+\b(?![:?!])", flat)
    first = first_word(flat)
    opened = 0
    if words and not _ENDLESS.match(flat):
        loop = first in ("while", "until", "for")
        opened += loop or (first in language.words.openers and first != "do")
        opened += 0 if loop else words.count("do")
        opened += len(_VALUE_BLOCK.findall(flat))
        opened += words.count("def") - (first == "def")
    return opened, words.count("end")


def _shell_pattern(hole: Hole) -> bool:
    """Bash: `(` before a pattern of `case`, which is closed by what looks like its own."""
    return hole.language.id == "shellscript" and not hole.statement and hole.left_blank


def _body_in_braces(hole: Hole) -> bool:
    """An open `{` before the cursor and its closer behind it, with nothing between."""
    stack = hole.scanned.stack
    if not stack or stack[-1][0] != "{" or hole.rest_code[0] != "}":
        return False
    if hole.scanned.state.interpolated or _is_literal(hole):
        return False
    return opens_body(code_before(hole), hole.language)


def _is_literal(hole: Hole) -> bool:
    """The `{` before the cursor opens a hash."""
    code = code_before(hole)
    return code.endswith("{") and re.search(r"(?:[=(,\[:>|&?+]|\breturn)\s*\{$", code) is not None


def _has_body(hole: Hole, code: str, column: int) -> bool:
    following = hole.next_code.lstrip()
    if following.startswith((";;", *CLOSERS)):
        return False
    first = first_word(following)
    if first in ("when", "in") and re.search(r"(?:^|=\s*)case\b", code):
        return next_column(hole) >= column
    if first in hole.language.words.closers or first in CLAUSES:
        return False
    return next_column(hole) > column


def _on_blank_line(hole: Hole) -> Decision:
    if not hole.scanned.lines:
        return LINE, "new_statement"
    code, column = code_before(hole), column_before(hole)
    if opens_body(code, hole.language):
        if _has_body(hole, code, column):
            return LINE, "new_statement"
        if _is_literal(hole):
            return LINE, "inside_brackets"
        return BLOCK, "open_block"
    if unfinished_line(hole, code):
        return LINE, "inside_statement"
    if columns(hole.left) == column and _jumps(hole, code):
        return NOTHING, "after_jump"
    return LINE, "new_statement"


def _jumps(hole: Hole, code: str) -> bool:
    if first_word(code) not in hole.language.words.jumps:
        return False
    flat = flatten(code, hole.language)
    return not _MODIFIER.search(flat) and "||" not in flat and "&&" not in flat


def _at_line_end(hole: Hole) -> Decision:
    """Code before the cursor, none after it."""
    statement, language = hole.statement, hole.language
    # In Bash the patterns of `case` look like closers without an opener.
    if hole.scanned.escaped or (hole.wanted and language.id == "ruby"):
        return LINE, "inside_statement"
    if not statement:
        return NOTHING, "comment_closed"
    spaced = hole.left[-1:].isspace()
    if closes(statement, language) or statement.endswith((";;", "}")):
        return NOTHING, "complete_statement"
    header = opens_body(statement, language)
    if unfinished_line(hole, statement) and not (header and _DO.search(statement)):
        return LINE, "inside_statement"
    if header:
        return _after_header(hole, statement, spaced)
    if language.id == "shellscript" and _lacks_then(statement):
        following = first_word(hole.next_code.lstrip())
        return (NOTHING, "header_complete") if following in ("then", "do") else _open_header(hole)
    if statement.endswith(";"):
        return NOTHING, "complete_statement"
    if statement.endswith(","):
        entry = hole.scanned.stack and not spaced
        return (NOTHING, "complete_entry") if entry else (LINE, "inside_statement")
    whole = NUMBER_AT_END.search(statement) or _WHOLE_NAME.search(statement)
    if not whole and (word := word_at_end(statement)):
        return _after_word(hole, word.group(), spaced)
    if spaced:
        return LINE, "ambiguous_end"
    if whole or statement[-1] in CLOSERS + "\"'`":
        return NOTHING, "complete_statement"
    return LINE, "ambiguous_end"


def _after_header(hole: Hole, statement: str, spaced: bool) -> Decision:
    if _has_body(hole, statement, hole.statement_column):
        return NOTHING, "header_complete"
    if _is_literal(hole):
        return LINE, "inside_brackets"
    word = word_at_end(statement)
    whole = first_word(statement) == statement or _DO.search(statement) is not None
    if hole.language.id == "shellscript" or (
        whole and not hole.language.words.incomplete & {statement}
    ):
        return BLOCK, "open_block"
    if unfinished_line(hole, statement) or (spaced and word):
        return LINE, "inside_statement"
    following = first_word(hole.next_code.lstrip())
    closed = following in hole.language.words.closers or following in CLAUSES
    if word and not (closed and next_column(hole) == hole.statement_column):
        return LINE, "ambiguous_end"
    return BLOCK, "open_block"


def _after_word(hole: Hole, word: str, spaced: bool) -> Decision:
    if not spaced and word in _COMPLETE_WORDS.get(hole.language.id, ()):
        return NOTHING, "complete_statement"
    if not spaced and is_known(hole, word):
        return NOTHING, "known_name"
    if spaced and word in hole.language.words.jumps:
        return LINE, "inside_statement"
    return LINE, "ambiguous_end"


def _lacks_then(statement: str) -> bool:
    """Bash: a condition without its `then`, a loop without its `do`, a `case` without its `in`."""
    first = first_word(statement)
    if first not in ("if", "elif", "while", "until", "for", "select", "case"):
        return False
    return re.search(r"[;\s](?:then|do|in)\b", statement) is None or first in ("for", "select")


def _open_header(hole: Hole) -> Decision:
    word = word_at_end(hole.statement)
    return LINE, "ambiguous_end" if word and not hole.left[-1:].isspace() else "inside_statement"


def unfinished_line(hole: Hole, code: str) -> bool:
    """A line that goes on below."""
    if hole.language.id != "shellscript":
        return unfinished(hole, code)
    return _SHELL_UNFINISHED.search(code) is not None
