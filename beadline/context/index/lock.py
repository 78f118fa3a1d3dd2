"""A lock on a file: one process holds it, and its end gives it back. Knows no index."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import TracebackType

_ROUND_S = 1.0
"""How often a waiting process tries on Windows, which has no endless wait."""


class FileLock:
    """A lock that is held. Make by `wait` or `attempt`."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def attempt(cls, path: Path) -> FileLock | None:
        """The lock, if nobody holds it. Raises `OSError` where the file system has no locks or the
        file cannot be made."""
        descriptor = _open(path)
        try:
            locked = _lock(descriptor, wait=False)
        except OSError:
            os.close(descriptor)
            raise
        lock = cls(path, descriptor)
        if locked and lock.held:
            return lock
        lock.release()
        return None

    @classmethod
    def wait(cls, path: Path) -> FileLock:
        """The lock, as soon as nobody else holds it. Raises `OSError` as `attempt`."""
        while True:
            descriptor = _open(path)
            try:
                _lock(descriptor, wait=True)
            except OSError:
                os.close(descriptor)
                raise
            lock = cls(path, descriptor)
            if lock.held:
                return lock
            lock.release()  # the file was removed meanwhile: what is locked is another one

    @property
    def held(self) -> bool:
        """Whether the file at the path is the one that is locked."""
        try:
            there = os.stat(self._path)
            return os.path.samestat(there, os.fstat(self._descriptor))
        except OSError:
            return False

    def touch(self) -> None:
        """Set the file's time to now."""
        os.utime(self._path)

    def release(self) -> None:
        """Give it back. Idempotent."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> FileLock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, *, wait: bool) -> bool:
        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            except PermissionError:
                if not wait:
                    return False
                time.sleep(_ROUND_S)
            else:
                return True

else:
    import fcntl

    def _lock(descriptor: int, *, wait: bool) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True
