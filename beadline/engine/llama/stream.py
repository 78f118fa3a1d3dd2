"""Jobs of the engine as callers see them: a stream of events, or one answer. Knows no pipes."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import fields, replace
from typing import Generic, TypeVar

from beadline.engine.llama import messages
from beadline.engine.llama.messages import Message
from beadline.engine.protocol import (
    Event,
    FimRequest,
    Finished,
    Piece,
    RenderedPrompt,
    Score,
    Started,
    Usage,
)
from beadline.errors import BeadlineError

ADAPTER_MS = 60_000
"""An adapter is read from a disk; one of a large model takes a second."""
Adapter = tuple[str, float]
"""An adapter's absolute path, and what its changes are multiplied with."""
_PIECE = tuple(field.name for field in fields(Piece))


class Job(ABC):
    """One request on its way through the queue and the worker."""

    op = ""

    def __init__(self, number: int, deadline_ms: int) -> None:
        """`deadline_ms`: how long the worker may take for it."""
        self.number = number
        self.deadline_ms = deadline_ms
        self.done = asyncio.Event()
        """Set when the worker owes nothing more for it."""

    @abstractmethod
    def message(self) -> Message:
        """What starts it in the worker."""

    @abstractmethod
    def receive(self, message: Message) -> None:
        """One message of the worker about this job."""

    @abstractmethod
    def fail(self, error: BeadlineError) -> None:
        """It will never be answered."""


_Answer = TypeVar("_Answer")


class AnswerJob(Job, Generic[_Answer]):
    """Is answered by one message."""

    answer = ""
    """Operation of that message."""

    def __init__(self, number: int, deadline_ms: int) -> None:
        super().__init__(number, deadline_ms)
        self.result: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()

    @abstractmethod
    def read(self, message: Message) -> _Answer:
        """What the answer says."""

    def receive(self, message: Message) -> None:
        if message["op"] == self.answer:
            # The caller may have been cancelled meanwhile, its future with it.
            if not self.result.done():
                self.result.set_result(self.read(message))
            self.done.set()

    def fail(self, error: BeadlineError) -> None:
        if not self.result.done():
            self.result.set_exception(error)
        self.done.set()


class RenderJob(AnswerJob[RenderedPrompt]):
    """Wants the prompt only."""

    op, answer = "render", "rendered"

    def __init__(self, number: int, request: FimRequest) -> None:
        super().__init__(number, request.deadline_ms)
        self._request = request

    def message(self) -> Message:
        return _asking(self, self._request)

    def read(self, message: Message) -> RenderedPrompt:
        return messages.prompt_from(message["prompt"])


class ScoreJob(AnswerJob[Score]):
    """Wants to know how probable a middle is."""

    op, answer = "score", "scored"

    def __init__(self, number: int, request: FimRequest, middle: str) -> None:
        super().__init__(number, request.deadline_ms)
        self._request = request
        self._middle = middle

    def message(self) -> Message:
        return {**_asking(self, self._request), "middle": self._middle}

    def read(self, message: Message) -> Score:
        return messages.score_from(message["score"])


class AdapterJob(AnswerJob[None]):
    """Changes what the requests after it are served with."""

    op, answer = "adapt", "adapted"

    def __init__(
        self,
        number: int,
        adapter: Adapter | None,
        told: Callable[[AdapterJob, bool], None],
    ) -> None:
        """`told` hears at once whether the worker has it in use now; else it has none."""
        super().__init__(number, ADAPTER_MS)
        self.adapter = adapter
        self._told = told

    def message(self) -> Message:
        return {"op": self.op, "id": self.number, "adapter": self.adapter}

    def read(self, message: Message) -> None:
        return None

    def receive(self, message: Message) -> None:
        super().receive(message)
        if message["op"] == self.answer:
            self._told(self, True)

    def fail(self, error: BeadlineError) -> None:
        super().fail(error)
        self._told(self, False)


class LlamaStream(Job):
    """Implements `engine.protocol.Stream`. For one consumer.

    What the consumer takes is credited to the worker, which runs at most `AHEAD` tokens beyond.
    """

    op = "generate"

    def __init__(
        self,
        number: int,
        request: FimRequest,
        tell: Callable[[LlamaStream, Message], None],
    ) -> None:
        """`tell` sends a message about this stream to the worker, if it is there."""
        super().__init__(number, request.deadline_ms)
        self._request = request
        self._tell = tell
        self._events: deque[Event] = deque()
        self._error: BeadlineError | None = None
        self._changed = asyncio.Event()
        self._queued_at = time.perf_counter()
        self._queue_ms = 0.0
        self._started = False
        self._cancelled = False

    def message(self) -> Message:
        self._started = True
        self._queue_ms = self._waited_ms()
        return _asking(self, self._request)

    def cancel(self) -> None:
        """End it: `Finished("cancelled")` is all that still comes. Idempotent."""
        if self._cancelled or self.done.is_set():
            self._cancelled = True
            return
        self._cancelled = True
        if self._started:
            self._tell(self, {"op": "cancel", "id": self.number})
        else:
            self._end(Finished("cancelled", Usage(queue_ms=self._waited_ms())))

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            while not self._events and self._error is None:
                self._changed.clear()
                await self._changed.wait()
            if self._events:
                event = self._events.popleft()
                if isinstance(event, Finished):
                    reason = "cancelled" if self._cancelled else event.reason
                    yield replace(event, reason=reason)
                    return
                if self._cancelled:
                    continue
                if isinstance(event, Piece):
                    credit = {"op": "credit", "id": self.number, "tokens": event.tokens}
                    self._tell(self, credit)
                yield event
            elif self._error is not None:
                if self._cancelled:
                    yield Finished("cancelled", Usage(queue_ms=self._queue_ms))
                    return
                raise self._error

    def receive(self, message: Message) -> None:
        match message["op"]:
            case "started":
                usage = self._usage(message["usage"])
                self._put(Started(usage, message["eog_probability"]))
            case "piece":
                values = {key: message[key] for key in _PIECE}
                self._put(Piece(**values))
            case "finished":
                self._end(Finished(message["reason"], self._usage(message["usage"])))

    def fail(self, error: BeadlineError) -> None:
        if not self.done.is_set():
            self._error = error
            self.done.set()
            self._changed.set()

    def _end(self, event: Finished) -> None:
        self.done.set()
        self._put(event)

    def _put(self, event: Event) -> None:
        self._events.append(event)
        self._changed.set()

    def _usage(self, values: Message) -> Usage:
        return replace(messages.usage_from(values), queue_ms=self._queue_ms)

    def _waited_ms(self) -> float:
        return (time.perf_counter() - self._queued_at) * 1000


def _asking(job: Job, request: FimRequest) -> Message:
    return {"op": job.op, "id": job.number, "request": messages.request_values(request)}
