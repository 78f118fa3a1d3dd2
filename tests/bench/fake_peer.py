"""A small HTTP server that answers as llama-server's /infill, /tokenize and /health do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any


class FakePeer:
    """`answer` gives the content for the body of a request."""

    def __init__(self, answer: Callable[[dict[str, Any]], str]) -> None:
        self.bodies: list[dict[str, Any]] = []
        """Bodies of all requests to /infill."""
        self.port = 0
        self._answer = answer
        self._server: asyncio.Server | None = None
        self.gate = asyncio.Event()
        """Answers wait for it."""
        self.gate.set()

    async def __aenter__(self) -> FakePeer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self.gate.set()
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode()
        length = 0
        while (header := (await reader.readline()).decode().strip().lower()) != "":
            if header.startswith("content-length:"):
                length = int(header.partition(":")[2])
        body = json.loads(await reader.readexactly(length) or b"{}")
        if "/tokenize" in line:
            writer.write(_plain({"tokens": body["content"].split()}))
        elif "/infill" in line:
            self.bodies.append(body)
            await self.gate.wait()
            content = self._answer(body) if body["n_predict"] else ""
            timings = {"prompt_n": 7, "predicted_n": len(content)}
            last = {"content": content, "tokens_evaluated": 9, "timings": timings}
            writer.write(_streamed(content, last) if body["stream"] else _plain(last))
        else:
            writer.write(_plain({"status": "ok"}))
        await writer.drain()
        writer.close()


def _plain(value: Any) -> bytes:
    body = json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def _streamed(content: str, last: dict[str, Any]) -> bytes:
    """Server-sent events in chunks, a character in each; chunks may be cut anywhere."""
    events = [{"content": character, "stop": False} for character in content]
    events.append({**last, "content": "", "stop": True})
    # While a long prompt is evaluated the real one sends comments.
    data = b":\n\n" + b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events)
    chunks = [data[at : at + 11] for at in range(0, len(data), 11)]
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked"
    return head + b"\r\n\r\n" + body + b"0\r\n\r\n"
