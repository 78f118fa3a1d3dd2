"""How processes of our own are started and stand back. Knows nothing of what they do."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

LOW, LOWEST = 10, 19
"""Nicenesses: for what is soon wanted, and for what has time."""
_CLASSES = {LOW: 0x4000, LOWEST: 0x40}
"""Windows' BELOW_NORMAL_PRIORITY_CLASS and IDLE_PRIORITY_CLASS."""


def python(code: str) -> list[str]:
    """Runs Python code with nothing of the current directory on its path; arguments may follow, and
    are `sys.argv[2:]`.

    The current directory is the user's workspace, which is not trusted: `-P` keeps it out. The
    package's own place is appended, last, so that the process also starts where beadline runs from
    a source tree that only the parent's path knows.
    """
    root = Path(__file__).resolve().parents[1]
    start = f"import sys; sys.path.append(sys.argv[1]); {code}"
    return [sys.executable, "-P", "-c", start, str(root)]


def main_of(module: str) -> list[str]:
    """Runs the `main` of one of our modules, as `python` does."""
    return python(f"from {module} import main; main()")


def command_line(before: str = "") -> list[str]:
    """Runs beadline's command line, as `python` does; its arguments follow. `before` is code that
    is run first."""
    return python(f"{before}from beadline.cli import main; sys.exit(main(sys.argv[2:]))")


def stand_back(niceness: int) -> None:
    """Give this process a low priority, `LOW` or `LOWEST`, where that can be done."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), _CLASSES[niceness])
    else:
        with contextlib.suppress(OSError):
            os.nice(niceness)
