"""Copies of sequences and saved states in real llama.cpp: they compute what a fresh one does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pytest

from beadline.engine.llama.native import Context, Library, Model
from beadline.engine.llama.sequences import LEAST_GAIN, Sequences

from . import tiny
from .conftest import contexts_of

TOLERANCE = 0.05
"""Of logits. The same values come out of other batches: only rounding differs (f16 memory)."""
FRONT = [300 + index % 500 for index in range(LEAST_GAIN + 36)]
OpenContext = Callable[..., Context]


@pytest.fixture(scope="module", params=["llama", "mamba", "gemma2"])
def other_model(
    request: pytest.FixtureRequest,
    library: Library,
    model: Model,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Model]:
    """The model under test, one with a recurrent state, one with a sliding window."""
    if request.param == "llama":
        yield model
        return
    path = tmp_path_factory.mktemp("tiny") / f"{request.param}.gguf"
    loaded = Model(library, tiny.make(path, request.param))
    yield loaded
    loaded.close()


@pytest.fixture
def open_other(other_model: Model) -> Iterator[OpenContext]:
    with contexts_of(other_model) as make:
        yield partial(make, sequences=3, batch_tokens=64)


def evaluate(context: Context, sequences: Sequences, key: str, prompt: list[int]) -> int:
    """As the decoder does; how many tokens were reused."""
    slot, reused = sequences.open(key, prompt)
    for start in range(reused, len(prompt), context.batch_tokens):
        context.decode(prompt[start : start + context.batch_tokens], start, slot.number)
    slot.tokens.extend(prompt[reused:])
    return reused


def fresh_logits(open_context: OpenContext, prompt: list[int]) -> np.ndarray:
    context = open_context(sequences=1)
    evaluate(context, Sequences(context), "", prompt)
    return context.logits().copy()


def test_a_fork_computes_what_a_fresh_sequence_does(open_other: OpenContext) -> None:
    context = open_other()
    sequences = Sequences(context)
    evaluate(context, sequences, "a", [*FRONT, 400, 401, 402])
    wanted = [*FRONT, 500, 501, 502]
    reused = evaluate(context, sequences, "b", wanted)
    assert reused == (len(FRONT) if context.partial_removal else 0)
    np.testing.assert_allclose(
        context.logits(), fresh_logits(open_other, wanted), atol=TOLERANCE, rtol=0
    )
    # The source is as it was.
    again = [*FRONT, 400, 401, 402, 403]
    assert evaluate(context, sequences, "a", again) == len(FRONT) + 3
    np.testing.assert_allclose(
        context.logits(), fresh_logits(open_other, again), atol=TOLERANCE, rtol=0
    )


def test_a_whole_sequence_can_be_forked_in_every_model(open_other: OpenContext) -> None:
    context = open_other()
    sequences = Sequences(context)
    evaluate(context, sequences, "a", FRONT)
    wanted = [*FRONT, 500, 501, 502]
    assert evaluate(context, sequences, "b", wanted) == len(FRONT)
    np.testing.assert_allclose(
        context.logits(), fresh_logits(open_other, wanted), atol=TOLERANCE, rtol=0
    )
    assert evaluate(context, sequences, "a", [*FRONT, 600]) == len(FRONT)
    np.testing.assert_allclose(
        context.logits(), fresh_logits(open_other, [*FRONT, 600]), atol=TOLERANCE, rtol=0
    )


def test_forks_that_were_not_decoded_in_between(open_context: OpenContext) -> None:
    """llama.cpp copies at the next decode: in order, and before anything is written."""
    context = open_context(sequences=3)
    sequences = Sequences(context)
    evaluate(context, sequences, "a", [*FRONT, 400])
    sequences.open("b", [*FRONT, 500])
    sequences.open("c", [*FRONT, 600])
    # Its own main slot would be lost by this one.
    evaluate(context, sequences, "a", [700, 701])
    wanted = [*FRONT, 500, 501]
    assert evaluate(context, sequences, "b", wanted) == len(FRONT)
    expected = fresh_logits(open_context, wanted)
    np.testing.assert_allclose(context.logits(), expected, atol=TOLERANCE, rtol=0)


def test_a_state_comes_back_in_another_context(open_context: OpenContext) -> None:
    context = open_context(sequences=3)
    sequences = Sequences(context)
    evaluate(context, sequences, "x", [5, 6])
    evaluate(context, sequences, "a", FRONT)
    (_, slot), *_ = sequences.documents()
    state = context.state(slot.number)
    assert state is not None
    assert len(state) == context.state_bytes(slot.number)
    other = open_context(sequences=3)
    assert other.restore(1, bytearray(state))
    assert other.last_position(1) == len(FRONT) - 1
    assert other.remove(1, len(FRONT) - 9)
    other.decode([*FRONT[-9:], 500], len(FRONT) - 9, 1)
    expected = fresh_logits(open_context, [*FRONT, 500])
    np.testing.assert_allclose(other.logits(), expected, atol=TOLERANCE, rtol=0)


def test_a_state_of_other_parameters_is_refused(open_context: OpenContext) -> None:
    context = open_context(sequences=2)
    evaluate(context, Sequences(context), "a", FRONT)
    state = context.state(0)
    assert state is not None
    other = open_context(sequences=3)
    other.decode([1, 2], 0, 1)
    assert not other.restore(1, bytearray(state))
    assert other.last_position(1) == -1


def test_sequences_with_an_outstanding_copy_are_not_saved_or_restored(
    open_context: Callable[..., Context],
) -> None:
    context = open_context(sequences=3)
    sequences = Sequences(context)
    evaluate(context, sequences, "a", [*FRONT, 400])
    state = context.state(0)
    assert state is not None
    # From 0 to 1: what 1 says it holds is not there yet.
    sequences.open("b", [*FRONT, 500])
    assert context.state(1) is None
    source = context.state(0)
    assert source is not None
    assert bytes(source) == bytes(state)
    assert context.restore(2, bytearray(state))
    for sequence in (1, 0):
        assert not context.restore(sequence, bytearray(state))
        assert context.last_position(sequence) == -1
    for start in range(0, len(FRONT) + 1, context.batch_tokens):
        context.decode([*FRONT, 500][start : start + context.batch_tokens], start, 1)
    expected = fresh_logits(open_context, [*FRONT, 500])
    np.testing.assert_allclose(context.logits(), expected, atol=TOLERANCE, rtol=0)
    assert context.state(1) is not None
    assert context.restore(0, bytearray(state))
    for sequence in (0, 2):
        assert context.decode([600], len(FRONT) + 1, sequence)
        expected = fresh_logits(open_context, [*FRONT, 400, 600])
        np.testing.assert_allclose(context.logits(), expected, atol=TOLERANCE, rtol=0)


def test_an_empty_state_is_no_state(open_context: Callable[..., Context]) -> None:
    context = open_context(sequences=2)
    evaluate(context, Sequences(context), "a", FRONT)
    assert not context.restore(0, bytearray())
    assert context.last_position(0) == -1
