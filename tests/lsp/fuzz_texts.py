"""What the server's texts must be: a model of its own, on arrays of code units.

It shares nothing with beadline: a text is the array of the units that the client counts in, and
line ends are looked for among them.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

CR, LF, NUL = 13, 10, 0
TYPES = {"utf-8": "B", "utf-16": "H", "utf-32": "I"}
"""Type codes of arrays with 1, 2 and 4 bytes a unit."""
CODECS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}


def sent(text: str) -> str:
    """What arrives of a string: JSON pairs surrogates; what is left alone becomes U+FFFD."""
    units = to_units(text, "utf-16")
    for at, unit in enumerate(units):
        high_before = at > 0 and 0xD800 <= units[at - 1] < 0xDC00
        low_behind = at + 1 < len(units) and 0xDC00 <= units[at + 1] < 0xE000
        lone_high = 0xD800 <= unit < 0xDC00 and not low_behind
        lone_low = 0xDC00 <= unit < 0xE000 and not high_before
        if lone_high or lone_low:
            units[at] = 0xFFFD
    return from_units(units, "utf-16")


def to_units(text: str, encoding: str) -> array[int]:
    """The units of a text that is counted in this encoding."""
    return array(TYPES[encoding], text.encode(CODECS[encoding], "surrogatepass"))


def from_units(units: array[int], encoding: str) -> str:
    return units.tobytes().decode(CODECS[encoding])


class UnitText:
    """A text as its client counts it."""

    def __init__(self, text: str, encoding: str) -> None:
        self.encoding = encoding
        self.units = to_units(sent(text), encoding)
        self._lines: list[tuple[int, int]] = []

    def lines(self) -> list[tuple[int, int]]:
        """Start and end, without the line end, of every line."""
        if self._lines:
            return self._lines
        found, start = [], 0
        cr, lf = self._next(CR, 0), self._next(LF, 0)
        while (end := min(cr, lf)) < len(self.units):
            found.append((start, end))
            start = end + 2 if lf == cr + 1 else end + 1
            cr = self._next(CR, start) if cr < start else cr
            lf = self._next(LF, start) if lf < start else lf
        self._lines = [*found, (start, len(self.units))]
        return self._lines

    def _next(self, unit: int, start: int) -> int:
        try:
            return self.units.index(unit, start)
        except ValueError:
            return len(self.units) + 9

    def index(self, line: int, character: int) -> int:
        lines = self.lines()
        if line >= len(lines):
            return len(self.units)
        start, end = lines[line]
        at = min(start + character, end)
        while start < at < end and self._inside(at):
            at -= 1
        return at

    def _inside(self, at: int) -> bool:
        unit = self.units[at]
        if self.encoding == "utf-8":
            return unit & 0xC0 == 0x80
        return self.encoding == "utf-16" and 0xDC00 <= unit < 0xE000

    def replace(self, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        low, high = sorted((self.index(*start), self.index(*end)))
        self._lines = []
        self.units[low:high] = to_units(sent(text), self.encoding)

    def text(self) -> str:
        return from_units(self.units, self.encoding)

    def normal(self) -> str:
        return self.text().replace("\r\n", "\n").replace("\r", "\n")

    def size(self) -> int:
        return len(self.text().encode())


@dataclass
class Buffer:
    """An open document; `text` is None while nobody can know it."""

    language: str
    encoding: str
    limit: int
    version: int
    text: UnitText | None = None

    def whole(self, text: str) -> None:
        self._keep(UnitText(text, self.encoding))

    def change(self, changes: list[dict]) -> None:
        """The contentChanges of one didChange."""
        text = self.text
        for change in changes:
            if "range" not in change:
                text = self._within(UnitText(change["text"], self.encoding))
            elif text is not None:
                ends = (change["range"][name] for name in ("start", "end"))
                start, end = ((at["line"], at["character"]) for at in ends)
                text.replace(start, end, change["text"])
        self._keep(text)

    def _keep(self, text: UnitText | None) -> None:
        self.text = None if text is None else self._within(text)

    def _within(self, text: UnitText) -> UnitText | None:
        """A text above the limit is dropped until all of it is sent again."""
        return text if text.size() <= self.limit else None

    @property
    def usable(self) -> bool:
        return self.text is not None and NUL not in self.text.units


@dataclass
class Notebook:
    """An open notebook: its cells in order."""

    cells: list[dict] = field(default_factory=list)
    lost: bool = False


@dataclass
class Model:
    """Everything the client has open."""

    encoding: str
    limit: int
    buffers: dict[str, Buffer] = field(default_factory=dict)
    notebooks: dict[str, Notebook] = field(default_factory=dict)

    def open(self, uri: str, language: str, version: int, text: str) -> None:
        buffer = Buffer(language, self.encoding, self.limit, version)
        buffer.whole(text)
        self.buffers[uri] = buffer

    def original(self, uri: str) -> str | None:
        """The text as the client has it; None where it is not known or not open."""
        buffer = self.buffers.get(uri)
        return None if buffer is None or buffer.text is None else buffer.text.text()

    def joined(self, uri: str) -> tuple[str, int] | None:
        """The document that a text is asked for in, and where it begins there."""
        buffer = self.buffers.get(uri)
        if buffer is None or not buffer.usable:
            return None
        assert buffer.text is not None
        for notebook in self.notebooks.values():
            places = [at for at, cell in enumerate(notebook.cells) if cell["document"] == uri]
            if not places:
                continue
            if notebook.lost:
                return None
            if notebook.cells[places[0]]["kind"] != 2:
                break
            before, after = "", ""
            for at, cell in enumerate(notebook.cells):
                other = self.buffers[cell["document"]]
                if cell["kind"] == 2 and other.language == buffer.language and other.usable:
                    assert other.text is not None
                    if at < places[0]:
                        before += other.text.normal() + "\n"
                    elif at > places[0]:
                        after += "\n" + other.text.normal()
            return before + buffer.text.normal() + after, len(before)
        return buffer.text.normal(), 0
