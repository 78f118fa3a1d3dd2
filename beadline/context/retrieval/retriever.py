"""Finds snippets of the workspace for a cursor. Knows no model and no protocol.

One background thread scans the folders and indexes files; open buffers win over the disk and are
indexed when they are next needed. Every public method may be called from any thread.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from beadline.context.retrieval import selection, workspace
from beadline.context.retrieval.cutter import Cutter
from beadline.context.retrieval.query import group_of
from beadline.context.retrieval.store import Held, Store
from beadline.context.retrieval.workspace import Entry
from beadline.context.types import Document, Snippet
from beadline.settings import ContextOptions

MAX_CHARACTERS = 64_000_000
"""Characters of chunks held at most; about 200 MB with their terms."""
_HITS = 48
"""Chunks that the choice of snippets looks at."""
_CHARS_PER_TOKEN = 4
"""At least as many characters as the window's placing counts a token with: what could be in the
prompt is never a snippet."""
_QUIET_S = 0.5
"""Time without an edit after which the thread indexes buffers that nobody has searched for."""
_PAUSE_S = 0.0005
"""Pause after every file, so that a thread that answers a keystroke gets its turn."""
_REST_SHARE = 10
"""After a scan the thread does not scan the same folders again for so many times its duration,"""
_MOST_REST_S = 30.0
"""and so long at most."""
_JOIN_S = 5.0
"""Time `close` waits for the thread; a disk that hangs must not keep a server from ending."""
_LOWEST = 10
"""Steps of niceness of the background thread."""
_LOG = logging.getLogger(__name__)


class Retriever:
    """Search over the files of some folders. Nothing is read before `start`."""

    def __init__(self, folders: Sequence[Path], options: ContextOptions) -> None:
        self._options = options
        self._folders = _roots(folders)
        self._change = threading.Condition()
        """Guards what is below it; never held while files are read or cut."""
        self._open: dict[str, Document] = {}
        self._paths: dict[str, str] = {}
        """Paths of open documents by their keys: links are resolved once."""
        self._dirty: dict[str, float] = {}
        """Paths whose buffer changed, opened or closed since it was indexed -> when."""
        self._rescan = True
        self._closed = False
        self._generation = 0
        """Counts changes of folders and options: what was begun before one is given up."""
        self._thread: threading.Thread | None = None
        self._scanned = threading.Event()
        self._cutting = threading.RLock()
        """Guards the cutter of those who search; taken before the other two."""
        self._cutter = Cutter()
        self._indexing = threading.Lock()
        """Guards the store and what it was made of; taken before `_change`, never after it."""
        self._store = Store()
        self._entries: dict[str, Entry] = {}
        """Files that the last scan listed."""
        self._indexed: dict[str, tuple[tuple[int, int] | None, str]] = {}
        """By path: stamp of the disk's version in the store (None: a buffer's), and its name."""

    def __len__(self) -> int:
        """Chunks held."""
        return len(self._store)

    @property
    def file_count(self) -> int:
        """Files held."""
        return len(self._store.files)

    def start(self) -> None:
        """Start scanning in the background; a second call does nothing."""
        with self._change:
            if self._thread is not None or self._closed:
                return
            self._thread = threading.Thread(target=self._work, name="retrieval", daemon=True)
            self._thread.start()

    def ready(self, timeout: float | None = None) -> bool:
        """Wait until the first scan is done, `timeout` seconds at most; whether it is."""
        return self._scanned.wait(timeout)

    def close(self) -> None:
        """End the thread; searches find nothing any more."""
        with self._change:
            self._closed = True
            self._generation += 1
            self._change.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(_JOIN_S)
        self._forget()

    def set_folders(self, folders: Sequence[Path]) -> None:
        """Search these folders from the next scan on, which begins at once."""
        with self._change:
            self._folders = _roots(folders)
            self._generation += 1
            self._rescan = True
            self._change.notify_all()

    def set_options(self, options: ContextOptions) -> None:
        """Search by new rules. What is held is forgotten: the new ones may allow less."""
        with self._change:
            if options == self._options:
                return
            self._options = options
            self._generation += 1
        self._forget()
        self.files_changed()

    def files_changed(self) -> None:
        """Something on the disk changed: scan again, in the background."""
        with self._change:
            self._rescan = True
            self._change.notify_all()

    def open(self, document: Document) -> None:
        """A buffer opened or changed; only kept here, indexed when it is needed."""
        path = self._path(document.key)
        if not path:
            return
        with self._change:
            self._paths[document.key] = path
            before = self._open.get(path)
            if before is not None and (before.text, before.language) == (
                document.text, document.language
            ):  # fmt: skip
                return
            self._open[path] = document
            self._mark(path)

    def closed(self, key: str) -> None:
        """A buffer closed: the file is what the disk says again."""
        path = self._path(key)
        with self._change:
            self._paths.pop(key, None)
            if self._open.pop(path, None) is not None:
                self._mark(path)

    def search(self, document: Document, offset: int, *, max_chars: int) -> tuple[Snippet, ...]:
        """Snippets for a cursor, best first, of `max_chars` characters together at most.

        Empty while the first scan is not done. Nothing from around the cursor, nothing that
        repeats the prompt or another snippet. Of the current file only what `document` still
        holds, outside of what could be in its prompt.
        """
        if max_chars <= 0 or not self._scanned.is_set():
            return ()
        current = self._path(document.key)
        options = self._options
        start = max(0, offset - options.prefix_tokens * _CHARS_PER_TOKEN)
        end = offset + options.suffix_tokens * _CHARS_PER_TOKEN
        text = document.text

        def allowed(held: Held) -> bool:
            return held.path != current or _position(held.text, text, start, end) >= 0

        self._index_dirty(but=current)
        with self._cutting:
            query = self._cutter.query(document, offset)
        with self._indexing:
            hits = self._store.search(
                query, group=group_of(document.language), limit=_HITS, accept=allowed
            )
            names = self._entries
        snippets = selection.choose(
            hits, text[start:end], max_chars=max_chars,
            name=lambda path: names[path].name, joins=lambda held: held.path != current,
        )  # fmt: skip
        own = names[current].name if current in names else None
        return tuple(
            replace(found, start=_position(found.text, text, start, end))
            if found.path == own
            else found
            for found in snippets
        )

    def _path(self, key: str) -> str:
        with self._change:
            known = self._paths.get(key)
        return path_of(key) if known is None else known

    def _mark(self, path: str) -> None:
        """The path is dirty from now on; the caller holds `_change`."""
        if not self._dirty:  # else the thread looks again anyway, and every key would wake it
            self._change.notify_all()
        self._dirty[path] = time.monotonic()

    def _forget(self) -> None:
        self._scanned.clear()
        with self._indexing:
            self._store = Store()
            self._entries, self._indexed = {}, {}

    def _work(self) -> None:
        _lower_priority()
        cutter = Cutter()
        rested, generation = 0.0, -1
        while True:
            with self._change:
                while not (self._closed or self._due(rested, generation) or self._quiet()):
                    self._change.wait(self._longest_wait(rested))
                if self._closed:
                    return
                scanning = self._due(rested, generation)
                if scanning:
                    self._rescan = False
                generation, folders, options = self._generation, self._folders, self._options
            if scanning:
                begun = time.monotonic()
                self._scan(cutter, generation, folders, options)
                ended = time.monotonic()
                rested = ended + min(_REST_SHARE * (ended - begun), _MOST_REST_S)
            else:
                while self._index_dirty(most=1):
                    time.sleep(_PAUSE_S)

    def _due(self, rested: float, generation: int) -> bool:
        """A scan is asked for, and either it is about other folders or rules or the last one is
        long enough ago: a build changes files all the time."""
        return self._rescan and (generation != self._generation or time.monotonic() >= rested)

    def _longest_wait(self, rested: float) -> float | None:
        waits = [max(0.0, rested - time.monotonic())] if self._rescan else []
        return min([*waits, _QUIET_S] if self._dirty else waits, default=None)

    def _quiet(self) -> bool:
        return bool(self._dirty) and time.monotonic() - max(self._dirty.values()) >= _QUIET_S

    def _scan(
        self, cutter: Cutter, generation: int, folders: Sequence[Path], options: ContextOptions
    ) -> None:
        def outdated() -> bool:
            return self._generation != generation

        begun = time.monotonic()
        found: dict[str, Entry] = {}
        for folder in folders:
            for entry in workspace.scan(folder, options, stopped=outdated):
                shown = f"{folder.name}/{entry.name}" if len(folders) > 1 else entry.name
                found.setdefault(entry.path, replace(entry, name=shown))
        chosen = workspace.select(
            list(found.values()), options.max_files, lambda path: path in self._open
        )
        entries = {entry.path: entry for entry in chosen}
        with self._indexing:
            if outdated():
                return
            self._entries = entries
            for path in [path for path in self._indexed if path not in entries]:
                del self._indexed[path]
                self._store.remove(path)
        for path, entry in entries.items():
            if outdated():
                return
            if self._indexed.get(path) == (entry.stamp, entry.name):
                continue
            with self._change:
                buffer = self._open.get(path)
            if buffer is not None and self._indexed.get(path) == (None, entry.name):
                continue
            self._index(entry, buffer, cutter, options, generation)
            time.sleep(_PAUSE_S)
        if not outdated():
            self._scanned.set()
        _LOG.info(
            "%d of %d files, %d chunks, %.1f s",
            len(self._store.files), len(found), len(self._store), time.monotonic() - begun,
        )  # fmt: skip

    def _index_dirty(self, but: str = "", most: int = 1 << 30) -> int:
        """Index what changed in buffers since it was last indexed; how many files that were."""
        with self._change:
            options, generation = self._options, self._generation
            paths = [path for path in self._dirty if path != but][:most]
        for path in paths:
            with self._change:
                self._dirty.pop(path, None)
                buffer = self._open.get(path)
            # What no scan has listed yet is read, from its buffer, by the scan that lists it.
            if (entry := self._entries.get(path)) is not None:
                with self._cutting:
                    self._index(entry, buffer, self._cutter, options, generation)
        return len(paths)

    def _index(
        self,
        entry: Entry,
        buffer: Document | None,
        cutter: Cutter,
        options: ContextOptions,
        generation: int,
    ) -> None:
        """Put a file's chunks in the place of its old ones; from the disk if it is not open."""
        stamp: tuple[int, int] | None = None
        if buffer is not None:
            document = workspace.readable(replace(buffer, path=entry.name))
        else:
            stamp = workspace.stamp_of(entry.path)
            document = workspace.read(entry, options) if stamp is not None else None
        chunks = cutter.cut(entry.path, document) if document is not None else []
        with self._indexing:
            with self._change:
                # Opened, edited or closed meanwhile: whoever did that has marked it as dirty.
                if generation != self._generation or self._open.get(entry.path) is not buffer:
                    return
            if entry.path not in self._entries:
                return
            held = sum(len(chunk.text) for chunk, _ in chunks)
            if self._store.characters + held > MAX_CHARACTERS:
                chunks = []
            self._store.replace(entry.path, chunks)
            self._indexed[entry.path] = (stamp, entry.name)


def path_of(key: str) -> str:
    """The file a document's key names, links resolved; empty for what is no file."""
    if "://" in key or key.startswith(("file:", "untitled:")):
        try:
            parts = urlsplit(key)
            if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
                return ""
            key = url2pathname(parts.path)
        except ValueError:
            return ""
    try:
        return os.path.normcase(os.path.realpath(key))
    except (OSError, ValueError):
        return ""


def _roots(folders: Sequence[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(Path(os.path.realpath(folder)) for folder in folders))


def _position(lines: str, text: str, start: int, end: int) -> int:
    """Where `lines` are whole lines of `text` outside of [start, end); -1 where they are not."""
    at = text.find(lines)
    while at >= 0:
        stop = at + len(lines)
        whole = (at == 0 or text[at - 1] == "\n") and text[stop : stop + 1] in ("", "\n")
        if whole and (stop <= start or at >= end):
            return at
        at = text.find(lines, at + 1)
    return -1


def _lower_priority() -> None:
    """Threads have a niceness of their own on Linux alone."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST)
