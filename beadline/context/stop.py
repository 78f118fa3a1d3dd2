"""Decides while text streams in where a hole ends. Pure; knows no model, no parser, no clock.

A hole ends where the syntax node that it opened closes: a statement with its logical line, a
compound statement or a block with its indentation, arguments with their bracket. Decisions are
taken at single characters, so the cut does not depend on how the stream is divided.
"""

from __future__ import annotations

import re

from beadline.context import languages
from beadline.context.hole import HEADER, look
from beadline.context.lexer import CLOSER, CLOSERS, Lexer, columns, indent_of
from beadline.context.syntax import SyntaxTree
from beadline.context.types import CursorContext, Document, Expected

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

_BLANK_LINES = 2
"""So many blank lines in a row end a block."""


class StopRule:
    """Feed pieces until an answer comes; then keep that many characters of all that was fed."""

    def __init__(
        self,
        document: Document,
        cursor: CursorContext,
        *,
        max_lines: int,
        tree: SyntaxTree | None = None,
    ) -> None:
        """`tree`, the document's, only saves the time to read the surroundings once more."""
        self._language = languages.get(document.language)
        if tree is None:
            hole = look(document.text, cursor.offset, self._language)
        else:
            hole = tree.hole_at(cursor.offset)
        self._hole = hole
        self._lexer = Lexer(self._language, hole.scanned)
        self._max_lines = max_lines
        self.reason = ""
        """Why it stopped: `newline`, `bracket`, `string`, `dedent`, `suffix`, `blank_lines`,
        `max_lines`; empty while it goes on."""
        self._text: list[str] = []
        self._outer = len(hole.scanned.stack)
        """How many brackets from before the cursor are still open."""
        self._missing = hole.missing
        """How many of those, innermost first, the suffix does not close."""
        self._outer_string = bool(hole.scanned.string)
        self._lines = 0
        self._line_start = 0
        """Offset in the output where the current physical line starts."""
        self._content_end = 0
        """Offset after the last line that was finished and not blank, its newline excluded."""
        self._blank_run = 0
        self._statement = hole.statement
        """Code of the current logical line, as far as it stands before the cursor."""
        self._statement_start = 0
        """Offset in the output where the rest of the current logical line starts."""
        self._block = cursor.expected is Expected.BLOCK
        self._header_column = -1
        """A line of the block at or below this column ends it."""
        self._block_column: int | None = None
        """The block's indentation, once its first line is known."""
        self._clauses: tuple[str, ...] = ()
        self._measuring = hole.left_blank and not hole.scanned.stack and not self._outer_string
        """At the start of a line whose indentation has not been looked at."""
        self._last_column = columns(indent_of(hole.left))
        """Indentation of the last line that was measured."""
        self._word: int | None = None
        """Where a word starts that may be a clause's keyword."""
        self._rest_cut = hole.rest_code
        if self._block and self._language.blocks == "indent":
            self._set_block(cursor)

    def feed(self, piece: str) -> int | None:
        """Take the next piece. None: go on; n: keep the first n characters fed, and stop."""
        for character in piece:
            if (keep := self._step(character)) is not None:
                return keep
        return None

    def finish(self) -> int:
        """The stream ended by itself: how many characters to keep of what was fed."""
        text = "".join(self._text)
        line = text[self._line_start :]
        if self._word is not None or (line.strip() and self._repeats_next(line)):
            return self._content_end
        keep = len(text) - self._overlap(text)
        return len(text[:keep].rstrip()) if self._block else keep

    def _set_block(self, cursor: CursorContext) -> None:
        hole = self._hole
        lines = hole.scanned.lines
        if not hole.left_blank or hole.statement:
            self._header_column = hole.statement_column
        elif lines and hole.text_of(-1).endswith(":"):
            self._header_column = lines[-1].column
        else:
            self._block_column = columns(cursor.indent)
            self._header_column = self._block_column - 1

    def _step(self, character: str) -> int | None:
        at = len(self._text)
        was_code = not self._lexer.string and not self._lexer.comment
        delimiter = self._lexer.string
        if was_code and character in CLOSERS and (keep := self._closer(character, at)) is not None:
            return keep
        if self._word is not None and not (character.isalnum() or character == "_"):
            keep = self._clause(at)
            if keep is not None:
                return keep
        if self._measuring and character not in " \t\n":
            self._measuring = False
            if (keep := self._measure(character, at)) is not None:
                return keep
        event = self._lexer.feed(character)
        self._text.append(character)
        self._outer = min(self._outer, len(self._lexer.stack))
        if event == "closed_string" and self._outer_string:
            self._outer_string = False
            if self._hole.string_closed:
                return self._stop(at + 1 - len(delimiter), "string")
        if character == "\n":
            return self._newline(at, event)
        return None

    def _closer(self, character: str, at: int) -> int | None:
        """A closer in code: it may belong to a bracket that the suffix closes."""
        stack = self._lexer.stack
        if not stack or CLOSER[stack[-1]] != character:
            return self._stop(self._before_closer(at), "bracket")
        if len(stack) > self._outer:
            return None
        if self._missing == 0:
            return self._stop(self._before_closer(at), "bracket")
        self._missing -= 1
        return None

    def _before_closer(self, at: int) -> int:
        """Where to cut before a closer: without the line break that the suffix has as well."""
        if self._hole.rest_code or "\n" not in self._tail_blanks(at):
            return at
        return at - len(self._tail_blanks(at))

    def _tail_blanks(self, at: int) -> str:
        text = "".join(self._text[:at])
        return text[len(text.rstrip()) :]

    def _newline(self, at: int, event: str) -> int | None:
        line = "".join(self._text[self._line_start : at])
        blank = not line.strip()
        started = self._line_start > 0 or self._hole.left_blank
        if not blank and started and self._repeats_next(line):
            return self._stop(self._content_end, "suffix")
        if blank:
            self._blank_run += 1 if self._line_start > 0 or self._hole.left_blank else 0
        else:
            self._blank_run = 0
            self._content_end = at
            self._lines += 1
        if self._lines >= self._max_lines:
            return self._stop(at, "max_lines")
        previous_start, self._line_start = self._line_start, at + 1
        if event != "newline":
            return self._in_string_or_escaped(at)
        if self._lexer.stack and not self._in_braces():
            return self._in_brackets(at)
        return self._statement_end(at, previous_start)

    def _in_string_or_escaped(self, at: int) -> int | None:
        """A newline inside a multi-line string, or after a backslash."""
        if self._outer_string and self._hole.string_closed:
            return self._stop(at, "newline")
        return None

    def _in_braces(self) -> bool:
        """The innermost bracket is a block of statements that was open before the cursor."""
        return (
            self._language.blocks == "braces"
            and self._lexer.stack[-1] == "{"
            and len(self._lexer.stack) == self._outer
            and not self._block
        )

    def _in_brackets(self, at: int) -> int | None:
        """A newline inside brackets: who closes them?"""
        hole = self._hole
        own = "".join(CLOSER[b] for b in reversed(self._lexer.stack[self._outer :]))
        if own:
            return self._stop(at, "newline") if hole.wanted.startswith(own) else None
        untouched = len(hole.scanned.stack) == self._outer
        if self._missing or (untouched and hole.adjacent):
            return None
        return self._stop(at - self._overlap("".join(self._text[:at])), "newline")

    def _statement_end(self, at: int, line_start: int) -> int | None:
        """The logical line is complete."""
        written = "".join(self._text[self._statement_start : at])
        code = (self._statement + written).strip()
        self._measuring = True
        if not code:
            if self._blank_run > _BLANK_LINES and not self._content_end:
                return self._stop(0, "blank_lines")
            if self._blank_run >= _BLANK_LINES and self._content_end:
                return self._stop(self._content_end, "blank_lines")
            return None
        first = not self._statement_start
        column = self._hole.statement_column if first and self._statement else self._last_column
        self._statement, self._statement_start = "", at + 1
        if first and (self._hole.rest_code or (not self._block and not written.strip())):
            return self._stop(at - self._overlap("".join(self._text[:at])), "newline")
        if self._block:
            inline = first and bool(self._hole.statement) and bool(self._code(written).strip())
            return self._stop(at, "newline") if inline else None
        code = self._code(code)
        if self._language.id == "python":
            if code.endswith(":") and HEADER.match(code) and not self._hole.has_body(column):
                self._block = True
                self._header_column, self._block_column = column, None
                self._clauses = _CLAUSES.get(_word(code), ())
                return None
            if code.startswith("@") and not self._next_is_definition():
                return None
        return self._stop(at, "newline")

    def _measure(self, character: str, at: int) -> int | None:
        """The first character of a line: does the line still belong to the block?"""
        blanks = "".join(self._text[self._line_start : at])
        column = columns((self._hole.left if not self._line_start else "") + blanks)
        self._last_column = column
        if not self._block or self._language.blocks != "indent":
            return None
        if self._block_column is None:
            if column <= self._header_column:
                return self._stop(self._content_end, "dedent")
            self._block_column = column
        elif column < self._block_column:
            if column == self._header_column and self._clauses and character.isalpha():
                self._word = at
                return None
            return self._stop(self._content_end, "dedent")
        return None

    def _clause(self, at: int) -> int | None:
        assert self._word is not None
        word = "".join(self._text[self._word : at])
        self._word = None
        if word not in self._clauses:
            return self._stop(self._content_end, "dedent")
        self._clauses = _CLAUSES.get(word, ())
        self._block_column = None
        return None

    def _code(self, line: str) -> str:
        """A line without its trailing comment; exact enough to see how it ends."""
        comment = self._language.line_comment
        found = re.search(r"\s" + re.escape(comment) + r"[^\"']*$", line) if comment else None
        return (line[: found.start()] if found else line).rstrip()

    def _repeats_next(self, line: str) -> bool:
        """The line is the next one of the suffix again."""
        wanted = self._hole.next_line.rstrip()
        whole = self._hole.left + line if not self._line_start else line
        return (
            sum(c.isalnum() for c in wanted) > 1
            and whole.rstrip() == wanted
            and not self._hole.rest_code
        )

    def _next_is_definition(self) -> bool:
        return re.match(r"\s*(?:@|def\b|class\b|async\s+def\b)", self._hole.next_line) is not None

    def _overlap(self, text: str) -> int:
        """How many characters at the end of the first line the rest of the line repeats."""
        rest = self._hole.rest.strip()
        if not rest or rest[0] in CLOSERS or "\n" in text:
            return 0
        return len(rest) if text.endswith(rest) else 0

    def _stop(self, keep: int, reason: str) -> int:
        self.reason = reason
        return max(0, keep)


def _word(code: str) -> str:
    match = re.match(r"(?:async\s+)?(\w+)", code)
    return match.group(1) if match else ""
