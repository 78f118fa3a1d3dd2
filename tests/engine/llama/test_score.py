"""Scores are sums of log-softmax over a bare loop of the model, healed ones by the constraint."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beadline.engine.fim.healing import TokenTable
from beadline.engine.llama.native import Context
from beadline.engine.llama.score import Scorer, cut, tokens_of
from beadline.engine.llama.sequences import Sequences
from beadline.engine.llama.spelling import Spelling
from beadline.engine.llama.vocabulary import LlamaVocabulary
from beadline.engine.protocol import FimRequest, Layout, RenderedPrompt, Score
from beadline.errors import EngineError
from tests.engine.llama.test_decoder import Freely
from tests.engine.llama.test_recurrent import cancel_inside

HEAD = "import os\n\n\ndef size_of(path):\n    "
REQUEST = FimRequest(
    prefix=HEAD + "return os.pa",
    suffix="\n\n\ndef total(paths):\n    return sum(size_of(p) for p in paths)\n",
    anchor=len(HEAD) - 4,
    path="a.py",
    repo="r",
)


@pytest.fixture(scope="session")
def table(vocabulary: LlamaVocabulary) -> TokenTable:
    return TokenTable(vocabulary.text_tokens, vocabulary.spell)


def prompt_of(tokens: Sequence[int], typed: bytes = b"") -> RenderedPrompt:
    return RenderedPrompt(tuple(tokens), "", "psm", "beadline", typed=typed)


def by_hand(
    context: Context, prompt: Sequence[int], ids: Sequence[int], spelling: Spelling | None = None,
    spell: Callable[[int], bytes] = lambda token: b"",
) -> float:  # fmt: skip
    """One token at a time in a context of its own, float64 throughout."""
    total = 0.0
    for position, token in enumerate([*prompt, *ids]):
        if position >= len(prompt):
            logits = context.logits().astype(np.float64)
            if spelling is not None and spelling.rest:
                allowed = spelling.constrain(context.logits()) > -np.inf
                logits = np.where(allowed, logits, -np.inf)
                spelling.take(spell(token), logits)
            total += logits[token] - np.logaddexp.reduce(logits)
        context.decode([token], position, 0)
    return total


@pytest.mark.parametrize("batch", [32, 128])
def test_a_score_is_the_sum_over_a_bare_loop(
    open_context: Callable[..., Context], vocabulary: LlamaVocabulary, batch: int
) -> None:
    prompt = vocabulary.encode(HEAD * 3)
    middle = "return os.path.getsize(path) if path else 0  # é"
    truth = by_hand(open_context(), prompt, vocabulary.encode(middle))
    context = open_context(batch_tokens=batch)
    scorer = Scorer(context, Sequences(context), vocabulary, vocabulary.eog)
    for warm in (False, True):
        score = scorer.score(prompt_of(prompt), middle, most=200, sequence="a", table=None)
        assert score.logprob == pytest.approx(truth, rel=1e-3)
        assert (score.bytes, score.typed_bytes) == (len(middle.encode()), 0)
        assert score.tokens == len(vocabulary.encode(middle))
        assert (score.usage.reused_tokens == len(prompt) - 1) is warm
        assert score.usage.prompt_tokens == len(prompt) + score.tokens
        assert score.end_logprob is not None
        assert score.end_logprob < 0


def test_a_healed_score_is_taken_among_what_spells_the_typed_bytes(
    open_context: Callable[..., Context], vocabulary: LlamaVocabulary, table: TokenTable
) -> None:
    typed, middle = b"retu", "rn os.path.getsize(path)"
    prompt, ids = vocabulary.encode(HEAD), vocabulary.encode("return os.path.getsize(path)")
    assert tokens_of(typed, middle, vocabulary, table) == ids
    truth = by_hand(open_context(), prompt, ids, Spelling(typed, table), vocabulary.spell)
    context = open_context()
    scorer = Scorer(context, Sequences(context), vocabulary, vocabulary.eog)
    score = scorer.score(prompt_of(prompt, typed), middle, most=99, sequence="", table=table)
    assert score.logprob == pytest.approx(truth, rel=1e-3)
    assert (score.bytes, score.typed_bytes) == (len(middle), 4)
    free = by_hand(open_context(), prompt, ids)
    assert score.logprob > free + 1e-3


def test_a_score_is_the_sum_over_its_parts(
    open_context: Callable[..., Context], vocabulary: LlamaVocabulary
) -> None:
    prompt, ids = vocabulary.encode(HEAD), vocabulary.encode("return os.path.getsize(path)\n")
    context = open_context()
    scorer = Scorer(context, Sequences(context), vocabulary, vocabulary.eog)

    def score(before: Sequence[int], after: Sequence[int]) -> Score:
        text = b"".join(map(vocabulary.spell, after)).decode()
        assert vocabulary.encode(text) == list(after)
        return scorer.score(prompt_of([*prompt, *before]), text, most=99, sequence="", table=None)

    whole = score([], ids)
    for split in range(1, len(ids)):
        parts = score([], ids[:split]), score(ids[:split], ids[split:])
        assert sum(part.logprob for part in parts) == pytest.approx(whole.logprob, rel=1e-3)
        assert sum(part.bytes for part in parts) == whole.bytes
    nothing = scorer.score(prompt_of([*prompt, *ids]), "", most=9, sequence="", table=None)
    assert (nothing.logprob, nothing.tokens, nothing.bytes) == (0.0, 0, 0)
    assert nothing.end_logprob == pytest.approx(whole.end_logprob, rel=1e-3)


@pytest.mark.parametrize("position", [None, 0, 16, 32])
def test_a_cancelled_score_is_an_error_and_leaves_what_is_so(
    open_context: Callable[..., Context], vocabulary: LlamaVocabulary, position: int | None
) -> None:
    """Cancel is heard before the first chunk, inside it, and inside later ones."""
    prompt = prompt_of(vocabulary.encode(HEAD * 4))
    middle, control = "return os.path.getsize(path)", Freely()
    context = open_context(batch_tokens=16)
    sequences = Sequences(context)
    control.stopped = position is None
    if position is not None:
        cancel_inside(context, control, position)
    cancelled = Scorer(context, sequences, vocabulary, vocabulary.eog, cancelled=control.cancelled)
    with pytest.raises(EngineError, match="cancelled"):
        cancelled.score(prompt, middle, most=99, sequence="a", table=None)
    scorer = Scorer(context, sequences, vocabulary, vocabulary.eog)
    again = scorer.score(prompt, middle, most=99, sequence="a", table=None)
    fresh = open_context(batch_tokens=16)
    expected = Scorer(fresh, Sequences(fresh), vocabulary, vocabulary.eog).score(
        prompt, middle, most=99, sequence="a", table=None
    )
    assert again.logprob == pytest.approx(expected.logprob, rel=1e-3)


def test_what_does_not_fit_is_an_error(
    open_context: Callable[..., Context], vocabulary: LlamaVocabulary
) -> None:
    context = open_context(context_tokens=256, sequences=1)
    scorer = Scorer(context, Sequences(context), vocabulary, vocabulary.eog)
    prompt = prompt_of((vocabulary.encode("x = 1\n") * 100)[:250])
    with pytest.raises(EngineError, match="do not fit"):
        scorer.score(prompt, "word " * 20, most=99, sequence="", table=None)
    assert scorer.score(prompt, "", most=99, sequence="", table=None).tokens == 0


@settings(max_examples=50)
@given(
    middle=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    most=st.integers(0, 12),
)
def test_the_cut_is_a_start_in_whole_characters(
    vocabulary: LlamaVocabulary, middle: str, most: int
) -> None:
    kept = cut(middle, vocabulary, most)
    assert middle.startswith(kept)
    ids = vocabulary.encode(middle)
    if len(ids) <= most:
        assert kept == middle
    else:
        data = b"".join(map(vocabulary.spell, ids[:most]))
        assert len(data) - 3 <= len(kept.encode()) <= len(data)


def test_typed_bytes_may_begin_inside_a_character(
    vocabulary: LlamaVocabulary, table: TokenTable
) -> None:
    typed = "变量".encode()[1:]
    ids = tokens_of(typed, "名 = 1", vocabulary, table)
    assert b"".join(map(vocabulary.spell, ids)) == typed + "名 = 1".encode()
    with pytest.raises(EngineError, match="character"):
        tokens_of(typed, "", vocabulary, TokenTable([ids[-1]], vocabulary.spell))


class TinyModel:
    """Logits of tokens over {a, b} that depend on all that came before, drawn by a seed."""

    WORDS = (b"a", b"b", b"ab", b"ba", b"aab", b"bb")
    batch_tokens = 4
    context_tokens = 64
    sequences = 2
    partial_removal = True

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._held: dict[int, list[int]] = {0: [], 1: []}
        self._rows: list[np.ndarray] = []

    def spell(self, token: int) -> bytes:
        return self.WORDS[token]

    def decode(
        self, tokens: Sequence[int], position: int, sequence: int, *, should_abort=None, outputs=1
    ) -> bool:
        held = self._held[sequence]
        assert position == len(held)
        self._rows = []
        for token in tokens:
            held.append(token)
            rng = np.random.default_rng([self._seed, *(t + 1 for t in held)])
            self._rows.append(rng.normal(scale=3, size=len(self.WORDS)).astype(np.float32))
        self._rows = self._rows[-outputs:]
        return True

    def logits(self, back: int = 0) -> np.ndarray:
        return self._rows[-1 - back]

    def remove(self, sequence: int, start: int) -> bool:
        del self._held[sequence][start:]
        return True

    def clear(self, sequence: int) -> None:
        self._held[sequence].clear()

    def copy(self, source: int, target: int) -> None:
        self._held[target] = list(self._held[source])

    def last_position(self, sequence: int) -> int:
        return len(self._held[sequence]) - 1


class Chosen:
    """A vocabulary whose tokenisation of every text is the one that is asked about."""

    def __init__(self, model: TinyModel, ids: Sequence[int]) -> None:
        self.spell = model.spell
        self._ids = ids

    def encode(self, text: str, *, opening: bool = False) -> list[int]:
        return list(self._ids)


def spellings(table: TokenTable, rest: bytes, spell: Callable[[int], bytes]) -> Iterator[list[int]]:
    """Every way to spell the bytes, up to the first token that ends them or goes beyond."""
    for token in table.spelling(rest):
        data = spell(token)
        if len(data) >= len(rest):
            yield [token]
        else:
            yield from ([token, *more] for more in spellings(table, rest[len(data) :], spell))


@given(
    seed=st.integers(0, 1 << 30),
    typed=st.text("ab", min_size=1, max_size=5),
    prompt=st.lists(st.integers(0, 5), min_size=1, max_size=6),
)
def test_healed_probabilities_of_all_continuations_sum_to_one(
    seed: int, typed: str, prompt: list[int]
) -> None:
    model = TinyModel(seed)
    table = TokenTable(range(len(model.WORDS)), model.spell)
    sequences = Sequences(model)
    total = 0.0
    for ids in spellings(table, typed.encode(), model.spell):
        scorer = Scorer(model, sequences, Chosen(model, ids), frozenset())  # pyright: ignore
        asked = prompt_of(prompt, typed.encode())
        score = scorer.score(asked, "", most=99, sequence="", table=table)
        assert score.logprob <= 1e-6
        total += math.exp(score.logprob)
    assert total == pytest.approx(1.0, rel=1e-4)


async def test_the_worker_scores_every_layout_over_the_same_bytes(engine_factory) -> None:
    engine = engine_factory()
    middle = "th.getsize(path)\n" + "    # and so on é\n" * 40
    found: dict[tuple[Layout, bool], Score] = {}
    limited = replace(REQUEST, max_tokens=40, sequence="x")
    for layout in (Layout.PSM, Layout.ANCHORED, Layout.SPM):
        for healing in (True, False):
            request = replace(limited, layout=layout, healing=healing)
            score = found[layout, healing] = await engine.score(request, middle)
            assert score.usage.layout == layout
            assert (score.typed_bytes > 0) is healing
            # Cut: what follows the 40th token is neither scored nor called an end.
            assert score.end_logprob is None
            again = await engine.score(request, middle)
            assert again.logprob == pytest.approx(score.logprob, rel=1e-2)
            assert again.usage.reused_tokens > score.usage.prompt_tokens - 40 - score.tokens
    assert len({score.bytes for score in found.values()}) == 1
    assert found[Layout.PSM, True].logprob != found[Layout.SPM, True].logprob
    short = await engine.score(REQUEST, "th")
    assert (short.bytes, short.end_logprob is not None) == (2, True)


async def test_scores_and_answers_take_turns(engine_factory) -> None:
    engine = engine_factory()
    before = await engine.score(REQUEST, "th.getsize(path)")
    async for event in engine.generate(REQUEST):
        last = event
    assert last.usage.generated_tokens > 0
    after = await engine.score(REQUEST, "th.getsize(path)")
    assert after.logprob == pytest.approx(before.logprob, rel=1e-2)
