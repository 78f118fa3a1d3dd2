"""Brackets, strings, comments and logical lines of broken text. Knows no grammar and no cursor.

Text around a cursor rarely parses, so everything that decides about a hole reads this scan, which
cannot fail. Two drivers of one automaton: `scan` jumps through a whole prefix with regexes, `Lexer`
goes on from there one character at a time.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from beadline.context.automaton import Automaton, State
from beadline.context.habits import CLOSER, CLOSERS, OPENERS, Form
from beadline.context.languages import Language

__all__ = [
    "CLOSER",
    "CLOSERS",
    "OPENERS",
    "Lexer",
    "Logical",
    "Scanned",
    "barrier",
    "closers_behind",
    "columns",
    "indent_of",
    "scan",
    "scan_on",
]

TAB_WIDTH = 8
_CHECKPOINT_CHARS = 1024
"""Least distance of two places of a text from where it can be scanned on,"""
_NEAR_CHARS = 2 * _CHECKPOINT_CHARS
"""but for those so near the end of a scan: there every line may be one, since the next text differs
from this one where its user types."""


class Logical(NamedTuple):
    """One logical line: a statement or a header, possibly over several physical lines."""

    start: int
    """Offset of its first character that is not blank."""
    end: int
    """Offset after its last character that is neither blank nor comment."""
    indent: str

    @property
    def column(self) -> int:
        """Indentation in columns, tabs to multiples of 8."""
        return columns(self.indent)


@dataclass
class _Checkpoint:
    """All there is to know at the start of a line."""

    at: int
    foreseen: bool
    """What stands behind it was looked at."""
    state: State
    start: int
    code_end: int
    lines: int
    extra_closers: int


@dataclass
class Scanned:
    """State at the end of a scanned prefix."""

    start: int = 0
    """Where the unfinished logical line starts (first character of its first physical line)."""
    code_end: int = 0
    """Offset after the last character before the end that is neither blank nor comment."""
    lines: list[Logical] = field(default_factory=list)
    """Finished logical lines; blank and comment-only lines are not among them."""
    extra_closers: list[tuple[str, int]] = field(default_factory=list)
    """Closers without an opener, with their offsets."""
    state: State = field(default_factory=State)
    line_text: str = ""
    """The last physical line, as far as it was scanned."""
    checkpoints: list[_Checkpoint] = field(default_factory=list, compare=False)
    """From where a later text can be scanned on."""

    @property
    def stack(self) -> list[tuple[str, int]]:
        """Open brackets and their offsets, those of code inside strings among them."""
        return self.state.stack

    @property
    def string(self) -> str:
        """What ends the open string (or heredoc, or block comment), else empty."""
        return self.state.string

    @property
    def string_start(self) -> int:
        """Offset of the open string."""
        return self.state.string_start

    @property
    def multiline(self) -> bool:
        """A newline does not end the open string."""
        return self.state.multiline

    @property
    def comment(self) -> bool:
        """Inside a line comment."""
        return self.state.comment

    @property
    def escaped(self) -> bool:
        """The last character is a backslash that takes the next one with it."""
        return self.state.escaped


def indent_of(line: str) -> str:
    """The blanks a line starts with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def columns(blanks: str) -> int:
    """Width of an indentation; a tab goes to the next multiple of 8, as Python counts."""
    width = 0
    for character in blanks:
        width += TAB_WIDTH - width % TAB_WIDTH if character == "\t" else 1
    return width


@lru_cache(maxsize=256)
def barrier(language: Language) -> re.Pattern[str] | None:
    """Matches lines that cannot be inside a bracket; None where there are none to tell."""
    return re.compile(f"^(?:{language.barrier})", re.M) if language.barrier else None


def scan(text: str, language: Language, start: int = 0, end: int | None = None) -> Scanned:
    """Scan `text[start:end]`, which starts at the start of a statement."""
    state = State(line=start, floor=start)
    return _scan(text, language, len(text) if end is None else end, Scanned(start, start), state)


def scan_on(text: str, language: Language, end: int, before: Scanned, same: int) -> Scanned:
    """What `scan(text, language, 0, end)` gives, with the help of an earlier scan.

    `before` is a scan from 0 of a text that has the first `same` characters of this one. What a
    line start in a bracket means depends on that line, and may on the next one.
    """
    same = min(same, end)
    line = text.rfind("\n", 0, len(text[:same].rstrip())) + 1
    last = bisect_right(before.checkpoints, same, key=lambda c: c.at) - 1
    while last >= 0 and before.checkpoints[last].at >= (
        same - _CHECKPOINT_CHARS if before.checkpoints[last].foreseen else line
    ):
        last -= 1
    if last < 0:
        return scan(text, language, 0, end)
    point = before.checkpoints[last]
    done = Scanned(
        point.start,
        point.code_end,
        before.lines[: point.lines],
        before.extra_closers[: point.extra_closers],
        checkpoints=before.checkpoints[: last + 1],
    )
    return _scan(text, language, end, done, point.state.copy(), point.at)


def closers_behind(
    text: str, language: Language, start: int, end: int, before: Scanned
) -> list[tuple[str, int]]:
    """Closers in `text[start:end]` that fit no opener there, with their offsets.

    `before` is the scan of what stands in front: the code may be inside strings.
    """
    state = before.state
    level = len(state.stack) - state.base
    outer = tuple((at - level, *rest) for at, *rest in state.outer)
    found = _closers_in(text[start:end], language, outer, state.above)
    return [(closer, start + at) for closer, at in found]


@lru_cache(maxsize=32)  # the text behind the cursor stays the same while the user types
def _closers_in(
    text: str, language: Language, outer: tuple[tuple[int, str, Form, str, int], ...], above: str
) -> tuple[tuple[str, int], ...]:
    inside = State(outer=list(outer), above=above)
    return tuple(_scan(text, language, len(text), Scanned(), inside).extra_closers)


def _scan(
    text: str, language: Language, end: int, done: Scanned, state: State, at: int | None = None
) -> Scanned:
    automaton = Automaton(language, state)
    pattern = barrier(language)
    at = done.start if at is None else at
    next_checkpoint = at + _CHECKPOINT_CHARS
    comment_from = -1
    while at < end:
        if (stop := automaton.stop()) is not None:
            found = stop.search(text, at, end)
            if found is None:
                break
            at = found.start()
        event = automaton.take(text, at)
        at += 1
        if event == "extra":
            done.extra_closers.append((text[at - 1], at - 1))
        elif state.comment:
            if comment_from < 0:
                comment_from = _comment_start(text, at, language)
        elif event == "newline":
            code_end = _code_end(text, done, at - 1, comment_from)
            comment_from = -1
            foreseen = bool(state.stack) and (pattern is not None or state.stack[-1][0] != "{")
            if state.stack and pattern is not None and pattern.match(text, at, end):
                state.stack.clear()
                state.outer.clear()
            elif state.stack and state.stack[-1][0] != "{":
                _forget(text, at, end, code_end, state, language)
            block = bool(state.stack) and state.stack[-1][0] == "{" and not state.interpolated
            if not state.stack or (block and language.blocks in ("braces", "keywords")):
                _finish(text, done, code_end, at)
            else:
                done.code_end = max(done.code_end, code_end)
            if at >= next_checkpoint or (end - at < _NEAR_CHARS and not foreseen):
                next_checkpoint = at + _CHECKPOINT_CHARS
                done.checkpoints.append(
                    _Checkpoint(
                        at,
                        foreseen,
                        state.copy(),
                        done.start,
                        done.code_end,
                        len(done.lines),
                        len(done.extra_closers),
                    )
                )
    done.code_end = _code_end(text, done, end, comment_from)
    done.line_text = text[state.line : end]
    done.state = state
    return done


@lru_cache(maxsize=256)
def _statement_line(language: Language) -> re.Pattern[str] | None:
    return re.compile(rf"[ \t]*(?:{language.statement_line})") if language.statement_line else None


def _forget(text: str, at: int, end: int, code_end: int, state: State, language: Language) -> None:
    """Drop unclosed parentheses and square brackets where a statement ended or starts at `at`."""
    pattern, opened = _statement_line(language), state.stack[-1][1]
    ended = language.blocks == "braces" and text.endswith(";", 0, code_end)
    if ended and text[max(0, opened - 8) : opened].rstrip().endswith("for"):
        ended = False  # `for (a;` goes on on the next line
    if (
        ended
        or (language.blocks in ("braces", "keywords") and _dedented(text, at, end, opened))
        or (pattern is not None and pattern.match(text, at, end))
    ):
        while state.stack and state.stack[-1][0] != "{" and not state.interpolated:
            state.stack.pop()


def _dedented(text: str, at: int, end: int, opened: int) -> bool:
    """The line at `at` is less indented than the line in which a bracket was opened."""
    code = at
    while code < end and text[code] in " \t":
        code += 1
    if code >= end or text[code] in "\n#/*" + CLOSERS:
        return False
    line = text.rfind("\n", 0, opened) + 1
    return columns(text[at:code]) < columns(indent_of(text[line:opened]))


def _comment_start(text: str, at: int, language: Language) -> int:
    marks = (language.line_comment, *language.line_comments)
    return at - max(len(mark) for mark in marks if mark and text.endswith(mark, 0, at))


def _finish(text: str, state: Scanned, code_end: int, next_start: int) -> None:
    start = state.start
    if start < code_end:
        code = text[start:code_end]
        indent = code[: len(code) - len(code.lstrip(" \t\f"))]
        state.lines.append(Logical(start + len(indent), code_end, indent))
    state.start = next_start
    state.code_end = next_start


def _code_end(text: str, state: Scanned, end: int, comment_from: int) -> int:
    stop = comment_from if comment_from >= 0 else end
    floor = state.code_end
    while stop > floor and text[stop - 1] in " \t\n\f\\":
        stop -= 1
    return stop


class Lexer:
    """The same automaton for text that arrives a character at a time.

    `feed` one character; then `stack`, `string` and `comment` are the state after it.
    """

    def __init__(self, language: Language, state: Scanned) -> None:
        self._automaton = Automaton(language, state.state.copy(state.state.line))
        self._line = state.line_text
        self.stack = [bracket for bracket, _ in state.stack]

    @property
    def string(self) -> str:
        """What ends the open string (or heredoc, or block comment), else empty."""
        return self._automaton.state.string

    @property
    def comment(self) -> bool:
        """Inside a line comment."""
        return self._automaton.state.comment

    @property
    def multiline(self) -> bool:
        """A newline does not end the open string."""
        return self._automaton.state.multiline

    def feed(self, character: str) -> str:
        """Take one character and say what it did, as `Automaton.take` does."""
        self._line += character
        event = self._automaton.take(self._line, len(self._line) - 1)
        state = self._automaton.state
        if character == "\n":
            self._automaton.state = state.copy(len(self._line))
            self._line = ""
        if len(state.stack) != len(self.stack):
            self.stack = [bracket for bracket, _ in state.stack]
        return event
