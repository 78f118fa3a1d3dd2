"""Decides while text streams in where a hole ends. Pure; knows no model, no parser, no clock.

A hole ends where the syntax node that it opened closes: a statement with its logical line or its
`;`, a compound statement or a block with its indentation, bracket or word, arguments with their
bracket. Decisions are taken at single characters, so the cut does not depend on how the stream is
divided. What a line means is told by `Ends`, one way for every kind of language.
"""

from __future__ import annotations

from beadline.context import languages
from beadline.context.cursor.braces import is_attribute
from beadline.context.cursor.text import code_before
from beadline.context.hole import Hole, look
from beadline.context.lexer import CLOSER, CLOSERS, Lexer, columns, indent_of
from beadline.context.stop.braces import BraceEnds
from beadline.context.stop.ends import Ends, IndentEnds, LineEnds
from beadline.context.stop.keywords import WordEnds
from beadline.context.stop.markup import LANGUAGES, Tags
from beadline.context.syntax import SyntaxTree
from beadline.context.types import CursorContext, Document

__all__ = ["StopRule"]

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
        self._ends = _ends(hole, cursor)
        self._lexer = Lexer(self._language, hole.scanned)
        self._max_lines = max_lines
        self.reason = ""
        """Why it stopped: `newline`, `statement`, `bracket`, `tag`, `string`, `dedent`, `block`,
        `suffix`, `blank_lines`, `max_lines`; empty while it goes on."""
        self._text: list[str] = []
        self._outer = len(hole.scanned.stack)
        """How many brackets from before the cursor are still open."""
        self._missing = hole.missing
        """How many of those, innermost first, the suffix does not close."""
        self._outer_string = bool(hole.scanned.string)
        self._one_line = cursor.in_comment or hole.scanned.string in ('"', "'")
        """In a comment or a plain string, which may go on for lines but says a line at a time."""
        self._tags = Tags(code_before(hole)) if self._language.id in LANGUAGES else None
        self._lines = 0
        self._line_start = 0
        """Offset in the output where the current physical line starts."""
        self._content_end = 0
        """Offset after the last line that was finished and not blank, its newline excluded."""
        self._blank_run = 0
        self._repeated = False
        """The last line is the suffix's next one, and opens something; it began at
        `_repeated_from`."""
        self._repeated_from = 0
        self._statement = hole.statement
        """Code of the current logical line, as far as it stands before the cursor."""
        self._statement_start = 0
        """Offset in the output where the rest of the current logical line starts."""
        self._code_end = 0
        """Offset in the output after the last character that is neither blank nor comment."""
        self._before_code = 0
        """The same, two characters ago: where code ends if those turn out to start a comment."""
        self._fresh = True
        """Still on the logical line that the cursor is in."""
        self._block = self._ends.block
        """The hole is a body that is filled until it closes."""
        self._measuring = hole.left_blank and not hole.scanned.stack and not self._outer_string
        """At the start of a line whose indentation has not been looked at."""
        self._last_column = columns(indent_of(hole.left))
        """Indentation of the last line that was measured."""
        self._word: int | None = None
        """Where the first word of a line starts that may end the hole before it."""

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
        return len(text[:keep].rstrip()) if self._block and not self._hole.rest_code else keep

    def _step(self, character: str) -> int | None:
        at = len(self._text)
        was_code = not self._lexer.string and not self._lexer.comment
        delimiter = self._lexer.string
        if self._word is not None and not _in_word(character, self._text[self._word :]):
            keep = self._first_word(at)
            if keep is not None:
                return keep
        if was_code and character in CLOSERS and (keep := self._closer(character, at)) is not None:
            return keep
        if self._measuring and character not in " \t\n":
            self._measuring = False
            if (keep := self._measure(character, at)) is not None:
                return keep
        event = self._lexer.feed(character)
        self._text.append(character)
        self._outer = min(self._outer, len(self._lexer.stack))
        self._follow_code(character, at, was_code)
        if event == "closed_string" and self._outer_string:
            self._outer_string = False
            if self._hole.string_closed:
                return self._stop(at + 1 - len(delimiter), "string")
        if was_code and self._tags is not None and not self._lexer.comment:
            outer = self._tags.feed(character, len(self._lexer.stack))
            if outer and not self._own():
                return self._stop(self._before_closer(at - 1), "tag")
        if character == "\n":
            return self._newline(at, event)
        if character == ";" and was_code and not self._lexer.comment and self._in_statement():
            return self._mark(at)
        return None

    def _follow_code(self, character: str, at: int, was_code: bool) -> None:
        """Remember where code ends."""
        if self._lexer.comment:
            if was_code:
                marker = len("".join(self._text[self._before_code :]).rstrip()) > 1
                self._code_end = self._before_code if marker else self._code_end
            return
        block = self._language.block_comment
        if block is not None and self._lexer.string == block[1]:
            if was_code:
                self._code_end = min(self._code_end, at + 1 - len(block[0]))
            return
        if was_code and not character.isspace():
            self._before_code, self._code_end = self._code_end, at + 1

    def _own(self) -> bool:
        """The output has brackets open that it opened itself."""
        return len(self._lexer.stack) > self._outer

    def _in_statement(self) -> bool:
        """At the depth of statements: in no bracket, or in an open block from before the cursor."""
        if self._own():
            return False
        stack = self._lexer.stack
        if not stack or self._language.blocks not in ("braces", "keywords"):
            return not stack
        untouched = len(stack) == len(self._hole.scanned.stack)
        return stack[-1] == "{" and not (untouched and self._hole.scanned.state.interpolated)

    def _closer(self, character: str, at: int) -> int | None:
        """A closer in code: it may belong to a bracket that the suffix closes."""
        stack = self._lexer.stack
        if not stack or CLOSER[stack[-1]] != character:
            if character == ")" and self._language.id == "shellscript" and "(" not in stack:
                return None  # the end of a pattern of `case`
            return self._stop(self._before_closer(at), "bracket")
        if len(stack) > self._outer:
            return None
        if self._missing == 0:
            return self._stop(self._before_closer(at), "bracket")
        self._missing -= 1
        if self._block and character == "}":
            self._ends, self._block = LineEnds(), False
        return None

    def _before_closer(self, at: int) -> int:
        """Where to cut before a closer: without the line break that the suffix has as well."""
        if self._hole.rest_code or "\n" not in self._tail_blanks(at):
            return at
        return at - len(self._tail_blanks(at))

    def _tail_blanks(self, at: int) -> str:
        text = "".join(self._text[:at])
        return text[len(text.rstrip()) :]

    def _mark(self, at: int) -> int | None:
        """A `;` at the depth of statements."""
        line = "".join(self._text[self._line_start :])
        if self._repeated and line.rstrip() == self._following(1):
            return self._stop(self._repeated_from, "suffix")
        rest = self._hole.rest_code
        if rest.startswith(";") and "\n" not in self._text:
            return self._stop(at, "suffix")
        code = self._statement + "".join(self._text[self._statement_start :])
        if rest or self._line_start < self._statement_start or not self._ends.mark(code.lstrip()):
            return None
        return self._stop(at + 1, "statement")

    def _newline(self, at: int, event: str) -> int | None:
        line = "".join(self._text[self._line_start : at])
        blank = not line.strip()
        started = self._line_start > 0 or self._hole.left_blank
        if self._repeated and line.rstrip() == self._following(1):
            return self._stop(self._repeated_from, "suffix")
        self._repeated = False
        if not blank and started and self._repeats_next(line):
            if not self._own() and not is_attribute(line.strip()):
                return self._stop(self._content_end, "suffix")
            # The first line of something longer may be the same in two of them.
            self._repeated, self._repeated_from = True, self._content_end
        if blank:
            self._blank_run += 1 if self._line_start > 0 or self._hole.left_blank else 0
        else:
            self._blank_run = 0
            self._content_end = at
            self._lines += 1
        if self._lines >= self._max_lines:
            return self._stop(at, "max_lines")
        self._line_start = at + 1
        if event != "newline" or self._lexer.string:
            return self._in_string_or_escaped(at)
        if self._tags is not None and (self._tags.open or self._tags.in_tag):
            return None
        if self._own() or not self._in_statement():
            return self._in_brackets(at)
        return self._statement_end(at)

    def _in_string_or_escaped(self, at: int) -> int | None:
        """A newline inside a multi-line string or comment, or after a backslash."""
        if self._outer_string and (
            self._hole.string_closed or (self._one_line and self._content_end)
        ):
            return self._stop(at, "newline")
        return None

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

    def _statement_end(self, at: int) -> int | None:
        """The logical line is complete."""
        written = "".join(self._text[self._statement_start : at])
        self._measuring = True
        if not (self._statement + written).strip():
            if self._blank_run > _BLANK_LINES and not self._content_end:
                return self._stop(0, "blank_lines")
            if self._blank_run >= _BLANK_LINES and self._content_end:
                return self._stop(self._content_end, "blank_lines")
            return None
        hole, first = self._hole, self._fresh
        column = hole.statement_column if first and self._statement else self._last_column
        new = "".join(
            self._text[self._statement_start : max(self._code_end, self._statement_start)]
        )
        code = (self._statement + new).strip()
        before, self._statement, self._statement_start = self._statement, "", at + 1
        self._fresh = False
        if first and hole.scanned.comment:
            return self._stop(at, "newline")
        if first and not self._block and (hole.rest_code or not written.strip()):
            return self._stop(at - self._overlap("".join(self._text[:at])), "newline")
        if not code:
            return None  # a comment of its own line
        inline = first and bool(before) and bool(new.strip())
        return self._stop(at, "newline") if self._ends.line(code, column, inline=inline) else None

    def _measure(self, character: str, at: int) -> int | None:
        """The first character of a line: does the line still belong to the hole?"""
        blanks = "".join(self._text[self._line_start : at])
        column = columns((self._hole.left if not self._line_start else "") + blanks)
        self._last_column = column
        ended = self._ends.next(character, column)
        if ended is None:
            self._word = at
        return self._stop(self._content_end, self._ends.reason) if ended else None

    def _first_word(self, at: int) -> int | None:
        assert self._word is not None
        word = "".join(self._text[self._word : at])
        self._word = None
        ended = self._ends.word(word)
        return self._stop(self._content_end, self._ends.reason) if ended else None

    def _repeats_next(self, line: str) -> bool:
        """The line is the next one of the suffix again."""
        wanted = self._hole.next_line.rstrip()
        whole = self._hole.left + line if not self._line_start else line
        same = whole.rstrip() == wanted and not self._hole.rest_code
        return same and sum(c.isalnum() for c in wanted) > 1

    def _following(self, index: int) -> str:
        """A line of the suffix, counted from the next one that is not blank."""
        lines = self._hole.text[self._hole.offset + len(self._hole.rest) :][:2000].split("\n")
        found = [line.rstrip() for line in lines if line.strip()]
        return found[index] if index < len(found) else ""

    def _overlap(self, text: str) -> int:
        """How many characters at the end of the first line the rest of the line repeats."""
        rest = self._hole.rest.strip()
        if not rest or rest[0] in CLOSERS or "\n" in text:
            return 0
        return len(rest) if text.endswith(rest) else 0

    def _stop(self, keep: int, reason: str) -> int:
        self.reason = reason
        return max(0, keep)


def _ends(hole: Hole, cursor: CursorContext) -> Ends:
    match hole.language.blocks:
        case "braces":
            return BraceEnds(hole, cursor)
        case "keywords":
            return WordEnds(hole, cursor)
        case "indent":
            return IndentEnds(hole, cursor)
        case _:
            return LineEnds()


def _in_word(character: str, word: list[str]) -> bool:
    """`;;` counts as a word."""
    if character == ";":
        return word == [";"]
    return word[:1] != [";"] and (character.isalnum() or character == "_")
