"""A text as the protocol sees it: lines, their ends, columns in the client's units. Knows no URI.

Lines end at \\r\\n, \\r and \\n alone: a form feed or U+2028 does not end a line. A text is kept as
the list of its lines, so that an edit costs the lines it touches and one join, not a search of
the whole text for line ends. Offsets are code points of the LF-normalised text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]
"""Unit of a column: bytes, 16-bit units, or code points."""

_END = re.compile(r"(\r\n|\r|\n)")
_CODECS: dict[Encoding, tuple[str, int]] = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2)}
"""Codec of a column's unit, and bytes of one unit."""


@dataclass(frozen=True)
class Edit:
    """At `start`, `removed` characters gave way to `text`; offsets in the text before it."""

    start: int
    removed: int
    text: str

    @property
    def end(self) -> int:
        """Where the inserted text ends, in the text after the edit."""
        return self.start + len(self.text)

    def moved(self, by: int) -> Edit:
        """The same edit in a text that has `by` more characters before it."""
        return Edit(self.start + by, self.removed, self.text)


class Lines:
    """One version of a text; immutable."""

    def __init__(
        self,
        bodies: list[str],
        ends: list[str],
        *,
        size: int,
        nuls: int,
        known: tuple[int, int] = (0, 0),
    ) -> None:
        """Of lists that nobody else changes; `of` makes them of a text. `known`: a line, and the
        offset of its first character; near it offsets are quickly told."""
        self._known = known
        self._bodies = bodies
        self._ends = ends
        self.size = size
        """Bytes of the text in UTF-8, its line ends as they are."""
        self.nuls = nuls
        """NUL characters in it."""

    @classmethod
    def of(cls, text: str) -> Lines:
        """The lines of `text`, which holds no half of a surrogate pair."""
        bodies, ends = _split(text)
        return cls(bodies, ends, size=_size(text), nuls=text.count("\0"))

    @cached_property
    def text(self) -> str:
        """The whole text with \\n line ends."""
        return "\n".join(self._bodies)

    @property
    def original(self) -> str:
        """The whole text with its own line ends."""
        return _joined(self._bodies, self._ends)

    def offset(self, line: int, column: int, encoding: Encoding) -> int:
        """Offset of a position; one outside the text is clamped as LSP says."""
        line, column = _place(self._bodies, line, column, encoding)
        return _start(self._bodies, line, self._known) + column

    def position(self, offset: int, encoding: Encoding) -> tuple[int, int]:
        """Line and column of an offset, which is clamped to the text."""
        text = self.text
        offset = max(0, min(offset, len(text)))
        # At memory speed: every key makes a new version, whose line starts nobody has looked for.
        start = text.rfind("\n", 0, offset) + 1
        return text.count("\n", 0, offset), _units(text[start:offset], encoding)

    def draft(self) -> Draft:
        """A copy that can be edited."""
        bodies, ends = self._bodies.copy(), self._ends.copy()
        return Draft(bodies, ends, size=self.size, nuls=self.nuls, known=self._known)


class Draft:
    """Lines that are being edited: a client may send thousands of edits in one message."""

    def __init__(
        self, bodies: list[str], ends: list[str], *, size: int, nuls: int, known: tuple[int, int]
    ) -> None:
        """Takes the lists for its own. `known` as `Lines` has it."""
        self._bodies = bodies
        self._ends = ends
        self._size = size
        self._nuls = nuls
        self._known = known
        """Where the last edit was."""

    def lines(self) -> Lines:
        """What came of it; ends the draft."""
        known = self._known
        return Lines(self._bodies, self._ends, size=self._size, nuls=self._nuls, known=known)

    def replace(
        self, start: tuple[int, int], end: tuple[int, int], text: str, encoding: Encoding
    ) -> Edit:
        """Put `text` in place of the range between two positions; what that changed.

        Positions outside the text are clamped, a range the wrong way round is the same range.
        """
        places = (_place(self._bodies, line, column, encoding) for line, column in (start, end))
        (first, a), (last, b) = sorted(places)
        head, tail = self._bodies[first][:a], self._bodies[last][b:] + self._ends[last]
        if first and self._ends[first - 1] == "\r" and (head + text + tail)[:1] == "\n":
            first -= 1  # the two become one line end
            head = self._bodies[first] + "\r"
        region, touched = head + text + tail, slice(first, last + 1)
        offset = _start(self._bodies, first, self._known)
        self._known = first, offset
        bodies, ends = _split(region)
        if self._ends[last]:  # the region ends with a line end, not with an empty line
            bodies.pop()
            ends.pop()
        old = _joined(self._bodies[touched], self._ends[touched])
        self._bodies[touched], self._ends[touched] = bodies, ends
        self._size += _size(region) - _size(old)
        self._nuls += region.count("\0") - old.count("\0")
        before, through = _length(head, text + tail), _length(head + text, tail)
        removed = through - before + _length(old) - _length(region)
        inserted = _END.sub("\n", region)[before:through]
        return Edit(offset + before, removed, inserted)


def _start(bodies: list[str], line: int, known: tuple[int, int]) -> int:
    """Offset of a line's first character; quick for a line near the one that is `known`."""
    at, offset = known
    low, high = sorted((at, line))
    between = sum(map(len, bodies[low:high])) + high - low
    return offset + between if line >= at else offset - between


def _place(bodies: list[str], line: int, column: int, encoding: Encoding) -> tuple[int, int]:
    """A position, clamped, as line and code points; inside a character it is before it."""
    if line < 0:
        return 0, 0
    if line >= len(bodies):
        return len(bodies) - 1, len(bodies[-1])
    body = bodies[line]
    if column <= 0 or encoding == "utf-32" or body.isascii():
        return line, max(0, min(column, len(body)))
    codec, width = _CODECS[encoding]
    # No character has less than one unit. A character that is cut in two is dropped.
    cut = body[:column].encode(codec)[: column * width]
    return line, len(cut.decode(codec, "ignore"))


def _joined(bodies: list[str], ends: list[str]) -> str:
    return "".join(chain.from_iterable(zip(bodies, ends, strict=True)))


def _split(text: str) -> tuple[list[str], list[str]]:
    """Lines without their ends, and the ends; that of the last line is empty."""
    crs = text.count("\r")
    if crs == 0 or crs == text.count("\r\n") == text.count("\n"):
        end = "\r\n" if crs else "\n"
        bodies = text.split(end)
        return bodies, [*([end] * (len(bodies) - 1)), ""]
    parts = _END.split(text)
    return parts[::2], [*parts[1::2], ""]


def _length(text: str, following: str = "") -> int:
    """Characters of `text` with \\n line ends, without a \\r\\n that it shares with `following`."""
    pairs = text.count("\r\n")
    return len(text) - pairs - (text[-1:] == "\r" and following[:1] == "\n")


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8"))


def _units(text: str, encoding: Encoding) -> int:
    if encoding == "utf-32" or text.isascii():
        return len(text)
    codec, width = _CODECS[encoding]
    return len(text.encode(codec)) // width
