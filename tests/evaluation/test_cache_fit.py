"""What is fitted is what explains the tokens: who was right is believed, and where."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from beadline.engine.cache_model import ending
from beadline.engine.cache_model.distribution import Backoff, Counts, Scope, mix
from beadline.engine.cache_model.interpolation import TERMS, Weights
from beadline.engine.protocol import Observation
from beadline.errors import InputError
from beadline.evaluation.cache_fit import Case, Place, Table, fit, fit_ending, held_out, logprobs

VOCABULARY = 100


def observation(order: int, total: int, hits: int, model: float) -> Observation:
    values = dict.fromkeys(TERMS, 0.0)
    values |= {"log_match": math.log(order), "log_count": math.log1p(total)}
    different = 1 if hits in (0, total) else 2
    counts = ((order, int(Scope.REPOSITORY), float(total), different, float(hits)),)
    return Observation(tuple(values.values()), math.log(model), counts)


def cases(right: Callable[[int], float], *, model: float = 0.1, count: int = 3000) -> list[Case]:
    """Contexts of 1 to 16 tokens that are right with a probability of theirs."""
    rng = random.Random(0)
    found = []
    for number in range(count):
        order = rng.choice([1, 2, 4, 8, 16])
        hits = 4 if rng.random() < right(order) else 0
        found.append(Case(f"r{number % 3}", observation(order, 4, hits, model)))
    return found


def believed(weights: Weights, order: int) -> float:
    """Mass that the mixture gives to what the cache has seen."""
    weight = weights.weight(observation(order, 4, 4, 0.1).terms)
    return weight * weights.backoff.belief(order, Scope.REPOSITORY, 4, 1)


def test_long_matches_that_are_right_are_believed() -> None:
    weights = fit(cases(lambda order: order / 20), vocabulary=VOCABULARY)
    found = [believed(weights, order) for order in (1, 4, 16)]
    assert found == sorted(found)
    assert found[0] < 0.1 and found[-1] > 0.5


def test_a_cache_that_is_never_right_is_not_believed() -> None:
    weights = fit(cases(lambda order: 0.0), vocabulary=VOCABULARY)
    assert max(believed(weights, order) for order in (1, 4, 16)) < 0.02


@pytest.mark.slow
def test_both_are_better_than_one() -> None:
    found = cases(lambda order: order / 20)
    weights = fit(found, vocabulary=VOCABULARY)
    means = logprobs(found, weights, vocabulary=VOCABULARY)
    assert means["both"] > max(means["model"], means["cache"])
    apart = held_out(found, vocabulary=VOCABULARY)
    assert apart["both"] > apart["model"]


def test_where_the_model_is_right_the_mixture_is_no_worse() -> None:
    found = cases(lambda order: 0.5, model=0.99)
    weights = fit(found, vocabulary=VOCABULARY)
    means = logprobs(found, weights, vocabulary=VOCABULARY)
    assert means["both"] >= means["model"] - 0.002


def test_tokens_of_which_nothing_is_known_are_the_models() -> None:
    found = cases(lambda order: 0.5, count=600)
    unknown = [Case("r0", Observation((), math.log(0.25), ()))] * 600
    weights = fit(found, vocabulary=VOCABULARY)
    before = logprobs(found, weights, vocabulary=VOCABULARY)
    after = logprobs([*found, *unknown], weights, vocabulary=VOCABULARY)
    for name, alone in (("model", 0.25), ("both", 0.25), ("cache", 1 / VOCABULARY)):
        assert after[name] == pytest.approx((before[name] + math.log(alone)) / 2)


def test_the_table_says_what_is_served() -> None:
    """The same counts through the code that mixes while decoding."""
    lattice = [
        Counts(8, Scope.BUFFER, {1: 2, 2: 1}),
        Counts(3, Scope.BUFFER, {1: 2, 3: 4}),
        Counts(3, Scope.REPOSITORY, {2: 5}, 2.0),
    ]
    backoff = Backoff((2.0, 1.0, 1.0, 0.5), 0.7)
    mixture = mix(lattice, backoff, enough=0.0)
    assert mixture is not None
    for token in (1, 2, 3, 4):
        counts = tuple(
            (c.order, int(c.scope), c.total, len(c.followed), c.followed.get(token, 0) * c.scale)
            for c in lattice
        )
        table = Table([Case("r", Observation((0.0,) * len(TERMS), -1.0, counts))], VOCABULARY)
        mass, rest = table.cache(backoff)
        assert mass[0] == pytest.approx(mixture.mass.get(token, 0.0))
        assert rest[0] == pytest.approx(mixture.rest)


def test_what_tells_an_end_is_found() -> None:
    rng = random.Random(0)
    places = []
    for _ in range(2000):
        same, model = float(rng.random() < 0.5), rng.uniform(-3, 3)
        ended = rng.random() < (0.8 if same else 0.1)
        values = {**dict.fromkeys(ending.TERMS, 0.0), "same": same, "model": model}
        places.append(Place(tuple(values.values()), ended))
    for alone in (False, True):
        weights = fit_ending(places, alone=alone)
        # The model tells nothing here.
        assert weights["model"] == pytest.approx(0.0, abs=0.0 if alone else 0.1)
        for same, chance in ((0.0, 0.1), (1.0, 0.8)):
            told = tuple({**dict.fromkeys(ending.TERMS, 0.0), "same": same}.values())
            found = 1 / (1 + math.exp(-ending.weighed(weights, told)))
            assert found == pytest.approx(chance, abs=0.05)


def test_where_nothing_ends_nothing_tells_it() -> None:
    assert fit_ending([Place((0.0,) * len(ending.TERMS), False)] * 10) == {}


def test_too_little_fits_nothing() -> None:
    with pytest.raises(InputError):
        fit(cases(lambda order: 0.5, count=100), vocabulary=VOCABULARY)
