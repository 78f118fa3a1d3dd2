"""Memory that cannot drop a part of a sequence: what an abort and a warmed prompt leave in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

import numpy as np
import pytest

from beadline.engine.llama.decoder import Decoder, Limits
from beadline.engine.llama.native import Context, Library, Model
from beadline.engine.llama.sampling import Sampler
from beadline.engine.llama.score import Scorer
from beadline.engine.llama.sequences import Sequences
from beadline.engine.llama.speculation import Speculation
from beadline.engine.llama.vocabulary import LlamaVocabulary
from beadline.engine.protocol import Finished, RenderedPrompt
from beadline.errors import EngineError
from tests.engine.llama.test_decoder import Freely

from . import tiny
from .conftest import contexts_of

BATCH = 64
PROMPT = [300 + index % 500 for index in range(2 * BATCH + 20)]
TOLERANCE = 0.01
"""Of logits: other batches round otherwise."""
OpenContext = Callable[..., Context]


@pytest.fixture(scope="module")
def mamba(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    path = tiny.make(tmp_path_factory.mktemp("tiny") / "mamba.gguf", "mamba")
    loaded = Model(library, path)
    yield loaded
    loaded.close()


@pytest.fixture
def open_mamba(mamba: Model) -> Iterator[OpenContext]:
    with contexts_of(mamba) as make:
        yield partial(make, sequences=2, batch_tokens=BATCH)


def decoder(context: Context) -> Decoder:
    """Every decode seems to take a second, so all of several tokens listen."""
    seconds = count()
    slow = Speculation((), enabled=False, now=lambda: float(next(seconds)))
    return Decoder(context, lambda token: b"x", clock=lambda: 0.0, speculation=slow)


def ask(decoding: Decoder, key: str, prompt: list[int], control: Freely | None = None) -> Finished:
    """The prompt and one token; the row of logits is then the one behind the prompt."""
    *_, finished = decoding.generate(
        prompt,
        sequence=key,
        limits=Limits(1, 10_000, frozenset()),
        sampler=Sampler(0.0, 0),
        control=control or Freely(),
    )
    assert isinstance(finished, Finished)
    return finished


def same_as_fresh(context: Context, open_mamba: OpenContext, prompt: list[int]) -> None:
    fresh = open_mamba(sequences=1)
    ask(decoder(fresh), "", prompt)
    np.testing.assert_allclose(context.logits(), fresh.logits(), atol=TOLERANCE, rtol=0)


def cancel_inside(context: Context, control: Freely, position: int) -> None:
    """The brake is pulled while the batch at `position` is evaluated."""
    decode = context.decode

    def watched(tokens: list[int], at: int, sequence: int, **options) -> bool:
        control.stopped = at == position
        return decode(tokens, at, sequence, **options)

    context.decode = watched  # type: ignore[method-assign]


@pytest.mark.parametrize("position", [0, BATCH, 2 * BATCH])
def test_an_aborted_batch_leaves_nothing_that_is_not_so(
    open_mamba: OpenContext, position: int
) -> None:
    context, control = open_mamba(), Freely()
    decoding = decoder(context)
    beside = PROMPT[5:75]
    ask(decoding, "b", beside)
    cancel_inside(context, control, position)
    finished = ask(decoding, "a", PROMPT, control)
    assert (finished.reason, finished.usage.evaluated_tokens) == ("cancelled", 0)
    held = {key: slot for key, slot in decoding.sequences.documents()}
    assert held["a"].tokens == []
    assert context.last_position(held["a"].number) == -1
    assert ask(decoding, "a", PROMPT).usage.reused_tokens == 0
    same_as_fresh(context, open_mamba, PROMPT)
    # The other document's state was not touched.
    assert ask(decoding, "b", [*beside, 400]).usage.reused_tokens == len(beside)
    same_as_fresh(context, open_mamba, [*beside, 400])


def test_an_aborted_batch_behind_what_was_reused(open_mamba: OpenContext) -> None:
    context, control = open_mamba(), Freely()
    decoding = decoder(context)
    ask(decoding, "a", PROMPT[:30])
    cancel_inside(context, control, 30)
    usage = ask(decoding, "a", PROMPT, control).usage
    assert (usage.reused_tokens, usage.evaluated_tokens) == (30, 0)
    ask(decoding, "a", PROMPT)
    same_as_fresh(context, open_mamba, PROMPT)


def warm(decoding: Decoder, prompt: list[int], control: Freely | None = None) -> Finished:
    return decoding.warm(prompt, sequence="a", deadline_ms=10_000, control=control or Freely())


def test_a_warmed_prompt_is_taken_up_whole(open_mamba: OpenContext) -> None:
    context = open_mamba()
    decoding = decoder(context)
    most = len(PROMPT) - 1
    # The second time the document's other sequence holds the prompt, and one token too much.
    for _ in range(2):
        warmed = warm(decoding, PROMPT)
        assert warmed.reason == "warm"
        assert warmed.usage.prompt_tokens == warmed.usage.evaluated_tokens == most
        usage = ask(decoding, "a", PROMPT).usage
        assert (usage.reused_tokens, usage.evaluated_tokens) == (most, 1)
        same_as_fresh(context, open_mamba, PROMPT)
    assert warm(decoding, PROMPT[:1]).reason == "warm"


def test_an_aborted_warming_leaves_nothing_that_is_not_so(open_mamba: OpenContext) -> None:
    context, control = open_mamba(), Freely()
    decoding = decoder(context)
    cancel_inside(context, control, BATCH)
    warmed = warm(decoding, PROMPT, control)
    assert (warmed.reason, warmed.usage.evaluated_tokens) == ("cancelled", 0)
    ask(decoding, "a", PROMPT)
    same_as_fresh(context, open_mamba, PROMPT)


def test_a_cancelled_score_leaves_nothing_that_is_not_so(
    open_mamba: OpenContext, vocabulary: LlamaVocabulary
) -> None:
    context, control = open_mamba(sequences=1), Freely()
    sequences = Sequences(context)
    scorer = Scorer(context, sequences, vocabulary, vocabulary.eog, cancelled=control.cancelled)
    cancel_inside(context, control, BATCH)
    prompt = RenderedPrompt(tuple(PROMPT), "", "psm", "beadline")
    with pytest.raises(EngineError, match="cancelled"):
        scorer.score(prompt, "x", most=9, sequence="a", table=None)
    assert context.last_position(0) == -1
    slot, reused = sequences.open("a", PROMPT)
    assert (slot.tokens, reused) == ([], 0)
