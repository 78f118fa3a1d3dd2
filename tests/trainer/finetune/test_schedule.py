"""Learning rates: the published closed form of WCL, and what all schedules have in common."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.trainer.finetune.schedule import Plan, Schedule
from tests.examples import examples


def abacus(t: int) -> float:
    """Figure 2-4 of the Abacus article in closed form; the first update is t = 1."""
    if t <= 1000:
        return 1e-3 * t / 1000
    if t <= 10_000:
        return 1e-4 + 0.45e-3 * (1 + math.cos(math.pi * (t - 1000) / 20_000))
    return 6.204e-4 + (1e-4 - 6.204e-4) * (t - 10_000) / 1000


def test_wcl_is_the_published_curve() -> None:
    plan = Plan(Schedule.WCL, 11_000, 1e-3, 1e-4, warmup=1000, decay=1000)
    for step in range(0, 11_000, 7):
        # Ours counts from 0 and warms up to the peak; one step apart from the figure.
        expected = abacus(step + 1 if step < 1000 else step)
        assert plan.rate(step) == pytest.approx(expected, rel=1e-3), step
    assert plan.rate(10_000) == pytest.approx(6.204e-4, rel=1e-3)


def test_wsd_is_flat_and_then_falls_to_the_least_rate() -> None:
    plan = Plan(Schedule.WSD, 100, 1.0, 0.1, warmup=10, decay=20)
    assert {plan.rate(step) for step in range(10, 80)} == {1.0}
    assert plan.rate(90) == pytest.approx(0.55)
    assert plan.rate(100) == pytest.approx(0.1)


def test_cosine_reaches_the_least_rate_at_the_end() -> None:
    plan = Plan(Schedule.COSINE, 100, 1.0, 0.1, warmup=0)
    assert plan.rate(0) == 1.0
    assert plan.rate(50) == pytest.approx(0.55)
    assert plan.rate(100) == pytest.approx(0.1)


@given(
    schedule=st.sampled_from(list(Schedule)),
    total=st.integers(1, 500),
    warmup=st.integers(0, 60),
    decay=st.integers(0, 60),
)
@examples(200)
def test_rates_rise_to_the_peak_once_and_never_leave_their_bounds(
    schedule: Schedule, total: int, warmup: int, decay: int
) -> None:
    plan = Plan(schedule, total, 2.0, 0.5, warmup=min(warmup, total), decay=min(decay, total))
    rates = [plan.rate(step) for step in range(total + 20)]
    rising, falling = rates[: plan.warmup], rates[plan.warmup :]
    assert all(0 < rate <= 2.0 for rate in rates)
    assert all(a < b for a, b in itertools.pairwise(rising))
    assert all(a >= b for a, b in itertools.pairwise(falling))
    assert all(rate >= 0.5 - 1e-9 for rate in falling)
