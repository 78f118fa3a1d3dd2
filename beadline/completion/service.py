"""One request in, its items out. The only place that joins context and engine.

Knows no editor protocol. Thin on purpose: what a document says is read in `readings`, one answer
is got in `asking`, judged in `judging`; when nothing is shown is in `silence`. What is done
between requests is in `idle` and `prefetch`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from beadline.completion import generation as generations
from beadline.completion import silence
from beadline.completion.adapters import Adapted, Adapters
from beadline.completion.around import Around
from beadline.completion.asking import Asker, Question
from beadline.completion.cache_files import CacheFiles
from beadline.completion.clock import Clock, ContextThread
from beadline.completion.closers import UserText
from beadline.completion.gate import Gate
from beadline.completion.generation import CallLater
from beadline.completion.guiding import Graphs, Guiding
from beadline.completion.history import History
from beadline.completion.idle import Idle
from beadline.completion.ladder import Decision, Ladder, Shown
from beadline.completion.loading import Loader
from beadline.completion.prefetch import Prefetch
from beadline.completion.prompts import Behind, Prompts
from beadline.completion.readings import Readings
from beadline.completion.snippets import Retrieves
from beadline.completion.suggesting import Found, Suggester
from beadline.completion.trace import TraceSink
from beadline.completion.types import CompletionItem, CompletionRequest, CompletionResult, Trace
from beadline.completion.warming import Warmer
from beadline.context.types import Document
from beadline.engine.adapter_store import AdapterStore
from beadline.engine.protocol import Engine, FimRequest, ModelInfo
from beadline.settings import Options

ATTEMPTS = 3
"""Answers asked for while they break the syntax; the prompt is warm after the first."""
ATTEMPTS_PER_ITEM = 2
"""Answers asked for each of several items, the same text or a bad one being likely (Tabby)."""


class Completer:
    """Serves completion requests, one engine generation at a time."""

    def __init__(
        self,
        engine: Engine,
        options: Options,
        *,
        retriever: Retrieves | None = None,
        graph: Graphs | None = None,
        cache_files: CacheFiles | None = None,
        trace: TraceSink | None = None,
        clock: Callable[[], float] = time.perf_counter,
        call_later: CallLater | None = None,
        adapters: AdapterStore | None = None,
    ) -> None:
        """`retriever` searches the workspace for snippets and `cache_files` says what the cache
        model counts; both are closed with the completer. `graph` is the retriever's, as a rule.
        `adapters`: those that repositories are served with; None leaves the engine as it is.
        `clock` gives seconds; `call_later` replaces the event loop's timer (in tests)."""
        self._engine = engine
        self._options = options
        self._around = Around(retriever, cache_files, options)
        self._trace = trace
        self._clock = Clock(clock, call_later)
        self._thread = ContextThread(self._clock)
        self._loader = Loader(engine, clock)
        self._ladder = Ladder()
        self._history = History(clock)
        self._gate = Gate(self._history)
        self._prompts = Prompts()
        cache = cache_files.cache if cache_files is not None else None
        self._guiding = Guiding(options.completion, graph, cache)
        self._readings = Readings(self._thread, self._loader, retriever, options, self._guiding)
        self._adapters = Adapters(engine, adapters, self._loader, self._thread)
        self._asker = Asker(
            self._adapters,
            self._loader,
            self._ladder,
            self._thread,
            self._clock,
            self._write,
            self._sent,
            lambda question, answer: self._suggester.fetched(question, answer),
            self._readings.guided,
        )
        self._suggester = Suggester(
            self._asker, self._ladder, self._gate, self._history, self._loader, self._thread
        )
        self._prefetch = Prefetch(
            self._readings,
            self._asker,
            Warmer(self._adapters, self._loader, self._write),
            self._clock,
        )
        self._idle = Idle(
            self._readings,
            Warmer(self._adapters, self._loader, self._write),
            self._clock,
            lambda: self._asker.is_busy or self._prefetch.is_busy,
            lambda request: not silence.of_document(request, self._options),
            options.completion,
        )
        self._newest: dict[str, Document] = {}
        """The newest text of every open document, with the editor's own closers."""
        self._answered = 0
        self._closed = False

    async def ready(self) -> ModelInfo:
        """Wait until the model is loaded. Raises `ModelError` or `EngineError`."""
        info = await self._loader.ready()
        self._around.serve(info)
        return info

    async def complete(self, request: CompletionRequest) -> CompletionResult:
        """Answer `request`. Bad content gives an empty result with a reason, never an exception.

        Cancelling the call ends the request at once and leaves the generation alive.
        """
        started = self._clock.seconds()
        self._suggester.begun(request)
        trace, shown = Trace(), []
        self._idle.begun(request)
        try:
            shown = await self._shown(request, trace)
        except UnicodeEncodeError:
            trace.silent_reason = silence.INVALID_TEXT
        except asyncio.CancelledError:
            trace.silent_reason = silence.CANCELLED
            raise
        finally:
            self._answered += 1
            trace.order = self._answered
            trace.total_ms = 1000 * (self._clock.seconds() - started)
            trace.when_counted(self._write)
            self._readings.look_ahead()
            self._idle.ended()
        items = tuple(CompletionItem(s.text, s.offset, s.end) for s in shown)
        return CompletionResult(items, trace)

    async def settled(self) -> None:
        """Until nothing is done for the last requests any more: answers are given before the
        engine has stopped and their counts are in the traces."""
        await asyncio.gather(self._asker.drained(), self._suggester.drained())

    async def fim_request(self, request: CompletionRequest) -> FimRequest:
        """What the engine is asked first for `request`, whether or not it would be asked. The
        caller is taken to ask it.

        Raises `UnicodeEncodeError` for text that no model can read.
        """
        trace = Trace()
        reading = await self._readings.read(self._readings.user_text(request), trace)
        reading = await self._readings.with_snippets(reading, trace)
        self._readings.sent(reading)
        return Question(request, reading, self._options.completion).fim_request()

    def behind(self, key: str | None = None) -> Behind | None:
        """The prompt behind the last suggestion of a document; without a key, of the one that was
        shown last. None where there is none, or it is not kept any more."""
        return self._prompts.behind(key)

    def opened(self, document: Document) -> None:
        """A document was opened in the editor."""
        self._newest[document.key] = document
        self._readings.see(document)
        self._around.open(document)

    def edited(self, document: Document, offset: int | None) -> None:
        """A document changed: a generation that the newest text contradicts stops."""
        self._newest[document.key] = document
        user, caret = self._readings.edited(document, offset)
        self._history.edited(document, caret)
        self._asker.edited(user, caret)
        self._prefetch.edited(document, offset)
        self._idle.edited(user, caret)
        self._around.open(document)

    def closed(self, key: str) -> None:
        """A document closed: nothing is generated for it or remembered of it any more."""
        self._idle.forget(key)
        self._prefetch.forget(key)
        self._asker.forget(key)
        self._ladder.forget(key)
        self._history.forget(key)
        self._prompts.forget(key)
        self._readings.forget(key)
        self._adapters.forget(key)
        self._newest.pop(key, None)
        self._around.closed(key)

    def seen(self, key: str) -> None:
        """The client says that the document's suggestion is visible now."""
        self._history.seen(key)

    def watch_adapter(self, tell: Callable[[Adapted], None]) -> None:
        """Call `tell` whenever the last document asked about is served with another adapter."""
        self._adapters.tell = tell

    def folders_changed(self, folders: Sequence[Path]) -> None:
        """The workspace has other folders now."""
        self._around.set_folders(folders)

    def files_changed(self) -> None:
        """Something on the disk changed."""
        self._readings.others_changed("")
        self._around.files_changed()

    def rest(self) -> None:
        """Nobody wants suggestions for now: nothing is done until the next request."""
        self._prefetch.cancel()
        self._asker.stop(generations.SUPERSEDED)
        self._suggester.close()
        self._idle.rest()

    def reconfigure(self, options: Options) -> None:
        """New options from now on; what was computed under the old ones is forgotten."""
        if options == self._options:
            return
        self._options = options
        self._around.reconfigure(options)
        self.rest()
        self._ladder.clear()
        self._readings.reconfigure(options)
        self._guiding.reconfigure(options.completion)
        self._idle.reconfigure(options.completion)

    async def close(self) -> None:
        """Stop everything, the engine and the retriever included. Idempotent."""
        self._closed = True
        self._suggester.close()
        self._asker.close()
        self._idle.close()
        self._prefetch.cancel()
        await self._loader.close()
        await self._engine.close()
        await asyncio.gather(self._asker.drained(), self._idle.drained(), self._prefetch.drained())
        self._thread.close()
        await self._around.close()

    async def _shown(self, request: CompletionRequest, trace: Trace) -> list[Shown]:
        """What to show; fills `trace` on the way."""
        options = self._options.completion
        most = 1 if request.automatic else options.invoked_items
        document, offset = request.document, min(max(request.offset, 0), len(request.document.text))
        trace.silent_reason = (
            silence.UNAVAILABLE if self._closed else silence.of_document(request, self._options)
        )
        if trace.silent_reason:
            return []
        user = self._readings.user_text(request)
        if self._adapters.changed():
            self._ladder.clear()
            self._around.serve(self._loader.info)
        if not options.exact_tokens:
            rests = self._ladder.typed(document, offset)
            rests = tuple(r for r in rests if not silence.lengthens_entry(r.text, request))
            if rests and (request.automatic or len(rests) >= most):
                trace.answered_from = "typed"
                trace.expected, trace.stop_reason = rests[0].expected, rests[0].stop_reason
                if request.is_plain:  # a typing error goes, and the cursor is here again
                    self._ladder.decide(user, Decision.of(rests[:most], trace))
                return self._present(rests[:most], request, trace, typed=True)
            self._prefetch.cancel()
            decision = self._ladder.decided(user, document) if request.is_plain else None
            if decision is not None:
                decision.tell(trace)
                return self._present(decision.shown, request, trace) if decision.shown else []
            if request.is_plain and self._suggester.is_doubted(document, offset, options, trace):
                return []
        # Before the first wait, since requests may overtake one another in it.
        with self._asker.ticket(document.key) as ticket:
            return await self._asked(request, user, most, ticket, trace)

    async def _asked(
        self, request: CompletionRequest, user: UserText, most: int, ticket: int, trace: Trace
    ) -> list[Shown]:
        """What to show of what is remembered of other cursors, or of the model's answers."""
        all_options = self._options
        options = all_options.completion
        if self._gate.model != self._loader.info:
            await self._thread.run(trace, lambda: self._gate.serve(self._loader.info))
        await self._adapters.choose(user.document, trace)
        remembered = not options.exact_tokens and self._asker.remembers(request, user, options)
        reading = await self._readings.read(user, trace, guided=not remembered)
        trace.expected = str(reading.cursor.expected)
        if not options.exact_tokens:
            trace.silent_reason = silence.of_cursor(reading, request, self._options)
            if trace.silent_reason:
                return self._decided(user, (), request, trace, all_options)
        reading = await self._readings.with_snippets(reading, trace)
        question = Question(request, reading, options, ticket)
        if question.is_measured:
            if (answer := await self._asker.answer(question, trace)) is not None:
                trace.answered(answer.source, answer.stop_reason, answer.eog_probability)
                trace.silent_reason = silence.MEASURED
            return []
        found = await self._found(question, user, most, trace)
        if not found:
            return self._decided(user, (), request, trace, all_options)
        found.sort(key=lambda each: each.rank)
        trace.silent_reason = ""
        best = found[0].answer
        trace.answered(best.source, best.stop_reason, best.eog_probability)
        return self._decided(user, [each.shown for each in found], request, trace, all_options)

    def _decided(
        self,
        user: UserText,
        found: Sequence[Shown],
        request: CompletionRequest,
        trace: Trace,
        options: Options,
    ) -> list[Shown]:
        """Remember what came of a request under `options`, and show what may be shown of it."""
        lasting = found or trace.silent_reason in silence.LASTING
        late = trace.stop_reason == generations.DEADLINE
        if request.is_plain and lasting and not late and options is self._options:
            self._ladder.decide(user, Decision.of(found, trace))
        if not found:
            return []
        features = found[0].features
        trace.features = features.as_dict() if features is not None else {}
        return self._present(found, request, trace)

    def _present(
        self,
        found: Sequence[Shown],
        request: CompletionRequest,
        trace: Trace,
        *,
        typed: bool = False,
    ) -> list[Shown]:
        """What the user gets to see of what was found; `typed`: of what he sees and types along."""
        least = self._options.completion.least_confidence / 100
        kept = self._gate.passing(found, trace, automatic=request.may_be_silent, least=least)
        visible = [shown for shown in kept if shown.visible]
        newest = self._newest.get(request.document.key, request.document)
        if newest.text != request.document.text and request.entry is None:
            return visible  # the editor has another text by now and will not show it
        if kept and not (typed and all(shown.visible for shown in found)):
            self._ladder.show(*kept)
            if visible and request.is_plain:
                self._prefetch.shown(visible[0], self._options)
        if visible:
            self._history.shown(visible[0])
            self._prompts.shown(visible[0], trace.answered_from)
        return visible

    async def _found(self, first: Question, user: UserText, most: int, trace: Trace) -> list[Found]:
        """At most `most` different answers that may be shown, in the order they came."""
        automatic = first.request.automatic
        attempts = ATTEMPTS if automatic else ATTEMPTS_PER_ITEM * most
        end = self._clock.seconds() + first.options.deadline_ms / 1000
        found: dict[str, Found] = {}
        for number in range(attempts):
            if number and self._clock.seconds() >= end:
                trace.stop_reason = generations.DEADLINE
                break
            question = replace(first, number=number)
            trace.silent_reason = ""
            answer = await self._asker.answer(question, trace)
            if answer is None:
                break
            trace.attempts += 1
            trace.answered(answer.source, answer.stop_reason, answer.eog_probability)
            if self._suggester.is_unlikely(question, answer, trace):
                self._suggester.judge_unasked(question, answer, user, replace(trace))
                break
            verdict = await self._suggester.judged(question, answer, user, trace)
            trace.silent_reason = verdict.silent_reason
            if verdict.text:
                same = "".join(verdict.text.split())
                found.setdefault(same, self._suggester.found(question, answer, verdict, trace))
            if len(found) == most or (automatic and verdict.silent_reason not in silence.RETRIED):
                break
        return list(found.values())

    def _sent(self, question: Question, asked: FimRequest, ahead: bool) -> int:
        """The engine is asked, `ahead` of any request or for one; the prompt's number."""
        if not ahead:
            self._readings.sent(question.reading)
        return 0 if question.is_measured else self._prompts.sent(asked, question.reading.snippets)

    def _write(self, trace: Trace) -> None:
        if self._trace is not None:
            self._trace.write(trace)
