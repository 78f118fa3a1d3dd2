"""The indexer: a child process of a server that writes one folder's index. Knows no server.

Its standard input is JSON lines: first the order (`Order`), then `{"op": "scan"}`; its end is the
process's. Its standard output is JSON lines:

- `waiting`: another process writes the index; this one takes its place when that one is gone.
- `elected`: this one writes it from now on.
- `progress` with `done`, `of`; `scanned` with `files`: all of the folder has been looked at.
- `reading` with `path`, where `Order.careful`: the file that is parsed next.
- `note` with `text`: something works less well than it could.
- `problem` with `text`: there can be no index where it should be. The process ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from beadline import processes
from beadline.context.index.ahead import helpers
from beadline.context.index.database import Damaged, Database, IndexProblem, is_busy, means_damage
from beadline.context.index.keeper import Keeper
from beadline.context.index.location import Place, on_network, prune
from beadline.context.index.lock import FileLock
from beadline.settings import ContextOptions

MOST_FAILURES = 3
"""Times in a row, without one whole scan, that a database is made anew."""


@dataclass(frozen=True)
class Order:
    """What the indexer is to do."""

    folder: str
    """Links resolved."""
    database: str
    lock: str
    max_files: int
    max_file_bytes: int
    ignore: tuple[str, ...]
    avoided: tuple[str, ...] = ()
    """Files that an earlier process died of."""
    careful: bool = False
    """Tell of every file before it is read."""

    @classmethod
    def of(cls, folder: Path, place: Place, options: ContextOptions) -> Order:
        """To keep the index of a folder by some options."""
        return cls(
            str(folder),
            str(place.database),
            str(place.lock),
            options.max_files,
            options.max_file_bytes,
            options.ignore,
        )

    @property
    def options(self) -> ContextOptions:
        """The options that say what is indexed; the others are the defaults."""
        return ContextOptions(
            max_files=self.max_files,
            max_file_bytes=self.max_file_bytes,
            ignore=tuple(self.ignore),
        )

    @property
    def place(self) -> Place:
        """Where the index is."""
        return Place(Path(self.database), Path(self.lock))

    def line(self) -> bytes:
        """As it is sent."""
        return json.dumps(asdict(self)).encode() + b"\n"


def command() -> list[str]:
    """Starts an indexer."""
    return processes.main_of("beadline.context.index.process")


class Indexing:
    """What the process does: waits for its turn, then keeps the index."""

    def __init__(self, order: Order, out: BinaryIO) -> None:
        self._order = order
        self._out = out
        self._sending = threading.Lock()
        self._keeper: Keeper | None = None
        self._scanned = False

    def send(self, message: dict[str, Any]) -> None:
        """Tell the server; without one this process ends. From any thread."""
        self._scanned |= message["op"] == "scanned"
        try:
            with self._sending:
                self._out.write(json.dumps(message).encode() + b"\n")
                self._out.flush()
        except OSError:
            os._exit(0)

    def look_again(self) -> None:
        """The server says that something changed. From any thread."""
        if (keeper := self._keeper) is not None:
            keeper.look_again()

    def run(self) -> None:
        """Until the process ends, or there can be no index: that is told, and it returns."""
        try:
            while True:
                with self._elected() as lock:
                    self._keep(lock)
        except (IndexProblem, OSError) as exc:
            self.send({"op": "problem", "text": str(exc)})

    def _elected(self) -> FileLock:
        path = self._order.place.lock
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = FileLock.attempt(path)
            if lock is None:
                self.send({"op": "waiting"})
                lock = FileLock.wait(path)
            lock.touch()
        except OSError as exc:
            raise IndexProblem(f"The index cannot be kept in {path.parent}: {exc}.") from exc
        self.send({"op": "elected"})
        return lock

    def _keep(self, lock: FileLock) -> None:
        """Keep the index while the lock is ours."""
        order, place = self._order, self._order.place
        prune(place.lock.parent)
        log = not on_network(place.database.parent)
        failures = 0
        while lock.held:
            database: Database | None = None
            self._scanned = False
            try:
                database = Database.create(place.database, log=log)
                self._keeper = Keeper(
                    Path(order.folder),
                    order.options,
                    self.send,
                    usable=lambda: lock.held,
                    reading=self._reading,
                    avoided=frozenset(order.avoided),
                    helpers=0 if order.careful else helpers(),
                )
                self._keeper.run(database)
            except (sqlite3.Error, Damaged) as exc:
                failures = 1 if self._scanned else failures + 1
                if is_busy(exc) and failures < MOST_FAILURES:
                    continue
                if database is not None:
                    database.close()
                # What is of no use takes no room.
                place.discard()
                if failures == MOST_FAILURES or not means_damage(exc):
                    raise IndexProblem(
                        f"The index in {place.database.parent} cannot be written: {exc}."
                    ) from exc
            finally:
                self._keeper = None
                if database is not None:
                    database.close()

    def _reading(self, path: str) -> None:
        if self._order.careful:
            self.send({"op": "reading", "path": path})


def main() -> None:
    """Take over stdin and stdout, index, end the process."""
    # Ctrl-C in a terminal reaches the whole group; this process ends with its stdin instead.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The real stdout carries messages only.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    incoming = os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    line = incoming.readline()
    if not line:
        return
    order = json.loads(line)
    indexing = Indexing(Order(**{**order, "ignore": tuple(order["ignore"])}), out)
    threading.Thread(target=_read, args=(incoming, indexing), daemon=True).start()
    processes.stand_back(processes.LOW)
    indexing.run()
    # Not a normal exit: the reader thread holds a stream's lock.
    out.flush()
    os._exit(0)


def _read(stream: BinaryIO, indexing: Indexing) -> None:
    """Body of the reader thread; never returns to the process after the end of `stream`."""
    for line in iter(stream.readline, b""):
        with contextlib.suppress(ValueError):
            if json.loads(line).get("op") == "scan":
                indexing.look_again()
    # Not sys.exit: the main thread may be waiting for the lock.
    os._exit(0)


if __name__ == "__main__":
    main()
