"""A repository's files as they are searched in serving, with a file that can be another one.

The index, the buffers over it and the search are those of a server; only the indexer is no process
of its own and watches nothing: it is told what changed, so that a case is never scored on an index
that still holds its answer. Knows no case and no model.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from beadline.context.index.database import Database
from beadline.context.index.indexer import Indexer
from beadline.context.index.overlay import Overlay
from beadline.context.index.reader import IndexGraph
from beadline.context.retrieval.searcher import Searcher
from beadline.context.retrieval.weights import Weights
from beadline.context.symbols.graph import Known
from beadline.context.syntax import SyntaxTree
from beadline.context.types import Document, Interrupted, Snippet
from beadline.settings import ContextOptions

_DATABASE = "index.sqlite3"


@contextmanager
def indexed(
    folder: Path,
    options: ContextOptions,
    tell: Callable[[str, int, int], None] = lambda what, done, of: None,
) -> Iterator[IndexedFolder]:
    """An index of all files below `folder` (links resolved), in a place that is gone afterwards.
    `tell` is told how many of how many files were read."""
    with tempfile.TemporaryDirectory(prefix="beadline-index-") as place:
        found = IndexedFolder(
            folder, options, Path(place) / _DATABASE, lambda done, of: tell("index", done, of)
        )
        try:
            yield found
        finally:
            found.close()


class SearchedFolder:
    """An index that is there and that nobody writes meanwhile: many processes may search it.
    Documents have their path in the folder."""

    def __init__(self, folder: Path, options: ContextOptions, database: Path) -> None:
        self._options = options
        self._graph = IndexGraph(folder, lambda: Database.attach(database))
        self._overlay = Overlay(self._graph)
        self._closed = False

    def alone(
        self,
        document: Document,
        offset: int,
        *,
        max_chars: int,
        tree: SyntaxTree | None = None,
        interrupted: Interrupted | None = None,
    ) -> tuple[Snippet, ...]:
        """Snippets for a cursor, with this document as the only open one and nothing remembered of
        earlier searches: what is found depends on the arguments and the files alone."""
        if self._closed:
            return ()
        self._overlay.open(document.path, document)
        try:
            while self._overlay.settle():
                pass
            return self.searcher().search(
                document, offset, max_chars=max_chars, tree=tree, interrupted=interrupted
            )
        finally:
            self._overlay.closed(document.path)

    def searcher(self, weights: Weights | None = None) -> Searcher:
        """A search of its own; `weights`: others than the packaged ones."""
        return Searcher(self._overlay, self._options, weights=weights)

    def close(self) -> None:
        """Searches find nothing any more. Idempotent."""
        if not self._closed:
            self._closed = True
            self._graph.close()


class IndexedFolder(SearchedFolder):
    """Implements `completion.snippets.Retrieves`."""

    def __init__(
        self,
        folder: Path,
        options: ContextOptions,
        database: Path,
        progress: Callable[[int, int], None] = lambda done, of: None,
    ) -> None:
        """Read all files; `database` is a file that is not there yet."""
        self._folder = folder
        self.database = database
        self._written = Database.create(database)
        self._indexer = Indexer(folder, options, self._written, progress=progress)
        self._indexer.scan()
        super().__init__(folder, options, database)
        self._searcher: Searcher | None = None
        self._paths: dict[str, str] = {}
        """Paths of open documents by their keys."""
        self._first: dict[str, bytes | None] = {}
        """What files that are replaced held before; None: there was no such file."""

    def replace(self, folder: Path, path: str, text: str | None) -> None:
        """The file at `path` holds `text`, on the disk and in the index, once this returns; None:
        what it held at first. What searches remember is forgotten."""
        file = folder / path
        if path not in self._first:
            self._first[path] = file.read_bytes() if file.is_file() else None
        content = self._first[path] if text is None else text.encode("utf-8", "surrogatepass")
        if content is None:
            self._remove(file)
        else:
            self._write(file, content)
        if self._indexer.update([str(file)]):
            self._indexer.scan()
        if text is None:
            del self._first[path]
        self._searcher = None

    def change(self, files: Mapping[str, bytes | None]) -> None:
        """Files hold these bytes from now on, on the disk and in the index; None: they are gone.

        Not while a file is replaced. What searches remember is forgotten.
        """
        assert not self._first, "a file is replaced"
        # What is a file now may have been a folder: first all that goes.
        for path in sorted(files, key=lambda path: files[path] is not None):
            content, file = files[path], self._folder / path
            if content is not None:
                self._write(file, content)
            elif file.is_file():
                self._remove(file)
        if self._indexer.update([str(self._folder / path) for path in files]):
            self._indexer.scan()
        self._searcher = None

    def _write(self, file: Path, content: bytes) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def _remove(self, file: Path) -> None:
        """A file, and the folders that it leaves empty."""
        file.unlink(missing_ok=True)
        for above in file.parents:
            if above == self._folder or not above.is_dir() or any(above.iterdir()):
                return
            above.rmdir()

    def open(self, document: Document) -> None:
        """A buffer opened or changed."""
        self._paths[document.key] = document.path
        self._overlay.open(document.path, document)

    def closed(self, key: str) -> None:
        """A buffer closed."""
        path = self._paths.pop(key, None)
        if path is not None:
            self._overlay.closed(path)
        if self._searcher is not None:
            self._searcher.forget(key)

    def search(
        self,
        document: Document,
        offset: int,
        *,
        max_chars: int,
        tree: SyntaxTree | None = None,
        interrupted: Interrupted | None = None,
    ) -> tuple[Snippet, ...]:
        """Snippets for a cursor; nothing once it is closed."""
        if self._closed:
            return ()
        if self._searcher is None:
            self._searcher = self.searcher()
        return self._searcher.search(
            document, offset, max_chars=max_chars, tree=tree, interrupted=interrupted
        )

    def graph(self, document: Document) -> Known | None:
        """What is known around a document without reading it; nothing once it is closed."""
        return None if self._closed else self._overlay.known(document)

    def start(self) -> None:
        """It has begun."""

    def ready(self, timeout: float | None = None) -> bool:
        """All was read at the start."""
        del timeout
        return True

    def files_changed(self) -> None:
        """Only `replace` changes files."""

    def set_folders(self, folders: Sequence[Path]) -> None:
        """The folder is the one of the run."""

    def set_options(self, options: ContextOptions) -> None:
        """The options are those of the run."""

    def close(self) -> None:
        """See `SearchedFolder`."""
        if not self._closed:
            super().close()
            self._written.close()
