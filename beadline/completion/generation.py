"""A generation that outlives the request that started it. Knows one stream; no cache, no window.

A request may be cancelled by the next keystroke while the model is still writing what that
keystroke begins. So the generation belongs to nobody: requests wait for it, and it ends by itself
when nothing can come of it any more (DESIGN section 3): the newest text contradicts what it
wrote, its document closed, another request needs the engine, or no request that it could serve
came for `PATIENCE` seconds. One that was begun before anybody asked is not that impatient.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from beadline.completion.confidence import Part
from beadline.context.types import Document
from beadline.engine.protocol import Finished, Piece, Started, Stream, Usage
from beadline.errors import EngineError

PATIENCE = 0.3
"""Seconds a generation goes on without a request that it could serve."""

CONTRADICTED = "contradicted"
SUPERSEDED = "superseded"
CLOSED = "closed"
UNCLAIMED = "unclaimed"
EMPTY_LIKELY = "eog_probability"
DEADLINE = "deadline"
"""Time was up, so more may come of the next try."""
REPEATS = "suffix"
"""The stop rule's own word for an answer that only says what follows."""


class Cutter(Protocol):
    """What a generation needs of `context.stop.StopRule`."""

    reason: str

    def feed(self, piece: str) -> int | None: ...

    def finish(self) -> int: ...


class EverythingGoes:
    """Cuts nothing."""

    reason = ""

    def __init__(self) -> None:
        self._length = 0

    def feed(self, piece: str) -> int | None:
        self._length += len(piece)
        return None

    def finish(self) -> int:
        return self._length


class TimerHandle(Protocol):
    """What `CallLater` returns."""

    def cancel(self) -> None: ...


CallLater = Callable[[float, Callable[[], None]], TimerHandle]
"""Runs a function after some seconds: `loop.call_later`, or a test's clock."""


@dataclass(frozen=True)
class Base:
    """Where a generation started."""

    document: Document
    offset: int
    entry: int | None = None
    """Where the selected entry of a completion popup starts (`CompletionRequest.entry`)."""

    def typed(self, document: Document, offset: int | None) -> str | None:
        """What was typed at the base's cursor to get to `document`.

        None when anything else changed, or when the cursor is not right behind it.
        """
        if document.key != self.document.key or document.language != self.document.language:
            return None
        count = len(document.text) - len(self.document.text)
        end = self.offset + count
        if count < 0 or (offset is not None and offset != end):
            return None
        if not document.text.startswith(self.document.text[: self.offset]):
            return None
        if not document.text.endswith(self.document.text[self.offset :]):
            return None
        return document.text[self.offset : end]

    def approached(self, document: Document) -> bool:
        """Whether `document` is the base's text with its popup entry typed in part.

        Popups match without regard to case and with gaps; so does this.
        """
        if self.entry is None or document.key != self.document.key:
            return False
        text, base = document.text, self.document.text
        end = len(text) - (len(base) - self.offset)
        if end < self.entry or text[: self.entry] != base[: self.entry]:
            return False
        if text[end:] != base[self.offset :]:
            return False
        entry = iter(base[self.entry : self.offset].casefold())
        return all(character in entry for character in text[self.entry : end].casefold())


class Generation:
    """One stream of the engine, read to its end by a task of its own."""

    def __init__(
        self,
        stream: Stream,
        rule: Cutter,
        base: Base,
        *,
        scope: str,
        empty_threshold: float,
        call_later: CallLater,
        on_answer: Callable[[Generation], None],
        on_end: Callable[[Generation], None],
        ahead: bool = False,
        prompt: int = 0,
    ) -> None:
        """Start reading `stream`; must be called on the event loop.

        `scope`: what must be equal, besides the text, for a request to be served (model, limits).
        `empty_threshold`: stop before the first token when the hole is empty at least so likely.
        `on_answer` is called when the text is final and worth keeping, `on_end` once the stream has
        ended, with everything counted: where the text is cut that is a decode step or two later,
        which nobody waits for. `ahead`: begun before anybody asked (a prefetch), so that nobody has
        to wait for it within `PATIENCE`. `prompt`: what it was asked with (`prompts.Prompts.sent`).
        """
        self.base = base
        self.scope = scope
        self.prompt = prompt
        self.ahead = ahead
        """Nobody has asked for it yet."""
        self.text = ""
        """Everything written so far, never beyond the stop rule's cut."""
        self.beyond = ""
        """What the model wrote behind the cut."""
        self.parts: list[Part] = []
        """Of everything written, with their probabilities."""
        self.finished = False
        """Its text is final."""
        self.decided_ms = 0.0
        """From the start of prompt evaluation to the token with which the text was final."""
        self.stop_reason = ""
        self.eog_probability = 0.0
        self.usage = Usage()
        self.error: EngineError | None = None
        self._stream = stream
        self._rule = rule
        self._empty_threshold = empty_threshold
        self._call_later = call_later
        self._on_answer = on_answer
        self._on_end = on_end
        self._typed = ""
        self._newest: tuple[str, int | None] = (base.document.text, base.offset)
        self._payer: Callable[[Usage], None] | None = None
        self._counted = False
        self._waiters = 0
        self._cut = False
        self._stopped = False
        self._timer: TimerHandle | None = None
        self._done = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run())
        if not ahead:
            self._start_timer()

    @property
    def complete(self) -> bool:
        """True when it was not stopped: its answer may be cached."""
        return self.finished and self.error is None and not self._stopped and self.stop_reason != ""

    @property
    def stopped(self) -> bool:
        """True when `stop` ended it: its text is arbitrary."""
        return self._stopped

    @property
    def awaited(self) -> bool:
        """Whether a request waits for it."""
        return self._waiters > 0

    def agrees(self, document: Document, offset: int | None) -> bool:
        """Whether what is written, or may still be written, begins with what was typed since."""
        typed = self.base.typed(document, offset)
        return not self._stopped and typed is not None and self._compatible(typed)

    def observe(self, document: Document, offset: int | None) -> None:
        """The newest text of its document (and cursor, if known): stop at once unless it agrees."""
        self._newest = (document.text, offset)
        if self.agrees(document, offset):
            self._typed = self.base.typed(document, offset) or ""
        else:
            self.stop(CONTRADICTED)

    def edited(self, document: Document, offset: int | None) -> None:
        """As `observe`, for a text that nobody asked about yet: a base with a popup's entry taken
        is ahead of the typed text, which does not contradict it by being behind."""
        if not self.base.approached(document):
            self.observe(document, offset)

    def newest(self, document: Document, offset: int) -> bool:
        """Whether nothing newer than this text and cursor was observed."""
        return self._newest == (document.text, offset)

    @property
    def charged(self) -> bool:
        """Whether somebody has taken its counts on himself."""
        return self._payer is not None

    def charge(self, pay: Callable[[Usage], None]) -> None:
        """Give its counts to `pay`, now or once they are known. The first who asks gets them, who
        asks later only layout and family."""
        if self._payer is not None:
            pay(Usage(layout=self.usage.layout, family=self.usage.family))
            return
        self._payer = pay
        if self._counted:
            pay(self.usage)

    async def wait(self) -> None:
        """Wait for its text. Cancelling the waiter does not end the generation."""
        self._waiters += 1
        self.ahead = False
        self._cancel_timer()
        try:
            await self._done.wait()
        finally:
            self._waiters -= 1
            if not self._waiters and not self.finished:
                self._start_timer()

    def stop(self, reason: str) -> None:
        """End it within one step of the engine; whoever waits is released now."""
        if self.finished:
            return
        self._stopped = True
        self.stop_reason = reason
        self._stream.cancel()
        self._end()

    async def drained(self) -> None:
        """Wait until the engine is done with the stream."""
        await asyncio.wait({self._task})

    async def _run(self) -> None:
        try:
            async for event in self._stream:
                if isinstance(event, Started):
                    self._on_started(event)
                elif isinstance(event, Piece):
                    self._on_piece(event)
                elif isinstance(event, Finished):
                    self._on_finished(event)
        except EngineError as exc:
            if not self.finished:  # what is answered stays answered
                self.error = exc
                self.stop_reason = "error"
        finally:
            self._end()
            self._counted = True
            if self._payer is not None:
                self._payer(self.usage)
            self._on_end(self)

    def _on_started(self, event: Started) -> None:
        self.usage = event.usage
        self.eog_probability = event.eog_probability
        # Once something was typed, "nothing belongs here" was wrong already.
        if event.eog_probability >= self._empty_threshold and not self._typed:
            self.decided_ms = event.usage.prompt_ms
            self._finish_early(EMPTY_LIKELY)

    def _on_piece(self, piece: Piece) -> None:
        if self.finished:
            return  # the worker was up to 4 tokens ahead of the cut
        text = piece.text
        self.parts.append(Part(len(text), piece.tokens, piece.logprob, piece.agreed))
        keep = self._rule.feed(text)
        self.text += text
        self._cut = keep is not None
        if keep is not None:
            self.text, self.beyond = self.text[:keep], self.text[keep:]
        if not self._compatible(self._typed):
            self.stop(CONTRADICTED)
        elif self._cut:
            self.decided_ms = piece.elapsed_ms
            self._finish_early(self._rule.reason)

    def _on_finished(self, event: Finished) -> None:
        self.usage = event.usage
        if not self.finished:
            self.decided_ms = event.usage.first_token_ms + event.usage.generate_ms
            keep = self._rule.finish()
            self.text, self.beyond = self.text[:keep], self.text[keep:]
            repeats = not self.text and self.beyond.strip()
            self.stop_reason = REPEATS if repeats else event.reason

    def _finish_early(self, reason: str) -> None:
        """Cancel the stream but read it to its end: the last event carries the counts."""
        self.stop_reason = reason
        self._stream.cancel()
        self._end()

    def _compatible(self, typed: str) -> bool:
        ended = self._cut or self.finished
        return self.text.startswith(typed) or (not ended and typed.startswith(self.text))

    def _end(self) -> None:
        """The text is final."""
        if self.finished:
            return
        self.finished = True
        self._cancel_timer()
        self._done.set()
        if self.complete:
            self._on_answer(self)

    def _start_timer(self) -> None:
        self._cancel_timer()
        self._timer = self._call_later(PATIENCE, lambda: self.stop(UNCLAIMED))

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
