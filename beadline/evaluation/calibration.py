"""Fits the confidence of suggestions and says how well it is calibrated. Knows outcomes; no model.

What is predicted: that the first line of a suggestion is exactly what the author has there
(`checks.first_line_right`). Outcomes of a run tell what every suggestion's estimate rests on
(`Trace.features`) and whether it came true.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from beadline.completion.confidence import Estimator, Features, terms
from beadline.completion.history import Acceptance
from beadline.errors import InputError
from beadline.evaluation.metrics import Interval, share
from beadline.evaluation.run import Outcome

if TYPE_CHECKING:
    import numpy as np

GENERIC_TERMS = ("line_logprob", "least_logprob", "mean_logprob")
"""What may transfer to models that were not measured: their own probabilities, nothing else."""
FITTED_TERMS = (
    *GENERIC_TERMS, "whole", "known_words", "log_tokens", "several_lines", "in_string",
    "in_comment", "in_statement", "acceptance", "agreement",
)  # fmt: skip
"""What weights are fitted to. Of the sets tried on the repositories that choose constants, one
with the best likelihood on repositories left out; with all terms at once a few dozen right
suggestions fit noise."""
RIDGE = 3.0
"""Weight of the squared coefficients of standardised terms against the summed log-likelihood: a
normal prior, which little data needs and which much data outweighs."""
LEAST_RIGHT = 20
"""Fewer right suggestions than this fit nothing."""
KEPT = 0.97
"""Share of the right suggestions that a threshold must keep."""
THRESHOLDS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5)
BINS = 10
_STEPS = 100


@dataclass(frozen=True)
class Case:
    """One suggestion that could be shown."""

    group: str
    """Its repository: intervals are drawn over cases, weights are checked across these."""
    features: Features
    right: bool


def cases(outcomes: Sequence[Outcome]) -> list[Case]:
    """The suggestions of a run, in the order of their files.

    The recent share of acceptance is played: an author who goes through the file from its start
    takes what is right.
    """
    found: list[Case] = []
    acceptance, repo = Acceptance(), ""
    for outcome in sorted(outcomes, key=lambda o: (o.repo, o.path, _start(o))):
        if not outcome.prediction or not outcome.trace.get("features"):
            continue
        if outcome.repo != repo:
            acceptance, repo = Acceptance(), outcome.repo
        values = {**outcome.trace["features"], "acceptance": acceptance.share}
        found.append(Case(repo, Features(**values), outcome.first_line_right))
        acceptance.note(outcome.first_line_right)
    return found


def fit(found: Sequence[Case], *, names: Sequence[str] = FITTED_TERMS) -> Estimator:
    """The logistic model of the cases, by Newton's method with a ridge on standardised terms.

    `names` are the terms used; constant ones get no weight. Raises `InputError` for too little to
    fit.
    """
    import numpy as np

    right = np.array([case.right for case in found], dtype=float)
    if not LEAST_RIGHT <= right.sum() <= len(found) - LEAST_RIGHT:
        raise InputError(
            f"{int(right.sum())} of {len(found)} suggestions are right: too few, or too few wrong "
            f"ones, to fit anything (at least {LEAST_RIGHT} of each).",
            hint="Draw more cursors with --typed, or name more repositories.",
        )
    table = _table(found, names)
    mean, scale = table.mean(axis=0), table.std(axis=0)
    used = scale > 1e-9
    names = [name for name, use in zip(names, used, strict=True) if use]
    mean, scale = mean[used], scale[used]
    rows = np.column_stack([np.ones(len(found)), (table[:, used] - mean) / scale])
    penalty = np.diag([0.0, *[RIDGE] * len(names)])  # not on the intercept
    weights = np.zeros(rows.shape[1])
    weights[0] = math.log(right.mean() / (1 - right.mean()))
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(rows @ weights, -500, 500)))
        slope = rows.T @ (right - chance) - penalty @ weights
        curve = (rows * (chance * (1 - chance))[:, None]).T @ rows + penalty
        step = np.linalg.solve(curve, slope)
        weights += step
        if np.abs(step).max() < 1e-9:
            break
    plain = weights[1:] / scale
    intercept = float(weights[0] - plain @ mean)
    return Estimator(
        {name: round(float(w), 6) for name, w in zip(names, plain, strict=True)},
        round(intercept, 6),
    )


def held_out(found: Sequence[Case], *, names: Sequence[str] = FITTED_TERMS) -> list[float]:
    """Estimates for every case by weights fitted on the other repositories' cases; on four
    fifths of the cases where there is one repository."""
    groups = sorted({case.group for case in found})
    if len(groups) > 1:
        folds = [groups.index(case.group) for case in found]
    else:  # neighbours in a file go together
        folds = [5 * number // len(found) for number in range(len(found))]
    estimates = [0.0] * len(found)
    for fold in set(folds):
        rest = [case for case, own in zip(found, folds, strict=True) if own != fold]
        estimator = fit(rest, names=names)
        for number, own in enumerate(folds):
            if own == fold:
                estimates[number] = estimator.estimate(found[number].features)
    return estimates


def least_confidence(found: Sequence[Case], estimates: Sequence[float]) -> int:
    """The highest threshold in whole percents that keeps at least `KEPT` of the right ones."""
    right = [e for case, e in zip(found, estimates, strict=True) if case.right]
    best = 0
    for percent in range(1, 100):
        if sum(e >= percent / 100 for e in right) < KEPT * len(right):
            break
        best = percent
    return best


def summary(found: Sequence[Case], estimates: Sequence[float]) -> dict[str, Any]:
    """How good the estimates are: plain JSON values, intervals of 95 %."""
    import numpy as np

    right = np.array([case.right for case in found])
    chance = np.array(estimates)
    area, error = _area(chance, right), _calibration_error(chance, right)
    rng = np.random.default_rng(0)
    areas: list[float] = []
    errors: list[float] = []
    for _ in range(1000):
        drawn = rng.integers(0, len(found), len(found))
        if 0 < right[drawn].sum() < len(found):
            areas.append(_area(chance[drawn], right[drawn]))
            errors.append(_calibration_error(chance[drawn], right[drawn]))
    return {
        "shown": len(found),
        "right": int(right.sum()),
        "auc": _interval(area, areas, len(found)),
        "calibration_error": _interval(error, errors, len(found)),
        "mean_estimate": round(float(chance.mean()), 4),
        "bins": _bins(chance, right),
        "thresholds": [_threshold(chance, right, least) for least in THRESHOLDS],
    }


def at_threshold(found: Sequence[Case], estimates: Sequence[float], least: float) -> dict[str, Any]:
    """Precision and coverage when what is below `least` is not shown; plain JSON values."""
    import numpy as np

    return _threshold(np.array(estimates), np.array([case.right for case in found]), least)


def _table(found: Sequence[Case], names: Sequence[str]) -> np.ndarray:
    """Terms of the cases, shape (cases, names)."""
    import numpy as np

    rows: list[list[float]] = []
    for case in found:
        values: Mapping[str, float] = terms(case.features)
        rows.append([values[name] for name in names])
    return np.array(rows, dtype=float)


def _area(chance: np.ndarray, right: np.ndarray) -> float:
    """Area under the ROC curve: how often a right one is above a wrong one, ties by half."""
    import numpy as np

    values, inverse, counts = np.unique(chance, return_inverse=True, return_counts=True)
    del values
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positive = int(right.sum())
    negative = len(right) - positive
    if not positive or not negative:
        return math.nan
    return float((ranks[right].sum() - positive * (positive + 1) / 2) / (positive * negative))


def _calibration_error(chance: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error (Naeini et al. 2015) over `BINS` bins of equal counts: most
    estimates are small, so that bins of equal width would be one."""
    import numpy as np

    order = np.argsort(chance, kind="stable")
    return float(
        sum(
            len(part) * abs(chance[part].mean() - right[part].mean())
            for part in np.array_split(order, BINS)
            if len(part)
        )
        / len(chance)
    )


def _bins(chance: np.ndarray, right: np.ndarray) -> list[dict[str, Any]]:
    import numpy as np

    order = np.argsort(chance, kind="stable")
    return [
        {
            "from": round(float(chance[part].min()), 4),
            "to": round(float(chance[part].max()), 4),
            "estimate": round(float(chance[part].mean()), 4),
            "right": share([bool(x) for x in right[part]]).as_dict(),
        }
        for part in np.array_split(order, BINS)
        if len(part)
    ]


def _threshold(chance: np.ndarray, right: np.ndarray, least: float) -> dict[str, Any]:
    kept = chance >= least
    return {
        "least": least,
        "precision": share([bool(x) for x in right[kept]]).as_dict(),
        "kept_right": share([bool(x) for x in kept[right]]).as_dict(),
        "shown": share([bool(x) for x in kept]).as_dict(),
    }


def _interval(value: float, drawn: Sequence[float], count: int) -> dict[str, float | int | None]:
    """With a percentile bootstrap over the cases."""
    ordered = sorted(drawn)
    if not ordered:
        return Interval(value, math.nan, math.nan, count).as_dict()
    low = ordered[int(0.025 * (len(ordered) - 1))]
    high = ordered[math.ceil(0.975 * (len(ordered) - 1))]
    return Interval(value, min(low, value), max(high, value), count).as_dict()


def _start(outcome: Outcome) -> int:
    """Where the hole starts; its name ends in `start-end`."""
    return int(outcome.id.rpartition(":")[2].partition("-")[0])
