"""An engine without a model, driven by the test: implements `engine.protocol`. Never sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from beadline.engine.protocol import (
    EngineState,
    Event,
    FimRequest,
    Finished,
    ModelInfo,
    Piece,
    RenderedPrompt,
    Score,
    Started,
    Usage,
    adapter_key,
)
from beadline.errors import BeadlineError, EngineError, EngineUnavailable

INFO = ModelInfo("fake.gguf", "fake", "fake", "none", 2048, 0, 256, "test")


class FakeStream:
    """Events put in by the test (or by the engine's script) come out of the iteration."""

    def __init__(self, request: FimRequest) -> None:
        self.request = request
        self.cancelled = False
        self.cancellations = 0
        self.finishes_on_cancel = True
        self.pieces = 0
        self._queue: asyncio.Queue[Event | EngineError] = asyncio.Queue()
        self._ended = False

    def start(self, eog_probability: float = 0.0) -> None:
        self._queue.put_nowait(Started(self._usage(), eog_probability))

    def write(self, text: str, logprob: float = 0.0, elapsed_ms: float = 0.0) -> None:
        if not self._ended:
            self.pieces += 1
            self._queue.put_nowait(Piece(text, 1, logprob, elapsed_ms))

    def finish(self, reason: str = "eog") -> None:
        if not self._ended:
            self._ended = True
            self._queue.put_nowait(Finished(reason, self._usage()))

    def fail(self, error: EngineError) -> None:
        self._ended = True
        self._queue.put_nowait(error)

    def cancel(self) -> None:
        self.cancellations += 1
        self.cancelled = True
        if self.finishes_on_cancel:
            self.finish("cancelled")

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            event = await self._queue.get()
            if isinstance(event, EngineError):
                raise event
            yield event
            if isinstance(event, Finished):
                return

    def _usage(self) -> Usage:
        return Usage(
            prompt_tokens=10,
            evaluated_tokens=10,
            generated_tokens=self.pieces,
            layout="psm",
            family="fake",
        )


Script = Callable[[FakeStream], None]


def says(text: str, *, eog_probability: float = 0.0, reason: str = "eog") -> Script:
    """A script that answers with `text`, a character per piece."""

    def play(stream: FakeStream) -> None:
        stream.start(eog_probability)
        for character in text:
            stream.write(character)
        stream.finish(reason)

    return play


class FakeEngine:
    """`script` is played into every stream; without one the test writes into `streams[-1]`.

    Prompts to be warmed are in `warmups`; they are evaluated at once unless `warms_at_once` is
    False.
    """

    def __init__(
        self, script: Script | None = None, *, state: EngineState = EngineState.NEW
    ) -> None:
        self.script = script
        self.streams: list[FakeStream] = []
        self.warmups: list[FakeStream] = []
        self.warms_at_once = True
        self.starts = 0
        self.start_error: Exception | None = None
        self.may_start = asyncio.Event()
        self.may_start.set()
        self.adapters: list[str] = []
        """Every adapter that was asked for."""
        self.unfit: dict[Path | None, BeadlineError] = {}
        self._adapter = ""
        self._state = state

    @property
    def state(self) -> EngineState:
        return self._state

    @property
    def state_message(self) -> str:
        return str(self._state)

    async def start(self) -> ModelInfo:
        self.starts += 1
        self._state = EngineState.LOADING
        await self.may_start.wait()
        if self.start_error is not None:
            self._state = EngineState.FAILED
            raise self.start_error
        self._state = EngineState.READY
        return INFO

    def generate(self, request: FimRequest) -> FakeStream:
        if self._state is not EngineState.READY:
            raise EngineUnavailable("not ready")
        stream = FakeStream(request)
        if request.warm:
            self.warmups.append(stream)
            if self.warms_at_once:
                stream.finish("warm")
            return stream
        self.streams.append(stream)
        if self.script is not None:
            self.script(stream)
        return stream

    async def render(self, request: FimRequest) -> RenderedPrompt:
        return RenderedPrompt((), request.prefix, "psm", "fake")

    async def score(self, request: FimRequest, middle: str) -> Score:
        return Score(0.0, None, len(middle), len(middle.encode()), 0, Usage())

    @property
    def adapter(self) -> str:
        return self._adapter

    def use_adapter(self, path: Path | None, scale: float = 1.0) -> asyncio.Future[None]:
        """Takes all but those in `unfit`, which it refuses at once."""
        self._adapter = adapter_key(path, scale)
        self.adapters.append(self._adapter)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if path in self.unfit:
            self._adapter = ""
            done.set_exception(self.unfit[path])
        else:
            done.set_result(None)
        return done

    async def close(self) -> None:
        self._state = EngineState.CLOSED

    def crash(self, error: EngineError) -> None:
        """The worker dies in mid-generation."""
        self._state = EngineState.FAILED
        self.streams[-1].fail(error)


class FakeTimers:
    """`call_later` and clock moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self._pending: list[_Timer] = []

    def clock(self) -> float:
        return self.now

    def call_later(self, seconds: float, callback: Callable[[], None]) -> _Timer:
        timer = _Timer(self.now + seconds, callback)
        self._pending.append(timer)
        return timer

    @property
    def pending(self) -> list[float]:
        """Seconds until each live timer."""
        return [round(t.at - self.now, 6) for t in self._pending if not t.cancelled]

    def advance(self, seconds: float) -> None:
        self.now += seconds
        due = [t for t in self._pending if t.at <= self.now + 1e-9]
        self._pending = [t for t in self._pending if t not in due]
        for timer in due:
            if not timer.cancelled:
                timer.callback()


class _Timer:
    def __init__(self, at: float, callback: Callable[[], None]) -> None:
        self.at = at
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


async def until(condition: Callable[[], bool], *, turns: int = 10_000) -> None:
    """Let the event loop run until `condition` holds; work on other threads gets its time too."""
    for _ in range(turns):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("the condition never came true")
