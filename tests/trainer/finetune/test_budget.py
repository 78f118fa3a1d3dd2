"""Evaluations cost a bounded share of the time, and a run fits into the time it is given."""

from __future__ import annotations

import pytest

from beadline.trainer.finetune.budget import every, fitting, settles


@pytest.mark.parametrize(
    ("total", "evaluations", "rows", "per_step", "expected"),
    [
        (100, 10, 4, 4, 10),
        (100, 10, 40, 4, 14),  # ten of them would take a third of the steps' time
        (12, 10, 4, 4, 2),
        (12, 10, 0, 4, 1),
        (5, 0, 1, 4, 5),
    ],
)
def test_evaluations_are_apart(
    total: int, evaluations: int, rows: int, per_step: int, expected: int
) -> None:
    assert every(total, evaluations, rows, per_step) == expected


@pytest.mark.parametrize("rows", [1, 7, 64, 1000])
def test_evaluations_take_a_quarter_of_the_steps_time_at_most(rows: int) -> None:
    step, per_step = 3.0, 4
    scoring = step / 3 * rows / per_step
    for total in range(1, 200):
        assert scoring / every(total, 10, rows, per_step) <= step / 4 + 1e-9


def test_what_fits_takes_no_longer_than_it_may() -> None:
    for limit in (60.0, 100.0, 1000.0):
        steps = fitting(limit, 16.0, 8, scoring=5.0, apart=10)
        spent = 2.0 * steps + 5.0 * (steps // 10 + 1)
        assert limit - 8.0 <= spent <= limit
    assert fitting(1.0, 16.0, 8, scoring=5.0, apart=10) <= 0
    assert fitting(100.0, 16.0, 8, scoring=0.0, apart=1) == 50


def test_the_time_is_looked_at_after_some_steps_and_again_and_again() -> None:
    asked = [step for step in range(1, 30) if settles(step, 1.0 * step, 0.0, 1000.0)]
    assert asked == list(range(8, 30))
    assert not settles(9, 9.0, 8.0, 1000.0) and not settles(100, 100.0, 8.0, 1000.0)
    assert settles(108, 108.0, 8.0, 1000.0)
    # Steps that are so slow that time would be up before the eighth.
    assert not settles(1, 99.0, 0.0, 1000.0) and settles(2, 198.0, 0.0, 1000.0)


@pytest.mark.parametrize("slow", [1.0, 20.0, 50.0])
def test_a_run_comes_to_its_end_in_time_when_the_machine_becomes_slow(slow: float) -> None:
    """As the loop does it: 1 s a step at first, then more of them."""
    limit, seconds, settled, total, step = 1000.0, 0.0, 0.0, 5000, 0
    while step < total and seconds <= limit:
        step += 1
        seconds += 1.0 if seconds < 300 else slow
        if settles(step, seconds, settled, limit):
            total = max(step, min(total, fitting(limit, seconds, step, 0.0, 10)))
            settled = seconds
    assert step == total
    assert seconds > 0.85 * limit
