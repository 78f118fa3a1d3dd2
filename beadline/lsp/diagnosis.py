"""`beadline doctor` for who asks from an editor, in a process of its own. Knows no check.

Not in the server's process: the doctor loads the model as a new server would, and a native crash is
one of the things that it finds out.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from beadline import processes
from beadline.errors import BeadlineError

LONGEST_S = 300.0
"""Time it may take; a large model on a slow disk is loaded within minutes."""
_DONE = (0, 1)
"""Exit codes of a report: all is well, or a check failed."""
_COLOURING = ("FORCE_COLOR", "TTY_COMPATIBLE")
"""Variables that make a text of escape codes."""
_BY_HAND = "Run `beadline doctor` in a terminal."


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor said."""

    ok: bool
    """beadline works here."""
    text: str
    """Its report, lines of plain text."""


async def diagnose(
    model: str,
    workspace: Path | None,
    *,
    start: Sequence[str] | None = None,
    longest_s: float = LONGEST_S,
) -> Diagnosis:
    """Run the doctor for a model and a folder whose editor settings are looked at.

    `start` replaces `processes.command_line()` (in tests). The process ends with the caller. Raises
    `BeadlineError` when it cannot be started or does not come to an end.
    """
    line = [*(start or processes.command_line()), "doctor", "--model", model]
    if workspace is not None:
        line += ["--workspace", str(workspace)]
    flags = subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0
    try:
        process = await asyncio.create_subprocess_exec(
            *line,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # The server's directory is the user's workspace, which is not trusted.
            cwd=sys.prefix,
            env={name: value for name, value in os.environ.items() if name not in _COLOURING}
            | {"PYTHONIOENCODING": "utf-8"},
            creationflags=flags,
        )
    except OSError as exc:
        raise BeadlineError(f"The doctor could not be started: {exc}.", hint=_BY_HAND) from exc
    try:
        async with asyncio.timeout(longest_s):
            out, err = await process.communicate()
    except TimeoutError:
        raise BeadlineError(
            f"The doctor did not end within {longest_s:.0f} s.", hint=_BY_HAND
        ) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    text = out.decode("utf-8", "replace").strip()
    if process.returncode not in _DONE or not text:
        text = f"{text}\n{err.decode('utf-8', 'replace').strip()}".strip()
    return Diagnosis(process.returncode == 0, text)
