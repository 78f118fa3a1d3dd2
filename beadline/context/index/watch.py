"""Tells which files below a folder change, by a thread of its own. Knows no index.

Where the system cannot watch (no handles left, a network disk, no library) it says so once, and
whoever holds it looks at the folder from time to time instead.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

_DEBOUNCE_MS = 400
"""Changes are told together that come within so long, and"""
_STEP_MS = 50
"""at once when nothing has changed for so long."""
_WAIT_MS = 1000
_TRIES = 5
"""Times that folders which vanish meanwhile are left out before watching is given up."""


class Watcher:
    """Watches one folder. `changed` is called on the watcher's thread, with absolute paths."""

    def __init__(
        self, folder: Path, changed: Callable[[set[str]], None], failed: Callable[[str], None]
    ) -> None:
        """`failed`: told why it does not watch, in a sentence."""
        self._folder = folder
        self._changed = changed
        self._failed = failed
        self._state = threading.Condition()
        self._folders: frozenset[str] = frozenset()
        self._stop = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None
        self.works = True
        """False when it has given up."""

    def cover(self, folders: Iterable[str]) -> bool:
        """Watch these folders (relative, `""` is the folder itself) and those above them; whether
        they are others than before. What changes in the first moments may be missed."""
        wanted = {""}
        for each in folders:
            while each and each not in wanted:
                wanted.add(each)
                each = each.rpartition("/")[0]
        # Elsewhere than on Linux a whole tree costs no more to watch than a folder.
        new = frozenset(wanted) if sys.platform.startswith("linux") else frozenset({""})
        with self._state:
            if self._closed or not self.works or new == self._folders:
                return False
            self._folders = new
            self._stop.set()
            self._state.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
                self._thread.start()
        return True

    def close(self) -> None:
        """Stop. The thread ends within a moment."""
        with self._state:
            self._closed = True
            self._stop.set()
            self._state.notify_all()

    def _run(self) -> None:
        failures = 0
        while True:
            with self._state:
                if self._closed:
                    return
                folders = sorted(self._folders)
                stop = self._stop = threading.Event()
            paths = [os.path.join(self._folder, *each.split("/")) for each in folders]
            try:
                self._watch([path for path in paths if os.path.isdir(path)], stop)
            except FileNotFoundError as exc:
                failures += 1
                if failures == _TRIES:
                    self._give_up(exc)
                    return
            except (ImportError, OSError, RuntimeError) as exc:
                # Its errors of other kinds are of class WatchfilesRustInternalError.
                self._give_up(exc)
                return

    def _watch(self, paths: list[str], stop: threading.Event) -> None:
        """Until `stop`, or for as long as there is something to watch."""
        from watchfiles import watch

        if not paths:
            stop.wait(_WAIT_MS / 1000)
            return
        for changes in watch(
            *paths,
            watch_filter=None,
            debounce=_DEBOUNCE_MS,
            step=_STEP_MS,
            rust_timeout=_WAIT_MS,
            stop_event=stop,
            raise_interrupt=False,
            recursive=not sys.platform.startswith("linux"),
            ignore_permission_denied=True,
        ):
            self._changed({path for _, path in changes})

    def _give_up(self, exc: Exception) -> None:
        with self._state:
            self.works = False
            closed = self._closed
        if not closed:
            self._failed(f"Changes in {self._folder} are noticed late: {exc}.")
