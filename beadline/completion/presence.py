"""A file that says when somebody last typed: training on the same machine waits then.

Knows no text and no document: only that there was a keystroke.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from beadline.settings import user_cache_dir

EVERY_S = 0.5
"""The file is touched at most so often."""


def location() -> Path:
    """The one file of all servers of this user."""
    return user_cache_dir() / "training" / "typing"


class Presence:
    """Leaves the sign."""

    def __init__(
        self, path: Path | None = None, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        """`path`: None takes `location`."""
        self._path = path or location()
        self._now = now
        self._last: float | None = None

    def keystroke(self) -> None:
        """Somebody types now. Costs microseconds; a file that cannot be written is none."""
        now = self._now()
        if self._last is not None and now - self._last < EVERY_S:
            return
        self._last = now
        with contextlib.suppress(OSError):
            try:
                os.utime(self._path)
            except FileNotFoundError:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._path.touch(mode=0o600)
