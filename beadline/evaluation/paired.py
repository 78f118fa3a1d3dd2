"""Compares two ways of answering the same cases: ratios and differences with 95 % intervals.

Pure; knows no case and no model. The bootstrap is paired (Efron 1979, percentile interval): every
resample draws the same cases for both ways. Cases of one file are no independent observations, so
whole *groups* of cases can be drawn instead (the cluster bootstrap, Davison and Hinkley 1997,
section 3.8); without groups every case is one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING

from beadline.evaluation.metrics import Interval

if TYPE_CHECKING:
    import numpy as np

RESAMPLES = 10_000
_BLOCK = 100
"""Resamples at a time: memory, not meaning."""


def ratio(
    numerators: Sequence[float],
    denominators: Sequence[float],
    *,
    groups: Sequence[Hashable] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Sum over sum; NaN over nothing. The same values always give the same interval."""
    import numpy as np

    above, below = np.asarray(numerators, float), np.asarray(denominators, float)
    count = len(above)
    if count == 0 or below.sum() == 0:
        return Interval(math.nan, math.nan, math.nan, count)

    def of(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        # A resample that has nothing below the line says nothing about a ratio.
        return first[second > 0] / second[second > 0]

    low, high = _bounds([above, below], groups, of, resamples, seed)
    return Interval(float(above.sum() / below.sum()), low, high, count)


def difference(
    after: Sequence[float],
    before: Sequence[float],
    *,
    groups: Sequence[Hashable] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Mean of the first minus mean of the second; NaN of nothing. The same values always give the
    same interval."""
    import numpy as np

    gained = np.asarray(after, float) - np.asarray(before, float)
    count = len(gained)
    if count == 0:
        return Interval(math.nan, math.nan, math.nan, 0)
    low, high = _bounds(
        [gained, np.ones(count)], groups, lambda first, second: first / second, resamples, seed
    )
    return Interval(float(gained.mean()), low, high, count)


def _bounds(
    columns: Sequence[np.ndarray],
    groups: Sequence[Hashable] | None,
    of: Callable[[np.ndarray, np.ndarray], np.ndarray],
    resamples: int,
    seed: int,
) -> tuple[float, float]:
    """The interval of a statistic of two columns' sums. `of` takes the sums of many resamples."""
    import numpy as np

    if groups is not None:
        numbers: dict[Hashable, int] = {}
        own = [numbers.setdefault(group, len(numbers)) for group in groups]
        columns = [np.bincount(own, column, len(numbers)) for column in columns]
    first, second = columns
    units = len(first)
    rng = np.random.default_rng(seed)
    found: list[np.ndarray] = []
    for start in range(0, resamples, _BLOCK):
        drawn = rng.integers(0, units, (min(_BLOCK, resamples - start), units))
        found.append(of(first[drawn].sum(axis=1), second[drawn].sum(axis=1)))
    values = np.concatenate(found)
    if not len(values):
        return math.nan, math.nan
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)
