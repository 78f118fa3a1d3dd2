"""Words, brackets and lines of the statement at a cursor. Knows the scan; decides nothing."""

from __future__ import annotations

import re

from beadline.context.hole import Hole
from beadline.context.languages import Language
from beadline.context.lexer import Lexer, Logical, Scanned, columns, indent_of
from beadline.context.types import Expected

Decision = tuple[Expected, str]
"""What is expected, and the reason."""

NOTHING, LINE, BLOCK = Expected.NOTHING, Expected.LINE, Expected.BLOCK

_WORD_AT_END = re.compile(r"[^\W\d]\w*$")
_LONGEST_WORD = 200
"""So much of an end is searched for a word: in a line of data every letter may start one."""
NUMBER_AT_END = re.compile(r"(?<![\w.])(?:\d[\w.]*|\.\d\w*)$")
_ENDS_IN_NAME = re.compile(
    r"(?:return|throw|use|using|goto) [\w.:\\$]+|(?:import|from .* import) .*"
    r"|.* (?:==|!=|<|>|<=|>=|is|is not|in|not in|===|!==|instanceof) [\w.$]+",
    re.S,
)
"""Statements after whose last name little ever follows (1 in 60 on the development code)."""


def is_word(character: str) -> bool:
    """A character of a name or a number."""
    return bool(character) and (character.isalnum() or character == "_")


def word_at_end(text: str) -> re.Match[str] | None:
    """The word a text ends with; of a very long one, its end."""
    return _WORD_AT_END.search(text, max(0, len(text) - _LONGEST_WORD))


def first_word(text: str) -> str:
    """The word a text starts with, or nothing."""
    match = re.match(r"\w+", text)
    return match.group() if match else ""


def flatten(statement: str, language: Language) -> str:
    """A statement with the contents of its brackets and strings removed."""
    lexer = Lexer(language, Scanned())
    kept: list[str] = []
    for character in statement:
        inside = bool(lexer.stack) or bool(lexer.string) or lexer.comment
        event = lexer.feed(character)
        outer = not lexer.stack and not lexer.string and not lexer.comment
        if outer or (not inside and event in ("open", "opened_string")):
            kept.append(character)
    return "".join(kept)


def previous_line(hole: Hole) -> Logical | None:
    """The last finished logical line before the cursor."""
    lines = hole.scanned.lines
    return lines[-1] if lines else None


def code_before(hole: Hole) -> str:
    """The code that ends before the cursor: the unfinished statement, else the line before it."""
    if hole.statement or not hole.scanned.lines:
        return hole.statement
    return hole.text_of(-1)


def column_before(hole: Hole) -> int:
    """Column of the line that `code_before` starts in."""
    line = previous_line(hole)
    return hole.statement_column if hole.statement or line is None else line.column


def next_column(hole: Hole) -> int:
    """Column of the next line of code; -1 where there is none."""
    return columns(indent_of(hole.next_code)) if hole.next_code else -1


def is_known(hole: Hole, word: str) -> bool:
    """A statement that rarely goes on after a name ends in one that the file has elsewhere.

    Not so where a longer name starts with it: then it may be half typed.
    """
    if not _ENDS_IN_NAME.fullmatch(flatten(hole.statement, hole.language)):
        return False
    whole = False
    for match in re.finditer(r"(?<!\w)" + re.escape(word) + r"(\w?)", hole.text):
        if match.group(1):
            return False
        whole = whole or match.end() != hole.offset
    return whole
