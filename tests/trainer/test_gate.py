"""The gate: what wins, what forgets, what is too little to tell."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.evaluation import forgetting as forgotten
from beadline.evaluation import proof as proved
from beadline.trainer.gate import Rule, Verdict, decide, too_few
from tests.trainer.proofs import forgetting, memorised, proof


def test_a_win_that_forgets_nothing_is_used():
    decision = decide(proof(), forgetting(), memorised())
    assert decision.verdict is Verdict.ACTIVATED and decision.activates
    assert decision.sentence.startswith("Activated: 400 held-out holes, exact match 10.0 % before")
    assert "+4.0 points [+2.0 to +6.0]" in decision.reasons[0]
    assert "1.40 times [1.20-1.60]" in decision.reasons[0]
    assert "+0.5 % [-0.5 to +1.5]" in decision.reasons[1]
    json.dumps(decision.as_dict())


@pytest.mark.parametrize(
    ("proof_", "forgetting_", "verdict", "told"),
    [
        ({"holes": 199}, {}, Verdict.NOT_ENOUGH, "199 held-out holes"),
        ({"groups": 9}, {}, Verdict.NOT_ENOUGH, "9 files"),
        ({}, {"holes": 10}, Verdict.NOT_ENOUGH, "10 holes of installed packages"),
        ({"gain": (0.0, 0.08)}, {}, Verdict.NO_WIN, "+4.0 points"),
        ({"gain": (-0.001, 0.08)}, {}, Verdict.NO_WIN, "-0.1 to +8.0"),
        ({"gain": (-0.08, -0.01)}, {}, Verdict.NO_WIN, "-4.5 points"),
        ({}, {"high": 1.0201}, Verdict.FORGETS, "at most +2.0 %"),
        ({"gain": (-0.1, 0.1)}, {"high": 1.5}, Verdict.NO_WIN, "held-out"),
        ({"holes": 3}, {"high": 1.5}, Verdict.NOT_ENOUGH, "too small"),
    ],
)
def test_all_else_is_not_used(
    proof_: dict[str, Any], forgetting_: dict[str, Any], verdict: Verdict, told: str
):
    decision = decide(proof(**proof_), forgetting(**forgetting_), memorised())
    assert decision.verdict is verdict and not decision.activates
    assert told in decision.reasons[0]
    assert len(set(decision.reasons)) == len(decision.reasons)


def test_two_percent_are_let_through():
    assert decide(proof(), forgetting(high=1.02), memorised()).activates


@pytest.mark.parametrize("where", ["in_data", "completed"])
def test_a_secret_that_was_learned_decides(where: str):
    places = tuple(f"a.py:{line}" for line in range(1, 6))
    decision = decide(proof(holes=3), forgetting(high=9.0), memorised(**{where: places}))
    assert decision.verdict is Verdict.LEAKS
    assert "5 secrets" in decision.reasons[0] and "a.py:3, ..." in decision.reasons[0]


def test_what_will_be_too_little_is_known_beforehand():
    assert too_few(199, 20, 500) and too_few(400, 9, 500) and too_few(400, 20, 199)
    assert too_few(200, 10, 200) == ""
    assert too_few(10, 2, 5, Rule(10, 2, 5)) == ""


def test_numbers_of_nothing_are_not_enough():
    """What measuring gives where there are no holes at all."""
    decision = decide(proved.summarise([], {}), forgotten.summarise([], {}), memorised())
    assert decision.verdict is Verdict.NOT_ENOUGH


@given(
    st.tuples(st.floats(-0.5, 0.5), st.floats(0, 0.3)),
    st.floats(0.9, 1.1),
    st.integers(0, 1000),
    st.integers(0, 1000),
)
def test_nothing_is_used_without_a_win_and_enough_holes(
    gain: tuple[float, float], high: float, holes: int, control: int
):
    low = gain[0]
    decision = decide(
        proof(holes, gain=(low, low + gain[1])), forgetting(control, high=high), memorised()
    )
    assert decision.activates == (low > 0 and high <= 1.02 and holes >= 200 and control >= 200)
    assert decision.sentence
