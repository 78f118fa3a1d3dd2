"""A client of a language server on standard input and output. Knows no editor and no measurement.

Every answer carries when its request was written and when its last byte was read.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from beadline.errors import EngineError

END_S = 20.0
"""Longest wait for a server that was told to end."""
_LINE_LIMIT = 1 << 26


@dataclass(frozen=True)
class Answer:
    """What came back. Times in seconds of `time.perf_counter`."""

    result: Any
    error: Mapping[str, Any] | None
    sent: float
    received: float

    @property
    def ms(self) -> float:
        """From the message written to the answer read."""
        return 1000 * (self.received - self.sent)


class Client:
    """One running server. Belongs to one event loop."""

    def __init__(
        self, process: asyncio.subprocess.Process, told: Callable[[str, Any], None]
    ) -> None:
        """`told` is given method and params of every notification of the server."""
        assert process.stdin is not None and process.stdout is not None
        self.process = process
        self._input = process.stdin
        self._told = told
        self._waiting: dict[int, tuple[asyncio.Future[Answer], float]] = {}
        self._next = 0
        self._task = asyncio.create_task(self._read(process.stdout))

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        stderr: IO[bytes],
        told: Callable[[str, Any], None],
    ) -> Client:
        """Start a server in `folder`."""
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            cwd=folder,
            env=dict(environment),
            limit=_LINE_LIMIT,
        )
        return cls(process, told)

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def begin(self, method: str, params: Any) -> tuple[int, asyncio.Future[Answer]]:
        """Send a request; its id, and the answer to come."""
        self._next += 1
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if self._task.done():
            raise _ended()
        message = _frame({"id": self._next, "method": method, "params": params})
        self._waiting[self._next] = future, time.perf_counter()
        self._input.write(message)
        return self._next, future

    async def request(self, method: str, params: Any) -> Any:
        """The result of a request. Raises `EngineError` for an error."""
        answer = await self.begin(method, params)[1]
        if answer.error is not None:
            raise EngineError(f"The server answered {method} with {answer.error}.")
        return answer.result

    def cancel(self, number: int) -> None:
        """Say that an answer is not wanted any more; it comes all the same."""
        self.notify("$/cancelRequest", {"id": number})

    async def close(self) -> None:
        """Shut the server down; end it when it does not end by itself."""
        try:
            async with asyncio.timeout(END_S):
                if self.process.returncode is None and not self._task.done():
                    await self.request("shutdown", None)
                    self.notify("exit", None)
                    self._input.close()
                await self.process.wait()
        except (TimeoutError, EngineError, OSError):
            if self.process.returncode is None:
                self.process.kill()
            await self.process.wait()
        await self._task

    def _send(self, message: dict[str, Any]) -> None:
        self._input.write(_frame(message))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                length = 0
                while line.strip():
                    name, _, value = line.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                    line = await reader.readline()
                body = await reader.readexactly(length)
                self._take(json.loads(body), time.perf_counter())
        except asyncio.IncompleteReadError:
            pass  # the server died within a message; who waits is told below
        finally:
            for future, _ in self._waiting.values():
                if not future.done():
                    future.set_exception(_ended())
            self._waiting.clear()

    def _take(self, message: dict[str, Any], received: float) -> None:
        if "method" not in message:
            future, sent = self._waiting.pop(message["id"])
            if not future.done():
                answer = Answer(message.get("result"), message.get("error"), sent, received)
                future.set_result(answer)
        elif "id" not in message:
            self._told(message["method"], message.get("params"))
        else:
            items = (message.get("params") or {}).get("items")
            result = [None for _ in items] if isinstance(items, list) else None
            self._send({"id": message["id"], "result": result})


def _frame(message: dict[str, Any]) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def _ended() -> EngineError:
    return EngineError("The language server ended.", hint="Its log says why.")
