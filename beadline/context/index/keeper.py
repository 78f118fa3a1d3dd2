"""Keeps an index in line with its folder for as long as it is wanted. Knows no process and no lock.

Scans once, then follows what the watcher tells; scans again when it is asked to, when files come
that nothing is known of, and from time to time where nothing can be watched.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from beadline.context.index.database import Database
from beadline.context.index.indexer import NO_LIMITS, Indexer, Limits
from beadline.context.index.watch import Watcher
from beadline.settings import ContextOptions

REST_SHARE = 10
"""After a scan the folder is not scanned again for so many times its duration,"""
MOST_REST_S = 30.0
"""and so long at most."""
POLL_S = 30.0
"""How often it is scanned where nothing is watched."""
SETTLE_S = 1.0
"""Time after which a new set of folders is watched: what changed before is found by a scan."""
_ROUND_S = 0.5
"""How often it is looked whether the database is still there."""
_TOLD_S = 0.1

Report = Callable[[dict[str, Any]], None]
"""Takes messages about what is done (`process` lists them)."""


class Keeper:
    """Keeps one index. `run` belongs to one thread; the other methods to any."""

    def __init__(
        self,
        folder: Path,
        options: ContextOptions,
        report: Report,
        *,
        usable: Callable[[], bool] = lambda: True,
        reading: Callable[[str], None] = lambda path: None,
        avoided: frozenset[str] = frozenset(),
        limits: Limits = NO_LIMITS,
        helpers: int = 0,
    ) -> None:
        """`usable`: asked from time to time; False ends `run`. The others as in `Indexer`."""
        self._folder = folder
        self._options = options
        self._report = report
        self._usable = usable
        self._reading = reading
        self._avoided = avoided
        self._limits = limits
        self._helpers = helpers
        self._changes: queue.SimpleQueue[set[str] | None] = queue.SimpleQueue()
        """Changed paths; None asks for a scan."""
        self._closed = threading.Event()
        self._told = 0.0

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed.is_set()

    def look_again(self) -> None:
        """Something on the disk changed, nobody says what."""
        self._changes.put(None)

    def close(self) -> None:
        """End `run` soon."""
        self._closed.set()
        self._changes.put(set())

    def run(self, database: Database) -> None:
        """Until `close`, or until the database is gone or not usable any more. Raises what `Writer`
        raises."""
        indexer = Indexer(
            self._folder,
            self._options,
            database,
            stopped=self._closed.is_set,
            progress=self._progress,
            reading=self._reading,
            avoided=self._avoided,
            limits=self._limits,
            helpers=self._helpers,
        )
        watcher = Watcher(
            self._folder, self._changes.put, lambda text: self._report({"op": "note", "text": text})
        )
        try:
            self._keep(indexer, watcher, database)
        finally:
            watcher.close()

    def _keep(self, indexer: Indexer, watcher: Watcher, database: Database) -> None:
        due: float | None = time.monotonic()
        """When to scan; None: when something happens."""
        rested = 0.0
        while not self.closed and not database.is_replaced() and self._usable():
            if due is not None and time.monotonic() >= due:
                due = None
                begun = time.monotonic()
                if not indexer.scan():
                    return
                ended = time.monotonic()
                rested = ended + min(REST_SHARE * (ended - begun), MOST_REST_S)
                self._report({"op": "scanned", "files": len(indexer)})
                if watcher.cover(indexer.folders()):
                    due = ended + SETTLE_S
            if not watcher.works:
                due = min(due or rested + POLL_S, rested + POLL_S)
            paths, scan = self._awaited(due)
            if paths and indexer.update(paths):
                due = min(due or rested, rested)
            if scan:
                # What is watched was told already: this only makes sure.
                again = rested if not watcher.works else rested + MOST_REST_S
                due = min(due or again, again)

    def _awaited(self, due: float | None) -> tuple[set[str], bool]:
        """Changed paths, and whether a scan was asked for; waits a moment for the first."""
        wait = _ROUND_S if due is None else min(_ROUND_S, max(0.0, due - time.monotonic()))
        paths: set[str] = set()
        scan = False
        try:
            changes = self._changes.get(timeout=wait) if wait > 0 else self._changes.get_nowait()
            while True:
                scan |= changes is None
                paths |= changes or set()
                changes = self._changes.get_nowait()
        except queue.Empty:
            return paths, scan

    def _progress(self, done: int, of: int) -> None:
        now = time.monotonic()
        if done == of or now - self._told >= _TOLD_S:
            self._told = now
            self._report({"op": "progress", "done": done, "of": of})
