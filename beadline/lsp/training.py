"""Training as the editor sees it: a command, its progress, its end. Knows no trainer.

The trainer is a child process: `beadline train FOLDER --events`, which ends with our end of its
standard input (`commands/following.py`) and then can go on where it was. Its standard output is
JSON lines:

- `{"event": "progress", "message": ..., "share": ...}`: what it does now; `share` of all that is
  done, 0 to 1, absent where that is not known.
- `{"event": "end", "message": ...}`: what came of it, in a sentence.

What else stands there is skipped. Why it failed is the last line of its standard error.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import subprocess
import sys
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Protocol

from lsprotocol import types as lsp

from beadline import processes

log = logging.getLogger(__name__)

GRACE_S = 15.0
"""How long a training that was cancelled may take to end."""
CLOSE_S = 2.0
"""The same when the server itself ends."""
INTERRUPTED = 130
"""Exit code of a command that was cancelled."""
_LONGEST_LINE = 1 << 20
_STDERR_LINES = 20
_TITLE = "beadline: training"
_STOPPED = "Training was stopped. Started again, it goes on where it was."


class Client(Protocol):
    """What can be told to the editor; see `server.BeadlineServer`."""

    @property
    def shows_progress(self) -> bool: ...

    def show(self, kind: lsp.MessageType, message: str) -> None: ...

    async def create_progress(self, token: str) -> None: ...

    def begin_progress(self, token: str, title: str, *, cancellable: bool = False) -> None: ...

    def report_progress(self, token: str, message: str, percentage: int | None) -> None: ...

    def end_progress(self, token: str, message: str) -> None: ...

    def on_cancel(self, token: str, cancelled: Callable[[], None]) -> None: ...


def command() -> list[str]:
    """Starts beadline's command line; its arguments follow. It ends with our end of its input."""
    return processes.command_line("from beadline.commands.following import follow; follow(); ")


class Training:
    """At most one training at a time. Belongs to one event loop."""

    def __init__(self, client: Client, start: Sequence[str] | None = None) -> None:
        """`start` replaces `command()` (in tests)."""
        self._client = client
        self._start = list(start or command())
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._cancelled = False
        self._closed = False

    @property
    def is_running(self) -> bool:
        """Whether something is being trained."""
        return self._task is not None and not self._task.done()

    def begin(self, arguments: Sequence[str]) -> None:
        """Run `beadline train` with `arguments`; nothing but a word when it runs already."""
        if self.is_running or self._closed:
            self._client.show(lsp.MessageType.Info, "beadline: a training is running already.")
            return
        self._cancelled = False
        line = [*self._start, "train", *arguments, "--events"]
        self._task = asyncio.create_task(self._run(line), name="beadline-training")

    def cancel(self) -> None:
        """Have the training end soon; what is done stays done."""
        if not self._cancelled:
            self._cancelled = True
            if self._process is not None:
                _end(self._process)

    async def close(self) -> None:
        """End the training with the server."""
        self._closed = True
        if self._task is None or self._task.done():
            return
        self.cancel()
        await asyncio.wait({self._task}, timeout=CLOSE_S)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, line: Sequence[str]) -> None:
        progress = _Progress(self._client, self.cancel)
        kind, message = lsp.MessageType.Error, "Training failed."
        try:
            kind, message = await self._follow(line, progress)
        except OSError as exc:
            message = f"The training could not be started: {exc}."
        finally:
            process, self._process = self._process, None
            if process is not None:
                _kill(process)
                await process.wait()
            await progress.end(message)
            if not self._closed:
                self._client.show(kind, f"beadline: {message}")

    async def _follow(
        self, line: Sequence[str], progress: _Progress
    ) -> tuple[lsp.MessageType, str]:
        """Run the child to its end; what to tell of it."""
        flags = subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0
        process = self._process = await asyncio.create_subprocess_exec(
            *line,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
            # The server's directory is the user's workspace, which is not trusted.
            cwd=sys.prefix,
            creationflags=flags,
        )
        assert process.stdout is not None and process.stderr is not None
        if self._cancelled:
            _end(process)
        progress.begin()
        errors = asyncio.create_task(_last_lines(process.stderr))
        try:
            ended = ""
            async for event in _events(process.stdout):
                message = event.get("message")
                if not isinstance(message, str):
                    continue
                if event.get("event") == "end":
                    ended = message
                elif event.get("event") == "progress":
                    progress.report(message, event.get("share"))
            said, code = await errors, await process.wait()
        finally:
            errors.cancel()
        if self._cancelled or code == INTERRUPTED:
            return lsp.MessageType.Info, _STOPPED
        if code == 0:
            return lsp.MessageType.Info, ended or "Training has ended."
        reason = said[-1] if said else f"it ended with exit code {code}"
        log.warning("Training failed: %s", reason)
        return lsp.MessageType.Error, f"Training failed: {reason.removeprefix('beadline: ')}"


class _Progress:
    """A display in the editor that may be slow to come, or never come."""

    def __init__(self, client: Client, cancel: Callable[[], None]) -> None:
        self._client = client
        self._cancel = cancel
        self._token = f"beadline-training-{uuid.uuid4()}"
        self._shown: asyncio.Task[None] | None = None
        self._last: tuple[str, int | None] | None = None

    def begin(self) -> None:
        if self._client.shows_progress:
            self._shown = asyncio.create_task(self._show())

    def report(self, message: str, share: Any) -> None:
        """Tell it, if anything is new."""
        percentage = None
        if isinstance(share, int | float) and not isinstance(share, bool):
            percentage = round(100 * min(max(share, 0.0), 1.0))
        if (message, percentage) == self._last:
            return
        self._last = message, percentage
        if self._is_shown():
            self._client.report_progress(self._token, message, percentage)

    async def end(self, message: str) -> None:
        if self._shown is None:
            return
        shown = self._is_shown()
        self._shown.cancel()
        await asyncio.gather(self._shown, return_exceptions=True)
        if shown:
            self._client.end_progress(self._token, message)

    def _is_shown(self) -> bool:
        shown = self._shown
        if shown is None or not shown.done() or shown.cancelled():
            return False
        return shown.exception() is None

    async def _show(self) -> None:
        try:
            await self._client.create_progress(self._token)
        except Exception as exc:
            log.info("The client shows no progress: %s", exc)
            raise
        self._client.begin_progress(self._token, _TITLE, cancellable=True)
        self._client.on_cancel(self._token, self._cancel)
        if self._last is not None:
            self._client.report_progress(self._token, *self._last)


async def _events(stream: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
    while line := await _line(stream):
        event: Any = None
        with contextlib.suppress(ValueError, RecursionError):
            event = json.loads(line)
        if isinstance(event, dict):
            yield event


async def _last_lines(stream: asyncio.StreamReader) -> list[str]:
    kept: deque[str] = deque(maxlen=_STDERR_LINES)
    while line := await _line(stream):
        if text := line.decode("utf-8", "replace").strip():
            kept.append(text)
    return list(kept)


async def _line(stream: asyncio.StreamReader) -> bytes:
    """The next line; empty at the end. One that is too long is dropped."""
    while True:
        try:
            return await stream.readline()
        except ValueError:
            continue
        except ConnectionError:
            return b""


def _end(process: asyncio.subprocess.Process) -> None:
    """Ask the child to end; it is killed when it takes too long."""
    if process.stdin is not None and not process.stdin.is_closing():
        process.stdin.close()
    asyncio.get_running_loop().call_later(GRACE_S, _kill, process)


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
