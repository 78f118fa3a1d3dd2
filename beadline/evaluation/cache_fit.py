"""Fits how far the cache model is believed. Knows observations of tokens; no texts, no engine.

What is fitted is what is served: the probability of the tokens that the author wrote, by the
mixture of model and cache (`engine.cache_model.interpolation`). First the cache's back-off, by a
search, then the weight of the cache by expectation maximisation: given how well either explains a
token, the weight is a logistic regression on who is to thank for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from beadline.engine.cache_model import ending
from beadline.engine.cache_model.distribution import Backoff, Scope
from beadline.engine.cache_model.interpolation import MOST_WEIGHT, TERMS, Weights
from beadline.engine.protocol import Observation
from beadline.errors import InputError

if TYPE_CHECKING:
    import numpy as np

LEAST_TOKENS = 500
"""Fewer observed tokens than this fit nothing."""
RIDGE = 3.0
"""Weight of the squared coefficients of standardised terms against the summed log-likelihood."""
_ROUNDS = 60
_LEAST_STEP = 0.05
_MOST = 12.0
"""Of the logarithm of an escape, either way."""
_TINY = 1e-12
_LEAST_SCALE = 1e-9
"""Standard deviation of what is not constant."""


@dataclass(frozen=True)
class Case:
    """One token that an author wrote."""

    group: str
    """Its repository: weights are checked across these."""
    observation: Observation


@dataclass(frozen=True)
class Place:
    """A place in what an author wrote, and whether it is its end."""

    ending: tuple[float, ...]
    """As in `Observation`; not empty."""
    ended: bool


class Table:
    """Cases as arrays, one row a case; those about which the cache says nothing are left out."""

    def __init__(self, cases: Sequence[Case], vocabulary: int) -> None:
        """`vocabulary`: tokens among which the cache alone shares what it has not seen."""
        import numpy as np

        seen = [case.observation for case in cases if case.observation.counts]
        width = max((len(each.counts) for each in seen), default=1)
        counts = np.zeros((len(seen), width, 5))
        counts[:, :, 0] = 1.0  # an order, where there is nothing
        counts[:, :, 3] = 1.0
        for row, each in zip(counts, seen, strict=True):
            row[: len(each.counts)] = each.counts
        self.order, self.total, self.different = counts[:, :, 0], counts[:, :, 2], counts[:, :, 3]
        self.scope = counts[:, :, 1].astype(int)
        self.share = counts[:, :, 4] / np.maximum(self.total, _TINY)
        self.model = np.exp([each.logprob for each in seen]) if seen else np.zeros(0)
        self.terms = np.array([each.terms for each in seen]).reshape(-1, len(TERMS))
        self.vocabulary = vocabulary

    def cache(self, backoff: Backoff) -> tuple[np.ndarray, np.ndarray]:
        """What the cache gives the tokens, and what it leaves over."""
        import numpy as np

        escapes = np.array(backoff.escapes)[self.scope] / self.order**backoff.growth
        spread = self.different / np.maximum(self.total, _TINY)
        belief = (self.total > 0) / (1 + escapes * spread**backoff.power)
        left = np.cumprod(1.0 - belief, axis=1)
        before = np.concatenate([np.ones((len(left), 1)), left[:, :-1]], axis=1)
        return (before * belief * self.share).sum(axis=1), left[:, -1]


def fit(cases: Sequence[Case], *, vocabulary: int) -> Weights:
    """Weights for the model that the cases were observed with. Raises `InputError` for too few."""
    if sum(bool(case.observation.counts) for case in cases) < LEAST_TOKENS:
        raise InputError(
            f"The cache model knew something of fewer than {LEAST_TOKENS} of {len(cases)} tokens: "
            "too few to fit anything.",
            hint="Draw more holes, or name more repositories.",
        )
    table = Table(cases, vocabulary)
    backoff = _search(table, lambda mass, rest: mass + rest * table.model)
    alone = _search(table, lambda mass, rest: mass + rest / vocabulary)
    mass, rest = table.cache(backoff)
    coefficients, intercept = _gate(table, mass + rest * table.model)
    return Weights(coefficients, intercept, backoff, alone)


def logprobs(cases: Sequence[Case], weights: Weights, *, vocabulary: int) -> dict[str, float]:
    """Mean natural log-probability of all tokens by the model, by the cache alone, and by both."""
    import numpy as np

    table = Table(cases, vocabulary)
    # Of the others nobody but the model has an opinion.
    others = [case.observation.logprob for case in cases if not case.observation.counts]
    count = max(1, len(cases))
    mass, rest = table.cache(weights.backoff)
    own_mass, own_rest = table.cache(weights.alone)
    gates = np.array([weights.weight(tuple(row)) for row in table.terms])
    mixed = table.model + gates * (mass + rest * table.model - table.model)
    alone = own_mass + own_rest / vocabulary
    return {
        "model": (float(np.log(table.model + _TINY).sum()) + sum(others)) / count,
        "cache": (float(np.log(alone + _TINY).sum()) - len(others) * math.log(vocabulary)) / count,
        "both": (float(np.log(mixed + _TINY).sum()) + sum(others)) / count,
    }


def fit_ending(places: Sequence[Place], *, alone: bool = False) -> dict[str, float]:
    """Weights of what tells an end (`engine.cache_model.ending`), by logistic regression; none
    where no place or every place is one. `alone`: without the model's word.
    """
    import numpy as np

    ended = np.array([float(place.ended) for place in places])
    if not 0 < ended.sum() < len(ended):
        return {}
    table = np.array([place.ending for place in places])
    if alone:
        table[:, ending.TERMS.index("model")] = 0.0
    rows, back = _standardised(table)
    weights = np.zeros(rows.shape[1])
    for _ in range(_ROUNDS):
        step = _newton(rows, weights, ended)
        weights += step
        if np.abs(step).max() < 1e-6:
            break
    intercept, plain = back(weights)
    return {ending.INTERCEPT: intercept, **dict(zip(ending.TERMS, plain, strict=True))}


def held_out(cases: Sequence[Case], *, vocabulary: int) -> dict[str, float]:
    """As `logprobs`, each repository's by weights fitted to the others; empty for one alone."""
    groups = sorted({case.group for case in cases})
    if len(groups) < 2:
        return {}
    sums: dict[str, float] = dict.fromkeys(("model", "cache", "both"), 0.0)
    for group in groups:
        own = [case for case in cases if case.group == group]
        weights = fit([case for case in cases if case.group != group], vocabulary=vocabulary)
        for name, value in logprobs(own, weights, vocabulary=vocabulary).items():
            sums[name] += value * len(own)
    return {name: round(value / len(cases), 4) for name, value in sums.items()}


def evidence_of(cases: Sequence[Case], weights: Weights, *, vocabulary: int) -> dict[str, Any]:
    """What a set of weights rests on."""
    fitted = logprobs(cases, weights, vocabulary=vocabulary)
    return {
        "tokens": len(cases),
        "known": sum(bool(case.observation.counts) for case in cases),
        "mean_logprob": {name: round(value, 4) for name, value in fitted.items()},
        "mean_logprob_held_out": held_out(cases, vocabulary=vocabulary),
    }


def _search(table: Table, probability: Any) -> Backoff:
    """The back-off of the best likelihood, one parameter at a time, by ever smaller steps."""
    import numpy as np

    def likelihood(values: Sequence[float]) -> float:
        return float(np.log(probability(*table.cache(_backoff(values))) + _TINY).sum())

    values = [0.0] * len(Scope) + [1.0, 1.0]
    best, step = likelihood(values), 1.0
    while step >= _LEAST_STEP:
        improved = False
        for place in range(len(values)):
            for way in (step, -step):
                tried = [*values]
                tried[place] += way
                low = 0.0 if place >= len(Scope) else -_MOST
                if low <= tried[place] <= _MOST and (found := likelihood(tried)) > best + 1e-6:
                    values, best, improved = tried, found, True
        if not improved:
            step /= 2
    met = {int(scope) for scope in np.unique(table.scope[table.total > 0])}
    for scope in range(1, len(Scope)):
        if scope not in met:
            # What no case had is believed as much as the next wider scope.
            values[scope] = values[scope - 1]
    return _backoff(values)


def _backoff(values: Sequence[float]) -> Backoff:
    """Of the logarithms of the escapes, the growth and the power."""
    repository, directory, opened, buffer, growth, power = values
    first, second = round(math.exp(repository), 6), round(math.exp(directory), 6)
    third, fourth = round(math.exp(opened), 6), round(math.exp(buffer), 6)
    return Backoff((first, second, third, fourth), round(growth, 6), round(power, 6))


def _gate(table: Table, cache: np.ndarray) -> tuple[dict[str, float], float]:
    """Coefficients and intercept of the weight, by expectation maximisation with one Newton step
    of the logistic regression a round; constant terms get no coefficient.
    """
    import numpy as np

    rows, back = _standardised(table.terms)
    weights = np.zeros(rows.shape[1])
    for _ in range(_ROUNDS):
        gate = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        # The served weight is bounded; so is the one that is to thank.
        bounded = np.minimum(gate, MOST_WEIGHT)
        thanks = bounded * cache / (bounded * cache + (1 - bounded) * table.model + _TINY)
        step = _newton(rows, weights, thanks)
        weights += step
        if np.abs(step).max() < 1e-6:
            break
    intercept, plain = back(weights)
    used = table.terms.std(axis=0) > _LEAST_SCALE
    named = zip(TERMS, plain, used, strict=True)
    return {name: value for name, value, use in named if use}, intercept


def _standardised(
    table: np.ndarray,
) -> tuple[np.ndarray, Callable[[np.ndarray], tuple[float, list[float]]]]:
    """Rows of a regression, a one in front; and what turns its weights into an intercept and a
    coefficient for each column as it was. Constant columns have none: 0."""
    import numpy as np

    mean, scale = table.mean(axis=0), table.std(axis=0)
    used = scale > _LEAST_SCALE
    rows = np.column_stack([np.ones(len(table)), (table[:, used] - mean[used]) / scale[used]])

    def back(weights: np.ndarray) -> tuple[float, list[float]]:
        plain = np.zeros(len(mean))
        plain[used] = weights[1:] / scale[used]
        intercept = float(weights[0] - plain @ mean)
        return round(intercept, 6), [round(float(each), 6) for each in plain]

    return rows, back


def _newton(rows: np.ndarray, weights: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """A step of a logistic regression towards `goal`, probabilities; all but the first weight are
    held back by the ridge."""
    import numpy as np

    penalty = np.diag([0.0, *[RIDGE] * (rows.shape[1] - 1)])
    gate = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
    slope = rows.T @ (goal - gate) - penalty @ weights
    curve = (rows * (gate * (1 - gate))[:, None]).T @ rows + penalty
    curve[0, 0] += 1e-6  # a gate that is shut everywhere has no curvature
    return np.clip(np.linalg.solve(curve, slope), -2, 2)
