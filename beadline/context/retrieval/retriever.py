"""Finds snippets of a workspace for a cursor. Knows no model and no protocol.

Joins the index of the workspace's folders (`context.index.client`) with the search over it
(`searcher`). Every public method may be called from any thread; searches are made one at a time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from beadline.context.index.client import Index
from beadline.context.retrieval.searcher import Searcher
from beadline.context.retrieval.sources.dense import Dense
from beadline.context.retrieval.sources.dense import of_folder as dense_of
from beadline.context.symbols.graph import Known
from beadline.context.syntax import SyntaxTree
from beadline.context.texts import Listing
from beadline.context.types import Document, Interrupted, Snippet
from beadline.settings import ContextOptions

QUIET_S = 0.5
"""Time without an edit after which the open buffers are cut for searches."""
_PAUSE_S = 0.001
"""Pause after every buffer, so that a thread that answers a keystroke gets its turn."""
_JOIN_S = 5.0
"""Time `close` waits for the thread."""
_ELSEWHERE = ".elsewhere"
"""Folder of documents outside of the workspace: hidden folders are not indexed, so that no file of
the workspace has such a path."""


class Retriever:
    """Search over the files of some folders. Nothing is read before `start`."""

    def __init__(
        self,
        folders: Sequence[Path],
        options: ContextOptions,
        *,
        cache_dir: Path | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """`cache_dir`: the user's cache directory; None keeps the index in memory. `tell` is given
        all `problems` in one line whenever they change, on a thread of the index."""
        self._cache_dir = cache_dir
        self._options = options
        self._index = Index(folders, options, cache_dir=cache_dir, tell=tell)
        self._dense = _dense(options, cache_dir)
        self._change = threading.Condition()
        """Guards what is below it; never held while something is searched or cut."""
        self._closed = False
        self._touched = False
        """A buffer changed since they were cut."""
        self._edited = 0.0
        self._gone: list[str] = []
        """Keys of documents that closed since the last search."""
        self._thread: threading.Thread | None = None
        self._searcher = self._made()
        self._searching = threading.Lock()

    @property
    def index(self) -> Index:
        """The index that is searched."""
        return self._index

    @property
    def file_count(self) -> int:
        """Files indexed."""
        return self._index.file_count

    def problems(self) -> tuple[str, ...]:
        """What works less well than it could, a line each; none as a rule."""
        return self._index.problems()

    def start(self) -> None:
        """Have the folders indexed from now on; a second call does nothing."""
        with self._change:
            if self._closed or self._thread is not None:
                return
            self._thread = threading.Thread(target=self._work, name="retrieval", daemon=True)
            self._thread.start()
        self._index.start()

    def ready(self, timeout: float | None = None) -> bool:
        """Wait until the folders have been read, `timeout` seconds at most; whether they are."""
        return self._index.ready(timeout)

    def close(self) -> None:
        """End all; searches find nothing any more. Idempotent."""
        with self._change:
            self._closed = True
            self._change.notify_all()
            thread, dense = self._thread, self._dense
        if thread is not None:
            thread.join(_JOIN_S)
        if dense is not None:
            dense.close()
        self._index.close()

    def set_folders(self, folders: Sequence[Path]) -> None:
        """Search these folders from now on."""
        self._index.set_folders(folders)
        # Paths are others now, and what is remembered is of the old ones.
        with self._change:
            self._begin_anew()

    def set_options(self, options: ContextOptions) -> None:
        """Search by new rules from the next search on."""
        with self._change:
            if options == self._options or self._closed:
                return
            old, before = self._dense, self._options
            self._options = options
            if options.embedding_model != before.embedding_model:
                self._dense = _dense(options, self._cache_dir)
            self._begin_anew()
            outdated = old if old is not self._dense else None
        self._index.set_options(options)
        if outdated is not None:
            outdated.close(wait=False)

    def files_changed(self) -> None:
        """Something on the disk changed: look again, in the background."""
        self._index.files_changed()

    def open(self, document: Document) -> None:
        """A buffer opened or changed."""
        if not self._index.open(document):
            return
        with self._change:
            self._edited = time.monotonic()
            if not self._touched:  # else the thread looks again anyway
                self._touched = True
                self._change.notify_all()

    def closed(self, key: str) -> None:
        """A buffer closed: the file is what the disk says again."""
        self._index.closed(key)
        with self._change:
            self._gone.append(key)

    def search(
        self,
        document: Document,
        offset: int,
        *,
        max_chars: int,
        tree: SyntaxTree | None = None,
        interrupted: Interrupted | None = None,
    ) -> tuple[Snippet, ...]:
        """Snippets for a cursor, best first, of `max_chars` characters together at most. `tree` is
        of the document's text, where there is one already.

        Empty while the folders have not been read. Nothing from around the cursor or behind it in
        its own file, nothing that repeats the prompt or another snippet, no secrets.
        `interrupted`: whether the search should be given up, which raises `SearchInterrupted`.
        """
        if max_chars <= 0 or self._closed or not self._index.ready(0.0):
            return ()
        path = self._index.path_of(document.key)
        if not path:
            path = f"{_ELSEWHERE}/{PurePosixPath(document.path).name}"
        with self._searching:
            with self._change:
                searcher, gone = self._searcher, self._gone
                self._gone = []
            for key in gone:
                searcher.forget(key)
            return searcher.search(
                replace(document, path=path),
                offset,
                max_chars=max_chars,
                tree=tree,
                interrupted=interrupted,
            )

    def graph(self, document: Document) -> Known | None:
        """What is known around a document without reading it; None while the folders have not been
        read, and for what lies elsewhere."""
        if self._closed or not self._index.ready(0.0):
            return None
        path = self._index.path_of(document.key)
        return self._index.overlay.known(replace(document, path=path)) if path else None

    def listing(self, folder: Path) -> Listing | None:
        """The files of a workspace folder (links resolved) as the index has them; None while that
        has not been read."""
        for each in self._index.folders:
            if each.folder == folder and not self._closed and each.ready(0.0):
                return each.graph
        return None

    def _begin_anew(self) -> None:
        """Search with nothing remembered of earlier searches; the caller holds `_change`."""
        self._searcher = self._made()
        self._touched = True
        self._change.notify_all()

    def _made(self) -> Searcher:
        return Searcher(self._index.overlay, self._options, dense=self._dense)

    def _work(self) -> None:
        """Cut buffers while nobody types."""
        while True:
            with self._change:
                if not self._touched:
                    self._change.wait_for(lambda: self._closed or self._touched)
                left = self._edited + QUIET_S - time.monotonic()
                if left > 0 and not self._closed:
                    self._change.wait_for(lambda: self._closed, left)
                    continue
                if self._closed:
                    return
                self._touched = False
                searcher = self._searcher
            while not (self._closed or self._touched) and searcher.settle():
                time.sleep(_PAUSE_S)


def _dense(options: ContextOptions, cache_dir: Path | None) -> Dense | None:
    """By the user's embedding model; None where there is none."""
    if not options.embedding_model:
        return None
    return dense_of(Path(options.embedding_model).expanduser(), cache_dir)
