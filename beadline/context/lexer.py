"""Brackets, strings, comments and logical lines of broken text. Knows no grammar and no cursor.

Text around a cursor rarely parses, so everything that decides about a hole reads this scan, which
cannot fail. Two forms of one automaton: `scan` reads a whole prefix with a regex, `Lexer` goes on
from there one character at a time.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

from beadline.context.languages import Language

CLOSER = {"(": ")", "[": "]", "{": "}"}
OPENERS = "([{"
CLOSERS = ")]}"
TAB_WIDTH = 8

STATEMENT_LINE = re.compile(
    r"^[ \t]*(?:(?:def|class|return|import|with|while|try|raise|assert|del|pass|break|continue"
    r"|global|nonlocal|elif|except|finally)\b(?!\s*[=.,)\]}])|async\s+def\b|@\w+[\w.]*\s*(?:\(|$))",
    re.M,
)
"""Python lines that cannot be inside a bracket: there an unclosed bracket is forgotten."""


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
class Scanned:
    """State at the end of a scanned prefix."""

    start: int = 0
    """Where the unfinished logical line starts (first character of its first physical line)."""
    code_end: int = 0
    """Offset after the last character before the end that is neither blank nor comment."""
    lines: list[Logical] = field(default_factory=list)
    """Finished logical lines; blank and comment-only lines are not among them."""
    stack: list[tuple[str, int]] = field(default_factory=list)
    """Open brackets and their offsets."""
    string: str = ""
    """Delimiter of the open string (for a block comment its end), else empty."""
    string_start: int = 0
    comment: bool = False
    """Inside a line comment."""
    escaped: bool = False
    """The last character is a backslash that takes the next one with it."""
    extra_closers: list[tuple[str, int]] = field(default_factory=list)
    """Closers without an opener, with their offsets."""


def indent_of(line: str) -> str:
    """The blanks a line starts with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def columns(blanks: str) -> int:
    """Width of an indentation; a tab goes to the next multiple of 8, as Python counts."""
    width = 0
    for character in blanks:
        width += TAB_WIDTH - width % TAB_WIDTH if character == "\t" else 1
    return width


def scan(text: str, language: Language, start: int = 0, end: int | None = None) -> Scanned:
    """Scan `text[start:end]`, which starts at the start of a statement."""
    return _scan(text, language, len(text) if end is None else end, Scanned(start, start))


def scan_on(text: str, language: Language, end: int, before: Scanned, same: int) -> Scanned:
    """What `scan(text, language, 0, end)` gives, with the help of an earlier scan.

    `before` is a scan from 0 of a text that has the first `same` characters of this one; its
    finished lines there are taken over. The last two are not: whether a line starts a statement
    may depend on the first character of the next one.
    """
    lines = before.lines
    kept = bisect_right(lines, min(same, end), key=lambda line: line.end) - 2
    if kept <= 0 or language.blocks == "braces":
        return scan(text, language, 0, end)
    start = text.rfind("\n", 0, lines[kept].start) + 1
    state = Scanned(start, start, lines=lines[:kept])
    state.extra_closers = [closer for closer in before.extra_closers if closer[1] < start]
    return _scan(text, language, end, state)


def _scan(text: str, language: Language, end: int, state: Scanned) -> Scanned:
    token = _token_pattern(language)
    at = state.start
    comment_from = -1
    while match := token.search(text, at, end):
        piece = match.group()
        at = match.end()
        if piece == "\n":
            code_end = _code_end(text, state, match.start(), comment_from)
            comment_from = -1
            in_block = language.blocks == "braces" and state.stack and state.stack[-1][0] == "{"
            if state.stack and language.id == "python" and STATEMENT_LINE.match(text, at, end):
                state.stack.clear()
            if in_block or not state.stack:
                _finish(text, state, code_end, at)
            else:
                state.code_end = max(state.code_end, code_end)
        elif piece[0] == "\\":
            continue
        elif piece in OPENERS:
            state.stack.append((piece, match.start()))
        elif piece in CLOSERS:
            if state.stack and CLOSER[state.stack[-1][0]] == piece:
                state.stack.pop()
            else:
                state.extra_closers.append((piece, match.start()))
        elif piece == language.line_comment:
            comment_from = match.start()
            newline = text.find("\n", at, end)
            if newline < 0:
                state.comment = True
                at = end
                break
            at = newline
        else:
            closing = piece
            if language.block_comment and piece == language.block_comment[0]:
                closing = language.block_comment[1]
            opened = match.start()
            at, closed = _string_end(text, closing, at, end, language)
            if not closed:
                state.string, state.string_start = closing, opened
                at = _unescaped(text, opened + len(piece), end)
                break
    state.code_end = _code_end(text, state, end, comment_from)
    state.escaped = not state.comment and at < end and text[end - 1] == "\\"
    return state


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


def _string_end(text: str, closing: str, at: int, end: int, language: Language) -> tuple[int, bool]:
    """Offset after the string's end, and False when the text ends inside it."""
    multiline = closing in language.multiline_quotes or (
        language.block_comment is not None and closing == language.block_comment[1]
    )
    stop = re.compile(r"\\.|" + re.escape(closing) + ("" if multiline else r"|\n"), re.S)
    while match := stop.search(text, at, end):
        if match.group() == closing:
            return match.end(), True
        if match.group() == "\n":
            return match.start(), True
        at = match.end()
    return end, False


def _unescaped(text: str, start: int, end: int) -> int:
    """`end`, or the offset of a last backslash that escapes what comes after `end`."""
    backslashes = 0
    while end - backslashes > start and text[end - backslashes - 1] == "\\":
        backslashes += 1
    return end - 1 if backslashes % 2 else end


def _token_pattern(language: Language) -> re.Pattern[str]:
    parts = list(language.quotes)
    if language.line_comment:
        parts.append(language.line_comment)
    if language.block_comment:
        parts.append(language.block_comment[0])
    parts.sort(key=len, reverse=True)
    alternatives = "|".join(re.escape(part) for part in parts)
    return re.compile((alternatives + "|" if alternatives else "") + r"\\[\s\S]|[()\[\]{}\n]")


class Lexer:
    """The same automaton for text that arrives a character at a time.

    `feed` one character; then `stack`, `string` and `comment` are the state after it.
    """

    def __init__(self, language: Language, state: Scanned) -> None:
        self._language = language
        self.stack = [bracket for bracket, _ in state.stack]
        self.string = state.string
        self.comment = state.comment
        self._escaped = state.escaped
        self._recent = ""
        """The last characters, as far as a delimiter may start in them."""
        self._quotes = 0
        """Length of the run of equal quotes that ends here and opened a string."""
        self._quoted = ""
        self._single = frozenset(q for q in language.quotes if len(q) == 1)

    @property
    def multiline(self) -> bool:
        """A newline does not end the open string."""
        block = self._language.block_comment
        return self.string in self._language.multiline_quotes or (
            block is not None and self.string == block[1]
        )

    def feed(self, character: str) -> str:
        """Take one character and say what it did.

        `open`, `close` (brackets), `extra` (a closer that fits no opener), `opened_string`,
        `closed_string`, `newline` (not inside a multi-line string, not after a backslash), or
        nothing.
        """
        quotes, self._quotes = self._quotes, 0
        if self._escaped:
            self._escaped = False
            self._recent = ""
            return ""
        if character == "\\" and not self.comment:
            self._escaped = True
            self._recent = ""
            return ""
        if character == "\n" and not (self.string and self.multiline):
            self.comment = False
            self.string = ""
            self._recent = ""
            return "newline"
        if self.comment:
            return ""
        self._recent = (self._recent + character)[-4:]
        if self.string:
            return self._in_string(character, quotes)
        return self._in_code(character, quotes)

    def _in_string(self, character: str, quotes: int) -> str:
        if not self._recent.endswith(self.string):
            return ""
        # Closed right after it was opened: the next equal quote makes the three a long one.
        self._quotes = 2 if quotes == 1 else 0
        self.string = ""
        self._recent = ""
        return "closed_string"

    def _in_code(self, character: str, quotes: int) -> str:
        language = self._language
        if language.line_comment and self._recent.endswith(language.line_comment):
            self.comment = True
            self._recent = ""
            return ""
        if language.block_comment and self._recent.endswith(language.block_comment[0]):
            self.string = language.block_comment[1]
            self._recent = ""
            return "opened_string"
        if character in self._single:
            long = character * 3
            if quotes == 2 and long in language.quotes and self._quoted == character:
                self.string = long
            else:
                self.string = character
                self._quotes = 1
            self._quoted = character
            self._recent = ""
            return "opened_string"
        if character in OPENERS:
            self.stack.append(character)
            return "open"
        if character in CLOSERS:
            if self.stack and CLOSER[self.stack[-1]] == character:
                self.stack.pop()
                return "close"
            return "extra"
        return ""
