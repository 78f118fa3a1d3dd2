"""Lines and columns of a file to offsets and back, and reversible newlines. Knows no protocol.

Offsets and columns are code points of a Python `str`. What an editor sends is counted in other
units and clamped: `lsp/lines` does that.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate, count
from operator import add

from beadline.errors import PositionError

_CR = re.compile(r"\r\n?")


class LineIndex:
    """Line starts of one text with \\n line ends; every number of it is 0-based."""

    def __init__(self, text: str) -> None:
        self._ends = _line_ends(text)
        self._starts = [0, *map((1).__add__, self._ends[:-1])]

    def offset(self, line0: int, column0: int) -> int:
        """Offset of a position; the column behind the last character is the line's end.

        Raises `PositionError`, whose text counts from 1 as the command line does.
        """
        if line0 < 0 or column0 < 0:
            raise PositionError(
                "Lines and columns count from 1.", hint="Use 1 for the first line or column."
            )
        count = len(self._starts)
        if line0 >= count:
            lines = "1 line" if count == 1 else f"{count} lines"
            raise PositionError(
                f"Line {line0 + 1} is outside the file, which has {lines}.",
                hint=f"Give a line from 1 to {count}.",
            )
        length = self._ends[line0] - self._starts[line0]
        if column0 > length:
            characters = "1 character" if length == 1 else f"{length} characters"
            raise PositionError(
                f"Column {column0 + 1} is outside line {line0 + 1}, which has {characters}.",
                hint=f"Give a column from 1 to {length + 1}; {length + 1} is the line's end.",
            )
        return self._starts[line0] + column0

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, clamped to the text."""
        offset = max(0, min(offset, self._ends[-1]))
        line = bisect_right(self._starts, offset) - 1
        return line, offset - self._starts[line]


def _line_ends(text: str) -> list[int]:
    """Offsets of all newlines in `text`, and the text's length."""
    lengths = accumulate(map(len, text.split("\n")))
    return list(map(add, lengths, count()))


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
            all_of_them = tuple(_line_ends(plain)[:-1])
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
        starts = tuple(_line_ends(plain)[:-1])
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


def _contains(ordered: tuple[int, ...], value: int) -> bool:
    index = bisect_left(ordered, value)
    return index < len(ordered) and ordered[index] == value
