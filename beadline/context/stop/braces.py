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
from beadline.context.stop.ends import blank_line_follows
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

_CONTROL = frozenset(("if", "for", "while", "switch", "try", "return", "throw", "match", "loop"))
_IF = re.compile(r"^[ \t]*+#[ \t]*+if", re.M)
_ENDIF = re.compile(r"^[ \t]*+#[ \t]*+endif", re.M)


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
        if cursor.reason == "inside_brackets" and code.endswith("{"):
            self.block = True  # an empty literal is filled until it closes
        self._head = ""
        """First word of the part of the statement that is being read."""
        self._column = 0
        self._conditions = 0
        """Open `#if` of the hole's own."""
        self._bare = False
        """The last line is a header without `{`."""
        self._goes_on = False
        """The last line ends in the middle of an expression."""
        self._open = False
        """The last line does not say by its end whether the statement goes on."""

    def line(self, code: str, column: int, *, inline: bool) -> bool:
        """A line that ends in what a statement of the language can end in."""
        if self.block:
            return inline and self._label >= 0
        if not self._head:
            self._column = column
        text = code.lstrip("}) ")
        head = first_word(text)
        language = self._hole.language
        nested = self._bare and head in language.words.headers
        if not self._head or nested or code.startswith("}") or head in self._clauses():
            self._head = head or "_"
        self._bare = self._open = self._goes_on = False
        if language.id in ("c", "cpp", "csharp") and self._in_directive(code):
            return not self._conditions
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
        if is_header(self._hole, code):
            self._bare = True
            return False
        if unfinished(self._hole, code) or code.endswith(","):
            self._goes_on = True
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
        if self._conditions or self._goes_on:
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
            return word in ("case", "default", "else", "elseif") or word.startswith("end")
        if word in self._clauses():
            return False
        return not (self._open and self._hole.language.semicolons)

    def mark(self, code: str) -> bool:
        """A simple statement ends at its `;`, unless that is in a header or an `else` may come."""
        if self.block or self._bare or self._conditions:
            return False
        head = self._head or first_word(code)
        headers = self._hole.language.words.headers
        return head not in headers and "case" != head != "default" and not self._clauses()

    def _clauses(self) -> tuple[str, ...]:
        return _CLAUSES.get(self._head, ())

    def _in_directive(self, code: str) -> bool:
        """The line is one of the preprocessor's, or between `#if` and `#endif`."""
        if _IF.match(code):
            if self._conditions or _balanced(self._hole):
                self._conditions += 1
            return True
        if _ENDIF.match(code) and self._conditions:
            self._conditions -= 1
            return True
        return code.startswith("#") or self._conditions > 0

    def _definition_follows(self, column: int) -> bool:
        """What the attribute belongs to is behind the hole."""
        following = self._hole.next_line.strip()
        if blank_line_follows(self._hole) or first_word(following) in _CONTROL:
            return False
        return bool(re.match(r"[@\[\w]|#!?\[", following)) and self._hole.left_blank


def _balanced(hole: Hole) -> bool:
    """Every `#endif` behind the hole belongs to an `#if` before it or behind it."""
    before, after = hole.text[: hole.offset], hole.text[hole.offset :]
    opened = len(_IF.findall(before)) - len(_ENDIF.findall(before))
    return opened >= len(_ENDIF.findall(after)) - len(_IF.findall(after))
