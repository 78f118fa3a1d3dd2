"""One request in, zero or one item out. The only place that joins context and engine.

Knows no editor protocol. Thin on purpose: the rungs are in `ladder`, the life of a generation in
`generation`, what is read off a document in `reading`, when nothing is shown in `silence`.

A request and a generation are two things (DESIGN section 2): cancelling `Completer.complete`
leaves the generation alive for the next keystroke's request, which joins it when they agree.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from beadline.completion import generation as generations
from beadline.completion import silence
from beadline.completion.generation import Base, CallLater, Generation, TimerHandle
from beadline.completion.ladder import Answer, Ladder, Scene, Shown
from beadline.completion.loading import Loader, silent_reason
from beadline.completion.reading import Reader, Reading, judge
from beadline.completion.trace import TraceSink, record_usage
from beadline.completion.types import (
    CompletionItem,
    CompletionRequest,
    CompletionResult,
    Trace,
)
from beadline.context.retrieval import Retriever
from beadline.context.stop import StopRule
from beadline.context.types import Document
from beadline.engine.protocol import Engine, FimRequest, ModelInfo
from beadline.errors import EngineError
from beadline.settings import CompletionOptions, Options

ATTEMPTS = 3
"""Answers asked for while they break the syntax; the prompt is warm after the first."""
RETRY_TEMPERATURE = 0.7

_T = TypeVar("_T")


@dataclass(frozen=True)
class Attempt:
    """One of the answers asked for a request."""

    request: CompletionRequest
    reading: Reading
    ticket: int
    """Order of the requests of a document; only the newest may use the engine."""
    number: int
    """0 is greedy, the others are sampled."""


class Completer:
    """Serves completion requests, one engine generation at a time."""

    def __init__(
        self,
        engine: Engine,
        options: Options,
        *,
        retriever: Retriever | None = None,
        trace: TraceSink | None = None,
        clock: Callable[[], float] = time.perf_counter,
        call_later: CallLater | None = None,
    ) -> None:
        """`clock` gives seconds; `call_later` replaces the event loop's timer (in tests)."""
        self._engine = engine
        self._options = options
        self._retriever = retriever
        self._trace = trace
        self._clock = clock
        self._call_later = call_later
        self._loader = Loader(engine, clock)
        self._ladder = Ladder()
        self._reader = Reader()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="beadline-context")
        self._generation: Generation | None = None
        self._draining: set[Generation] = set()
        self._tickets = itertools.count()
        self._newest: dict[str, int] = {}
        """Ticket of the newest request by document key."""
        self._closed = False

    async def ready(self) -> ModelInfo:
        """Wait until the model is loaded. Raises `ModelError` or `EngineError`."""
        return await self._loader.ready()

    async def complete(self, request: CompletionRequest) -> CompletionResult:
        """Answer `request`. Bad content gives an empty result with a reason, never an exception.

        Cancelling the call ends the request at once and leaves the generation alive.
        """
        started = self._clock()
        trace, text = Trace(), ""
        try:
            text = await self._answer(request, trace)
        except UnicodeEncodeError:
            trace.silent_reason = silence.INVALID_TEXT
        except asyncio.CancelledError:
            trace.silent_reason = silence.CANCELLED
            raise
        finally:
            trace.total_ms = 1000 * (self._clock() - started)
            self._write(trace)
        offset = _clamp(request)
        items = (CompletionItem(text, offset, offset),) if text else ()
        return CompletionResult(items, trace)

    def opened(self, document: Document) -> None:
        """A document was opened, or its text was sent anew."""
        if self._retriever is not None:
            self._retriever.open(document)

    def files_changed(self) -> None:
        """Files on the disk changed."""
        if self._retriever is not None:
            self._retriever.files_changed()

    def folders_changed(self, folders: Sequence[Path]) -> None:
        """The workspace has these folders now."""
        if self._retriever is not None:
            self._retriever.set_folders(folders)

    def edited(self, document: Document, offset: int | None) -> None:
        """A document changed: a generation that the newest text contradicts stops."""
        if self._retriever is not None:
            self._retriever.open(document)
        current = self._generation
        if current is not None and current.base.document.key == document.key:
            current.observe(document, offset)

    def closed(self, key: str) -> None:
        """A document closed: nothing is generated for it or remembered of it any more."""
        if self._generation is not None and self._generation.base.document.key == key:
            self._generation.stop(generations.CLOSED)
        self._ladder.forget(key)
        self._newest.pop(key, None)
        if self._retriever is not None:
            self._retriever.closed(key)
        if not self._closed:
            self._thread.submit(self._reader.forget, key)

    def reconfigure(self, options: Options) -> None:
        """New options from now on; what was computed under the old ones is forgotten."""
        if options == self._options:
            return
        self._options = options
        if self._generation is not None:
            self._generation.stop(generations.SUPERSEDED)
        self._ladder.clear()

    async def close(self) -> None:
        """Stop everything, the engine included. Idempotent."""
        self._closed = True
        if self._generation is not None:
            self._generation.stop(generations.CLOSED)
        await self._loader.close()
        await self._engine.close()
        await asyncio.gather(*(g.drained() for g in tuple(self._draining)))
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _answer(self, request: CompletionRequest, trace: Trace) -> str:
        """The text to show; fills `trace` on the way."""
        document, offset = request.document, _clamp(request)
        trace.silent_reason = (
            silence.UNAVAILABLE if self._closed else silence.of_document(request, self._options)
        )
        if trace.silent_reason:
            return ""
        shown = self._ladder.typed(document, offset)
        if shown is not None:
            trace.answered_from = "typed"
            trace.expected, trace.stop_reason = shown.expected, shown.stop_reason
            self._ladder.show(shown)
            return shown.text
        reading = await self._measured(
            trace, lambda: self._reader.read(document, offset, self._options.context)
        )
        trace.expected = str(reading.cursor.expected)
        trace.silent_reason = silence.of_cursor(reading.cursor, request, self._options)
        if trace.silent_reason:
            return ""
        ticket = self._newest[document.key] = next(self._tickets)
        text = ""
        for number in range(ATTEMPTS):
            attempt = Attempt(request, reading, ticket, number)
            text = await self._judged(attempt, trace)
            if trace.silent_reason != silence.ADDS_ERROR:
                break
        return text

    async def _judged(self, attempt: Attempt, trace: Trace) -> str:
        """The text of one attempt, as far as it may be shown."""
        request, reading = attempt.request, attempt.reading
        document, offset = reading.document, reading.cursor.offset
        trace.silent_reason = ""
        answer = await self._climb(attempt, trace)
        if answer is None:
            return ""
        trace.attempts += 1
        trace.answered_from, trace.stop_reason = answer.source, answer.stop_reason
        trace.eog_probability = answer.eog_probability
        if answer.eog_probability >= silence.empty_threshold(reading.cursor, request):
            trace.silent_reason = silence.EMPTY_LIKELY
            return ""
        verdict = await self._measured(trace, lambda: judge(reading, answer))
        trace.silent_reason = verdict.silent_reason
        if verdict.text:
            self._ladder.show(
                Shown(document, offset, verdict.text, trace.expected, answer.stop_reason)
            )
        return verdict.text

    async def _climb(self, attempt: Attempt, trace: Trace) -> Answer | None:
        """The ladder's other rungs: cache, running generation, model.

        None, with `trace.silent_reason` set, when there is no answer.
        """
        options = self._options.completion
        request, reading = attempt.request, attempt.reading
        document = reading.document
        rested = not request.automatic or options.debounce_ms == 0 or attempt.number > 0
        rule: StopRule | None = None
        while True:
            scene = self._scene(attempt)
            cached = self._ladder.find(scene)
            if cached is not None and _serves(cached, request):
                return cached
            newest = self._newest.get(document.key) == attempt.ticket
            current, source = self._joinable(reading, scene, newest=newest), "inflight"
            if current is None:
                if not newest:
                    # Only the newest request of a document may use the engine.
                    trace.silent_reason = silence.SUPERSEDED
                    return None
                trace.silent_reason = await self._loader.obstacle(options.deadline_ms / 1000)
                if trace.silent_reason:
                    return None
                if not rested:
                    await self._pause(options.debounce_ms / 1000)
                    rested = True
                    continue  # another request may have found or started the answer meanwhile
                if rule is None:
                    rule = await self._measured(
                        trace,
                        lambda: StopRule(
                            document,
                            reading.cursor,
                            max_lines=options.max_lines,
                            tree=reading.tree,
                        ),
                    )
                    continue
                try:
                    current, source = self._start(attempt, rule), "model"
                except EngineError as exc:
                    trace.silent_reason = silent_reason(exc)
                    return None
                rule = None
            await current.wait()
            answer = self._outcome(current, reading, trace, source)
            if answer is not None and _serves(answer, request):
                return answer
            if trace.silent_reason:
                return None

    def _outcome(
        self, ended: Generation, reading: Reading, trace: Trace, source: str
    ) -> Answer | None:
        """What a generation that ended means for one request that waited for it.

        None without a silent reason: it contradicted what was typed, so climb again.
        """
        if ended.error is not None:
            trace.answered_from, trace.stop_reason = source, ended.stop_reason
            trace.silent_reason = silent_reason(ended.error)
            return None
        document, offset = reading.document, reading.cursor.offset
        if ended.stopped:
            if ended.stop_reason == generations.CONTRADICTED and ended.newest(document, offset):
                return None
            trace.answered_from, trace.stop_reason = source, ended.stop_reason
            trace.silent_reason = silence.SUPERSEDED
            return None
        typed = ended.base.typed(document, offset)
        if typed is None or not ended.text.startswith(typed) or (typed and typed == ended.text):
            return None
        usage = ended.take_usage()
        record_usage(trace, usage)
        probability = 0.0 if typed else ended.eog_probability
        return Answer(ended.text[len(typed) :], ended.stop_reason, probability, source)

    def _joinable(self, reading: Reading, scene: Scene, *, newest: bool) -> Generation | None:
        """The running generation when it may still serve this cursor.

        The newest request of a document stops a generation that cannot serve it.
        """
        current = self._generation
        document, offset = reading.document, reading.cursor.offset
        if current is None or current.finished or current.base.document.key != document.key:
            return None
        if current.scope != scene.fingerprint:
            return None
        if newest:
            current.observe(document, offset)
        elif not current.agrees(document, offset):
            return None
        return None if current.finished else current

    def _start(self, attempt: Attempt, rule: StopRule) -> Generation:
        """Ask the model. Raises `EngineError` when the engine takes no request."""
        if self._generation is not None:
            self._generation.stop(generations.SUPERSEDED)
        scene = self._scene(attempt)
        request, reading = attempt.request, attempt.reading
        document, cursor = reading.document, reading.cursor
        options = self._options.completion
        stream = self._engine.generate(fim_request(request, reading, options, attempt.number))
        started = Generation(
            stream,
            rule,
            Base(document, cursor.offset),
            scope=scene.fingerprint,
            empty_threshold=silence.empty_threshold(cursor, request),
            call_later=self._later,
            on_end=lambda ended: self._ended(ended, scene),
        )
        self._generation = started
        self._draining.add(started)
        return started

    def _ended(self, ended: Generation, scene: Scene) -> None:
        """A generation's stream is over: keep what it is worth, tell what it cost."""
        self._draining.discard(ended)
        if self._generation is ended:
            self._generation = None
        if ended.complete:
            self._ladder.remember(
                scene, Answer(ended.text, ended.stop_reason, ended.eog_probability)
            )
        if ended.error is not None and not self._closed:
            self._loader.begin()
        if ended.stopped or not ended.awaited:
            trace = Trace(event="abandoned", stop_reason=ended.stop_reason)
            record_usage(trace, ended.take_usage())
            self._write(trace)

    def _scene(self, attempt: Attempt) -> Scene:
        info, request, reading = self._loader.info, attempt.request, attempt.reading
        limits = (request.max_tokens, self._options.completion.max_lines, attempt.number)
        model = (info.path, info.name, info.family, info.build) if info else ()
        document = reading.document
        prefix, suffix = reading.window.split(document.text)
        return Scene(document.key, document.language, repr((model, limits)), prefix, suffix)

    async def _measured(self, trace: Trace, work: Callable[[], _T]) -> _T:
        """Run `work` on the context thread; its time, waiting included, is context time."""
        started = self._clock()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            trace.context_ms += 1000 * (self._clock() - started)

    async def _pause(self, seconds: float) -> None:
        rested = asyncio.Event()
        timer = self._later(seconds, rested.set)
        try:
            await rested.wait()
        finally:
            timer.cancel()

    def _later(self, seconds: float, callback: Callable[[], None]) -> TimerHandle:
        if self._call_later is not None:
            return self._call_later(seconds, callback)
        return asyncio.get_running_loop().call_later(seconds, callback)

    def _write(self, trace: Trace) -> None:
        if self._trace is not None:
            self._trace.write(trace)


def fim_request(
    request: CompletionRequest, reading: Reading, options: CompletionOptions, attempt: int = 0
) -> FimRequest:
    """What the engine is asked for `request`; attempts after the first are sampled, by their
    number as the seed.

    The newline rule is left to the stop rule: a line that opens a bracket or a block goes on.
    """
    document, window = reading.document, reading.window
    prefix, suffix = window.split(document.text)
    return FimRequest(
        prefix=prefix,
        suffix=suffix,
        anchor=window.anchor - window.start,
        path=document.path,
        repo=document.repo,
        max_tokens=request.max_tokens or options.max_tokens,
        deadline_ms=options.deadline_ms,
        require_text=silence.requires_text(reading.cursor, request),
        temperature=RETRY_TEMPERATURE if attempt else 0.0,
        seed=attempt,
        sequence=document.key,
    )


def _clamp(request: CompletionRequest) -> int:
    return min(max(request.offset, 0), len(request.document.text))


def _serves(answer: Answer, request: CompletionRequest) -> bool:
    """Silence chosen for an automatic request is no answer to a user who asked by a key."""
    return request.automatic or answer.stop_reason != silence.EMPTY_LIKELY
