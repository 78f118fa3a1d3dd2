"""The two editors of a live replay: one with our server, Vim with llama.vim. Knows no measurement.

Ours sends what VS Code sends: a change and a request after every key, the older request taken
back. What is typed along a suggestion stays on the screen without an answer, in both.
"""

from __future__ import annotations

import asyncio
from typing import Any

from beadline.bench.client import Answer
from beadline.bench.commits import Commit
from beadline.bench.edits import Event
from beadline.bench.infill import Buffer
from beadline.bench.ours import Ours, offset_of
from beadline.bench.peer import Peer
from beadline.bench.results import Record
from beadline.bench.ring import Ring
from beadline.bench.screen import Ghost, typed_on
from beadline.bench.vim import LlamaVim
from beadline.errors import EngineError

_CANCELLED = -32800
"""RequestCancelled of the protocol."""


class OurEditor:
    """A `live.Screen` with our server behind it."""

    def __init__(self, server: Ours) -> None:
        self.changed = asyncio.Event()
        self._server = server
        self._languages: dict[str, str] = {}
        self._open: set[str] = set()
        self._ghost: Ghost | None = None
        self._item: dict[str, Any] = {}
        self._request: tuple[int, asyncio.Future[Answer]] | None = None
        self._answers: list[Answer] = []
        """In the order in which they came."""
        self._waiting: set[asyncio.Future[Answer]] = set()
        self._failure: BaseException | None = None

    def ghost(self) -> Ghost | None:
        """See `live.Screen`."""
        if self._failure is not None:
            raise self._failure
        return self._ghost

    def begin(self, commit: Commit) -> None:
        """See `live.Screen`."""
        self._languages = {change.path: change.language for change in commit.changes}
        self._server.files_changed(list(self._languages))

    def show(self, path: str, text: str) -> None:
        """See `live.Screen`."""
        self._take_back()
        if path not in self._open:
            self._open.add(path)
            self._server.open(path, text, self._languages[path])

    def key(self, path: str, text: str, event: Event, after: str, *, accepted: bool) -> None:
        """See `live.Screen`."""
        ghost, item = self._ghost, self._item
        self._take_back()
        if ghost is not None and (left := typed_on(ghost, event)) is not None:
            self._put(left, item)
        self._server.edit(path, text, event)
        if accepted:
            self._server.accepted(item)
        number, future = self._server.ask(path, after, event.cursor)
        self._request = number, future
        self._waiting.add(future)
        future.add_done_callback(lambda done: self._answered(done, number, after))

    def move(self, path: str, text: str, event: Event, after: str) -> None:
        """See `live.Screen`."""
        self._take_back()
        if text != after:
            self._server.edit(path, text, event)

    def save(self, path: str) -> None:
        """See `live.Screen`."""
        self._server.save(path)

    def rest(self) -> None:
        """See `live.Screen`."""
        self._take_back()

    async def end(self) -> list[Record]:
        """See `live.Screen`. One record for every line of the trace."""
        self._take_back()
        if self._waiting:
            await asyncio.wait(tuple(self._waiting))
        self._server.close_files()
        self._open.clear()
        lines = self._server.traces() + await self._server.idle()
        answers, self._answers = self._answers, []
        served = sorted(filter(_is_served, lines), key=lambda line: line["order"])
        answered = [answer for answer in answers if answer.error is None]
        if len(served) == len(answered):  # one request at a time is answered
            for line, answer in zip(served, answered, strict=True):
                line["client_ms"] = answer.ms
        return [{"kind": "trace", **line} for line in lines]

    def _put(self, ghost: Ghost | None, item: dict[str, Any]) -> None:
        self._ghost, self._item = ghost, item
        self.changed.set()

    def _take_back(self) -> None:
        """Nothing is on the screen, and the answer under way is not wanted."""
        self._put(None, {})
        if self._request is not None and not self._request[1].done():
            self._server.cancel(self._request[0])
        self._request = None

    def _answered(self, done: asyncio.Future[Answer], number: int, text: str) -> None:
        self._waiting.discard(done)
        if done.cancelled():
            return
        if (exc := done.exception()) is not None:
            self._failure = exc
            self.changed.set()
            return
        answer = done.result()
        if answer.error is not None and answer.error.get("code") != _CANCELLED:
            self._failure = EngineError(f"The server answered with {dict(answer.error)}.")
        self._answers.append(answer)
        if self._request is None or self._request[0] != number or answer.error is not None:
            return
        items = answer.result["items"]
        if not items:
            self._put(None, {})
            return
        span = items[0]["range"]
        start, end = offset_of(text, span["start"]), offset_of(text, span["end"])
        self._put(Ghost(start, end, items[0]["insertText"]), items[0])


class VimEditor:
    """A `live.Screen` with llama.vim and llama-server behind it."""

    def __init__(self, peer: Peer, ring: Ring) -> None:
        self.changed = asyncio.Event()
        self._vim = LlamaVim(peer, ring, self.changed.set)
        self._cursors: dict[str, int] = {}
        self._buffer: Buffer | None = None
        self._start = 0
        """Offset of the cursor's line."""

    def ghost(self) -> Ghost | None:
        """See `live.Screen`. A hint that changes nothing shows nothing."""
        if self._vim.failure is not None:
            raise self._vim.failure
        hint, buffer = self._vim.hint, self._buffer
        if hint is None or buffer is None or not hint.can_accept:
            return None
        replaced = hint.replaced(buffer)
        if replaced == buffer.line:
            return None
        return Ghost(self._start, self._start + len(buffer.line), replaced)

    def begin(self, commit: Commit) -> None:
        """See `live.Screen`."""
        self._cursors = {change.path: 0 for change in commit.changes}
        self._buffer = None

    def show(self, path: str, text: str) -> None:
        """See `live.Screen`."""
        self._vim.normal()
        if self._buffer is not None:
            self._vim.leave()
        self._set(path, text, self._cursors[path])
        if self._buffer is not None:
            self._vim.enter(self._buffer)

    def key(self, path: str, text: str, event: Event, after: str, *, accepted: bool) -> None:
        """See `live.Screen`. An acceptance moves the cursor as a key does."""
        self._set(path, after, event.cursor)
        assert self._buffer is not None
        self._vim.move(self._buffer, insert=True)

    def move(self, path: str, text: str, event: Event, after: str) -> None:
        """See `live.Screen`."""
        self._vim.normal()
        self._set(path, after, event.cursor)
        assert self._buffer is not None
        self._vim.move(self._buffer, insert=False)

    def save(self, path: str) -> None:
        """See `live.Screen`."""
        self._vim.write()

    def rest(self) -> None:
        """See `live.Screen`."""
        self._vim.normal()

    async def end(self) -> list[Record]:
        """See `live.Screen`. One record for every answer of the server."""
        self._vim.normal()
        replies, self._vim.replies = self._vim.replies, []
        return [
            {
                "kind": "reply",
                "total_ms": reply.total_ms,
                "evaluated_tokens": reply.evaluated,
                "prompt_tokens": reply.prompt,
                "generated_tokens": reply.generated,
            }
            for reply in replies
        ]

    async def close(self) -> None:
        """Let go of the server."""
        await self._vim.close()

    def _set(self, path: str, text: str, offset: int) -> None:
        self._cursors[path] = offset
        self._buffer = Buffer.of(text, offset, path)
        self._start = offset - self._buffer.x


def _is_served(line: Record) -> bool:
    """Whether a line of the trace is of a request that was answered and not cancelled."""
    return line["event"] == "request" and line["silent_reason"] != "cancelled"
