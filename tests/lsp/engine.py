"""A scripted engine for the protocol's tests: answers are written by the test, piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from beadline.engine.protocol import (
    EngineState,
    Event,
    FimRequest,
    Finished,
    ModelInfo,
    Piece,
    RenderedPrompt,
    Started,
    Usage,
    adapter_key,
)
from beadline.errors import BeadlineError, EngineCrashed

INFO = ModelInfo("fake.gguf", "fake", "qwen", "llama", 2048, 1, 256, "fake build")
USAGE = Usage(prompt_tokens=10, reused_tokens=8, evaluated_tokens=2, layout="psm", family="qwen")

Script = Callable[[FimRequest], Sequence[str]]


class FakeStream:
    """One generation; pieces wait for `gate`."""

    def __init__(self, request: FimRequest, pieces: Sequence[str], gate: asyncio.Event) -> None:
        self.request = request
        self.cancelled = False
        self.started = asyncio.Event()
        self.stopped = asyncio.Event()
        self.error: BeadlineError | None = None
        self._pieces = pieces
        self._gate = gate

    def cancel(self) -> None:
        self.cancelled = True
        self.stopped.set()

    def crash(self) -> None:
        """The worker dies under this stream."""
        self.error = EngineCrashed("The engine's process ended.")
        self.stopped.set()

    async def __aiter__(self) -> AsyncIterator[Event]:
        self.started.set()
        yield Started(USAGE, 0.0)
        for piece in self._pieces:
            await self._may_go_on()
            if self.error is not None:
                raise self.error
            if self.cancelled:
                yield Finished("cancelled", USAGE)
                return
            yield Piece(piece)
        yield Finished("eog", USAGE)

    async def _may_go_on(self) -> None:
        waits = {asyncio.ensure_future(e.wait()) for e in (self._gate, self.stopped)}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


class FakeEngine:
    """An `Engine` whose life the test controls."""

    def __init__(self, script: Script | None = None) -> None:
        self.script: Script = script or (lambda _: ["42"])
        self.state = EngineState.NEW
        self.state_message = ""
        self.adapter = ""
        self.streams: list[FakeStream] = []
        self.gate = asyncio.Event()
        """Pieces come while it is set."""
        self.gate.set()
        self.loadable = asyncio.Event()
        """`start` ends once it is set."""
        self.loadable.set()
        self.failure: Exception | None = None
        self.starts = 0
        self.asked = asyncio.Event()
        """Set when a generation begins."""

    async def start(self) -> ModelInfo:
        if self.state is EngineState.READY:
            return INFO
        self.starts += 1
        self.state = EngineState.LOADING
        await self.loadable.wait()
        if self.failure is not None:
            self.state = EngineState.FAILED
            raise self.failure
        self.state = EngineState.READY
        return INFO

    def generate(self, request: FimRequest) -> FakeStream:
        stream = FakeStream(request, self.script(request), self.gate)
        self.streams.append(stream)
        self.asked.set()
        return stream

    async def render(self, request: FimRequest) -> RenderedPrompt:
        return RenderedPrompt((), request.prefix + request.suffix, "psm", "qwen")

    def use_adapter(self, path: Path | None, scale: float = 1.0) -> asyncio.Future[None]:
        self.adapter = adapter_key(path, scale)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    async def close(self) -> None:
        self.state = EngineState.CLOSED
