"""llama.vim in insert mode, as a state machine on one event loop. Knows no keys and no scores.

After ggml-org/llama.vim a1c8e6e, autoload/llama.vim; line numbers in comments are of that file.
Of the plugin are left out: instructions, yanking, and all that concerns the screen alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence

from beadline.bench.infill import (
    FIRST_MS,
    FOLLOWING_MS,
    MAX_LINE_SUFFIX,
    Buffer,
    Cache,
    Hint,
    Local,
    local,
    render,
    request,
    warm_up,
)
from beadline.bench.peer import Peer, Reply
from beadline.bench.ring import Ring
from beadline.errors import BeadlineError

REARM_S = 0.1
"""Wait for a job in flight (l. 720)."""
UPDATE_S = 1.0
"""ring_update_ms (l. 83)."""
STILL_S = 3.0
"""In insert mode the ring is updated after so long without a move (l. 531)."""


class LlamaVim:
    """One Vim with the plugin and its server. Belongs to one event loop."""

    def __init__(self, peer: Peer, ring: Ring, changed: Callable[[], None]) -> None:
        """`changed` is called when what is on the screen may be another thing."""
        self.hint: Hint | None = None
        """What is on the screen (s:fim_hint_shown and s:fim_data)."""
        self.replies: list[Reply] = []
        """Every answer to a completion, in order."""
        self.failure: BeadlineError | None = None
        """Why the server did not answer."""
        self._peer = peer
        self._ring = ring
        self._changed = changed
        self._buffer: Buffer | None = None
        self._insert = False
        self._cache = Cache()
        self._job: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._indent_last = -1
        self._last_move = time.perf_counter()
        self._warming: set[asyncio.Task[Reply]] = set()
        self._ticks = asyncio.create_task(self._tick())

    def enter(self, buffer: Buffer) -> None:
        """BufEnter: in normal mode, in a buffer without changes (l. 349; 100 ms later there)."""
        self._buffer = buffer
        self._ring.pick_around(buffer.lines, buffer.y, buffer.filename)

    def leave(self) -> None:
        """BufLeave of a buffer without changes (l. 350)."""
        if self._buffer is not None:
            self._ring.pick_around(self._buffer.lines, self._buffer.y, self._buffer.filename)

    def write(self) -> None:
        """BufWritePost (l. 353)."""
        self.leave()

    def normal(self) -> None:
        """Escape: InsertLeavePre (l. 335)."""
        self._insert = False
        self._hide()

    def move(self, buffer: Buffer, *, insert: bool) -> None:
        """The cursor moved, by a key or without (l. 342-346)."""
        self._buffer, self._insert = buffer, insert
        self._last_move = time.perf_counter()
        self._hide()
        self._try_hint()
        if insert:
            self._fim((), use_cache=True)

    async def close(self) -> None:
        """Let go of everything."""
        if self._timer is not None:
            self._timer.cancel()
        tasks = [self._ticks, *self._warming]
        if self._job is not None:
            tasks.append(self._job)
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _hide(self) -> None:
        if self.hint is not None:
            self.hint = None
            self._changed()

    def _try_hint(self) -> None:
        """s:fim_try_hint (l. 953-1017)."""
        buffer = self._buffer
        if not self._insert or buffer is None:
            return
        content = self._cache.near(local(buffer))
        if content is None:
            return
        self.hint = render(buffer, content)
        self._changed()
        # A request for what follows, as if the hint were accepted (l. 1012-1015).
        self._fim(self.hint.lines, use_cache=True, at=buffer)

    def _fim(self, shown: Sequence[str], *, use_cache: bool, at: Buffer | None = None) -> None:
        """llama#fim, automatic (l. 701-891). `at` None is the cursor at the time of the call."""
        if self._job is not None:  # l. 713-722
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(
                REARM_S, lambda: self._fim(shown, use_cache=use_cache, at=at)
            )
            return
        here = self._buffer
        if here is None:
            return
        # The position is the caller's, the text is what it is by now.
        buffer = here if at is None else Buffer(here.lines, at.x, at.y, here.filename)
        if buffer.y > len(buffer.lines):
            return
        where = local(buffer, shown, self._indent_last)
        if len(where.line_suffix) > MAX_LINE_SUFFIX:  # l. 737
            return
        keys = where.cache_keys()
        if use_cache and any(self._cache.get(key) is not None for key in keys):  # l. 765-772
            return
        self._indent_last = where.indent
        self._ring.drop_near(here.lines, here.y)
        self._job = asyncio.create_task(self._run(where, keys, following=bool(shown)))
        self._ring.moved(buffer.lines, buffer.y, buffer.filename)

    async def _run(self, where: Local, keys: list[str], *, following: bool) -> None:
        body = request(where, self._ring.extra(), FOLLOWING_MS if following else FIRST_MS)
        try:
            reply = await self._peer.infill(body)
            self.replies.append(reply)
            self._on_response(keys, reply.content)
        except BeadlineError as exc:
            self.failure = exc
        finally:
            self._job = None  # s:fim_on_exit comes after the response (l. 933-939)

    def _on_response(self, keys: list[str], content: str) -> None:
        """s:fim_on_response (l. 894-931)."""
        for key in keys:
            self._cache.insert(key, content)
        if self.hint is None or not self.hint.can_accept:
            self._try_hint()

    async def _tick(self) -> None:
        """s:ring_update (l. 527-598), every second."""
        while True:
            await asyncio.sleep(UPDATE_S)
            if self._insert and time.perf_counter() - self._last_move < STILL_S:
                continue
            if not self._ring.queued:
                continue
            tokens = await self._peer.count(self._ring.queued[0].text)
            self._ring.update(tokens)
            job = asyncio.create_task(self._peer.infill(warm_up(self._ring.extra())))
            self._warming.add(job)
            job.add_done_callback(self._warming.discard)
