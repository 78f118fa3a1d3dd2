"""Makes suggestions of answers: judged, described, remembered. Knows no engine and no editor.

What is unlikely to be right is judged after its request was answered: nobody waits for what he
will not see.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from beadline.completion import generation as generations
from beadline.completion import silence
from beadline.completion.asking import Asker, Question
from beadline.completion.clock import ContextThread
from beadline.completion.closers import UserText
from beadline.completion.confidence import describe
from beadline.completion.gate import Gate
from beadline.completion.history import History
from beadline.completion.judging import Verdict, judge, judging, suggestion
from beadline.completion.ladder import Answer, Decision, Ladder, Shown
from beadline.completion.loading import Loader
from beadline.completion.postprocess import LIMITED
from beadline.completion.types import CompletionRequest, Trace
from beadline.context.types import Document
from beadline.settings import CompletionOptions


@dataclass(frozen=True)
class Found:
    """An answer that may be shown."""

    shown: Shown
    answer: Answer
    rank: tuple[bool, bool, float]
    """Whole ones first, the greedy one before sampled ones, these by mean log-probability."""


class Suggester:
    """Judges one answer at a time. Belongs to one event loop."""

    def __init__(
        self,
        asker: Asker,
        ladder: Ladder,
        gate: Gate,
        history: History,
        loader: Loader,
        thread: ContextThread,
    ) -> None:
        self._asker = asker
        self._ladder = ladder
        self._gate = gate
        self._history = history
        self._loader = loader
        self._thread = thread
        self._task: asyncio.Task[None] | None = None
        """Judges an answer that nobody waits for."""
        self._newest: CompletionRequest | None = None

    def begun(self, request: CompletionRequest) -> None:
        """A request came: what is found from now on is of use for its text alone."""
        self._newest = request

    async def judged(
        self, question: Question, answer: Answer, user: UserText, trace: Trace
    ) -> Verdict:
        """What of an answer may be shown."""
        verdict = self._unjudged(question, answer)
        if verdict is not None:
            return verdict
        reading, automatic = question.reading, question.request.may_be_silent
        return await self._thread.run(
            trace, lambda: judge(reading, answer, closers=user.closers, automatic=automatic)
        )

    @staticmethod
    def _unjudged(question: Question, answer: Answer) -> Verdict | None:
        """Why an answer is not shown, whatever it says."""
        request, reading = question.request, question.reading
        if answer.eog_probability >= silence.empty_threshold(reading.cursor, request):
            return Verdict("", silence.EMPTY_LIKELY)
        if silence.lengthens_entry(answer.text, request):
            return Verdict("", silence.LONGER_ENTRY)
        return None

    def found(self, question: Question, answer: Answer, verdict: Verdict, trace: Trace) -> Found:
        """What a verdict lets through; the rest of the answer is kept for the cursor behind it."""
        shown = suggestion(
            question.request.document,
            question.reading,
            answer,
            verdict,
            attempts=trace.attempts,
            healed=self._heals,
            acceptance=self._history.acceptance(),
        )
        self._asker.keep_rest(question, answer, verdict.text)
        rank = (not verdict.whole, question.number > 0, -answer.logprob)
        return Found(shown, answer, rank)

    def is_unlikely(self, question: Question, answer: Answer, trace: Trace) -> bool:
        """Whether the line that the model wrote is too unlikely to be shown unasked, so that its
        request need not wait for post-processing and the syntax check. Fills `trace` if so.

        What those leave of it may be likelier: `judge_unasked` keeps it for the next request. The
        model is not asked again for it.
        """
        least = question.options.least_confidence / 100
        if not question.request.is_plain or question.number or not least or not answer.text:
            return False
        features = describe(
            question.reading,
            answer.text,
            answer.parts,
            eog_probability=answer.eog_probability,
            attempts=trace.attempts,
            whole=answer.stop_reason not in LIMITED,
            healed=self._heals,
            acceptance=self._history.acceptance(),
        )
        sure = self._gate.estimate(features)
        if sure >= least:
            return False
        trace.confidence, trace.features = sure, features.as_dict()
        trace.silent_reason = silence.UNSURE
        request, reading = question.request, question.reading
        offset = min(max(request.offset, 0), len(request.document.text))
        self._ladder.doubt(
            Shown(
                request.document,
                offset,
                offset,
                answer.text,
                str(reading.cursor.expected),
                answer.stop_reason,
                answer.parts,
                features,
            )
        )
        return True

    def is_doubted(
        self, document: Document, offset: int, options: CompletionOptions, trace: Trace
    ) -> bool:
        """Whether the user types along a line that was unlikely, and the rest of it still is: then
        nothing has to be read for the answer. Fills `trace` if so."""
        rest = self._ladder.doubted(document, offset)
        if rest is None or rest.features is None:
            return False
        sure = self._gate.estimate(rest.features)
        if sure >= options.least_confidence / 100:
            return False
        trace.confidence, trace.features = sure, rest.features.as_dict()
        trace.answered_from, trace.expected = "typed", rest.expected
        trace.stop_reason, trace.silent_reason = rest.stop_reason, silence.UNSURE
        return True

    def fetched(self, question: Question, answer: Answer) -> None:
        """What was fetched ahead is judged before somebody asks for it."""
        request, reading = replace(question.request, entry=None), question.reading
        if request.document != reading.document:
            return  # the editor's brackets are in it, and may be gone by then
        trace = Trace(expected=str(reading.cursor.expected), attempts=1)
        trace.answered(answer.source, answer.stop_reason, answer.eog_probability)
        user = UserText(request.document, request.offset)
        self.judge_unasked(replace(question, request=request), answer, user, trace)

    def judge_unasked(
        self, question: Question, answer: Answer, user: UserText, trace: Trace
    ) -> None:
        """Judge what nobody waits for, and remember what comes of it. `trace` is changed."""
        self.close()
        self._task = asyncio.get_running_loop().create_task(
            self._remember(question, answer, user, trace)
        )

    def close(self) -> None:
        """Judge no more unasked."""
        if self._task is not None:
            self._task.cancel()

    async def drained(self) -> None:
        """Wait until nothing is being judged unasked."""
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _remember(
        self, question: Question, answer: Answer, user: UserText, trace: Trace
    ) -> None:
        verdict = self._unjudged(question, answer)
        if verdict is None:  # in steps: the next key does not wait for all of them
            reading, automatic = question.reading, question.request.may_be_silent
            steps = judging(reading, answer, closers=user.closers, automatic=automatic)
            verdict = await self._thread.run_steps(trace, steps)
        trace.silent_reason = verdict.silent_reason
        found = [self.found(question, answer, verdict, trace).shown] if verdict.text else []
        late = trace.stop_reason == generations.DEADLINE
        if not late and verdict.silent_reason not in silence.RETRIED:  # then a request asks again
            self._ladder.decide(user, Decision.of(found, trace))
        newest = self._newest
        if not found or newest is None or self._ladder.shows(newest.document):
            return
        offset = min(max(newest.offset, 0), len(newest.document.text))
        if newest is question.request or found[0].rest(newest.document, offset) is not None:
            # Typed along, it may become likely enough to be seen.
            self._ladder.show(*found)

    @property
    def _heals(self) -> bool:
        info = self._loader.info
        return info is not None and info.details.get("healing") == "on"
