"""Asks ahead for what follows a shown suggestion. Knows no cache and no engine's queue.

When the user accepts what is shown, the next suggestion should be there (llama.vim's speculative
request; made when the item is shown, as Copilot does). The text after the acceptance is read as a
request's would be, and the question is given to `asking` at the lowest priority: a generation that
no request waits for, and that the first one it cannot serve ends. Keys that type the suggestion
along leave it alone.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from beadline.completion import silence
from beadline.completion.asking import Asker, Question
from beadline.completion.clock import Clock
from beadline.completion.generation import Base, TimerHandle
from beadline.completion.ladder import Shown
from beadline.completion.readings import Readings
from beadline.completion.types import CompletionRequest, Trace
from beadline.completion.warming import Warmer
from beadline.context.types import Document
from beadline.settings import Options

DELAY = 0.02
"""Seconds after an answer: reading ahead must not compete with sending it."""


class Prefetch:
    """Prepares at most one question ahead. Belongs to one event loop."""

    def __init__(self, readings: Readings, asker: Asker, warmer: Warmer, clock: Clock) -> None:
        self._readings = readings
        self._asker = asker
        self._warmer = warmer
        self._clock = clock
        self._base: Base | None = None
        """The text after the acceptance, while its question is being prepared."""
        self._timer: TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a question is being prepared."""
        return self._base is not None

    def shown(self, shown: Shown, options: Options) -> None:
        """A suggestion is about to be shown."""
        self.cancel()
        if not options.completion.prefetch or options.completion.exact_tokens:
            return
        text = shown.document.text
        text = text[: shown.offset] + shown.text + text[shown.end :]
        document, offset = replace(shown.document, text=text), shown.offset + len(shown.text)
        self._base = base = Base(document, offset, shown.offset)
        self._timer = self._clock.later(DELAY, lambda: self._begin(base, options))

    def edited(self, document: Document, offset: int | None) -> None:
        """The user's text changed: what it contradicts is not asked any more."""
        base = self._base
        if base is None or document.key != base.document.key:
            return
        if not base.approached(document) and base.typed(document, offset) is None:
            self.cancel()

    def cancel(self) -> None:
        """Prepare nothing any more. What the engine was asked already is not touched."""
        self._base = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._warmer.cancel()

    def forget(self, key: str) -> None:
        """The document closed."""
        if self._base is not None and self._base.document.key == key:
            self.cancel()

    async def drained(self) -> None:
        """Wait until nothing is being prepared."""
        if self._task is not None:
            await asyncio.wait({self._task})

    def _begin(self, base: Base, options: Options) -> None:
        self._timer = None
        self._task = asyncio.get_running_loop().create_task(self._prepare(base, options))

    async def _prepare(self, base: Base, options: Options) -> None:
        try:
            await self._ask(base, options)
        except UnicodeEncodeError:  # of a text that no model can read
            return
        finally:
            if self._base is base:
                self._base = None

    async def _ask(self, base: Base, options: Options) -> None:
        request, trace = CompletionRequest(base.document, base.offset), Trace()
        user = self._readings.user_text(request)
        reading = await self._readings.read(user, trace, imagined=True)
        if self._base is not base or silence.of_cursor(reading, request, options):
            return
        request = replace(request, entry=base.entry)
        question = Question(request, reading, options.completion)
        # A front that is not the one in use is evaluated beside it: the user may go on otherwise.
        if reading.moves and not await self._warmer.warm(question.fim_request(), trace):
            return
        await self._asker.prefetch(question, lambda: self._base is base)
