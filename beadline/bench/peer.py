"""llama.cpp's own server: started, asked over HTTP, ended. Knows no editor and no plugin.

A connection of its own for every request, as llama.vim's curl has.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from beadline.errors import EngineError, InputError

START_S = 300.0
END_S = 20.0
_POLL_S = 0.2
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


@dataclass(frozen=True)
class Reply:
    """An answer of /infill. Times in ms from the request written."""

    content: str
    first_ms: float
    """To the first piece; to the end where it came in one."""
    total_ms: float
    body: dict[str, Any] = field(default_factory=dict)
    """The last JSON object."""

    @property
    def evaluated(self) -> int:
        """Prompt tokens that were evaluated."""
        return int(self.body.get("timings", {}).get("prompt_n", 0))

    @property
    def prompt(self) -> int:
        """Prompt tokens in all."""
        return int(self.body.get("tokens_evaluated", 0))

    @property
    def generated(self) -> int:
        """Tokens decoded."""
        return int(self.body.get("timings", {}).get("predicted_n", 0))


@dataclass(frozen=True)
class PeerOptions:
    """How the server is started; as llama.vim's README recommends (`--fim-qwen-*-default`)."""

    binary: Path
    model: Path
    threads: int
    context: int
    batch: int = 1024
    """Of this the server takes three quarters for the prefix and one for the suffix
    (server-common.cpp, format_prompt_infill)."""
    predict: int = -1
    """Default number of tokens; twice it is kept free of extra context."""

    def command(self, port: int) -> list[str]:
        """The command line. One slot: the plugin uses slot 0 alone."""
        return [
            str(self.binary), "--model", str(self.model), "--host", "127.0.0.1",
            "--port", str(port), "--ctx-size", str(self.context), "--parallel", "1",
            "--batch-size", str(self.batch), "--ubatch-size", str(self.batch),
            "--cache-reuse", "256", "--threads", str(self.threads),
            "--threads-batch", str(self.threads), "--predict", str(self.predict), "--no-webui",
        ]  # fmt: skip


class Peer:
    """A running llama-server, or any that answers as it does."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._process: asyncio.subprocess.Process | None = None
        self._counts: dict[str, int] = {}

    @classmethod
    async def start(cls, options: PeerOptions, log: Path) -> Peer:
        """Start the server and wait until it is ready. Raises `InputError`, `EngineError`."""
        port = _free_port()
        peer = cls("127.0.0.1", port)
        with log.open("ab") as output:
            try:
                peer._process = await asyncio.create_subprocess_exec(
                    *options.command(port),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                )
            except OSError as exc:
                raise InputError(
                    f"{options.binary} cannot be started: {exc.strerror}.",
                    hint="docs/bench.md says how to build llama-server.",
                ) from exc
        deadline = time.perf_counter() + START_S
        while not await peer._is_ready():
            if peer._process.returncode is not None or time.perf_counter() > deadline:
                await peer.close()
                raise EngineError("llama-server does not start.", hint=f"See {log}.")
            await asyncio.sleep(_POLL_S)
        return peer

    async def infill(self, body: Mapping[str, Any]) -> Reply:
        """POST /infill. With `stream` the first piece is timed. Raises `EngineError`."""
        started = time.perf_counter()
        first: float | None = None
        text, last = "", {}
        async for data in self._post("/infill", body):
            last = data
            if data.get("content") and first is None:
                first = time.perf_counter()
            text += data.get("content", "")
        ended = time.perf_counter()
        return Reply(text, 1000 * ((first or ended) - started), 1000 * (ended - started), last)

    async def count(self, text: str) -> int:
        """Number of tokens of a text. Remembered."""
        if text not in self._counts:
            async for data in self._post("/tokenize", {"content": text, "parse_special": False}):
                self._counts[text] = len(data["tokens"])
        return self._counts[text]

    async def close(self) -> None:
        """End the server. Idempotent."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), END_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _is_ready(self) -> bool:
        ready = False
        try:
            async for data in self._send(b"GET /health HTTP/1.1\r\n", b""):
                ready = data.get("status") == "ok"
        except (OSError, EngineError):
            return False
        return ready

    def _post(self, path: str, body: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        return self._send(f"POST {path} HTTP/1.1\r\n".encode(), json.dumps(body).encode())

    async def _send(self, line: bytes, body: bytes) -> AsyncIterator[dict[str, Any]]:
        """The JSON objects of an answer: one, or one for each event of a stream."""
        reader, writer = await asyncio.open_connection(self._host, self._port, limit=1 << 24)
        try:
            head = (
                b"%sHost: %s\r\nConnection: close\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % (line, self._host.encode(), len(body))
            )
            writer.write(head + body)
            await writer.drain()
            status = _STATUS.match(await reader.readline())
            chunked = streamed = False
            while (header := await reader.readline()).strip():
                name, _, value = header.lower().partition(b":")
                chunked |= name == b"transfer-encoding" and b"chunked" in value
                streamed |= name == b"content-type" and b"text/event-stream" in value
            if status is None or status[1] != b"200":
                reason = (await reader.read()).decode("utf-8", "replace")[:300]
                raise EngineError(f"llama-server answered: {reason or 'nothing'}")
            buffer = b""
            async for block in _blocks(reader, chunked=chunked):
                buffer += block
                while streamed and b"\n\n" in buffer:
                    event, _, buffer = buffer.partition(b"\n\n")
                    # Lines that start with a colon keep the connection alive and say nothing.
                    if event.startswith(b"data:"):
                        yield json.loads(event.removeprefix(b"data:"))
            if buffer.strip():
                yield json.loads(buffer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _blocks(reader: asyncio.StreamReader, *, chunked: bool) -> AsyncIterator[bytes]:
    """The body as it comes (RFC 9112, 7.1)."""
    if not chunked:
        while block := await reader.read(1 << 16):
            yield block
        return
    while size := int((await reader.readline()).split(b";")[0] or b"0", 16):
        yield await reader.readexactly(size)
        await reader.readline()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
