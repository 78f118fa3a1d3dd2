"""The index of a workspace as the rest of the program has it. Knows no cursor and no model.

Owns the folders' indexes and those who keep them, and the overlay of open buffers over them. One
thread of its own starts and mends them, and prepares buffers while nobody types.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from beadline.context.index.folder import FolderIndex
from beadline.context.index.mounts import MountedGraph, mounts
from beadline.context.index.overlay import Overlay
from beadline.context.types import Document
from beadline.settings import ContextOptions

QUIET_S = 0.5
"""Time without an edit after which changed buffers are prepared for searches."""
_ROUND_S = 1.0
"""How often it is looked whether an index needs mending."""
_PAUSE_S = 0.001
"""Pause after every buffer, so that a thread that answers a keystroke gets its turn."""
_JOIN_S = 5.0


class Index:
    """The files of some folders and their open buffers. Nothing is read before `start`.

    Every method from any thread; none but `ready` and `close` waits for anything.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        options: ContextOptions,
        *,
        cache_dir: Path | None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """`cache_dir`: the user's cache directory; None keeps everything in memory. `tell` is given
        all `problems` in one line whenever they change, on a thread of the index."""
        self._tell = tell
        self._told = ""
        self._cache_dir = cache_dir
        self._options = options
        self._change = threading.Condition()
        self._folders: tuple[FolderIndex, ...] = ()
        self._mounted = MountedGraph(())
        self._open: dict[str, Document] = {}
        """Open documents by key."""
        self._files: dict[str, str] = {}
        """What file each of them is: links are resolved once."""
        self._leaving: list[FolderIndex] = []
        """Folders that are none of the workspace any more and have to be closed."""
        self._edited = 0.0
        self._settled = True
        self._closed = False
        self._thread: threading.Thread | None = None
        self.overlay = Overlay(self._mounted)
        """The files as they are now, with their unsaved buffers."""
        with self._change:
            self._set(_roots(folders), ())

    @property
    def folders(self) -> tuple[FolderIndex, ...]:
        """The folders' indexes."""
        return self._folders

    @property
    def file_count(self) -> int:
        """Files that are indexed."""
        return sum(each.graph.count() for each in self._folders)

    @property
    def progress(self) -> tuple[int, int]:
        """Files that the scans looked at, and how many there are, as far as is known."""
        told = [each.progress for each in self._folders]
        return sum(done for done, _ in told), sum(of for _, of in told)

    def problems(self) -> tuple[str, ...]:
        """What works less well than it could, a line each; none as a rule."""
        return tuple(dict.fromkeys(each.problem for each in self._folders if each.problem))

    def start(self) -> None:
        """Have the folders indexed from now on; a second call does nothing."""
        with self._change:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._work, name="index", daemon=True)
                self._thread.start()

    def ready(self, timeout: float | None = None) -> bool:
        """Wait until all folders have been looked at, `timeout` seconds at most; whether they
        were."""
        end = None if timeout is None else time.monotonic() + timeout
        for each in self._folders:
            if not each.ready(None if end is None else max(0.0, end - time.monotonic())):
                return False
        return not self._closed

    def close(self) -> None:
        """End everything, and wait for it. Idempotent."""
        with self._change:
            self._closed = True
            self._change.notify_all()
            thread, folders = self._thread, (*self._folders, *self._leaving)
        for each in folders:
            each.stop()
        if thread is not None:
            thread.join(_JOIN_S)
        for each in folders:
            each.close()

    def set_folders(self, folders: Sequence[Path]) -> None:
        """The workspace has these folders from now on; what is known of those that stay is kept."""
        with self._change:
            self._set(_roots(folders), self._folders)

    def set_options(self, options: ContextOptions) -> None:
        """Index by new rules; nothing is known until that is done, if they say something else."""
        with self._change:
            same = _rules(options) == _rules(self._options)
            self._options = options
            if not same:
                self._set(tuple(each.folder for each in self._folders), ())

    def files_changed(self) -> None:
        """Something on the disk changed, nobody says what."""
        for each in self._folders:
            each.look_again()

    def open(self, document: Document) -> str:
        """A buffer opened, changed or is in use: its path in the workspace; empty where it has
        none."""
        with self._change:
            file = self._files.get(document.key)
        if file is None:
            file = file_of(document.key)
        with self._change:
            before = self._open.get(document.key)
            self._open[document.key] = document
            self._files[document.key] = file
            path = self._mounted.path_of(file) if file else ""
            if path:
                self.overlay.open(path, document)
            if before is None or before.text != document.text:
                self._touched()
        return path

    def closed(self, key: str) -> None:
        """A buffer closed: the file is what the disk says again."""
        with self._change:
            self._open.pop(key, None)
            file = self._files.pop(key, "")
            if file and (path := self._mounted.path_of(file)):
                self.overlay.closed(path)
            self._touched()

    def path_of(self, key: str) -> str:
        """The path in the workspace of the file that a document's key names; empty for what lies
        elsewhere."""
        with self._change:
            file = self._files.get(key)
        if file is None:
            file = file_of(key)
        return self._mounted.path_of(file) if file else ""

    def _touched(self) -> None:
        """A buffer changed; the caller holds the lock."""
        if self._settled:  # else the thread looks again anyway, and every key would wake it
            self._settled = False
            self._change.notify_all()
        self._edited = time.monotonic()

    def _set(self, roots: tuple[Path, ...], before: tuple[FolderIndex, ...]) -> None:
        """Have these folders, taking over some that there are; the caller holds the lock."""
        kept = {each.folder: each for each in before}
        old = self._folders
        self._folders = tuple(
            kept.get(root) or FolderIndex(root, self._options, self._cache_dir) for root in roots
        )
        for each in old:
            if each not in self._folders:
                each.stop()
                self._leaving.append(each)
        self._mounted = MountedGraph(mounts([(e.folder, e.graph) for e in self._folders]))
        self.overlay.mount(self._mounted)
        for key, document in self._open.items():
            file = self._files[key]
            if file and (path := self._mounted.path_of(file)):
                self.overlay.open(path, document)
        self._settled = not self._open
        self._change.notify_all()

    def _work(self) -> None:
        while True:
            with self._change:
                if self._closed:
                    return
                folders, leaving, self._leaving = self._folders, self._leaving, []
            for each in folders:
                each.start()
                each.mend()
            for each in leaving:
                each.close()
            told, self._told = self._told, " ".join(self.problems())
            if self._tell is not None and self._told != told:
                self._tell(self._told)
            quiet = False
            with self._change:
                if not self._closed and folders == self._folders:
                    wait = QUIET_S if not self._settled else _ROUND_S
                    self._change.wait(wait)
                if time.monotonic() - self._edited >= QUIET_S:
                    quiet = self._settled = True
            while quiet and not self._closed and self._settled and self.overlay.settle():
                time.sleep(_PAUSE_S)


def file_of(key: str) -> str:
    """The file that a document's key, a URI or a path, names, links resolved; empty for what is no
    file."""
    if "://" in key or key.startswith(("file:", "untitled:")):
        try:
            parts = urlsplit(key)
            if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
                return ""
            key = url2pathname(parts.path)
        except ValueError:
            return ""
    try:
        return os.path.realpath(key)
    except (OSError, ValueError):
        return ""


def _roots(folders: Sequence[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(Path(os.path.realpath(folder)) for folder in folders))


def _rules(options: ContextOptions) -> tuple[object, ...]:
    """The options that say what is indexed, and where."""
    return options.ignore, options.max_files, options.max_file_bytes, options.save_index
