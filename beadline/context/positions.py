"""Lines and columns to offsets and back, and reversible newlines. Knows no files and no protocol.

Offsets are code points of a Python `str`. Line ends are \\n, \\r\\n and \\r alone, as LSP says:
a form feed or U+2028 does not end a line.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate, count
from operator import add
from typing import Literal

from beadline.errors import PositionError

Encoding = Literal["utf-8", "utf-16", "utf-32"]
"""Unit of a column: bytes, 16-bit units, or code points."""

_LINE_END = re.compile(r"\r\n|\r|\n")
_CR = re.compile(r"\r\n?")


class LineIndex:
    """Line starts of one text; every public number is 0-based."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts, self._ends = _lines(text)
        self._ascii = text.isascii()

    @property
    def line_count(self) -> int:
        """Lines of the text; a text that ends in a newline has an empty last line."""
        return len(self._starts)

    def line_span(self, line0: int) -> tuple[int, int]:
        """Offsets of the line's first character and of its end, terminator excluded."""
        return self._starts[line0], self._ends[line0]

    def line_of(self, offset: int) -> int:
        """Line that contains `offset`; inside \\r\\n it is the line that the pair ends."""
        return bisect_right(self._starts, offset) - 1

    def offset(
        self, line0: int, column0: int, encoding: Encoding = "utf-32", *, clamp: bool
    ) -> int:
        """Offset of a position.

        `clamp=True` follows LSP: a line past the last is the text's end, a column past the line
        is the line's end, a column inside a character (surrogate pair, UTF-8 sequence) is before
        it, negative numbers are 0. `clamp=False` raises `PositionError`, whose text counts
        from 1 as the command line does.
        """
        if not clamp:
            self._check(line0, column0, encoding)
        if line0 < 0:
            return 0
        if line0 >= self.line_count:
            return len(self._text)
        start, end = self.line_span(line0)
        if column0 <= 0:
            return start
        if self._ascii or encoding == "utf-32":
            return min(start + column0, end)
        units = 0
        for at in range(start, end):
            units += _units(self._text[at], encoding)
            if units > column0:
                return at
            if units == column0:
                return at + 1
        return end

    def position(self, offset: int, encoding: Encoding = "utf-32") -> tuple[int, int]:
        """Line and column of an offset, clamped to the text; inside \\r\\n it is the line's end."""
        offset = max(0, min(offset, len(self._text)))
        line = self.line_of(offset)
        start, end = self.line_span(line)
        offset = min(offset, end)
        if self._ascii or encoding == "utf-32":
            return line, offset - start
        return line, sum(_units(c, encoding) for c in self._text[start:offset])

    def _check(self, line0: int, column0: int, encoding: Encoding) -> None:
        if line0 < 0 or column0 < 0:
            raise PositionError(
                "Lines and columns count from 1.", hint="Use 1 for the first line or column."
            )
        if line0 >= self.line_count:
            lines = "1 line" if self.line_count == 1 else f"{self.line_count} lines"
            raise PositionError(
                f"Line {line0 + 1} is outside the file, which has {lines}.",
                hint=f"Give a line from 1 to {self.line_count}.",
            )
        start, end = self.line_span(line0)
        length = sum(_units(c, encoding) for c in self._text[start:end])
        if column0 > length:
            characters = "1 character" if length == 1 else f"{length} characters"
            raise PositionError(
                f"Column {column0 + 1} is outside line {line0 + 1}, which has {characters}.",
                hint=f"Give a column from 1 to {length + 1}; {length + 1} is the line's end.",
            )


def _lines(text: str) -> tuple[list[int], list[int]]:
    """Start of each line, and end of its text before the terminator.

    This runs at every keystroke, so texts with one kind of line end avoid a loop in Python.
    """
    crs = text.count("\r")
    pairs = text.count("\r\n") if crs else 0
    if crs == 0 or crs == pairs == text.count("\n"):
        end = "\r\n" if crs else "\n"
        ends = _ends(text, end)
        return [0, *map(len(end).__add__, ends[:-1])], ends
    starts, ends = [0], []
    for match in _LINE_END.finditer(text):
        ends.append(match.start())
        starts.append(match.end())
    return starts, [*ends, len(text)]


def _ends(text: str, end: str) -> list[int]:
    """Offsets of all `end`s in `text`, and the text's length."""
    lengths = accumulate(map(len, text.split(end)))
    return list(map(add, lengths, count(0, len(end))))


def _units(character: str, encoding: Encoding) -> int:
    code = ord(character)
    if encoding == "utf-8":
        return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
    if encoding == "utf-16":
        return 1 if code < 0x10000 else 2
    return 1


@dataclass(frozen=True)
class Newlines:
    """What `normalise` changed, so that it can be undone.

    `crlf` and `cr` are the offsets, in the normalised text, of the newlines that were \\r\\n
    and \\r; every other newline was \\n already.
    """

    crlf: tuple[int, ...] = ()
    cr: tuple[int, ...] = ()
    lf: int = 0
    """How many newlines were \\n."""
    starts: tuple[int, ...] = ()
    """Offsets of all newlines in the normalised text; empty when nothing was changed."""

    @staticmethod
    def normalise(text: str) -> tuple[str, Newlines]:
        """`text` with \\n line ends only, and the record that undoes it."""
        if "\r" not in text:
            return text, Newlines(lf=text.count("\n"))
        crs = text.count("\r")
        if crs == text.count("\r\n") == text.count("\n"):
            plain = text.replace("\r\n", "\n")
            all_of_them = tuple(_ends(plain, "\n")[:-1])
            return plain, Newlines(crlf=all_of_them, starts=all_of_them)
        crlf: list[int] = []
        cr: list[int] = []
        removed = 0
        for match in _CR.finditer(text):
            at = match.start() - removed
            if match.end() - match.start() == 2:
                crlf.append(at)
                removed += 1
            else:
                cr.append(at)
        plain = _CR.sub("\n", text)
        starts = tuple(m.start() for m in re.finditer("\n", plain))
        return plain, Newlines(tuple(crlf), tuple(cr), len(starts) - len(crlf) - len(cr), starts)

    @property
    def dominant(self) -> str:
        """The most frequent line end; \\n when there is none or nothing is ahead of it."""
        most = max(self.lf, len(self.crlf), len(self.cr))
        if self.lf == most:
            return "\n"
        return "\r\n" if len(self.crlf) == most else "\r"

    def at(self, offset: int) -> str:
        """Line end of the line that contains `offset` (normalised); `dominant` on the last line."""
        if not self.starts:
            return "\n"
        index = bisect_left(self.starts, offset)
        if index == len(self.starts):
            return self.dominant
        newline = self.starts[index]
        if _contains(self.crlf, newline):
            return "\r\n"
        return "\r" if _contains(self.cr, newline) else "\n"

    def restore(self, text: str, offset: int = 0) -> str:
        """New text for the normalised `offset`, with the line ends of its surroundings."""
        end = self.at(offset)
        return text if end == "\n" else text.replace("\n", end)

    def undo(self, text: str) -> str:
        """The original of the whole normalised text, character for character."""
        if not self.starts:
            return text
        ends = dict.fromkeys(self.crlf, "\r\n") | dict.fromkeys(self.cr, "\r")
        parts: list[str] = []
        last = 0
        for at in sorted(ends):
            parts += (text[last:at], ends[at])
            last = at + 1
        return "".join(parts) + text[last:]

    def to_original(self, offset: int) -> int:
        """Offset in the original text of an offset in the normalised text."""
        return offset + bisect_left(self.crlf, offset)

    def from_original(self, offset: int) -> int:
        """Offset in the normalised text; between \\r and \\n it is before the newline."""
        low, high = 0, len(self.crlf)
        while low < high:
            middle = (low + high) // 2
            if self.crlf[middle] + middle + 1 < offset:
                low = middle + 1
            else:
                high = middle
        inside = low < len(self.crlf) and self.crlf[low] + low + 1 == offset
        return offset - low - (1 if inside else 0)


def _contains(ordered: tuple[int, ...], value: int) -> bool:
    index = bisect_left(ordered, value)
    return index < len(ordered) and ordered[index] == value
