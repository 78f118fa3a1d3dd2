"""A repository's files at one commit after another, searched as in serving. Knows no case.

One folder and one index serve all commits of a run: from one to the next only what differs is
written and read again. So every case is answered among the files that its author had, and never
among later ones.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from beadline.context.syntax import SyntaxTree
from beadline.context.types import Document, Interrupted, Snippet
from beadline.evaluation.history import changed
from beadline.evaluation.indexed import IndexedFolder, indexed
from beadline.evaluation.sources import git_command, is_searched, served_name, write_tree
from beadline.settings import ContextOptions


@contextmanager
def versions(
    path: Path,
    commit: str,
    options: ContextOptions,
    tell: Callable[[str, int, int], None] = lambda what, done, of: None,
) -> Iterator[Versions]:
    """The files of a repository as of `commit`, in a folder of the repository's name that is gone
    at the end. Raises `InputError`. `tell` is told how many of how many files were read."""
    with tempfile.TemporaryDirectory(prefix="beadline-versions-") as root:
        folder = Path(root).resolve() / served_name(path)
        folder.mkdir()
        write_tree(path, commit, folder)
        with indexed(folder, options, tell) as index:
            yield Versions(path, commit, folder, index)


class Versions:
    """Implements `evaluation.retrieval.Workspace`: `completion.snippets.Retrieves`, and files that
    are another one for a while."""

    def __init__(self, path: Path, commit: str, folder: Path, index: IndexedFolder) -> None:
        """`folder` holds the files of the repository at `path` as of `commit`; `index` too."""
        self.folder = folder
        self._git = git_command(path)
        self._commit = commit
        self._index = index

    def at(self, commit: str) -> None:
        """The files are those of `commit` once this returns. A plain directory has one version."""
        if commit == self._commit or self._git is None:
            return
        files = changed(self._git, self._commit, commit, lambda path: is_searched(path, 0))
        self._index.change(
            {
                path: content if content is None or is_searched(path, len(content)) else None
                for path, content in files
            }
        )
        self._commit = commit

    def replace(self, folder: Path, path: str, text: str | None) -> None:
        """See `evaluation.retrieval.Replaces`."""
        self._index.replace(folder, path, text)

    def open(self, document: Document) -> None:
        """A buffer opened or changed."""
        self._index.open(document)

    def closed(self, key: str) -> None:
        """A buffer closed."""
        self._index.closed(key)

    def search(
        self,
        document: Document,
        offset: int,
        *,
        max_chars: int,
        tree: SyntaxTree | None = None,
        interrupted: Interrupted | None = None,
    ) -> tuple[Snippet, ...]:
        """Snippets for a cursor."""
        return self._index.search(
            document, offset, max_chars=max_chars, tree=tree, interrupted=interrupted
        )

    def start(self) -> None:
        """It has begun."""

    def ready(self, timeout: float | None = None) -> bool:
        """All was read at the start."""
        return self._index.ready(timeout)

    def files_changed(self) -> None:
        """Only `at` and `replace` change files."""

    def set_folders(self, folders: Sequence[Path]) -> None:
        """The folder is the one of the run."""

    def set_options(self, options: ContextOptions) -> None:
        """The options are those of the run."""

    def close(self) -> None:
        """One completer is done with it; the next one goes on."""
