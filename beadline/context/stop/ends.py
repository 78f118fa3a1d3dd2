"""When lines that were generated complete the hole: one way for every kind of language.

Told only of lines that are in no bracket of their own. Knows no stream and counts nothing.
"""

from __future__ import annotations

import re
from typing import Protocol

from beadline.context.hole import HEADER, Hole
from beadline.context.lexer import columns
from beadline.context.types import CursorContext, Expected

_CLAUSES = {
    "if": ("elif", "else"),
    "elif": ("elif", "else"),
    "for": ("else",),
    "while": ("else",),
    "try": ("except", "else", "finally"),
    "except": ("except", "else", "finally"),
    "else": ("finally",),
    "match": (),
}
"""Python clauses that go on with a compound statement at its own indentation."""


class Ends(Protocol):
    """Decides at the end of a line, and at the start of the next, whether the hole is complete."""

    reason: str
    """Why it ended before a line."""
    block: bool
    """The hole is a body; its lines end only where the body does."""

    def line(self, code: str, column: int, *, inline: bool) -> bool:
        """A logical line is finished: the hole ends with it.

        `code` has what stands before the cursor on it, and no comment at its end. `inline`: it is
        the rest of a header's own line.
        """
        ...

    def next(self, character: str, column: int) -> bool | None:
        """The first character of a further line: the hole ended before it; None: its first word
        says."""
        ...

    def word(self, word: str) -> bool:
        """That word, after which `next` asked: the hole ended before it."""
        ...

    def mark(self, code: str) -> bool:
        """`;` after `code` ends the hole at once, without a look at the rest of the line."""
        ...


class LineEnds:
    """Every line is a statement."""

    reason = "newline"
    block = False

    def line(self, code: str, column: int, *, inline: bool) -> bool:
        """Always."""
        return True

    def next(self, character: str, column: int) -> bool | None:
        """Never asked for a second line."""
        return False

    def word(self, word: str) -> bool:
        """Never asked."""
        return False

    def mark(self, code: str) -> bool:
        """`;` has no meaning."""
        return False


class IndentEnds:
    """A block ends with its indentation."""

    reason = "dedent"

    def __init__(self, hole: Hole, cursor: CursorContext) -> None:
        self._hole = hole
        self._python = hole.language.id == "python"
        self.block = cursor.expected is Expected.BLOCK
        self._header_column = -1
        """A line of the block at or below this column ends it."""
        self._block_column: int | None = None
        """The block's indentation, once its first line is known."""
        self._clauses: tuple[str, ...] = ()
        if not self.block:
            return
        lines = hole.scanned.lines
        if not hole.left_blank or hole.statement:
            self._header_column = hole.statement_column
        elif lines and hole.text_of(-1).endswith(":"):
            self._header_column = lines[-1].column
        else:
            self._block_column = columns(cursor.indent)
            self._header_column = self._block_column - 1

    def line(self, code: str, column: int, *, inline: bool) -> bool:
        """A simple statement; a header starts a block, decorators wait for their definition."""
        if self.block:
            return inline
        if not self._python:
            return True
        if code.endswith(":") and HEADER.match(code) and not self._hole.has_body(column):
            self.block = True
            self._header_column, self._block_column = column, None
            self._clauses = _CLAUSES.get(_first_word(code), ())
            return False
        return not code.startswith("@") or self._next_is_definition()

    def next(self, character: str, column: int) -> bool | None:
        """A line of the block is deeper than its header."""
        if not self.block:
            return False
        if self._block_column is None:
            if column <= self._header_column:
                return True
            self._block_column = column
        elif column < self._block_column:
            clause = column == self._header_column and self._clauses and character.isalpha()
            return None if clause else True
        return False

    def word(self, word: str) -> bool:
        """A clause of the same compound statement goes on with it."""
        if word not in self._clauses:
            return True
        self._clauses = _CLAUSES.get(word, ())
        self._block_column = None
        return False

    def mark(self, code: str) -> bool:
        """`;` is rare and ends nothing."""
        return False

    def _next_is_definition(self) -> bool:
        """The decorated definition is behind the hole."""
        if blank_line_follows(self._hole):
            return False
        return re.match(r"\s*(?:@|def\b|class\b|async\s+def\b)", self._hole.next_line) is not None


def blank_line_follows(hole: Hole) -> bool:
    """The line below the cursor's is empty: what comes then does not belong to the hole."""
    below = hole.offset + len(hole.rest) + 1
    end = hole.text.find("\n", below)
    return not hole.text[below : end if end >= 0 else None].strip()


def _first_word(code: str) -> str:
    match = re.match(r"(?:async\s+)?(\w+)", code)
    return match.group(1) if match else ""
