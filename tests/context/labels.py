"""Reads the hand-labelled cursors of `tests/context/labels`; knows nothing of what they judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from beadline.context.types import Expected

MARK = "⟦⟧"
"""Stands where the cursor is; occurs in no code."""
SETS = ("dev", "held_out")
_FOLDER = Path(__file__).parent / "labels"
_HEADER = "@@@@ "


@dataclass(frozen=True)
class Label:
    """One cursor and what a user wants there. The format is described in labels/README.md."""

    language: str
    """Language id."""
    path: str
    text: str
    """The document without the mark, LF line ends."""
    offset: int
    """Where the mark stood, in code points."""
    expected: Expected
    why: str
    set: str
    """`dev` or `held_out`."""

    def marked(self) -> str:
        """The text with the cursor visible."""
        return self.text[: self.offset] + MARK + self.text[self.offset :]


def load(name: str) -> list[Label]:
    """All labels of one set, in the order of languages and of their files."""
    return [label for file in sorted((_FOLDER / name).glob("*.txt")) for label in _read(file, name)]


def _read(file: Path, name: str) -> Iterator[Label]:
    lines = iter(file.read_bytes().decode("utf-8").split("\n"))
    header: list[str] = []
    code: list[str] = []
    for line in lines:
        if not line.startswith(_HEADER):
            code.append(line)
            continue
        if len(header) == 2:
            yield _label(file, name, header, code)
            header = []
        elif any(code):
            raise ValueError(f"{file.name}: code before a complete header: {code}")
        header.append(line.removeprefix(_HEADER))
        code = []
    yield _label(file, name, header, code)


def _label(file: Path, name: str, header: list[str], code: list[str]) -> Label:
    if len(header) != 2:
        raise ValueError(f"{file.name}: a label has two header lines, not {header}")
    expected, _, path = header[0].partition(" | ")
    marked = "\n".join(code).rstrip("\n") + "\n"
    before, mark, after = marked.partition(MARK)
    if not mark or MARK in after:
        raise ValueError(f"{file.name}, {path}: a label has exactly one {MARK}")
    return Label(file.stem, path, before + after, len(before), Expected(expected), header[1], name)
