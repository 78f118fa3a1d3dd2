"""Choosing tokens from logits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.llama.sampling import Sampler, probability_of

LOGITS = np.array([0.0, math.log(2), math.log(5), -1e4], dtype=np.float32)


def test_greedy_takes_the_best_and_tells_its_probability() -> None:
    choice = Sampler(0.0, 0).choose(LOGITS)
    assert choice.token == 2
    assert choice.logprob == pytest.approx(math.log(5 / 8), abs=1e-5)


def test_mass_of_several_tokens() -> None:
    assert probability_of(LOGITS, {0, 1}) == pytest.approx(3 / 8, abs=1e-5)
    assert probability_of(LOGITS, ()) == 0.0


def test_a_seed_decides_and_the_distribution_is_met() -> None:
    def draw(seed: int) -> list[int]:
        sampler = Sampler(1.0, seed)
        return [sampler.choose(LOGITS).token for _ in range(4000)]

    tokens = draw(7)
    assert tokens == draw(7)
    assert tokens != draw(8)
    assert tokens.count(2) / len(tokens) == pytest.approx(5 / 8, abs=0.03)
    assert 3 not in tokens


@given(
    values=st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=30),
    temperature=st.floats(0.01, 5),
    seed=st.integers(),
)
def test_every_choice_is_a_token_with_a_probability(
    values: list[float], temperature: float, seed: int
) -> None:
    logits = np.array(values, dtype=np.float32)
    choice = Sampler(temperature, seed).choose(logits)
    assert 0 <= choice.token < len(values)
    assert choice.logprob <= 1e-4
    assert probability_of(logits, range(len(values))) == pytest.approx(1.0, abs=1e-4)
