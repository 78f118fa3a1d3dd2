"""Scores of predictions against truths, with 95 % intervals. Pure; knows no hole and no model."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Interval:
    """A share or a mean, and the 95 % interval around it. NaN when there is nothing to count."""

    value: float
    low: float
    high: float
    count: int

    def as_dict(self) -> dict[str, float | int | None]:
        """Plain JSON values; None for NaN."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {
            **{k: None if math.isnan(v) else round(v, 4) for k, v in numbers.items()},
            "count": self.count,
        }


def exact_match(prediction: str, truth: str) -> bool:
    """Equal after stripping white space at both ends (the form of aiXcoder's evaluation)."""
    return prediction.strip() == truth.strip()


def edit_similarity(prediction: str, truth: str) -> float:
    """1 - Indel distance / (sum of lengths), of the stripped texts; 1 when both are empty.

    CrossCodeEval's form (`fuzz.ratio` / 100): a substitution counts as a deletion and an
    insertion. RepoCoder's Levenshtein / max(length) gives other numbers.
    """
    from rapidfuzz.distance import Indel

    return Indel.normalized_similarity(prediction.strip(), truth.strip())


def share(hits: Sequence[bool]) -> Interval:
    """Share of hits with Wilson's score interval (Wilson 1927)."""
    n = len(hits)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, 0)
    p = sum(hits) / n
    centre = (p + _Z95**2 / (2 * n)) / (1 + _Z95**2 / n)
    half = _Z95 / (1 + _Z95**2 / n) * math.sqrt(p * (1 - p) / n + _Z95**2 / (4 * n * n))
    # At 0 and 1 the bound is the value itself; rounding must not put it on the wrong side.
    return Interval(p, min(p, max(0.0, centre - half)), max(p, min(1.0, centre + half)), n)


def mean(values: Sequence[float], *, resamples: int = 1000, seed: int = 0) -> Interval:
    """Mean with a percentile bootstrap interval; the same values always give the same interval."""
    n = len(values)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, 0)
    rng = random.Random(seed)
    means = sorted(sum(rng.choices(values, k=n)) / n for _ in range(resamples))
    low = means[int(0.025 * (resamples - 1))]
    high = means[math.ceil(0.975 * (resamples - 1))]
    return Interval(sum(values) / n, low, high, n)


def median(values: Sequence[float]) -> float:
    """Median; NaN of nothing."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie, between neighbours; NaN of nothing."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def ratio(
    pairs: Sequence[tuple[float, float]],
    statistic: Callable[[Sequence[float]], float],
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """A statistic of the first values over that of the second, with a paired percentile bootstrap
    interval; NaN where there is nothing, or nothing to divide by."""

    def of(chosen: Sequence[tuple[float, float]]) -> float:
        below = statistic([second for _, second in chosen])
        return statistic([first for first, _ in chosen]) / below if below else math.nan

    n = len(pairs)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, 0)
    rng = random.Random(seed)
    drawn = sorted(
        value for _ in range(resamples) if not math.isnan(value := of(rng.choices(pairs, k=n)))
    )
    if not drawn:
        return Interval(of(pairs), math.nan, math.nan, n)
    low = drawn[int(0.025 * (len(drawn) - 1))]
    high = drawn[math.ceil(0.975 * (len(drawn) - 1))]
    return Interval(of(pairs), low, high, n)
