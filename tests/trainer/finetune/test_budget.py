"""Evaluations cost a bounded share of the time, and a run fits into the time it is given."""

from __future__ import annotations

import pytest

from beadline.trainer.finetune.budget import every, fitting


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
