"""Searches for better weights by trying changed ones. Knows no repository and no snippet.

A (1 + lambda) evolution strategy (Rechenberg 1973): in every round some sets of weights near the
best one are tried on all cases, and the best of them takes its place if it is better by more than
chance. The weights are few and what they decide is in steps, so that there is no gradient.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from beadline.context.retrieval.weights import Weights

_FACTORS = ("sources", "reasons")
_SHARES = ("reserved", "most", "first", "grown")
_SPREADS = (0.6, 0.35, 0.2)
"""Standard deviation of the logarithm of what a weight is multiplied with, by rounds."""
_CHANGED = 0.4
"""Share of the weights that one trial changes: of all at once, most changes would be for the
worse."""

_SURE = 2.0
"""Standard errors by which a set has to be better: it is the best one of many."""

Values = Sequence[Mapping[str, float]]
"""By group of cases (a repository), and in it by case: how good the snippets are, 0 to 1."""


@dataclass(frozen=True)
class Fitted:
    """What a search found."""

    weights: Weights
    value: float
    before: float
    """Value of the weights that it began with."""
    tried: int


def fit(
    start: Weights,
    evaluate: Callable[[Sequence[Weights]], Sequence[Values]],
    *,
    rounds: int,
    trials: int,
    seed: int,
    tell: Callable[[str], None] = lambda line: None,
    keep: Callable[[Fitted], None] = lambda fitted: None,
) -> Fitted:
    """Better weights than `start`, or `start` itself. `evaluate` gives the values of every set;
    `keep` is given what is found as it comes, so that an interruption loses one round."""
    rng = random.Random(seed)
    best, known, before = start, None, math.nan
    found: Fitted | None = None
    for number in range(rounds):
        spread = _SPREADS[min(len(_SPREADS) - 1, number * len(_SPREADS) // rounds)]
        sets = [changed(best, rng, spread) for _ in range(trials)]
        values = list(evaluate([best, *sets] if known is None else sets))
        if known is None:
            known = values.pop(0)
            before = mean(known)
        gain, at = max((mean(each) - mean(known), place) for place, each in enumerate(values))
        is_better = gain > _SURE * error(known, values[at])
        tell(f"round {number + 1}: {mean(known):.4f}, best of {trials}: {gain:+.4f}"
             f"{' taken' if is_better else ''}")  # fmt: skip
        if is_better:
            best, known = sets[at], values[at]
        found = Fitted(best, mean(known), before, (number + 1) * trials)
        keep(found)
    assert found is not None, "there is a round"
    return found


def changed(weights: Weights, rng: random.Random, spread: float) -> Weights:
    """Weights near others; shares stay shares, and what is given first is within the most."""

    def moved(table: Mapping[str, float], most: float) -> dict[str, float]:
        return {
            name: round(min(most, value * math.exp(rng.gauss(0.0, spread))), 3)
            if rng.random() < _CHANGED
            else value
            for name, value in table.items()
        }

    tables = {name: moved(getattr(weights, name), math.inf) for name in _FACTORS}
    tables |= {name: moved(getattr(weights, name), 1.0) for name in _SHARES}
    for name, share in tables["reserved"].items():
        tables["reserved"][name] = min(share, tables["most"].get(name, 0.0))
    return replace(weights, **tables)


def mean(values: Values) -> float:
    """Every group counts the same, however many cases it has."""
    groups = [sum(group.values()) / len(group) for group in values if group]
    return sum(groups) / len(groups)


def error(one: Values, other: Values) -> float:
    """Standard error of the difference of two means over the same cases."""
    variance, count = 0.0, 0
    for first, second in zip(one, other, strict=True):
        if not first:
            continue
        count += 1
        differences = [second[case] - first[case] for case in first]
        middle = sum(differences) / len(differences)
        squares = sum((each - middle) ** 2 for each in differences)
        variance += squares / max(1, len(differences) - 1) / len(differences)
    return math.sqrt(variance) / max(1, count)
