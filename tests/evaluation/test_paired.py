"""Intervals of paired ratios and differences, with and without groups of cases."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.evaluation.paired import difference, ratio
from tests.examples import examples

NUMBERS = st.lists(
    st.tuples(st.floats(0.1, 100), st.floats(0.1, 100), st.integers(0, 3)), min_size=1, max_size=30
)


def test_a_ratio_is_paired_and_repeatable() -> None:
    rng = random.Random(2)
    below = [rng.uniform(1, 100) for _ in range(300)]
    above = [value * 1.1 for value in below]
    found = ratio(above, below)
    # However much the cases differ, their ratio does not.
    assert (found.value, found.low, found.high) == pytest.approx((1.1, 1.1, 1.1))
    noisy = [value * rng.uniform(0.5, 1.7) for value in below]
    found = ratio(noisy, below, resamples=1050)
    assert found == ratio(noisy, below, resamples=1050)
    assert found.low < found.value < found.high
    assert found.count == 300


def test_a_difference_is_one_of_means() -> None:
    found = difference([1, 1, 0, 1], [0, 0, 0, 0], resamples=500)
    assert found.value == 0.75
    assert found.low < 0.75 < found.high <= 1
    same = difference([1, 0, 1], [1, 0, 1])
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_nothing_to_compare_is_not_a_number() -> None:
    assert math.isnan(ratio([], []).value)
    assert math.isnan(ratio([1.0], [0.0]).high)
    assert math.isnan(difference([], []).low)


def test_cases_of_one_group_are_one_observation() -> None:
    """Ten files, in each of which every hole is won or none: four hundred holes say no more than
    ten."""
    won = [number % 10 < 6 for number in range(400)]
    before = [0.0] * 400
    alone = difference(won, before, resamples=2000)
    together = difference(won, before, groups=[n % 10 for n in range(400)], resamples=2000)
    assert alone.value == together.value == pytest.approx(0.6)
    assert together.high - together.low > 3 * (alone.high - alone.low)


@examples(50)
@given(NUMBERS)
def test_groups_of_one_are_the_cases_themselves(values: list[tuple[float, float, int]]) -> None:
    above, below = [v[0] for v in values], [v[1] for v in values]
    alone = ratio(above, below, resamples=60)
    assert alone == ratio(above, below, groups=list(range(len(values))), resamples=60)
    assert difference(above, below, resamples=60) == difference(
        above, below, groups=[f"g{n}" for n in range(len(values))], resamples=60
    )


@examples(50)
@given(NUMBERS)
def test_an_interval_lies_within_the_groups(values: list[tuple[float, float, int]]) -> None:
    above, below = [v[0] for v in values], [v[1] for v in values]
    groups = [v[2] for v in values]
    found = ratio(above, below, groups=groups, resamples=60)
    single = [
        sum(v[0] for v in values if v[2] == group) / sum(v[1] for v in values if v[2] == group)
        for group in set(groups)
    ]
    assert min(single) * (1 - 1e-9) <= found.low <= found.high <= max(single) * (1 + 1e-9)
