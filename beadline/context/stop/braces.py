"""When lines complete a hole in languages with `{}`. Knows no stream and counts no brackets."""

from __future__ import annotations

import re

from beadline.context.cursor.braces import (
    CONTINUES,
    LABEL,
    in_entries,
    is_attribute,
    is_header,
)
from beadline.context.cursor.inline import unfinished
from beadline.context.cursor.text import code_before, column_before, first_word
from beadline.context.hole import Hole
from beadline.context.types import CursorContext, Expected

_CLAUSES = {
    "if": ("else", "elseif"),
    "elseif": ("else", "elseif"),
    "else": ("else", "elseif"),
    "try": ("catch", "finally", "else"),
    "catch": ("catch", "finally"),
    "do": ("while",),
}
"""What may follow the part of a statement that starts with a word."""


class BraceEnds:
    """A block ends before the bracket that closes it, a statement at its `;` or its line."""

    def __init__(self, hole: Hole, cursor: CursorContext) -> None:
        self._hole = hole
        self.reason = "newline"
        self.block = cursor.expected is Expected.BLOCK
        code = code_before(hole)
        self._label = -1
        """Column of the `case` whose statements the hole is."""
        if self.block and LABEL.match(code):
            self._label = column_before(hole)
        self._entries = in_entries(hole)
        self._fill = cursor.reason == "inside_brackets" and code.endswith("{")
        """An empty literal is filled until it closes."""
        self._head = ""
        """First word of the part of the statement that is being read."""
        self._column = 0
        self._bare = False
        """The last line is a header without `{`."""
        self._open = False
        """The last line does not say by its end whether the statement goes on."""

    def line(self, code: str, column: int, *, inline: bool) -> bool:
        """A line that ends in what a statement of the language can end in."""
        if self.block:
            return inline and self._label >= 0
        if self._fill:
            return False
        if not self._head:
            self._column = column
        text = code.lstrip("}) ")
        head = first_word(text)
        started = not self._head
        if started or self._bare or code.startswith("}") or head in _CLAUSES.get(self._head, ()):
            self._head = head or "_"
        language = self._hole.language
        self._bare = self._open = False
        if language.id in ("c", "cpp", "csharp") and code.startswith("#"):
            return True
        if self._entries and code.endswith(","):
            return True
        if LABEL.match(code) and not self._entries:
            self.block, self._label = True, column
            return False
        if code.endswith(";"):
            return not self._clauses()
        if code.endswith("}"):
            return not self._clauses()
        if is_attribute(code):
            self._head = ""
            return self._definition_follows(column)
        if unfinished(self._hole, code) or code.endswith(","):
            return False
        if is_header(self._hole, code):
            self._bare = True
            return False
        if language.id == "go":
            return True
        self._open = True
        return False

    def next(self, character: str, column: int) -> bool | None:
        """A statement goes on with an operator, or deeper where it lacks its `;`."""
        if self.block:
            if self._label < 0 or not (character.isalpha() or character == "}"):
                return False
            self.reason = "dedent"
            return column < self._label or None
        if self._fill:
            return False
        if self._bare:
            deeper = column > self._column
            return not deeper and character != "{"
        if self._clauses() and character.isalpha():
            return None
        if not self._open:
            return bool(self._clauses())
        if character == "{" or CONTINUES.match(character + "  "):
            return False
        return not (self._hole.language.semicolons and column > self._column)

    def word(self, word: str) -> bool:
        """A clause of the same statement, or the next `case` of the hole's `switch`."""
        if self.block:
            return word in ("case", "default")
        if word in self._clauses():
            return False
        return not (self._open and self._hole.language.semicolons)

    def mark(self, code: str) -> bool:
        """A simple statement ends at its `;`, unless that is in a header or an `else` may come."""
        if self.block or self._fill or self._bare:
            return False
        head = self._head or first_word(code)
        headers = self._hole.language.words.headers
        return head not in headers and "case" != head != "default" and not self._clauses()

    def _clauses(self) -> tuple[str, ...]:
        return _CLAUSES.get(self._head, ())

    def _definition_follows(self, column: int) -> bool:
        """What the attribute belongs to is behind the hole."""
        following = self._hole.next_line
        if self._hole.text.startswith("\n\n", self._hole.offset + len(self._hole.rest)):
            return False
        return bool(re.match(r"[ \t]*[@#\[\w]", following)) and self._hole.left_blank
