"""Asks for one answer: cache, running generation, model. Knows no items and no editor protocol.

The rungs are in `ladder`, the life of a generation in `generation`; here is who may use the one
engine, and when. A request and a generation are two things (DESIGN section 2): cancelling
`Asker.answer` leaves the generation alive for the next keystroke's request, which may join it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import math
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace

from beadline.completion import generation as generations
from beadline.completion import silence, snippets
from beadline.completion.adapters import Adapters
from beadline.completion.clock import Clock, ContextThread
from beadline.completion.closers import UserText
from beadline.completion.confidence import parts_from
from beadline.completion.generation import Base, Cutter, EverythingGoes, Generation
from beadline.completion.ladder import Answer, Ladder, Scene
from beadline.completion.loading import Loader, silent_reason
from beadline.completion.reading import Reading
from beadline.completion.scenes import Limits, Scenes
from beadline.completion.trace import record_awaited, record_usage
from beadline.completion.types import CompletionRequest, Trace
from beadline.context.stop import StopRule
from beadline.context.syntax import prepare
from beadline.context.types import Document
from beadline.engine.protocol import FimRequest
from beadline.errors import EngineError
from beadline.settings import CompletionOptions

_LOG = logging.getLogger(__name__)
INVOKED_LENGTH = 2
"""By how much longer an Invoked answer may be than an automatic one, in tokens and lines."""
_MODEL = "model"
TEMPERATURE = 0.7
"""Of the answers after the greedy one."""


@dataclass(frozen=True)
class Question:
    """One of the answers asked for a request."""

    request: CompletionRequest
    reading: Reading
    """Of the user's text: the request's document without closers that the editor inserted."""
    options: CompletionOptions
    ticket: int = 0
    """Order of the requests of a document; only the newest may use the engine."""
    number: int = 0
    """0 is greedy, the others are sampled, each by its number as the seed."""

    @property
    def limits(self) -> Limits:
        """What bounds the answer."""
        return _limits(self.request, self.options, self.number)

    @property
    def is_measured(self) -> bool:
        """A benchmark wants the model's work alone: nothing cached, shared or cut."""
        return self.options.exact_tokens > 0

    def fim_request(self) -> FimRequest:
        """What the engine is asked.

        The newline rule is left to the stop rule: a line that opens a bracket or a block goes on.
        """
        document, window = self.reading.document, self.reading.window
        prefix, suffix = self.reading.split()
        return FimRequest(
            prefix=prefix,
            suffix=suffix,
            anchor=window.anchor - window.start,
            path=document.path,
            repo=document.repo,
            extra=snippets.as_files(self.reading.snippets),
            max_tokens=self.limits[0],
            deadline_ms=self.options.deadline_ms,
            require_text=silence.requires_text(self.reading.cursor, self.request),
            ignore_stops=self.is_measured,
            temperature=TEMPERATURE if self.number else 0.0,
            seed=self.number,
            sequence=document.key,
            guidance=self.reading.guidance,
        )


class Asker:
    """Answers questions, one engine generation at a time. Belongs to one event loop."""

    def __init__(
        self,
        engine: Adapters,
        loader: Loader,
        ladder: Ladder,
        thread: ContextThread,
        clock: Clock,
        write: Callable[[Trace], None],
        on_sent: Callable[[Question, FimRequest, bool], int],
        on_ahead: Callable[[Question, Answer], None],
        guided: Callable[[Reading, Trace], Awaitable[Reading]],
    ) -> None:
        """`write` takes the trace of a generation that nobody waited for; `on_sent`, told what the
        engine is asked, and whether ahead, numbers it; `on_ahead` takes what a prefetch brought;
        `guided` completes a reading that was made without guidance."""
        self._engine = engine
        self._loader = loader
        self._scenes = Scenes(engine, loader)
        self._ladder = ladder
        self._thread = thread
        self._clock = clock
        self._write = write
        self._on_sent = on_sent
        self._on_ahead = on_ahead
        self._guided = guided
        self._generation: Generation | None = None
        self._draining: set[Generation] = set()
        self._tickets = itertools.count()
        self._newest: dict[str, int] = {}
        """Ticket of the newest request by document key, while it is under way."""
        self._asked_at = -math.inf
        """When the model was last asked for somebody."""
        self._closed = False

    @contextlib.contextmanager
    def ticket(self, key: str) -> Iterator[int]:
        """A new request of a document, until the block's end; the ones before it may not use the
        engine any more."""
        ticket = self._newest[key] = next(self._tickets)
        try:
            yield ticket
        finally:
            if self._newest.get(key) == ticket:
                del self._newest[key]

    @property
    def is_busy(self) -> bool:
        """Whether the engine writes an answer."""
        return self._generation is not None and not self._generation.finished

    def edited(self, document: Document, offset: int | None) -> None:
        """The user's text changed: a generation that the newest text contradicts stops."""
        current = self._generation
        if current is not None and current.base.document.key == document.key:
            current.edited(document, offset)

    def forget(self, key: str) -> None:
        """The document closed: nothing is generated for it any more."""
        if self._generation is not None and self._generation.base.document.key == key:
            self._generation.stop(generations.CLOSED)
        self._newest.pop(key, None)

    def stop(self, reason: str) -> None:
        """End the generation under way."""
        if self._generation is not None:
            self._generation.stop(reason)

    def close(self) -> None:
        """End everything for good; `drained` waits for it."""
        self._closed = True
        self.stop(generations.CLOSED)

    async def drained(self) -> None:
        """Wait until the engine is done with every generation."""
        await asyncio.gather(*(g.drained() for g in tuple(self._draining)))

    def remembers(
        self, request: CompletionRequest, user: UserText, options: CompletionOptions
    ) -> bool:
        """Whether the first answer to an automatic request is cached."""
        scene = self._scenes.at(user.document, user.offset, _limits(request, options, 0))
        return request.automatic and self._ladder.find(scene) is not None

    async def answer(self, question: Question, trace: Trace) -> Answer | None:
        """The ladder's rungs below what is shown: cache, running generation, model.

        None, with `trace.silent_reason` set, when there is no answer.
        """
        options = question.options
        request, reading = question.request, question.reading
        document = reading.document
        measured = question.is_measured
        rested = measured or not request.automatic or question.number > 0
        rule: Cutter | None = EverythingGoes() if measured else None
        prepared = measured or question.number > 0
        while True:
            scene = self._scene(question)
            cached = self._ladder.find(scene) if not measured else None
            if cached is not None and _serves(cached, request):
                return await self._ruled(cached, question, trace)
            newest = self._newest.get(document.key) == question.ticket
            current = None if measured else self._joinable(reading, scene, newest=newest)
            source = "inflight"
            if current is None:
                if not newest:
                    # Only the newest request of a document may use the engine.
                    trace.silent_reason = silence.SUPERSEDED
                    return None
                trace.silent_reason = await self._loader.obstacle(options.deadline_ms / 1000)
                if trace.silent_reason:
                    return None
                wait = 0.0 if rested else self._asked_at + options.debounce_ms / 1000
                wait -= self._clock.seconds()
                rested = True
                if wait > 0:
                    await self._clock.pause(wait)
                    continue  # another request may have found or started the answer meanwhile
                if rule is None and reading.tree is None:
                    rule = await self._thread.run(trace, lambda asked=question: self._rule(asked))
                    continue
                if not reading.guided:  # it was thought that an answer is remembered
                    question = replace(question, reading=await self._guided(reading, trace))
                    reading = question.reading
                    continue
                # The tree knows the cursor's surroundings by now: nothing is parsed or scanned.
                rule = rule or self._rule(question)
                try:
                    current, source = self._start(question, scene, rule), _MODEL
                except EngineError as exc:
                    trace.silent_reason = silent_reason(exc)
                    return None
                rule = None
                if reading.tree is not None and not prepared:
                    # While the model works: whatever it writes will be compared with this.
                    prepared = True
                    self._thread.post_steps(prepare(reading.tree, reading.cursor.offset))
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
        trace.await_counts()
        ended.charge(lambda usage: record_awaited(trace, usage))
        trace.decided_ms += ended.decided_ms if source == _MODEL else 0.0
        probability = 0.0 if typed else ended.eog_probability
        text = ended.text[len(typed) :]
        parts = parts_from(ended.parts, len(typed))
        return Answer(
            text, ended.stop_reason, probability, parts, source, ended.beyond, prompt=ended.prompt
        )

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

    async def prefetch(self, question: Question, still: Callable[[], bool]) -> None:
        """Ask for what a request will want that nobody has made yet, if the engine is free. `still`
        says after every wait whether it is worth it. Requests join it as any other generation; one
        that it cannot serve ends it."""
        scene = self._scene(question)
        if self._ladder.find(scene) is not None:
            return
        rule = await self._thread.run(Trace(), lambda: self._rule(question))
        if still() and not self.is_busy and self._loader.is_ready:
            try:
                self._start(question, scene, rule, ahead=True)
            except EngineError as exc:
                _LOG.debug("Nothing is fetched ahead: %s", exc)

    def keep_rest(self, question: Question, answer: Answer, shown: str) -> None:
        """Of an answer only `shown` is shown: what is left is kept for the cursor behind that."""
        request = replace(question.request, automatic=True)  # as the next one will be
        plain = replace(question, number=0, request=request)
        self._ladder.keep_rest(self._scene(plain), answer, shown)

    async def _ruled(self, answer: Answer, question: Question, trace: Trace) -> Answer:
        """The answer up to the stop rule's cut; most have seen the rule already."""
        if not answer.is_rest:
            return answer

        def cut() -> int:
            rule = self._rule(question)
            keep = rule.feed(answer.text)
            return rule.finish() if keep is None else keep

        return replace(answer, text=answer.text[: await self._thread.run(trace, cut)])

    def _rule(self, question: Question) -> Cutter:
        reading = question.reading
        return StopRule(
            reading.document, reading.cursor, max_lines=question.limits[1], tree=reading.tree
        )

    def _start(
        self, question: Question, scene: Scene, rule: Cutter, *, ahead: bool = False
    ) -> Generation:
        """Ask the model. Raises `EngineError` when the engine takes no request."""
        self.stop(generations.SUPERSEDED)
        reading, request, asked = question.reading, question.request, question.fim_request()
        started = Generation(
            self._engine.generate(asked),
            rule,
            Base(reading.document, reading.cursor.offset, request.entry),
            scope=scene.fingerprint,
            empty_threshold=(
                silence.NEVER
                if question.is_measured
                else silence.empty_threshold(reading.cursor, request)
            ),
            call_later=self._clock.later,
            on_answer=lambda answered: self._answered(answered, question, scene),
            on_end=lambda ended: self._ended(ended, ahead=ahead),
            ahead=ahead,
            prompt=self._on_sent(question, asked, ahead),
        )
        self._generation = started
        self._draining.add(started)
        if not ahead:
            self._asked_at = self._clock.seconds()
        return started

    def _answered(self, answered: Generation, question: Question, scene: Scene) -> None:
        """The text of a generation is final: keep what it is worth."""
        late = answered.stop_reason == generations.DEADLINE and not answered.text
        if question.is_measured or late:
            return
        answer = Answer(
            answered.text,
            answered.stop_reason,
            answered.eog_probability,
            tuple(answered.parts),
            beyond=answered.beyond,
            prompt=answered.prompt,
        )
        self._ladder.remember(scene, answer)
        if answered.ahead and not self._closed:
            self._on_ahead(question, answer)

    def _ended(self, ended: Generation, *, ahead: bool) -> None:
        """A generation's stream is over: tell what it cost, if nobody else will."""
        self._draining.discard(ended)
        if self._generation is ended:
            self._generation = None
        if ended.error is not None and not self._closed:
            self._loader.begin()
        if ended.stopped or not (ended.awaited or ended.charged):
            event = "prefetch" if ahead else "abandoned"
            trace = Trace(event=event, stop_reason=ended.stop_reason)
            ended.charge(lambda usage: record_usage(trace, usage))
            self._write(trace)

    def _scene(self, question: Question) -> Scene:
        reading, request = question.reading, question.request
        seen = 0 if request.automatic else hash((reading.split(), reading.snippets))
        return self._scenes.at(reading.document, reading.cursor.offset, question.limits, seen)


def _limits(request: CompletionRequest, options: CompletionOptions, number: int) -> Limits:
    length = 1 if request.automatic else INVOKED_LENGTH
    tokens = options.exact_tokens or request.max_tokens or options.max_tokens * length
    return tokens, options.max_lines * length, number


def _serves(answer: Answer, request: CompletionRequest) -> bool:
    """Silence chosen for an automatic request is no answer to a user who asked by a key, nor to a
    measurement without it."""
    return request.may_be_silent or answer.stop_reason != silence.EMPTY_LIKELY
