"""One folder's index as the server has it: read here, written by a child process.

Where no file can be written, or none is wanted, a thread writes an index in memory instead. Knows
no buffers and no other folders.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from beadline.context.index.child import Child
from beadline.context.index.database import Damaged, Database
from beadline.context.index.indexer import Limits
from beadline.context.index.keeper import Keeper
from beadline.context.index.location import Place, place_of
from beadline.context.index.process import Order
from beadline.context.index.reader import IndexGraph
from beadline.settings import ContextOptions

MEMORY_LIMITS = Limits(characters=64_000_000, pause_s=0.0005)
"""Of an index in memory: about 100 MB."""
MOST_CRASHES = 5
"""Times in a row that the child is started again by itself; each time it leaves out the file it
died of."""
FIRST_DELAY_S = 0.25
"""Pause before it is started again; twice as long each time,"""
MOST_DELAY_S = 30.0
"""and so long at most."""
_KILLED = (-9, -15)
"""Exit codes of a child that somebody ended (SIGKILL, SIGTERM): no file is to blame."""
_LOWEST = 10
"""Steps of niceness of the thread."""
_POLL_S = 0.1
_JOIN_S = 5.0
"""Time `close` waits for the thread; a disk that hangs must not keep a server from ending."""
_LOG = logging.getLogger(__name__)


class FolderIndex:
    """The index of one folder, and who keeps it. From any thread."""

    def __init__(
        self,
        folder: Path,
        options: ContextOptions,
        cache_dir: Path | None,
        *,
        program: Sequence[str] | None = None,
    ) -> None:
        """`folder`: links resolved. Nothing is read or started yet. Without `cache_dir` it is kept
        in memory. `program` replaces the child's command (in tests)."""
        self.folder = folder
        self.place: Place | None = None
        if cache_dir is not None and options.save_index:
            self.place = place_of(folder, options, cache_dir)
        self.graph = IndexGraph(folder, self._open)
        self.problem = ""
        """What works less well than it could, in a sentence or two; empty for nothing."""
        self.progress = (0, 0)
        """Files looked at by the scan that runs or ran last, and how many there are."""
        self._options = options
        self._program = program
        self._change = threading.Condition()
        self._child: Child | None = None
        self._memory: Database | None = None
        self._keeper: Keeper | None = None
        self._thread: threading.Thread | None = None
        self._started = self._closed = self._scanned = False
        self._follows = False
        """Another process keeps the index."""
        self.gave_up = False
        """Nobody keeps it up to date any more; `problem` says why."""
        self._crashes = 0
        self._reading = ""
        self._avoided: set[str] = set()

    @property
    def in_memory(self) -> bool:
        """Whether the index is kept here, for this process alone."""
        return self._keeper is not None

    @property
    def follows(self) -> bool:
        """Whether another process keeps the index up to date."""
        return self._follows and self._child is not None

    @property
    def pid(self) -> int | None:
        """Process id of the child."""
        child = self._child
        return child.pid if child is not None else None

    def start(self) -> None:
        """Have the index kept from now on; a second call does nothing."""
        with self._change:
            if self._started or self._closed:
                return
            self._started = True
        if self.place is None:
            self._keep_here()
        else:
            self._spawn()

    def ready(self, timeout: float | None = None) -> bool:
        """Wait until the folder has been looked at since the start (by another process: at some
        time), `timeout` seconds at most; whether it was."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            with self._change:
                if self._scanned or self._closed:
                    return not self._closed
                done = self._follows or self.gave_up
            if done and self.graph.complete():
                with self._change:  # and so it stays, also when this one takes over
                    self._scanned = True
                return True
            left = _POLL_S if end is None else end - time.monotonic()
            if left <= 0:
                return False
            with self._change:
                if not (self._scanned or self._closed):
                    self._change.wait(min(left, _POLL_S))

    def look_again(self) -> None:
        """Something on the disk changed, nobody says what."""
        if (keeper := self._keeper) is not None:
            keeper.look_again()
        elif (child := self._child) is not None:
            child.look_again()

    def mend(self) -> None:
        """If what was read is damaged: have it made anew."""
        damage, self.graph.damage = self.graph.damage, ""
        if not damage or self._keeper is not None or self.place is None or self._closed:
            return
        _LOG.warning("The index of %s is made anew: %s", self.folder, damage)
        self.graph.close()
        try:
            self.place.discard()
        except OSError as exc:
            self._fall_back(f"The index in {self.place.database.parent} cannot be removed: {exc}.")

    def stop(self) -> None:
        """End what keeps it; does not wait."""
        with self._change:
            self._closed = True
            child, keeper = self._child, self._keeper
            self._change.notify_all()
        if child is not None:
            child.stop()
        if keeper is not None:
            keeper.close()

    def close(self) -> None:
        """End what keeps it, wait for that, and let go of the database. Idempotent."""
        self.stop()
        if (child := self._child) is not None:
            child.close()
        if (thread := self._thread) is not None:
            thread.join(_JOIN_S)
            if self._memory is not None and not thread.is_alive():
                self._memory.close()
        self.graph.close()

    def _open(self) -> Database | None:
        if self._memory is not None or self.place is None:
            return self._memory
        return Database.attach(self.place.database)

    # -- the child

    def _spawn(self) -> None:
        assert self.place is not None
        order = replace(
            Order.of(self.folder, self.place, self._options),
            avoided=tuple(sorted(self._avoided)),
            careful=self._crashes > 0,
        )
        with self._change:
            if self._closed:
                return
            try:
                self._child = Child(order, self._on_message, self._on_exit, program=self._program)
                return
            except OSError as exc:
                text = f"The indexer could not be started: {exc}."
        self._fall_back(text)

    def _on_message(self, child: Child, message: dict[str, Any]) -> None:
        with self._change:  # which is held until the first one is known
            current = child is self._child
        if current:
            self._told(message)

    def _told(self, message: dict[str, Any]) -> None:
        op = message["op"]
        if op == "problem":
            self._fall_back(message["text"])
        with self._change:
            if op == "waiting":
                self._follows = True
            elif op == "elected":
                self._follows = False
            elif op == "progress":
                self.progress = message["done"], message["of"]
            elif op == "reading":
                self._reading = message["path"]
            elif op == "note":
                self.problem = message["text"]
            elif op == "scanned":
                self._scanned, self._crashes, self._reading = True, 0, ""
            self._change.notify_all()

    def _on_exit(self, child: Child) -> None:
        """On the child's thread: start another one, after a while."""
        with self._change:
            if self._closed or child is not self._child:
                return
            self._child = None
            self._crashes += 1
            if self._reading and child.returncode not in _KILLED:
                self._avoided.add(self._reading)
            self._reading = ""
            if self._crashes > MOST_CRASHES:
                self.problem = (
                    f"The index of {self.folder.name} is not kept up to date: the indexer ended "
                    f"{self._crashes} times, with code {child.returncode} at last."
                )
                self.gave_up = True
                self._change.notify_all()
                return
            delay = min(FIRST_DELAY_S * 2 ** (self._crashes - 1), MOST_DELAY_S)
            _LOG.warning("The indexer ended with code %s.", child.returncode)
            self._change.wait_for(lambda: self._closed, delay)
        self._spawn()

    # -- in memory

    def _fall_back(self, text: str) -> None:
        """There can be no file."""
        with self._change:
            if self._closed or self._keeper is not None:
                return
            self.problem = f"{text} It is kept in memory."
            child, self._child = self._child, None
        _LOG.warning("%s", self.problem)
        if child is not None:
            child.stop()
        self._keep_here()

    def _keep_here(self) -> None:
        with self._change:
            if self._closed or self._keeper is not None:
                return
            self._keeper = Keeper(self.folder, self._options, self._told, limits=MEMORY_LIMITS)
            self._memory = Database.memory()
            self._follows = self._scanned = False
            self._thread = threading.Thread(
                target=self._work, args=(self._keeper, self._memory), name="index", daemon=True
            )
            self._thread.start()
        # What was read so far was of the file.
        self.graph.close()

    def _work(self, keeper: Keeper, database: Database) -> None:
        _lower_priority()
        try:
            keeper.run(database)
        except (sqlite3.Error, Damaged, OSError, MemoryError) as exc:
            with self._change:
                self.problem = f"There is no index of {self.folder.name}: {exc}."
                self.gave_up = True
                self._change.notify_all()
            _LOG.warning("%s", self.problem)


def _lower_priority() -> None:
    """Threads have a niceness of their own on Linux alone."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST)
