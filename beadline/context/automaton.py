"""The automaton that tells code from strings and comments. Knows no grammar and no lines.

It takes one character after the other of a text that it may look back into, as far as the start
of the line. Every language's habits are data (`languages.Language`).
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field

from beadline.context.habits import CLOSER, CLOSERS, OPENERS, Form, habits
from beadline.context.languages import Language

_PREFIX_CHARS = 24
"""Longest prefix of a quote that is looked at (C# has no bound on the `$` of raw strings)."""
_VALUE_BEFORE = re.compile(r"(?:[\w$)\]}\"'`<?!]|\+\+|--)\s*\Z")
"""Code behind which a `/` divides; `<` because of closing tags."""
_WORD_BEFORE = re.compile(r"(?<![.\w$])([^\W\d]\w*)\s*\Z")


@dataclass
class State:
    """Where the automaton is. Positions are offsets into the text it takes characters of."""

    stack: list[tuple[str, int]] = field(default_factory=list)
    """Open brackets, those of interpolations among them."""
    string: str = ""
    """What ends the open string, heredoc or block comment; empty in code and line comments."""
    form: Form | None = None
    string_start: int = 0
    comment: bool = False
    escaped: bool = False
    outer: list[tuple[int, str, Form, str, int]] = field(default_factory=list)
    """Strings around this code: level of the interpolation's bracket, what closes it, and form,
    end and start of the string."""
    base: int = 0
    """Closers that were met with no bracket open; `len(stack) - base` is the level."""
    floor: int = 0
    """Delimiters of several characters start here or later."""
    line: int = 0
    """Start of the physical line."""
    closed: int = -2
    """Where the last string ended, and its form and length beside it."""
    closed_form: Form | None = None
    closed_chars: int = 0
    quoted: int = 0
    """1 behind a quote that may start one character (Rust's `'`), 2 behind that character."""
    depth: int = 0
    """Of nested block comments."""
    heredoc: int = -1
    """Where on the line `<<` was seen in code."""
    in_class: bool = False
    """Inside `[...]` of a regular expression."""
    entered: int = -2
    """Where the last interpolation was opened: the same bracket behind it is a doubled one."""
    above: str = ""
    """Last character of code on an earlier line."""

    def copy(self, shift: int = 0) -> State:
        """A copy for a text that starts `shift` characters later; brackets keep their offsets."""
        same = copy.copy(self)
        same.stack = self.stack[:]
        same.outer = [(*rest, start - shift) for *rest, start in self.outer]  # type: ignore[misc]
        if shift:
            same.string_start -= shift
            same.floor -= shift
            same.line -= shift
            same.closed -= shift
            same.entered -= shift
            same.heredoc = -1 if self.heredoc < 0 else self.heredoc - shift
        return same

    @property
    def multiline(self) -> bool:
        """A newline does not end the open string."""
        return self.form is not None and self.form.multiline

    @property
    def interpolated(self) -> bool:
        """The innermost open bracket is that of code inside a string."""
        return bool(self.outer) and self.outer[-1][0] == len(self.stack) - self.base


class Automaton:
    """Reads a text by one language's habits."""

    def __init__(self, language: Language, state: State) -> None:
        self.state = state
        self._habits = habits(language)

    def stop(self) -> re.Pattern[str] | None:
        """Finds the next character that has to be taken; None: the very next one."""
        state, table = self.state, self._habits
        if state.escaped or state.quoted:
            return None
        if state.comment:
            return table.newline
        if state.form is not None:
            return table.stop_of(state.form, state.string)
        return table.code

    def take(self, text: str, at: int) -> str:
        """Take the character at `at` and say what it did.

        `open`, `close` (brackets), `extra` (a closer that fits no opener), `opened_string`,
        `closed_string`, `newline` (not inside a multi-line string, not after a backslash), or
        nothing.
        """
        state, character = self.state, text[at]
        if state.escaped:
            state.escaped = False
            state.floor = at + 1
            if character == "\n":
                state.line = at + 1
            elif state.form and "\\" + character in state.form.interpolation:
                return self._interpolate(character, at)
            return ""
        if state.comment:
            return self._newline(text, at) if character == "\n" else ""
        if state.form is not None:
            return self._in_string(state.form, text, at, character)
        if state.quoted and not self._character(text, at, character):
            return ""
        return self._in_code(text, at, character)

    def _in_code(self, text: str, at: int, character: str) -> str:
        state, table = self.state, self._habits
        if character == "\n":
            return self._newline(text, at)
        if character == "\\" and table.escapes:
            state.escaped = True
            return ""
        if character in table.mark_ends and self._mark(text, at):
            return "opened_string" if state.form else ""
        if character in table.quotes:
            return self._quote(text, at, character)
        if character in table.character_quotes:
            state.quoted = 1
            return ""
        if character in OPENERS:
            if state.outer and self._doubled(character, at):
                return "close"
            state.stack.append((character, at))
            return "open"
        if character in CLOSERS:
            return self._closer(character, at)
        if character == "/" and table.regex and self._value_expected(text, at):
            return self._open(table.regex, at, 1)
        if character == "<" and table.heredoc and text[at - 1 : at] == "<" != text[at - 2 : at - 1]:
            state.heredoc = at - 1
        return ""

    def _mark(self, text: str, at: int) -> bool:
        """Start of a comment."""
        state, table = self.state, self._habits
        if table.block_open and self._ends_with(text, at, table.block_open):
            self._open(table.block, at, len(table.block_open))
            state.depth = 1
            return True
        for mark in table.line_marks:
            if self._ends_with(text, at, mark):
                before = text[at - len(mark) : at - len(mark) + 1] if at - len(mark) >= 0 else ""
                start = at - len(mark) + 1
                if table.word_start and start > state.line and before not in " \t;(&|)":
                    continue
                state.comment = True
                return True
        return False

    def _ends_with(self, text: str, at: int, mark: str) -> bool:
        start = at + 1 - len(mark)
        return start >= self.state.floor and text.startswith(mark, start)

    def _quote(self, text: str, at: int, character: str) -> str:
        state = self.state
        again = state.closed == at - 1 and text[at - 1 : at] == character
        if again and state.closed_form and state.closed_form.doubled:
            return self._open(state.closed_form, at, 1)
        if again and not state.closed_chars and (long := self._form(text, at - 2, character * 3)):
            return self._open(long, at, 3)
        if form := self._form(text, at, character):
            return self._open(form, at, 1)
        return ""

    def _form(self, text: str, at: int, quote: str) -> Form | None:
        """The form of a string whose quote starts at `at`, by what stands before it."""
        low = max(self.state.line, at - _PREFIX_CHARS)
        for pattern, prefixed in self._habits.prefixed:
            if quote in prefixed.quotes and (match := pattern.search(text, low, at)):
                close = match.expand(prefixed.close) if prefixed.close else quote
                return Form(
                    close,
                    prefixed.raw,
                    prefixed.doubled,
                    prefixed.multiline or quote in self._habits.multiline,
                    prefixed.interpolation,
                    prefixed.delimiter,
                )
        return self._habits.forms.get(quote)

    def _open(self, form: Form, at: int, chars: int) -> str:
        state = self.state
        state.form, state.string = form, form.close
        state.string_start, state.floor = at + 1 - chars, at + 1
        state.in_class = False
        return "opened_string"

    def _in_string(self, form: Form, text: str, at: int, character: str) -> str:
        state = self.state
        if form.kind == "comment":
            return self._in_block_comment(text, at, character)
        if form.kind == "heredoc":
            return self._in_heredoc(text, at, character)
        if character == "\n":
            if not form.multiline or "%s" in state.string:
                return self._newline(text, at)
            state.line = at + 1
            return ""
        if form.kind == "regex" and self._in_regex(text, at, character):
            return ""
        if character == "\\" and not form.raw:
            state.escaped = True
            return ""
        if form.delimiter and character == form.delimiter and "%s" in state.string:
            state.string = form.close.replace("%s", text[state.string_start + 1 : at])
            return ""
        for token in form.interpolation:
            if character == token[-1] and self._ends_with(text, at, token):
                return self._interpolate(next(c for c in token if c in OPENERS), at)
        if character == state.string[-1] and self._ends_with(text, at, state.string):
            return self._closed(at, at + 1 - len(state.string) - (state.string_start + 1))
        return ""

    def _interpolate(self, bracket: str, at: int) -> str:
        state = self.state
        assert state.form is not None
        state.stack.append((bracket, at))
        state.outer.append(
            (
                len(state.stack) - state.base,
                CLOSER[bracket],
                state.form,
                state.string,
                state.string_start,
            )
        )
        state.form, state.string, state.floor = None, "", at + 1
        state.entered = at
        return "open"

    def _in_block_comment(self, text: str, at: int, character: str) -> str:
        state, table = self.state, self._habits
        if character == "\n":
            state.line = at + 1
        elif table.nested and self._ends_with(text, at, table.block_open):
            state.depth += 1
            state.floor = at + 1
        elif self._ends_with(text, at, state.string):
            state.depth -= 1
            state.floor = at + 1
            if not state.depth:
                return self._closed(at, 1)
        return ""

    def _in_heredoc(self, text: str, at: int, character: str) -> str:
        state = self.state
        if character != "\n":
            return ""
        ended = re.match(rf"[ \t]*{re.escape(state.string)}\b", text[state.line : at])
        state.line = at + 1
        if not ended:
            return ""
        state.form, state.string = None, ""
        return self._newline(text, at)

    def _in_regex(self, text: str, at: int, character: str) -> bool:
        """Takes what a regular expression has of its own; False for all else."""
        state = self.state
        if at == state.string_start + 1 and character in "/*":
            form, start = state.form, state.string_start
            state.form, state.string, state.floor = None, "", start
            if self._mark(text, at):
                return True
            state.form, state.string, state.floor = form, "/", start + 1
        if character == "[":
            state.in_class = True
        elif character == "]":
            state.in_class = False
        else:
            return character == "/" and state.in_class
        return True

    def _closed(self, at: int, chars: int) -> str:
        state = self.state
        state.closed, state.closed_form, state.closed_chars = at, state.form, chars
        state.form, state.string, state.floor = None, "", at + 1
        return "closed_string"

    def _closer(self, character: str, at: int) -> str:
        state = self.state
        level = len(state.stack) - state.base
        if state.stack and CLOSER[state.stack[-1][0]] == character:
            state.stack.pop()
            event = "close"
        elif state.stack:
            return "extra"
        else:
            state.base += 1
            event = "extra"
        if state.outer and state.outer[-1][:2] == (level, character):
            self._leave(at)
        return event

    def _doubled(self, character: str, at: int) -> bool:
        """Two brackets in a row that stand for one in the string around this code."""
        state = self.state
        if state.entered != at - 1 or character not in state.outer[-1][2].interpolation:
            return False
        state.stack.pop()
        self._leave(at)
        return True

    def _leave(self, at: int) -> None:
        """From code inside a string back into the string."""
        state = self.state
        _, _, state.form, state.string, state.string_start = state.outer.pop()
        state.floor = at + 1

    def _character(self, text: str, at: int, character: str) -> bool:
        """Behind a quote that may be one of a character; True when the character is code."""
        state = self.state
        first, state.quoted = state.quoted == 1, 0
        quote = text[at - 1] if first else text[at - 2]
        if character == "\n":
            return True
        if first:
            if character == "\\":
                self._open(Form(quote), at - 1, 1)
                state.escaped = True
            else:
                state.quoted = 2
            return False
        if character == quote:
            return False
        if text[at - 1] in OPENERS + CLOSERS:
            self._in_code(text, at - 1, text[at - 1])
        return True

    def _newline(self, text: str, at: int) -> str:
        state, table = self.state, self._habits
        if state.heredoc >= 0 and table.heredoc:
            match = table.heredoc.match(text, state.heredoc, at)
            state.heredoc = -1
            if match and not state.form and not state.comment:
                self._open(Form(match.group("label"), multiline=True, kind="heredoc"), at, 0)
                state.line = at + 1
                return "newline"
        if state.line < at and (code := text[state.line : at].rstrip()):
            state.above = code[-1]
        while state.outer and not state.outer[-1][2].multiline:
            # A string that ends with its line: so does the code inside it.
            level = state.outer.pop()[0]
            del state.stack[max(0, level - 1 + state.base) :]
        state.comment = False
        state.form, state.string = None, ""
        state.line = state.floor = at + 1
        return "newline"

    def _value_expected(self, text: str, at: int) -> bool:
        """A value, not an operator, can stand at `at`."""
        low = max(self.state.line, at - 80)
        before = text[low:at].rstrip()
        if not before:
            above = self.state.above
            return not above or not (above.isalnum() or above in ")]\"'`")
        if word := _WORD_BEFORE.search(before):
            return word.group(1) in self._habits.value_words
        return _VALUE_BEFORE.search(before) is None
