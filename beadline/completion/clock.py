"""Time and the one thread of a completer. Knows no document and no engine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from beadline.completion.generation import CallLater, TimerHandle
from beadline.completion.types import Trace

_T = TypeVar("_T")


class Clock:
    """The seconds and timers of a completer; a test's own where it gives them."""

    def __init__(self, seconds: Callable[[], float], call_later: CallLater | None) -> None:
        self.seconds = seconds
        self._call_later = call_later

    def later(self, seconds: float, callback: Callable[[], None]) -> TimerHandle:
        """Call `callback` after some seconds."""
        if self._call_later is not None:
            return self._call_later(seconds, callback)
        return asyncio.get_running_loop().call_later(seconds, callback)

    async def pause(self, seconds: float) -> None:
        """Wait; cancelling the wait takes its timer back."""
        rested = asyncio.Event()
        timer = self.later(seconds, rested.set)
        try:
            await rested.wait()
        finally:
            timer.cancel()


class ContextThread:
    """The thread that parses, judges and searches: parser state belongs to one thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="beadline-context")
        self._closed = False
        self._steps: Iterator[object] | None = None

    async def run(self, trace: Trace, work: Callable[[], _T]) -> _T:
        """Run `work`; its time, waiting included, is the request's context time."""
        started = self._clock.seconds()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            trace.context_ms += 1000 * (self._clock.seconds() - started)

    async def run_steps(self, trace: Trace, steps: Generator[object, None, _T]) -> _T:
        """As `run`, one step after the other, with everybody else's work between them. Cancelling
        it ends them behind the one that is being done."""
        started, loop = self._clock.seconds(), asyncio.get_running_loop()
        done: asyncio.Future[_T] = loop.create_future()

        def tell(how: Callable[[], None]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(lambda: done.done() or how())

        def step() -> None:
            if done.cancelled():
                return
            try:
                next(steps)
            except StopIteration as ended:
                tell(partial(done.set_result, ended.value))
            except Exception as exc:
                tell(partial(done.set_exception, exc))
            else:
                self.post(step)

        self.post(step)
        try:
            return await done
        finally:
            trace.context_ms += 1000 * (self._clock.seconds() - started)

    def post(self, work: Callable[[], None]) -> None:
        """Run `work` after what is queued; nobody waits for it."""
        if not self._closed:
            self._pool.submit(work)

    def post_steps(self, steps: Iterator[object]) -> None:
        """Run `steps` one by one, with everybody else's work between them; newer steps end them."""
        self._steps = steps
        self.post(lambda: self._step(steps))

    def _step(self, steps: Iterator[object]) -> None:
        if self._steps is not steps:
            return
        for _ in steps:
            self.post(lambda: self._step(steps))
            return

    def close(self) -> None:
        """Drop what is queued."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
