"""One worker process and its pipes, seen from the server's event loop. Knows no requests."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence

from beadline import processes
from beadline.engine.llama import messages
from beadline.engine.llama.messages import LINE_LIMIT, Message
from beadline.errors import EngineCrashed

STDERR_LINES = 50
CLOSE_S = 2.0
"""A worker ends within milliseconds of its stdin's end; after this long it is killed."""


def default_command() -> list[str]:
    """Starts the worker."""
    return processes.main_of("beadline.engine.llama.worker")


class WorkerProcess:
    """A running worker. Make by `spawn`; all methods belong to one event loop."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        on_message: Callable[[WorkerProcess, Message], None],
        on_exit: Callable[[WorkerProcess], None],
    ) -> None:
        self._process = process
        self._on_message = on_message
        self._on_exit = on_exit
        self._stderr: deque[str] = deque(maxlen=STDERR_LINES)
        self._exited = asyncio.Event()
        self.reason = ""
        """Why it was killed by us; empty when it was not."""
        self._task = asyncio.create_task(self._watch())

    @classmethod
    async def spawn(
        cls,
        command: Sequence[str],
        on_message: Callable[[WorkerProcess, Message], None],
        on_exit: Callable[[WorkerProcess], None],
    ) -> WorkerProcess:
        """Start `command`. Raises `EngineCrashed` when the system refuses."""
        flags = subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=LINE_LIMIT,
                # The server's directory is the user's workspace, which is not trusted: ggml
                # looks for backend libraries in the current directory.
                cwd=sys.prefix,
                creationflags=flags,
            )
        except OSError as exc:
            raise EngineCrashed(f"The engine's process could not be started: {exc}.") from exc
        return cls(process, on_message, on_exit)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    @property
    def alive(self) -> bool:
        return not self._exited.is_set()

    @property
    def stderr(self) -> str:
        """The last lines of its standard error."""
        return "\n".join(self._stderr)

    def send(self, message: Message) -> None:
        """Write one message; to a dead worker it is lost, and `on_exit` tells."""
        stdin = self._process.stdin
        assert stdin is not None
        if self.alive and not stdin.is_closing():
            stdin.write(messages.encode(message))

    def kill(self, reason: str) -> None:
        """End it without waiting; `on_exit` follows."""
        self.reason = reason
        if self._process.returncode is None:
            self._process.kill()

    async def close(self) -> None:
        """End its stdin, which ends it; kill it when that does not. Returns after its end."""
        self.reason = self.reason or "closed"
        stdin = self._process.stdin
        assert stdin is not None
        stdin.close()
        try:
            await asyncio.wait_for(self._exited.wait(), CLOSE_S)
        except TimeoutError:
            self.kill("closed")
            await self._exited.wait()
        await self._task

    def describe_end(self) -> str:
        """How it ended, for a message: cause, then its last words."""
        if self.reason:
            text = self.reason
        elif self.returncode is not None and self.returncode < 0:
            text = f"it was ended by signal {-self.returncode}"
        else:
            text = f"it ended with exit code {self.returncode}"
        last = self._stderr[-1] if self._stderr else ""
        return f"{text}: {last}" if last else text

    async def _watch(self) -> None:
        """Read both pipes to their ends, then tell the exit."""
        try:
            await asyncio.gather(self._read_messages(), self._read_stderr())
            await self._process.wait()
        finally:
            # Also when reading failed by a mistake of ours: never leave a worker behind.
            if self._process.returncode is None:
                self._process.kill()
            self._exited.set()
            self._on_exit(self)

    async def _read_messages(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        while line := await _line(stdout):
            message = messages.decode(line)
            if message is not None:
                self._on_message(self, message)

    async def _read_stderr(self) -> None:
        stderr = self._process.stderr
        assert stderr is not None
        while line := await _line(stderr):
            self._stderr.append(line.decode("utf-8", "replace").rstrip())


async def _line(stream: asyncio.StreamReader) -> bytes:
    """The next line; empty at the end. A line beyond the limit is dropped as if it were none."""
    while True:
        try:
            return await stream.readline()
        except ValueError:
            continue
        except ConnectionError:
            return b""
