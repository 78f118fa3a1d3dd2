"""What is done while nobody types: newer frames are found and evaluated. Knows no texts' content.

After `completion.idle_ms` without a key, a request or a generation, the document that was used
last gets the frame that it should have by now (`reading.Reader.prepare`), evaluated beside the one
in use (`warming`). Any key and any request ends this at once; what was evaluated stays for the
next idle time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from beadline.completion.asking import Question
from beadline.completion.clock import Clock
from beadline.completion.generation import DEADLINE, TimerHandle
from beadline.completion.readings import Readings
from beadline.completion.types import CompletionRequest, Trace
from beadline.completion.warming import Warmer
from beadline.context.types import Document
from beadline.settings import CompletionOptions

LONGEST_S = 5.0
"""Between two looks whether the workspace can be searched by now."""


class Idle:
    """Watches for idle time and uses it. Belongs to one event loop."""

    def __init__(
        self,
        readings: Readings,
        warmer: Warmer,
        clock: Clock,
        is_busy: Callable[[], bool],
        is_wanted: Callable[[CompletionRequest], bool],
        options: CompletionOptions,
    ) -> None:
        """`is_busy`: whether the engine works for something that comes first. `is_wanted`: whether
        anything may ever be shown in a request's document."""
        self._readings = readings
        self._warmer = warmer
        self._clock = clock
        self._is_busy = is_busy
        self._is_wanted = is_wanted
        self._options = options
        self._place: tuple[Document, int] | None = None
        """The newest text and cursor; None where there is none, or the cursor is not known."""
        self._keys = 0
        self._looks = 0
        """How often it was looked in this idle time whether the workspace can be searched."""
        self._requests = 0
        self._timer: TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def edited(self, document: Document, offset: int | None) -> None:
        """A key: the text changed; `offset` is the cursor, if it is known."""
        self._interrupt()
        self._keys += 1
        if self._place is not None and self._place[0].key == document.key:
            self._place = None if offset is None else (document, offset)
        self._rest()

    def begun(self, request: CompletionRequest) -> None:
        """A request came: nothing is idle until it has ended."""
        self._interrupt()
        self._requests += 1
        if request.entry is None:  # else nobody has that text
            offset = min(max(request.offset, 0), len(request.document.text))
            self._place = request.document, offset

    def ended(self) -> None:
        """A request was answered, or cancelled."""
        self._requests -= 1
        self._rest()

    def rest(self) -> None:
        """Nobody wants suggestions for now: nothing is done until the next request."""
        self._interrupt()
        self._place = None

    def forget(self, key: str) -> None:
        """The document closed."""
        if self._place is not None and self._place[0].key == key:
            self._interrupt()
            self._place = None

    def reconfigure(self, options: CompletionOptions) -> None:
        """New options from now on."""
        self._interrupt()
        self._options = options
        self._rest()

    def close(self) -> None:
        """Nothing is begun any more; `drained` waits for what is under way."""
        self._closed = True
        self._interrupt()

    async def drained(self) -> None:
        """Wait until nothing is under way."""
        if self._task is not None:
            await asyncio.wait({self._task})

    def _interrupt(self) -> None:
        self._looks = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._warmer.cancel()

    def _rest(self) -> None:
        """Wait for idle time, if there is anything to use it for."""
        if self._closed or self._requests or self._place is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.later(self._options.idle_ms / 1000, self._rested)

    def _rested(self) -> None:
        self._timer = None
        if self._is_busy() or (self._task is not None and not self._task.done()):
            self._rest()
        elif self._place is not None:
            self._task = asyncio.get_running_loop().create_task(self._use(self._place, self._keys))

    async def _use(self, place: tuple[Document, int], keys: int) -> None:
        await self._prepare(place, keys)
        unsearched = await self._readings.is_unsearched(place[0].key)
        if unsearched and place is self._place and not (self._timer or self._requests):
            self._looks += 1
            seconds = min(self._options.idle_ms / 1000 * 2**self._looks, LONGEST_S)
            self._timer = self._clock.later(seconds, self._rested)

    async def _prepare(self, place: tuple[Document, int], keys: int) -> None:
        document, offset = place
        request, trace = CompletionRequest(document, offset), Trace()
        if not self._is_wanted(request):
            return

        def interrupted() -> bool:
            """A key or a request came meanwhile: the next idle time begins with what they left."""
            return keys != self._keys or place is not self._place or self._requests > 0

        try:
            reading = await self._readings.prepare(document, offset, trace, interrupted)
        except UnicodeEncodeError:  # of a text that no model can read
            return
        if reading is None or interrupted() or self._is_busy():
            return
        question = Question(request, reading, self._options)
        if await self._warmer.warm(question.fim_request(), trace):
            self._readings.warmed(reading)
        elif trace.stop_reason == DEADLINE:  # of a long prompt on a slow machine: go on
            self._rest()
