"""Brings an index in line with its folder: all of it, or the files that are said to have changed.

Knows no process, no watching and no unsaved text.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from beadline.context.index import ahead
from beadline.context.index.ahead import Read
from beadline.context.index.codec import pack
from beadline.context.index.database import Database
from beadline.context.index.prepare import Preparer
from beadline.context.index.writer import Writer
from beadline.context.retrieval import workspace
from beadline.context.retrieval.workspace import Entry
from beadline.settings import ContextOptions

BATCH_S = 2.0
"""Time after which what was done so far is kept: a process that is killed has lost so much."""
_IGNORE_FILES = (".gitignore", workspace.IGNORE_FILE)
_MOST_UNLISTED = 10_000


@dataclass(frozen=True)
class Limits:
    """What an indexer may do; none of it where nothing is said."""

    characters: int = 1 << 62
    """Most characters of files that are read in one index; the rest of the files is not searched.
    """
    pause_s: float = 0.0
    """Pause after every file, for threads that answer a keystroke meanwhile."""


NO_LIMITS = Limits()


class Indexer:
    """Keeps the index of one folder. One thread; raises what `Writer` raises."""

    def __init__(
        self,
        folder: Path,
        options: ContextOptions,
        database: Database,
        *,
        stopped: Callable[[], bool] = lambda: False,
        progress: Callable[[int, int], None] = lambda done, of: None,
        reading: Callable[[str], None] = lambda path: None,
        avoided: frozenset[str] = frozenset(),
        limits: Limits = NO_LIMITS,
        helpers: int = 0,
    ) -> None:
        """`folder`: links resolved. `stopped` is asked between files; `progress` is told how many
        files were looked at; `reading` is told of a file before it is parsed; files `avoided` are
        not, since a process died of them; `helpers`: processes that a scan may start where many
        files have to be read (`ahead`), which are not told of."""
        self._folder = folder
        self._options = options
        self._stopped = stopped
        self._progress = progress
        self._reading = reading
        self._avoided = avoided
        self._limits = limits
        self._helpers = helpers
        self._writer = Writer(database)
        self._preparer = Preparer()
        self._held: dict[str, int] = {}
        """By path: characters of what was read in this session."""
        self._characters = 0
        self._asked: set[str] = set()
        """Files that are not in the index and made a scan look for them."""
        self._unlisted: set[str] = set()
        """Those that it did not find though they are there: they are ignored."""

    def scan(self) -> bool:
        """Look at every file of the folder; whether it came to its end."""
        listed = workspace.scan(self._folder, self._options, stopped=self._stopped)
        if self._stopped():
            return False
        entries = workspace.select(
            [entry for entry in listed if _is_text(entry.name)],
            self._options.max_files,
            lambda path: False,
        )
        # What was worked on last is there first.
        entries.sort(key=lambda entry: -entry.modified_ns)
        known = self._writer.files()
        names = {entry.name for entry in entries}
        with self._writer.applying():
            for gone in known.keys() - names:
                self._forget(gone)
            fresh = [entry for entry in entries if known.get(entry.name) != entry.stamp]
            done = len(entries) - len(fresh)
            with closing(self._reads(fresh)) as reads:
                for entry in fresh:
                    if self._stopped():
                        return False
                    self._progress(done, len(entries))
                    done += 1
                    self._put(entry, next(reads))
                    self._writer.flush(BATCH_S)
        self._unlisted = {
            name
            for name in (self._unlisted | self._asked) - names
            if workspace.stamp_of(str(self._folder / name)) is not None
        }
        self._asked.clear()
        if len(self._unlisted) > _MOST_UNLISTED:
            self._unlisted.clear()
        self._progress(len(entries), len(entries))
        self._writer.completed(str(self._folder))
        return True

    def update(self, paths: Iterable[str]) -> bool:
        """Look at files that may have changed, by absolute paths; whether the folder has to be
        scanned, because of files that nothing is known of."""
        scan = False
        with self._writer.applying():
            for path in sorted(set(paths)):
                if self._stopped():
                    break
                scan |= self._update(path)
                self._writer.flush(BATCH_S)
        return scan

    def __len__(self) -> int:
        """Number of files that the index holds."""
        return len(self._writer.files())

    def folders(self) -> set[str]:
        """The folders with files that are indexed, relative to the folder itself (`""`)."""
        return self._writer.folders()

    def _update(self, path: str) -> bool:
        name = self._name(path)
        if name is None:
            return False
        if name.rpartition("/")[2] in _IGNORE_FILES:
            self._unlisted.clear()
            return True
        stamp = workspace.stamp_of(path)
        if self._writer.holds(name):
            if stamp is not None and stamp[0] <= self._most_bytes:
                entry = Entry(path, name, workspace.wanted_language(name), *stamp)
                self._put(entry, self._read(entry))
                return False
            self._forget(name)
            # What is a folder now holds files, it may be.
            return stamp is None and os.path.isdir(path)
        if stamp is None:
            if os.path.isdir(path):
                return workspace.enters(name)
            return self._writer.holds_below(name)
        if name in self._unlisted or not workspace.wanted_language(name):
            return False
        self._asked.add(name)
        return True

    @property
    def _most_bytes(self) -> int:
        return min(workspace.MAX_BYTES, self._options.max_file_bytes)

    def _name(self, path: str) -> str | None:
        """A path relative to the folder, with forward slashes; None for what is not in it."""
        try:
            relative = os.path.relpath(path, self._folder)
        except ValueError:  # another drive
            return None
        name = relative.replace(os.sep, "/")
        if name == "." or name.startswith("../") or name == ".." or not _is_text(name):
            return None
        return name

    def _reads(self, entries: Sequence[Entry]) -> Generator[Read]:
        """Files as they are on the disk when they are asked for, or were shortly before."""
        wanted = [entry for entry in entries if entry.name not in self._avoided]
        count = self._helpers if len(wanted) >= ahead.LEAST_FILES else 0
        found = ahead.read_ahead(wanted, self._options, count) if count else None
        try:
            for entry in entries:
                helped = next(found) if found and entry.name not in self._avoided else None
                yield helped or self._read(entry)
        finally:
            if found is not None:
                found.close()

    def _read(self, entry: Entry) -> Read:
        if entry.name in self._avoided:
            stamp = workspace.stamp_of(entry.path)
            return Read(ahead.lasting(stamp) if stamp is not None else None)
        self._reading(entry.name)
        return ahead.read(entry, self._options)

    def _put(self, entry: Entry, found: Read) -> None:
        """Put a file as it was read into the index."""
        stamp = found.stamp
        if stamp is None:
            self._forget(entry.name)
            return
        if not self._has_room(entry.name, found.characters):
            found = Read(stamp)
        if not self._writer.touch(entry.name, stamp, found.language, found.digest):
            packed = found.packed
            if packed is None and found.document is not None:
                packed = pack(self._preparer.prepare(found.document))
            self._writer.put(entry.name, stamp, found.digest, packed)
            if self._limits.pause_s:
                time.sleep(self._limits.pause_s)

    def _forget(self, name: str) -> None:
        self._writer.remove(name)
        self._characters -= self._held.pop(name, 0)

    def _has_room(self, name: str, characters: int) -> bool:
        held = self._characters - self._held.get(name, 0)
        fits = held + characters <= self._limits.characters
        self._held[name] = characters if fits else 0
        self._characters = held + self._held[name]
        return fits


def _is_text(name: str) -> bool:
    """Whether a file's name can be written down: there are names that are no UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
