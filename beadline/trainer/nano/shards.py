"""Samples as texts and places in them, in files that travel. Knows no grammar, no index, no tokens.

What takes syntax trees and a search is decided before: where holes are cut, where windows begin
and end, which snippets stand before them. A machine with a GPU needs none of that: it renders what
is said here by the one renderer, with whatever tokenizer it is given. A shard is one xz file of
JSON lines: a header, the files, the samples, each with places (code points) in one of the files.
It holds source text and is never part of a release.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from beadline.engine.protocol import ExtraFile, FimRequest, Layout
from beadline.errors import InputError
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.samples.drawn import PLAIN, Drawn

FORMAT = "beadline-samples"
VERSION = 1
MOST_CHARACTERS = 24_000_000
"""Of a shard's files; more of one source makes further shards. About 4 MB compressed."""
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 64 << 20}]
"""The window spans the whole shard: a snippet is a part of a text that stands there already."""

Place = tuple[int, int, int]
"""Number of a file, start and end in its text."""
Literal = tuple[str, str]
"""Path and text of a snippet that is no part of a file here (a skeleton, a file of another shard).
"""


@dataclass(frozen=True)
class Record:
    """One sample. Of a hole: `text[start:cursor]`, the middle, `text[resume:end]`."""

    kind: str
    """Kind of the hole, `PLAIN`, or `STRETCH`."""
    phase: str
    epoch: int
    wide: bool = False
    """The larger windows of the recipe."""
    layout: str = ""
    """Order of the prompt; empty: the one that is served."""
    file: int = 0
    start: int = 0
    anchor: int = 0
    cursor: int = 0
    resume: int = 0
    end: int = 0
    pieces: tuple[Place | Literal, ...] = ()
    """Snippets in the order of the prompt; of a stretch its files."""
    closes: bool = False
    """Of a stretch: nothing of the repository follows."""

    def as_line(self) -> str:
        """JSON."""
        places = [self.file, self.start, self.anchor, self.cursor, self.resume, self.end]
        flags = [self.phase, self.epoch, int(self.wide), int(self.closes)]
        return json.dumps([self.kind, self.layout, *flags, *places, self.pieces])

    @classmethod
    def of(cls, values: Sequence[Any]) -> Record:
        """From the values of `as_line`. Raises `ValueError` or `TypeError`."""
        kind, layout, phase, epoch, wide, closes, file, *places, pieces = values
        start, anchor, cursor, resume, end = places
        return cls(
            kind, phase, epoch, bool(wide), layout, file, start, anchor, cursor, resume, end,
            tuple(_piece(piece) for piece in pieces), bool(closes),
        )  # fmt: skip


@dataclass(frozen=True)
class Shard:
    """What one file holds."""

    repo: str
    """As prompts name it."""
    files: Sequence[CorpusFile] = field(repr=False)
    records: Sequence[Record] = field(repr=False)

    def drawn(self, record: Record, *, answer_tokens: int) -> Drawn:
        """The sample as it was drawn: equal to what `samples.requests` made of the same place."""
        file = self.files[record.file]
        text = file.text
        if record.kind == PLAIN:
            request = FimRequest(
                prefix=text[record.start : record.end],
                suffix="",
                path=file.path,
                repo=self.repo,
                layout=Layout.LEFT_TO_RIGHT,
                max_tokens=1,
            )
            return Drawn(file, PLAIN, request, "", record.start, record.end)
        request = FimRequest(
            prefix=text[record.start : record.cursor],
            suffix=text[record.resume : record.end],
            anchor=record.anchor - record.start,
            path=file.path,
            repo=self.repo,
            extra=self.pieces(record),
            layout=Layout(record.layout) if record.layout else None,
            max_tokens=answer_tokens,
        )
        middle = text[record.cursor : record.resume]
        return Drawn(file, record.kind, request, middle, record.start, record.end)

    def pieces(self, record: Record) -> tuple[ExtraFile, ...]:
        """The texts of a record's pieces."""
        found: list[ExtraFile] = []
        for piece in record.pieces:
            if len(piece) == 2:
                found.append(ExtraFile(piece[0], piece[1]))
            else:
                file = self.files[piece[0]]
                found.append(ExtraFile(file.path, file.text[piece[1] : piece[2]]))
        return tuple(found)


def record_of(drawn: Drawn, number: int, *, phase: str, epoch: int, wide: bool = False) -> Record:
    """A sample of the file with a number, its snippets not yet noted."""
    request = drawn.request
    start = drawn.start
    cursor = start + len(request.prefix)
    layout = request.layout.value if request.layout is not None else ""
    if drawn.is_plain:
        return Record(PLAIN, phase, epoch, False, "", number, start, start, start, start, drawn.end)
    return Record(
        drawn.kind, phase, epoch, wide, layout, number, start, start + request.anchor, cursor,
        cursor + len(drawn.middle), drawn.end,
    )  # fmt: skip


def write(path: Path, repo: str, files: Sequence[CorpusFile], records: Sequence[Record]) -> None:
    """Write a shard, whole or not at all."""
    header = {
        "format": FORMAT, "version": VERSION, "repo": repo, "files": len(files),
        "records": len(records),
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.part")
    with lzma.open(partial, "wt", encoding="ascii", newline="\n", filters=_FILTERS) as lines:
        lines.write(json.dumps(header) + "\n")
        for file in files:
            lines.write(json.dumps([file.path, file.language, file.text]) + "\n")
        for record in records:
            lines.write(record.as_line() + "\n")
    partial.replace(path)


def read(path: Path) -> Shard:
    """What `write` wrote. Raises `InputError` for anything else."""
    try:
        with lzma.open(path, "rt", encoding="ascii", newline="\n") as lines:
            header = _header(next(lines, ""))
            repo = str(header["repo"])
            texts = [json.loads(next(lines)) for _ in range(header["files"])]
            files = [CorpusFile.of(name, language, text, repo) for name, language, text in texts]
            records = [Record.of(json.loads(next(lines))) for _ in range(header["records"])]
            if lines.read(1):  # reading to the end also checks that the end is there
                raise ValueError("there is more than its header says")
    except (OSError, EOFError, lzma.LZMAError, ValueError, TypeError, KeyError) as exc:
        raise InputError(f"{path} is no shard: {exc}.", hint="Prepare it again.") from exc
    except StopIteration as exc:
        raise InputError(f"{path} is cut off.", hint="Copy it again.") from exc
    return Shard(repo, files, records)


def shards_of(folder: Path) -> list[Path]:
    """The shards in a folder, by name."""
    return sorted(folder.glob("*.xz"))


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def parts(paths: Sequence[Path], most_bytes: int) -> Iterator[list[Path]]:
    """Files in groups of at most so many bytes, in their order; one that is larger by itself is a
    group of its own."""
    group: list[Path] = []
    size = 0
    for path in paths:
        own = path.stat().st_size
        if group and size + own > most_bytes:
            yield group
            group, size = [], 0
        group.append(path)
        size += own
    if group:
        yield group


def _header(line: str) -> Mapping[str, Any]:
    values = json.loads(line)
    if values.get("format") != FORMAT or values.get("version") != VERSION:
        raise ValueError("another format or version")
    return values


def _piece(values: Sequence[Any]) -> Place | Literal:
    if len(values) == 2:
        path, text = values
        return str(path), str(text)
    file, start, end = values
    return int(file), int(start), int(end)
