"""Gets the engine ready in the background and tells requests where it stands. Knows no document."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from beadline.completion import silence
from beadline.engine.protocol import Engine, EngineState, ModelInfo
from beadline.errors import BeadlineError, EngineError, EngineUnavailable, ModelError

_LOG = logging.getLogger(__name__)
RETRY_FIRST = 1.0
"""Seconds after a failed start before a request may try again; doubles with each failure."""
RETRY_MOST = 60.0


class Loader:
    """Starts an engine once, again after a crash, and not in a loop when it cannot start."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock
        self._task: asyncio.Task[ModelInfo] | None = None
        self._failures = 0
        self._not_before = 0.0
        self._permanent = False
        self.info: ModelInfo | None = None
        """The model of the last successful start."""

    @property
    def is_ready(self) -> bool:
        """Whether the engine takes requests now."""
        return self._engine.state is EngineState.READY and self.info is not None

    async def ready(self) -> ModelInfo:
        """Wait until the model is loaded. Raises `ModelError` or `EngineError`."""
        return await asyncio.shield(self._start())

    async def obstacle(self, patience: float) -> str:
        """A silent reason when the engine cannot serve now, else an empty string.

        The first load is never waited for. A worker that was ready before and died is: it comes
        back fast, and at most `patience` seconds are spent on it.
        """
        if self.is_ready:
            return ""
        in_progress = self._task is not None and not self._task.done()
        if not in_progress and not self._may_start():
            return silence.UNAVAILABLE
        restarting = self.info is not None
        task = self._start()
        if self._engine.state is EngineState.READY or restarting:
            await asyncio.wait({task}, timeout=patience)
        if not task.done():
            return silence.LOADING
        return silence.UNAVAILABLE if task.cancelled() or task.exception() else ""

    def begin(self) -> None:
        """Start or restart in the background, when that is not hopeless."""
        if self._may_start():
            self._start()

    async def close(self) -> None:
        """Give up a start in progress."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})

    def _may_start(self) -> bool:
        if self._engine.state is EngineState.CLOSED or self._permanent:
            return False
        return self._clock() >= self._not_before

    def _start(self) -> asyncio.Task[ModelInfo]:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._engine.start())
            self._task.add_done_callback(self._started)
        return self._task

    def _started(self, task: asyncio.Task[ModelInfo]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self.info = task.result()
            self._failures = 0
            self._permanent = False
            return
        self._failures += 1
        delay = min(RETRY_FIRST * 2 ** (self._failures - 1), RETRY_MOST)
        self._not_before = self._clock() + delay
        # A file that is no model stays no model until the user names another one.
        self._permanent = isinstance(error, ModelError)
        if isinstance(error, BeadlineError):
            _LOG.warning("The engine did not start: %s", error)
        else:
            _LOG.error("The engine did not start.", exc_info=error)


def silent_reason(error: EngineError) -> str:
    """The reason a request ends with when the engine failed under it."""
    return silence.UNAVAILABLE if isinstance(error, EngineUnavailable) else silence.CRASHED
