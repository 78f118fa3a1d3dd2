"""Mixed logits are a distribution: what ends stays, what is barred stays barred."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.cache_model.distribution import Backoff, Counts, Mixture, Scope, mix
from beadline.engine.cache_model.interpolation import (
    MOST_WEIGHT,
    TERMS,
    Weights,
    alone,
    interpolate,
    look,
    terms,
)
from beadline.engine.cache_model.weights import FILES
from beadline.engine.fitted import GENERIC

SIZE = 12
ENDS = np.array([0, 11])
LOGITS = st.lists(st.floats(-12, 12, width=32), min_size=SIZE, max_size=SIZE).map(
    lambda values: np.array(values, dtype=np.float32)
)
MIXTURES = st.lists(
    st.builds(
        Counts,
        order=st.integers(1, 20),
        scope=st.sampled_from(list(Scope)),
        followed=st.dictionaries(st.integers(1, 10), st.integers(1, 9), min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=5,
).map(lambda lattice: mix(lattice, Backoff()))


def softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits.astype(np.float64) - logits.max())
    return weights / weights.sum()


@given(logits=LOGITS, mixture=MIXTURES, weight=st.floats(0.01, MOST_WEIGHT))
def test_the_mixture_is_that_of_both(logits: np.ndarray, mixture: Mixture, weight: float) -> None:
    before = logits.copy()
    found = softmax(interpolate(logits, mixture, weight, look(logits, ENDS), ENDS))
    assert (logits == before).all()
    model = softmax(logits)
    text = 1 - model[ENDS].sum()
    for token in range(SIZE):
        if token in ENDS:
            expected = model[token]
        else:
            cache = mixture.mass.get(token, 0.0) + mixture.rest * model[token] / text
            expected = (1 - weight) * model[token] + weight * cache * text
        assert found[token] == pytest.approx(expected, rel=1e-3, abs=1e-6)


@given(logits=LOGITS, mixture=MIXTURES, barred=st.sets(st.integers(0, 11), max_size=6))
def test_what_is_barred_stays_barred(
    logits: np.ndarray, mixture: Mixture, barred: set[int]
) -> None:
    logits[sorted(barred)] = -np.inf
    found = interpolate(logits, mixture, 0.5, look(logits, ENDS), ENDS)
    assert set(np.flatnonzero(np.isneginf(found)).tolist()) == barred
    own = alone(logits, mixture, ENDS)
    assert set(np.flatnonzero(np.isneginf(own)).tolist()) == barred | set(ENDS.tolist())


@given(logits=LOGITS, mixture=MIXTURES)
def test_alone_the_model_has_no_say(logits: np.ndarray, mixture: Mixture) -> None:
    found = softmax(alone(logits, mixture, ENDS))
    assert found[ENDS].sum() == 0
    assert int(found.argmax()) in {
        token for token, share in mixture.mass.items()
        if share == pytest.approx(mixture.mass[mixture.top])
    }  # fmt: skip
    other = softmax(alone(np.zeros(SIZE, dtype=np.float32), mixture, ENDS))
    assert found == pytest.approx(other)


def test_what_the_model_says() -> None:
    logits = np.log(np.array([0.5, 0.1, 0.3, 0.1], dtype=np.float32))
    view = look(logits, np.array([0]))
    shares = np.array([0.2, 0.6, 0.2])
    assert view.top == 2
    assert view.entropy == pytest.approx(-(shares * np.log(shares)).sum(), rel=1e-4)
    assert np.exp(view.logprob(logits, 2)) == pytest.approx(0.6, rel=1e-4)


def weight(order: int, *, entropy: float) -> float:
    """Of a cache that has seen one thing only, by the generic weights."""
    weights = FILES.packaged[GENERIC].weights
    values = dict.fromkeys(TERMS, 0.0)
    values |= {"log_match": np.log(order), "log_count": np.log1p(3), "share": 1.0}
    return weights.weight(tuple({**values, "entropy": entropy}.values()))


def test_long_matches_count_more_and_sure_models_less() -> None:
    weights = [weight(order, entropy=2.0) for order in (1, 2, 4, 8, 16)]
    assert weights == sorted(weights) and weights[0] < 0.25 < weights[-1]
    assert weight(8, entropy=0.1) < weight(8, entropy=3.0)


def test_without_weights_nothing_is_mixed() -> None:
    assert Weights().weight(tuple([1.0] * len(TERMS))) == 0.0


def test_terms_have_their_names() -> None:
    mixture = mix([Counts(8, Scope.BUFFER, {2: 3, 1: 1})], Backoff())
    assert mixture is not None
    logits = np.log(np.array([0.5, 0.1, 0.3, 0.1], dtype=np.float32))
    view = look(logits, np.array([0]))
    named = dict(zip(TERMS, terms(mixture, view, logits), strict=True))
    assert named["log_match"] == pytest.approx(np.log(8))
    assert named["log_count"] == pytest.approx(np.log(5))
    assert (named["share"], named["single"]) == (0.75, 0.0)
    assert (named["buffer"], named["open"], named["directory"]) == (1.0, 0.0, 0.0)
    assert named["agrees"] == 1.0
    assert named["model_share"] == pytest.approx(0.6, rel=1e-4)
