"""Evaluates prompts from which nothing is wanted yet. Knows no frames, no timers and no answers.

The engine evaluates such a prompt beside what the document's sequence holds (`FimRequest.warm`),
so a warm-up that is given up has cost no request anything, and the next one goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from beadline.completion.adapters import Generates
from beadline.completion.loading import Loader
from beadline.completion.trace import record_usage
from beadline.completion.types import Trace
from beadline.engine.protocol import FimRequest, Finished, Stream
from beadline.errors import EngineError

WARM = "warm"
"""Reason of a stream that evaluated all of its prompt."""


class Warmer:
    """Warms one prompt at a time. Belongs to one event loop."""

    def __init__(self, engine: Generates, loader: Loader, write: Callable[[Trace], None]) -> None:
        """`write` takes a trace of every warm-up."""
        self._engine = engine
        self._loader = loader
        self._write = write
        self._stream: Stream | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a prompt is being evaluated."""
        return self._stream is not None

    async def warm(self, request: FimRequest, trace: Trace) -> bool:
        """Evaluate the prompt of `request`; False when it was cancelled or the engine failed."""
        if self._stream is not None or not self._loader.is_ready:
            return False
        reason = "error"
        try:
            # Nothing is decoded, so nothing is guided.
            self._stream = self._engine.generate(replace(request, warm=True, guidance=None))
            async for event in self._stream:
                if isinstance(event, Finished):
                    reason = event.reason
                    record_usage(trace, event.usage)
        except EngineError:
            self._loader.begin()
        finally:
            self._stream = None
        trace.event, trace.stop_reason = WARM, reason
        self._write(trace)
        return reason == WARM

    def cancel(self) -> None:
        """Somebody wants the engine, or the prompt is out of date: end within one step."""
        if self._stream is not None:
            self._stream.cancel()
