"""The cleaned files of one repository, searched as in serving. Knows no holes and no prompts.

What snippets are made of is the corpus itself, in which secrets have been replaced, and not the
user's files.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from beadline.context.syntax import SyntaxTree
from beadline.context.types import Document, Snippet
from beadline.evaluation.indexed import SearchedFolder, indexed
from beadline.settings import ContextOptions
from beadline.trainer.corpus.types import CorpusFile


@contextmanager
def snapshot(
    files: Iterable[CorpusFile],
    options: ContextOptions,
    *,
    also: Mapping[str, str] | None = None,
    tell: Callable[[str, int, int], None] = lambda what, done, of: None,
) -> Iterator[Snapshot]:
    """Search over files of one repository, in a place that is gone afterwards.

    `also`: texts by path that say what imports mean and are in no language (`go.mod`). Paths that
    lead out of the repository are left out. `tell` is told how many of how many files were read.
    """
    with tempfile.TemporaryDirectory(prefix="beadline-snapshot-") as place:
        folder = Path(place).resolve()
        for path, text in [*(also or {}).items(), *((file.path, file.text) for file in files)]:
            _write(folder, path, text)
        with indexed(folder, options, tell) as index:
            yield Snapshot(index, Place(folder, index.database, options))


@dataclass(frozen=True)
class Place:
    """Where a snapshot lies while it is open, so that another process can search it."""

    folder: Path
    database: Path
    options: ContextOptions


@contextmanager
def attached(place: Place) -> Iterator[Snapshot]:
    """A snapshot that another process keeps open."""
    index = SearchedFolder(place.folder, place.options, place.database)
    try:
        yield Snapshot(index, place)
    finally:
        index.close()


class Snapshot:
    """Implements `requests.Searches`."""

    def __init__(self, index: SearchedFolder, place: Place) -> None:
        self._index = index
        self.place = place

    def alone(
        self,
        document: Document,
        offset: int,
        *,
        max_chars: int,
        tree: SyntaxTree | None = None,
    ) -> tuple[Snippet, ...]:
        """See `Searches`. `document` stands for the file of its path, which lacks the hole."""
        return self._index.alone(document, offset, max_chars=max_chars, tree=tree)


def _write(folder: Path, path: str, text: str) -> None:
    parts = PurePosixPath(path).parts
    if not parts or PurePosixPath(path).is_absolute() or ".." in parts:
        return
    file = folder.joinpath(*parts)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8", newline="\n")
