"""Token ids in, streamed text out, on top of `native`. Knows no families, processes or messages.

One prompt is evaluated in chunks of the context's batch size; cancel and deadline are looked at
between chunks and before every token (on a CPU also inside a chunk). What the KV sequence already
shares with the prompt is not evaluated again; at least the last prompt token always is, because
its logits are needed.

A prompt that was cut for token healing comes with the bytes that were cut (`Spelling`): decoding
spells them first, and what reaches beyond them is the generation. Tokens may be guessed and
evaluated several at a time (`steps`); what is chosen, and when it is given out, stays the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from beadline.engine.fim.clean import Cleaner
from beadline.engine.guide import Guides
from beadline.engine.llama.middle import MiddleText, before_newline
from beadline.engine.llama.native import Context
from beadline.engine.llama.sampling import Choice, Sampler, as_indices, probability_of
from beadline.engine.llama.sequences import Saved, Sequences, Slot
from beadline.engine.llama.speculation import Speculation
from beadline.engine.llama.spelling import Spelling
from beadline.engine.llama.steps import Steps
from beadline.engine.protocol import Event, Finished, Started, Usage
from beadline.errors import EngineError

CHUNK_S, LEAST_CHUNK = 0.25, 32
"""Prompt tokens are evaluated in chunks of about that time, but of at least so many tokens.

An aborted chunk is lost whole (llama.cpp takes back a batch that fails), so in large ones somebody
who types on would wait for a prompt that never comes to an end. What narrow chunks cost is in
docs/benchmarks.md ("Kernels")."""
FIRST_CHUNK = 64
"""Tokens of a chunk while nothing is known of the model's speed."""


class Control(Protocol):
    """How the consumer of a generation holds it back or ends it; asked from the decoding thread."""

    def cancelled(self) -> bool: ...

    def await_credit(self, pending: int, timeout_s: float) -> None:
        """Return when one more token may be run, on cancel, or after `timeout_s`.

        `pending` tokens were run whose text is not a whole character yet, so nobody could
        consume them.
        """
        ...


@dataclass(frozen=True)
class Limits:
    """Where a generation ends by itself."""

    max_tokens: int
    deadline_ms: int
    """From the start of prompt evaluation."""
    stop: frozenset[int]
    """Ids that end the text; their probability at the cursor is reported."""
    not_text: frozenset[int] = frozenset()
    """Further ids that can be no part of a text (other control tokens)."""
    stop_at_newline: bool = False
    require_text: bool = False
    """None of `stop` and `not_text` is chosen before the first non-blank character."""
    ignore_stops: bool = False
    """None of them is chosen at all."""


class Decoder:
    """Runs one generation at a time over the sequences of one context."""

    def __init__(
        self,
        context: Context,
        spell: Callable[[int], bytes],
        *,
        clock: Callable[[], float] = time.perf_counter,
        saved: Saved | None = None,
        on_evaluated: Callable[[int, float], None] | None = None,
        speculation: Speculation | None = None,
    ) -> None:
        """`saved`: states of documents that may be restored; `on_evaluated` is told how many
        prompt tokens were evaluated in how many seconds; `speculation`: what is drafted, nothing
        by default. It may only be enabled where the memory can drop a wrong guess.
        """
        self._context = context
        self._spell = spell
        self._clock = clock
        self._on_evaluated = on_evaluated
        self._token_s: float | None = None
        """Seconds that a prompt token takes in a chunk, once it is known."""
        self.sequences = Sequences(context, saved)
        self._speculation = speculation or Speculation((), enabled=False)

    def generate(
        self,
        prompt: Sequence[int],
        *,
        sequence: str,
        limits: Limits,
        sampler: Sampler,
        control: Control,
        spelling: Spelling | None = None,
        cleaner: Cleaner | None = None,
        guides: Guides | None = None,
    ) -> Iterator[Event]:
        """Yields `Started` (unless ended before the first token), `Piece`s, then `Finished`.

        Pieces join to exactly the text of the tokens up to the stop, less what `spelling` owed and
        what `cleaner` takes out. `guides` are asked before every choice but those that spell typed
        bytes. Raises `EngineError` when the prompt does not fit the context or llama.cpp fails.
        """
        self._check(prompt)
        run = _Run(self._clock, limits.deadline_ms, control)
        slot, reused = self.sequences.open(sequence, prompt)
        steps = self._steps(slot, run, guides)
        try:
            yield from self._fill(prompt, reused, steps, limits, sampler, run, spelling, cleaner)
        finally:
            steps.close()

    def warm(
        self, prompt: Sequence[int], *, sequence: str, deadline_ms: int, control: Control
    ) -> Finished:
        """Evaluate the prompt beside what the document's main sequence holds; decode nothing.

        What is evaluated when it ends early stays and is used by the next prompt of the document.
        Raises `EngineError` as `generate` does.
        """
        self._check(prompt)
        if len(prompt) > 1 and not self._context.partial_removal:
            # A request needs the last token evaluated, and could not have it taken back before.
            prompt = prompt[:-1]
        run = _Run(self._clock, deadline_ms, control)
        slot, reused = self.sequences.open_beside(sequence, prompt)
        steps = self._steps(slot, run)
        done = self._evaluate_prompt(steps, prompt, reused, run, lambda width: [])
        if done:
            self.sequences.warmed(sequence, slot)
        usage = Usage(
            prompt_tokens=len(prompt),
            reused_tokens=reused,
            # The slot may hold more than the prompt, when there was nothing to do, and less than
            # was reused, after an abort that cost the whole sequence.
            evaluated_tokens=max(0, min(len(slot.tokens), len(prompt)) - reused),
            prompt_ms=run.elapsed_ms(),
        )
        return Finished("warm" if done else run.ended, usage)

    def _check(self, prompt: Sequence[int]) -> None:
        if not 0 < len(prompt) < self._context.context_tokens:
            raise EngineError(
                f"A prompt of {len(prompt)} tokens does not fit a context of "
                f"{self._context.context_tokens}.",
                hint="Lower context.prefix_tokens or raise engine.context_tokens.",
            )

    def _steps(self, slot: Slot, run: _Run, guides: Guides | None = None) -> Steps:
        speculation, spell = self._speculation, self._spell
        return Steps(self._context, self.sequences, slot, speculation, spell, run.must_end, guides)

    def _fill(
        self,
        prompt: Sequence[int],
        reused: int,
        steps: Steps,
        limits: Limits,
        sampler: Sampler,
        run: _Run,
        spelling: Spelling | None,
        cleaner: Cleaner | None,
    ) -> Iterator[Event]:
        most = limits.max_tokens - 1
        steps.guides.begin(prompt)
        self._speculation.begin(prompt, run.must_end)
        done = self._evaluate_prompt(
            steps, prompt, reused, run, lambda width: self._guess(width, most, spelling)
        )
        first = None
        if done and spelling is not None:
            first = self._spell_typed(steps, spelling, sampler, run, most)
        # Tokens that spell what was typed are prompt: they were evaluated before the first that
        # reaches beyond it.
        usage = Usage(
            prompt_tokens=steps.length if done else len(prompt),
            reused_tokens=reused,
            # Less than was reused is there after an abort that cost the whole sequence.
            evaluated_tokens=max(0, steps.length - reused),
            prompt_ms=run.elapsed_ms(),
        )
        if run.ended:
            yield Finished(run.ended, steps.counted(usage))
            return
        certain = first is not None or steps.guides.alone
        empty = 0.0
        if not certain:
            empty = probability_of(steps.guides.adjust(steps.logits()), limits.stop)
        yield Started(usage, empty * (spelling.exact if spelling is not None else 1.0))
        yield from self._continue(steps, usage, limits, sampler, run, MiddleText(cleaner), first)

    def _guess(self, width: int, most: int, spelling: Spelling | None) -> list[int]:
        """What to evaluate behind the last `width` tokens of the prompt."""
        if spelling is not None:
            return self._speculation.spell(spelling.likely, width)
        return self._speculation.propose(width, most)

    def _spell_typed(
        self, steps: Steps, spelling: Spelling, sampler: Sampler, run: _Run, most: int
    ) -> _Beyond | None:
        """Decode until the typed bytes are spelled; the token that reaches beyond, if one does."""
        while spelling.rest and not run.must_end():
            logits = spelling.constrain(steps.logits())
            choice = sampler.choose(logits)
            beyond = spelling.take(self._spell(choice.token), logits)
            if beyond:
                return _Beyond(choice, beyond)
            if steps.length + 1 >= self._context.context_tokens:
                run.ended = "length"
                break
            steps.take(choice.token)
            if not steps.ready(0 if spelling.rest else most):
                break
        return None

    def _evaluate_prompt(
        self,
        steps: Steps,
        prompt: Sequence[int],
        start: int,
        run: _Run,
        guess: Callable[[int], list[int]],
    ) -> bool:
        """False when cancelled or late; the slot then holds what was evaluated.

        `guess`: what to evaluate behind the last chunk, of so many tokens, in the same batch.
        """
        offset, seconds = start, 0.0
        while offset < len(prompt):
            if run.must_end():
                return False
            chunk = prompt[offset : offset + self._width()]
            offset += len(chunk)
            # A draft model takes time of its own, and ends where the generation must.
            draft = guess(len(chunk)) if offset == len(prompt) else ()
            if run.ended:
                return False
            asked = self._clock()
            done = steps.evaluate(chunk, draft)
            took = self._clock() - asked
            self._learn(len(chunk), took, done=done)
            seconds += took
            if not done:
                return False
        if self._on_evaluated is not None and start < len(prompt):
            self._on_evaluated(len(prompt) - start, seconds)
        return True

    def _width(self) -> int:
        """Tokens of a chunk that takes about `CHUNK_S`: the widest there is, halved."""
        most = self._context.batch_tokens
        if self._token_s is None:
            return min(FIRST_CHUNK, most)
        width = most
        while width // 2 >= LEAST_CHUNK and width * self._token_s > CHUNK_S:
            width //= 2
        return width

    def _learn(self, tokens: int, seconds: float, *, done: bool) -> None:
        """A chunk took so long, or was aborted after it. Narrow ones tell nothing of wide ones."""
        if tokens >= min(LEAST_CHUNK, self._context.batch_tokens):
            each = seconds / tokens
            self._token_s = each if done else max(each, self._token_s or 0.0)

    def _continue(
        self,
        steps: Steps,
        usage: Usage,
        limits: Limits,
        sampler: Sampler,
        run: _Run,
        text: MiddleText,
        first: _Beyond | None,
    ) -> Iterator[Event]:
        """`first` was chosen already, while the typed bytes were spelled."""
        visible = False
        ends = limits.stop | limits.not_text
        barred = as_indices(ends if limits.require_text or limits.ignore_stops else ())
        generated = 0
        first_ms, reason = usage.prompt_ms, "length"
        while generated < limits.max_tokens:
            run.await_credit(text.tokens)
            if run.must_end():
                reason = run.ended
                break
            if first is not None:
                choice, data = first.choice, first.data
                first = None
            else:
                if generated and steps.length >= self._context.context_tokens:
                    break
                one_line = limits.stop_at_newline and visible
                if not steps.ready(limits.max_tokens - generated - 1, one_line=one_line):
                    reason = run.ended
                    break
                logits = steps.logits()
                logits[barred] = -np.inf
                choice, data = sampler.choose(steps.guides.adjust(logits)), None
            generated += 1
            if generated == 1:
                first_ms = run.elapsed_ms()
            agreed = data is None and steps.guides.agrees(choice.token)
            steps.take(choice.token)
            if choice.token in ends:
                reason = "eog"
                break
            data = self._spell(choice.token) if data is None else data
            piece = text.feed(data, choice.logprob, agreed=agreed)
            if len(barred) and piece.strip() and not limits.ignore_stops:
                barred = as_indices(())
            if limits.stop_at_newline:
                kept, visible, cut = before_newline(piece, visible)
                if cut:
                    if kept:
                        yield text.take(kept, run.elapsed_ms())
                    yield self._finished("newline", steps, usage, generated, first_ms, run)
                    return
            if piece:
                yield text.take(piece, run.elapsed_ms())
            if text.ended:
                reason = "eog"
                break
        rest = text.rest()
        if limits.stop_at_newline:
            rest, _, _ = before_newline(rest, visible)
        if rest and reason != "cancelled":
            yield text.take(rest, run.elapsed_ms())
        yield self._finished(reason, steps, usage, generated, first_ms, run)

    def _finished(
        self,
        reason: str,
        steps: Steps,
        usage: Usage,
        generated: int,
        first_ms: float,
        run: _Run,
    ) -> Finished:
        total = run.elapsed_ms()
        if not generated:
            first_ms = total
        return Finished(
            reason,
            replace(
                steps.counted(usage),
                generated_tokens=generated,
                first_token_ms=first_ms,
                generate_ms=total - first_ms,
            ),
        )


@dataclass(frozen=True)
class _Beyond:
    """A token chosen while spelling, and its bytes beyond what was typed."""

    choice: Choice
    data: bytes


class _Run:
    """Clock and brake of one generation."""

    def __init__(self, clock: Callable[[], float], deadline_ms: int, control: Control) -> None:
        self._clock = clock
        self._control = control
        self._start = clock()
        self._deadline = self._start + deadline_ms / 1000
        self.ended = ""
        """Why it must end; empty while it may go on."""

    def elapsed_ms(self) -> float:
        return (self._clock() - self._start) * 1000

    def must_end(self) -> bool:
        if not self.ended:
            if self._control.cancelled():
                self.ended = "cancelled"
            elif self._clock() >= self._deadline:
                self.ended = "deadline"
        return bool(self.ended)

    def await_credit(self, pending: int) -> None:
        self._control.await_credit(pending, max(0.0, self._deadline - self._clock()))
