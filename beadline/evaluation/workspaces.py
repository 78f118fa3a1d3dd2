"""The repositories of a run as folders that are searched for snippets. Knows no holes.

Each repository is a workspace of its own, as in an editor: nothing of one is shown in another.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from beadline.context.retrieval.retriever import Retriever
from beadline.context.symbols.graph import Known
from beadline.context.syntax import SyntaxTree
from beadline.context.types import Document, Interrupted, Snippet
from beadline.errors import InputError
from beadline.evaluation.sources import named, write_tree
from beadline.settings import ContextOptions, Options

SCAN_S = 600.0


@contextmanager
def workspaces(
    paths: Sequence[Path], commit: str, options: Options
) -> Iterator[tuple[Mapping[str, Path], Workspaces | None]]:
    """Folders by repository name, as of `commit`, and the search over them.

    No folders where the options ask neither for snippets nor for the cache model, no search where
    they ask for no snippets. The folders are gone at the end.
    """
    searches = bool(options.context.snippet_tokens and options.context.max_files)
    if not searches and not options.engine.cache_model:
        yield {}, None
        return
    with tempfile.TemporaryDirectory(prefix="beadline-evaluate-") as root:
        folders: dict[str, Path] = {}
        for number, (name, path) in enumerate(named(paths)):
            folders[name] = Path(root).resolve() / str(number)
            folders[name].mkdir()
            write_tree(path, commit, folders[name])
        if not searches:
            yield folders, None
            return
        searched = Workspaces(list(folders.values()), options.context)
        try:
            searched.start()
            if not searched.ready(SCAN_S):
                raise InputError("The repositories take too long to read.", hint="Name fewer.")
            yield folders, searched
        finally:
            searched.close()


class Workspaces:
    """One search for each folder; which one is asked is a question of where the document lies."""

    def __init__(self, folders: Sequence[Path], options: ContextOptions) -> None:
        self._options = options
        self._started = False
        self._retrievers: dict[str, Retriever] = {}
        self.set_folders(folders)

    def start(self) -> None:
        """Start reading all folders."""
        self._started = True
        for retriever in self._retrievers.values():
            retriever.start()

    def ready(self, timeout: float | None = None) -> bool:
        """Whether all are read, waiting `timeout` seconds for each at most."""
        return all(retriever.ready(timeout) for retriever in self._retrievers.values())

    def open(self, document: Document) -> None:
        """A document is a version of one of the files."""
        for retriever in self._of(document.key):
            retriever.open(document)

    def closed(self, key: str) -> None:
        """The file is what it was."""
        for retriever in self._of(key):
            retriever.closed(key)

    def search(
        self,
        document: Document,
        offset: int,
        *,
        max_chars: int,
        tree: SyntaxTree | None = None,
        interrupted: Interrupted | None = None,
    ) -> tuple[Snippet, ...]:
        """Snippets of the document's own repository."""
        for retriever in self._of(document.key):
            return retriever.search(
                document, offset, max_chars=max_chars, tree=tree, interrupted=interrupted
            )
        return ()

    def graph(self, document: Document) -> Known | None:
        """What is known around a document in its own repository."""
        for retriever in self._of(document.key):
            return retriever.graph(document)
        return None

    def files_changed(self) -> None:
        """Read the folders again."""
        for retriever in self._retrievers.values():
            retriever.files_changed()

    def set_options(self, options: ContextOptions) -> None:
        """Search by new rules."""
        self._options = options
        for retriever in self._retrievers.values():
            retriever.set_options(options)

    def set_folders(self, folders: Sequence[Path]) -> None:
        """Search these folders; what was read of those that stay is kept."""
        wanted = {f"{folder.as_uri()}/": folder for folder in folders}
        for gone in self._retrievers.keys() - wanted.keys():
            self._retrievers.pop(gone).close()
        for uri in wanted.keys() - self._retrievers.keys():
            self._retrievers[uri] = Retriever([wanted[uri]], self._options)
            if self._started:
                self._retrievers[uri].start()

    def close(self) -> None:
        """End all."""
        for retriever in self._retrievers.values():
            retriever.close()

    def _of(self, key: str) -> list[Retriever]:
        return [each for folder, each in self._retrievers.items() if key.startswith(folder)]
