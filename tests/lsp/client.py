"""A small JSON-RPC client of our own: it can also send what no proper client would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

TIMEOUT = 60.0
"""Seconds until a message that does not come fails the test; never a measure of speed."""

Message = dict[str, Any]


def frame(message: Any) -> bytes:
    """One message in LSP framing; bytes are taken as the body."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


async def read_messages(reader: asyncio.StreamReader) -> AsyncIterator[Message]:
    """What the server writes, parsed strictly: anything else on its stdout is an error."""
    while line := await reader.readline():
        length = 0
        while line.strip():
            name, _, value = line.partition(b":")
            assert name.lower() in (b"content-length", b"content-type"), line
            if name.lower() == b"content-length":
                length = int(value)
            line = await reader.readline()
        yield json.loads(await reader.readexactly(length))


class Client:
    """Sends requests and notifications, keeps everything the server says."""

    def __init__(self, reader: asyncio.StreamReader, write: Callable[[bytes], None]) -> None:
        self.received: list[Message] = []
        """Every message of the server, in order."""
        self.configuration: Any = None
        """Answer to `workspace/configuration`."""
        self.encoding = "utf-16"
        self._write = write
        self._next = 0
        self._changed = asyncio.Event()
        self._ended = False
        self._task = asyncio.create_task(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            async for message in read_messages(reader):
                self.received.append(message)
                if "method" in message and "id" in message:
                    self._serve(message)
                self._wake()
        finally:
            self._ended = True
            self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _serve(self, request: Message) -> None:
        result: Any = None
        if request["method"] == "workspace/configuration":
            result = [self.configuration for _ in request["params"]["items"]]
        self.send({"jsonrpc": "2.0", "id": request["id"], "result": result})

    def send_bytes(self, data: bytes) -> None:
        """Bytes as they are."""
        self._write(data)

    def send(self, *messages: Any) -> None:
        """Messages in one write."""
        self._write(b"".join(frame(message) for message in messages))

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.send(notification(method, params))

    def begin(self, method: str, params: Any = None) -> int:
        """Send a request; its id."""
        self._next += 1
        self.send(request(self._next, method, params))
        return self._next

    async def answer(self, msg_id: Any) -> Message:
        """The response to a request, result or error."""
        return await self.message(
            lambda m: "method" not in m and m.get("id") == msg_id, f"answer {msg_id!r}"
        )

    async def request(self, method: str, params: Any = None) -> Any:
        """The result of a request; an error fails the test."""
        answer = await self.answer(self.begin(method, params))
        assert "error" not in answer, answer
        return answer["result"]

    async def message(
        self, matches: Callable[[Message], bool], what: str = "message", *, after: int = 0
    ) -> Message:
        """The first message that matches, counted from `after`; waits for it."""

        async def wait() -> Message:
            seen = after
            while True:
                changed = self._changed
                for message in self.received[seen:]:
                    seen += 1
                    if matches(message):
                        return message
                assert not self._ended, f"the server ended without: {what}"
                await changed.wait()

        try:
            return await asyncio.wait_for(wait(), TIMEOUT)
        except TimeoutError:
            tail = [m.get("method", m.get("id")) for m in self.received[-10:]]
            raise AssertionError(f"waited in vain for {what}; last: {tail}") from None

    async def told(self, method: str, *, after: int = 0, **expected: Any) -> Any:
        """Params of the first notification with these members."""

        def matches(message: Message) -> bool:
            params = message.get("params")
            return message.get("method") == method and (
                isinstance(params, Mapping)
                and all(params.get(key) == value for key, value in expected.items())
            )

        return (await self.message(matches, f"{method} {expected}", after=after))["params"]

    def all(self, method: str) -> list[Any]:
        """Params of all notifications of this method so far."""
        return [m.get("params") for m in self.received if m.get("method") == method]

    async def ended(self) -> None:
        """Wait for the end of the server's output."""
        await asyncio.wait_for(asyncio.shield(self._task), TIMEOUT)

    # LSP

    async def initialize(
        self,
        *,
        capabilities: Mapping[str, Any] | None = None,
        options: Any = None,
        root: str | None = None,
        process_id: int | None = None,
    ) -> Any:
        """Initialize the server; its answer."""
        folders = [{"uri": root, "name": "workspace"}] if root else None
        result = await self.request(
            "initialize",
            {
                "processId": process_id,
                "rootUri": root,
                "workspaceFolders": folders,
                "capabilities": dict(capabilities or {}),
                "initializationOptions": options,
            },
        )
        self.encoding = result["capabilities"]["positionEncoding"]
        self.notify("initialized", {})
        return result

    def open(self, uri: str, text: str, language: str = "python", version: int = 1) -> None:
        """didOpen."""
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, uri: str, version: int, *changes: Any) -> None:
        """didChange."""
        identity = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": identity, "contentChanges": changes})

    def complete_begin(self, uri: str, line: int, character: int, **extra: Any) -> int:
        """Send an inlineCompletion request; its id."""
        return self.begin(
            "textDocument/inlineCompletion", inline_params(uri, line, character, **extra)
        )

    async def complete(self, uri: str, line: int, character: int, **extra: Any) -> list[Message]:
        """The items at a position."""
        answer = await self.answer(self.complete_begin(uri, line, character, **extra))
        assert "error" not in answer, answer
        assert isinstance(answer["result"]["items"], list)
        return answer["result"]["items"]


def request(msg_id: Any, method: str, params: Any) -> Message:
    """A request message."""
    message = {"jsonrpc": "2.0", "id": msg_id, "method": method}
    return message if params is None else {**message, "params": params}


def notification(method: str, params: Any) -> Message:
    """A notification message."""
    message = {"jsonrpc": "2.0", "method": method}
    return message if params is None else {**message, "params": params}


def inline_params(uri: str, line: int, character: int, **context: Any) -> Message:
    """Params of textDocument/inlineCompletion, automatic unless told otherwise."""
    return {
        "textDocument": {"uri": uri},
        "position": {"line": line, "character": character},
        "context": {"triggerKind": 2, **context},
    }


def insert(line: int, character: int, text: str) -> Message:
    """A content change that inserts."""
    return replace(line, character, line, character, text)


def replace(line0: int, char0: int, line1: int, char1: int, text: str) -> Message:
    """A content change that replaces a range."""
    start, end = {"line": line0, "character": char0}, {"line": line1, "character": char1}
    return {"range": {"start": start, "end": end}, "text": text}


async def finish(client: Client) -> None:
    """`shutdown` and `exit`."""
    await client.request("shutdown")
    client.notify("exit")
