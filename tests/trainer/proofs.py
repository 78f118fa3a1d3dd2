"""Summaries of proofs as they come out of measuring, made up for one test."""

from __future__ import annotations

from typing import Any

from beadline.evaluation.proof import ALONE, BASE, SERVED, TUNED


def interval(value: float, low: float, high: float) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "count": 1}


def compared(
    holes: int = 400, groups: int = 40, *, gain: tuple[float, float] = (0.02, 0.06)
) -> dict[str, Any]:
    """One row: exact match is 10 % before, and better by the middle of `gain` after."""
    middle = sum(gain) / 2

    def side(exact: float, nll: float) -> dict[str, Any]:
        return {
            "exact_match": interval(exact, exact, exact),
            "edit_similarity": interval(0.5, 0.4, 0.6),
            "identifier_f1": interval(0.4, 0.3, 0.5),
            "nll_per_byte": nll,
            "silent": 0,
        }

    return {
        "holes": holes,
        "groups": groups,
        BASE: side(0.1, 0.9),
        TUNED: side(0.1 + middle, 0.8),
        "exact_match_gain": interval(middle, *gain),
        "exact_match_ratio": interval(1 + 10 * middle, 1 + 10 * gain[0], 1 + 10 * gain[1]),
        "edit_similarity_gain": interval(0.0, -0.1, 0.1),
        "identifier_f1_gain": interval(0.0, -0.1, 0.1),
        "nll_ratio": interval(0.89, 0.85, 0.93),
    }


def proof(holes: int = 400, groups: int = 40, **named: Any) -> dict[str, Any]:
    """Both arms; `alone` wins nothing."""
    row = compared(holes, groups, **named)
    arm = {
        **row,
        "by_category": {"rest_of_line": row, "statement": row},
        "by_source": {"file": row, "commit": row},
        "by_language": {"python": row},
    }
    return {SERVED: arm, ALONE: {**arm, **compared(gain=(-0.02, 0.02))}}


def forgetting(holes: int = 500, *, high: float = 1.015) -> dict[str, Any]:
    row = {
        "holes": holes,
        "groups": holes,
        BASE: {"nll_per_byte": 0.9},
        TUNED: {"nll_per_byte": 0.91},
        "nll_ratio": interval(high - 0.01, high - 0.02, high),
    }
    return {**row, "by_category": {"statement": row}, "by_language": {}, "repositories": ["rich"]}


def memorised(in_data: tuple[str, ...] = (), completed: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "planted": 6, "found": 2, "in_data": list(in_data), "completed": list(completed),
    }  # fmt: skip
