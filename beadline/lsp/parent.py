"""Notices that the editor is gone. Knows nothing but a process id."""

from __future__ import annotations

import asyncio
import os
import sys

POLL_SECONDS = 3.0


def is_alive(pid: int) -> bool:
    """Whether a process with this id exists (one of another user counts)."""
    if sys.platform == "win32":
        return _is_alive_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _is_alive_windows(pid: int) -> bool:
    """`os.kill(pid, 0)` would send Ctrl+C there."""
    if sys.platform != "win32":
        return True
    import ctypes

    synchronize, timed_out, access_denied = 0x0010_0000, 0x102, 5
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = kernel.OpenProcess(synchronize, False, pid)
    if not handle:
        return ctypes.get_last_error() == access_denied
    try:
        return kernel.WaitForSingleObject(ctypes.c_void_p(handle), 0) == timed_out
    finally:
        kernel.CloseHandle(ctypes.c_void_p(handle))


async def gone(pid: int | None, *, poll_seconds: float = POLL_SECONDS) -> None:
    """Return when the process is gone; wait for ever when there is nothing to watch.

    An id that names no process at first is not watched: the editor lives in another process
    namespace (a container), and its end is the end of standard input.
    """
    if pid is None or pid <= 1 or not is_alive(pid):
        await asyncio.get_running_loop().create_future()
        return
    while is_alive(pid):
        await asyncio.sleep(poll_seconds)
