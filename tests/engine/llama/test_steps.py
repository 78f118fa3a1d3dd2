"""Drafts change nothing but speed: any drafts, any limits, against a model made of arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.cache_model.distribution import Scope
from beadline.engine.cache_model.guide import CacheGuide
from beadline.engine.cache_model.interpolation import Weights
from beadline.engine.cache_model.scopes import Scopes
from beadline.engine.cache_model.sources import TextSource
from beadline.engine.fim.healing import TokenTable
from beadline.engine.guide import Guides
from beadline.engine.llama.cache_drafts import CacheDrafts
from beadline.engine.llama.decoder import FIRST_CHUNK, Decoder, Limits
from beadline.engine.llama.drafts import Drafter, PromptLookup
from beadline.engine.llama.sampling import Sampler
from beadline.engine.llama.speculation import TRIALS, WIDEST, BatchCosts, Speculation
from beadline.engine.llama.spelling import Spelling
from beadline.engine.protocol import Event, Finished, Piece
from beadline.errors import EngineError
from tests.engine.llama.test_decoder import Clock, Freely

SPELLED = [b"<end>", b"a", b"b", b"ab", b"ba", b"aab", b"\n", b" ", b"c", b"ca"]
END = 0


class Arithmetic:
    """A context whose next token is a hash of the last ones; it keeps its memory as llama.cpp."""

    batch_tokens = 5
    sequences = 2

    def __init__(self, *, context_tokens: int = 64) -> None:
        self.context_tokens = context_tokens
        self.model = SimpleNamespace(vocabulary_size=len(SPELLED), partial_removal=True)
        self.held: list[list[int]] = [[], []]
        self.decoded: list[int] = []
        self._rows: list[np.ndarray] = []

    @property
    def partial_removal(self) -> bool:
        return True

    def decode(
        self, tokens: Sequence[int], position: int, sequence: int, *, should_abort=None, outputs=1
    ) -> bool:
        assert 0 < len(tokens) <= self.batch_tokens
        assert END not in tokens[-outputs + 1 :] or outputs == 1
        held = self.held[sequence]
        assert position == len(held)
        assert position + len(tokens) <= self.context_tokens
        self.decoded.append(len(tokens))
        if should_abort is not None and should_abort():
            held.extend(tokens[: len(tokens) // 2])
            return False
        self._rows = []
        for token in tokens:
            held.append(token)
            seed = hash(tuple(held[-2:]))
            self._rows.append(np.random.default_rng(seed & 0xFFFF).normal(size=len(SPELLED)))
        self._rows = [row.astype(np.float32) for row in self._rows[-outputs:]]
        return True

    def logits(self, back: int = 0) -> np.ndarray:
        return self._rows[-1 - back]

    def remove(self, sequence: int, start: int) -> bool:
        del self.held[sequence][start:]
        return True

    def clear(self, sequence: int) -> None:
        self.held[sequence].clear()

    def copy(self, source: int, target: int) -> None:
        self.held[target] = list(self.held[source])

    def last_position(self, sequence: int) -> int:
        return len(self.held[sequence]) - 1


class Guesser:
    """Proposes what the model would write after the last two tokens, wrong as the script says."""

    chance = 0.9

    def __init__(self, wrong: Sequence[int]) -> None:
        self.wrong = list(wrong)
        self.tokens: list[int] = []

    def begin(self, tokens: Sequence[int], must_end: Callable[[], bool]) -> None:
        self.tokens = list(tokens)
        self.must_end = must_end

    def append(self, tokens: Sequence[int]) -> None:
        self.tokens.extend(tokens)

    def propose(self, most: int) -> list[int]:
        truth = Arithmetic()
        draft: list[int] = []
        for _ in range(most):
            truth.held[0] = [*self.tokens, *draft][-2:-1]
            truth.decode([[*self.tokens, *draft][-1]], len(truth.held[0]), 0)
            token = int(np.argmax(truth.logits()))
            shift = self.wrong.pop(0) if self.wrong else 0
            token = (token + shift) % len(SPELLED)
            if token == END:
                break
            draft.append(token)
        return draft


class Free(BatchCosts):
    """A batch costs a second, whatever its width: drafts are as long as there is room for."""

    def __init__(self) -> None:
        super().__init__()
        for width in list(range(1, WIDEST + 1)) * TRIALS:
            super().add(width, 1.0)

    def add(self, width: int, seconds: float) -> None:
        """Nothing is learned."""


def speculation(*drafters: Drafter) -> Speculation:
    """Drafts wherever one of the drafters has something."""
    made = Speculation(drafters, now=lambda: 0.0)
    made.costs = Free()
    return made


def decoder(context: Arithmetic, wrong: Sequence[int] | None) -> Decoder:
    """With drafts that are wrong as the script says; None: without."""
    drafts = None if wrong is None else speculation(Guesser(wrong))
    return Decoder(context, SPELLED.__getitem__, clock=lambda: 0.0, speculation=drafts)  # type: ignore[arg-type]


def events(decoding: Decoder, prompt: Sequence[int], limits: Limits, **options) -> list[Event]:
    temperature = options.pop("temperature", 0.0)
    typed, likely = options.pop("typed", b""), options.pop("likely", ())
    table = TokenTable(range(1, len(SPELLED)), SPELLED.__getitem__)
    return list(
        decoding.generate(
            prompt,
            sequence="",
            limits=limits,
            sampler=Sampler(temperature, 3),
            control=options.pop("control", None) or Freely(),
            spelling=Spelling(typed, table, likely) if typed else None,
            **options,
        )
    )


def without_drafts(event: Event) -> Event:
    """The event with what drafts may change taken out: their counts, and rounding."""
    if isinstance(event, Finished):
        return replace(event, usage=replace(event.usage, drafted_tokens=0, accepted_tokens=0))
    if isinstance(event, Piece):
        return replace(event, logprob=round(event.logprob, 4))
    return event


LIMITS = st.builds(
    Limits,
    max_tokens=st.integers(1, 24),
    deadline_ms=st.just(1000),
    stop=st.sampled_from([frozenset(), frozenset({END})]),
    not_text=st.just(frozenset({END})),
    stop_at_newline=st.booleans(),
    require_text=st.booleans(),
    ignore_stops=st.booleans(),
)


@given(
    prompt=st.lists(st.integers(1, 9), min_size=1, max_size=12),
    limits=LIMITS,
    wrong=st.lists(st.sampled_from([0, 0, 0, 1]), max_size=40),
    temperature=st.sampled_from([0.0, 1.0]),
    typed=st.sampled_from([b"", b"a", b"aaba", b"cab"]),
    likely=st.lists(st.integers(1, 9), max_size=4),
    context_tokens=st.sampled_from([16, 64]),
)
def test_the_same_events_with_and_without(
    prompt: list[int],
    limits: Limits,
    wrong: list[int],
    temperature: float,
    typed: bytes,
    likely: list[int],
    context_tokens: int,
) -> None:
    options = {"temperature": temperature, "typed": typed, "likely": likely}
    plain = Arithmetic(context_tokens=context_tokens)
    drafted = Arithmetic(context_tokens=context_tokens)
    decoding = decoder(drafted, wrong)
    expected = events(decoder(plain, None), prompt, limits, **options)
    got = events(decoding, prompt, limits, **options)
    assert [*map(without_drafts, got)] == [*map(without_drafts, expected)]
    # Nothing that was drafted and not chosen is left, neither in the memory nor in the notes.
    (_, slot), *_ = decoding.sequences.documents()
    assert drafted.held[slot.number] == slot.tokens
    usage = got[-1].usage  # type: ignore[union-attr]
    assert usage.accepted_tokens <= usage.drafted_tokens
    assert usage.prompt_tokens == usage.reused_tokens + usage.evaluated_tokens
    assert slot.tokens[: usage.prompt_tokens] == (plain.held[slot.number])[: usage.prompt_tokens]


def test_right_drafts_save_decodes_and_are_counted() -> None:
    plain, drafted = Arithmetic(), Arithmetic()
    limits = Limits(12, 1000, frozenset(), ignore_stops=True, not_text=frozenset({END}))
    events(decoder(plain, None), [1, 2, 5], limits)
    finished = events(decoder(drafted, []), [1, 2, 5], limits)[-1]
    assert isinstance(finished, Finished)
    assert len(drafted.decoded) < len(plain.decoded)
    assert finished.usage.accepted_tokens == finished.usage.drafted_tokens > 0
    # The tokens that were not chosen by a decode of their own.
    assert len(plain.decoded) - len(drafted.decoded) == finished.usage.accepted_tokens


def test_a_draft_that_listens_and_is_cancelled_leaves_nothing() -> None:
    context = Arithmetic()
    decoding = decoder(context, [])
    control = Freely()

    class Pulled(Freely):
        def cancelled(self) -> bool:
            return len(context.decoded) >= 3

    limits = Limits(20, 1000, frozenset(), ignore_stops=True, not_text=frozenset({END}))
    finished = events(decoding, [1, 2, 5], limits, control=Pulled())[-1]
    assert isinstance(finished, Finished)
    assert finished.reason == "cancelled"
    (_, slot), *_ = decoding.sequences.documents()
    assert context.held[slot.number] == slot.tokens
    again = events(decoding, [1, 2, 5], limits, control=control)
    expected = events(decoder(Arithmetic(), None), [1, 2, 5], limits)
    assert [e.text for e in again if isinstance(e, Piece)] == [
        e.text for e in expected if isinstance(e, Piece)
    ]


def test_a_failed_decode_forgets_the_sequence() -> None:
    context = Arithmetic()
    decoding = decoder(context, [])
    limits = Limits(20, 1000, frozenset())

    def fail(*args, **options):
        raise EngineError("llama_decode failed")

    stream = decoding.generate(
        [1, 2, 5], sequence="", limits=limits, sampler=Sampler(0.0, 0), control=Freely()
    )
    next(stream)
    context.decode = fail  # type: ignore[method-assign]
    with pytest.raises(EngineError):
        list(stream)
    assert context.held[0] == []


class Slow(Guesser):
    """Takes so many seconds for a proposal, and has none when it must end meanwhile."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__([])
        self._clock = clock
        self._seconds = seconds

    def propose(self, most: int) -> list[int]:
        self._clock.now += self._seconds
        return [] if self.must_end() else super().propose(most)


def test_what_a_draft_takes_is_not_the_time_of_the_prompt() -> None:
    context, clock, told = Arithmetic(context_tokens=512), Clock(), []
    context.batch_tokens = 128
    decoding = Decoder(
        context,  # type: ignore[arg-type]
        SPELLED.__getitem__,
        clock=clock,
        on_evaluated=lambda tokens, seconds: told.append((tokens, seconds)),
        speculation=speculation(Slow(clock, 0.5)),
    )
    limits = Limits(4, 10_000, frozenset(), ignore_stops=True, not_text=frozenset({END}))
    for prompt in ([1, 2, 5], [1, 2, 5, 3]):
        assert any(isinstance(event, Piece) for event in events(decoding, prompt, limits))
    assert [seconds for _, seconds in told] == [0.0, 0.0]
    # Nor is it taken for slow chunks, which would become smaller.
    context.decoded.clear()
    events(decoding, [9] * 300, limits)
    assert context.decoded[:2] == [FIRST_CHUNK, 128]


def test_a_draft_that_outlasts_the_deadline_ends_the_generation() -> None:
    context, clock = Arithmetic(), Clock()
    decoding = Decoder(
        context,  # type: ignore[arg-type]
        SPELLED.__getitem__,
        clock=clock,
        speculation=speculation(Slow(clock, 2.0)),
    )
    (finished,) = events(decoding, [1, 2, 5], Limits(12, 1000, frozenset()))
    assert isinstance(finished, Finished)
    assert (finished.reason, finished.usage.evaluated_tokens) == ("deadline", 0)
    # What it was asked for is not evaluated any more.
    assert context.decoded == []


@given(
    prompt=st.lists(st.integers(1, 9), min_size=1, max_size=12),
    known=st.lists(st.integers(1, 9), max_size=40),
    limits=LIMITS,
    wrong=st.lists(st.sampled_from([0, 0, 0, 1]), max_size=40),
    temperature=st.sampled_from([0.0, 1.0]),
    typed=st.sampled_from([b"", b"a", b"cab"]),
)
def test_drafts_change_nothing_of_what_is_guided(
    prompt: list[int],
    known: list[int],
    limits: Limits,
    wrong: list[int],
    temperature: float,
    typed: bytes,
) -> None:
    """A cache guides both, and drafts for one of them."""

    def run(drafters: Callable[[Scopes], list[Drafter]]) -> list[Event]:
        scopes = Scopes([TextSource(np.array(known, dtype=np.uint32), Scope.BUFFER)])
        weights = Weights({"log_match": 1.0})
        guide = CacheGuide(scopes, prompt, weights, np.array([END]))
        decoding = Decoder(
            Arithmetic(),  # type: ignore[arg-type]
            SPELLED.__getitem__,
            clock=lambda: 0.0,
            speculation=speculation(*drafters(scopes)),
        )
        options = {"temperature": temperature, "typed": typed}
        return events(decoding, prompt, limits, guides=Guides([guide], guide), **options)

    def cached(scopes: Scopes) -> list[Drafter]:
        drafts = CacheDrafts(PromptLookup(len(SPELLED), {END}))
        drafts.scopes = scopes
        return [drafts, Guesser(wrong)]

    assert [*map(without_drafts, run(cached))] == [*map(without_drafts, run(lambda _: []))]
