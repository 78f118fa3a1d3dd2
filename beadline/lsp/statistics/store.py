"""Writes counts to the database in a thread of its own. Knows no suggestion; blocks no caller."""

from __future__ import annotations

import datetime
import logging
import queue
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from beadline.errors import FileError
from beadline.lsp.statistics import database
from beadline.lsp.statistics.recorder import Labels

log = logging.getLogger(__name__)

BATCH_SECONDS = 5.0
"""Counts are collected for so long; as much is lost when the process is killed."""
CLOSE_SECONDS = 2.0
"""Longest wait at the end for the last counts to be written."""

_Key = tuple[str, str, str, str]


class Store:
    """Collects increments and adds them to the file every few seconds."""

    def __init__(
        self,
        path: Path,
        tell: Callable[[str], None],
        *,
        today: Callable[[], datetime.date] = datetime.date.today,
        batch_seconds: float = BATCH_SECONDS,
    ) -> None:
        """`tell` is called from the thread, at most once for each kind of trouble."""
        self.path = path
        self._tell = tell
        self._today = today
        self._batch_seconds = batch_seconds
        self._told: set[str] = set()
        self._queue: queue.SimpleQueue[Mapping[_Key, float] | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._pending: Counter[_Key] = Counter()
        self._database: sqlite3.Connection | None = None
        self._usable = True
        self._thread: threading.Thread | None = None

    def count(self, labels: Labels, increments: Mapping[str, float]) -> None:
        """Add to the counts of today."""
        if self._closing.is_set():
            return
        if self._thread is None:
            # A daemon: a disk that does not answer must not keep the server alive.
            self._thread = threading.Thread(
                target=self._run, name="beadline-statistics", daemon=True
            )
            self._thread.start()
        day = self._today().isoformat()
        self._queue.put(
            {(day, labels.language, labels.model, name): n for name, n in increments.items()}
        )

    def close(self) -> None:
        """Write what is left. Blocks for a short time at most. Idempotent."""
        if not self._closing.is_set():
            self._closing.set()
            self._queue.put(None)
        if self._thread is not None:
            self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        ended = False
        while not ended:
            ended = self._collect()
            self._write()
        if self._database is not None:
            self._database.close()

    def _collect(self) -> bool:
        """Wait for a count, then for the others of its batch; whether it was the last."""
        item = self._queue.get()
        if item is not None:
            self._closing.wait(self._batch_seconds)
        try:
            while item is not None:
                self._pending.update(item)
                item = self._queue.get_nowait()
        except queue.Empty:
            return False
        return True

    def _write(self) -> None:
        if not self._usable:
            self._pending.clear()
            return
        try:
            self._add()
        except sqlite3.OperationalError as exc:
            # In use for longer than we wait, or the disk is full: the counts wait.
            self._disconnect()
            self._tell_once(f"Statistics cannot be written now: {exc}.", "busy")
        except sqlite3.DatabaseError:
            self._disconnect()
            self._recover()
        except (FileError, OSError) as exc:
            self._give_up(str(exc))

    def _add(self) -> None:
        if not self._pending:
            return
        if self._database is None:
            self._database = database.connect(self.path)
        database.add(self._database, ((*key, n) for key, n in self._pending.items()))
        self._pending.clear()

    def _recover(self) -> None:
        """The file is damaged, unless another server has put a new one in its place."""
        try:
            try:
                self._add()
            except sqlite3.DatabaseError:
                self._disconnect()
                aside = database.set_aside(self.path)
                self._tell_once(
                    f"The statistics file was damaged; it is now {aside}, and a new one was begun.",
                    "damaged",
                )
                self._add()
        except (sqlite3.Error, FileError, OSError) as exc:
            self._give_up(str(exc))

    def _give_up(self, reason: str) -> None:
        self._disconnect()
        self._usable = False
        self._tell_once(f"No statistics are recorded: {reason}", "useless")

    def _disconnect(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def _tell_once(self, message: str, kind: str) -> None:
        if kind not in self._told:
            self._told.add(kind)
            log.warning("%s", message)
            self._tell(message)
