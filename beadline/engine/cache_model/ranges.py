"""What followed the places of an index, as a file sees them: some do not count, some are near.

Knows an index; no contexts and no probabilities. Nothing here depends on what is being written, so
it is kept from one request of a file to the next, and so are the counts of ranges of many places:
most of what is written stands behind tokens that are common.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from beadline.engine.cache_model.search import Index

SAMPLE = 96
"""Places that are counted of a context at most, evenly spread over all of them."""
FEW = 24
_MOST_WIDE = 512
"""Ranges of more places than a few whose counts are kept."""
_DEAD, _FAR, _NEAR = -1, 0, 1
"""Places that do not count, that count, and that are of the directory."""
_CODE_BITS = 32
_CODES = (1 << _CODE_BITS) - 1


class Tally(NamedTuple):
    """Tokens that followed the places of a range, and how often they did."""

    near: dict[int, int]
    everywhere: dict[int, int]
    alive: int
    """Places that were counted, with those that nothing follows."""
    stride: int = 1
    """Every which of the places was looked at."""


class Ranges:
    """Counts over ranges of an index's places."""

    def __init__(self, index: Index, dead: Collection[str] = (), folder: str = "") -> None:
        """`dead`: paths of files that do not count; `folder`: of the files that are near, empty:
        none is nearer than others.
        """
        self.index = index
        self._bounds, self._kinds = _kinds(
            index.places_of(dead), index.places_below(folder) if folder else (0, 0)
        )
        self._bound_array = np.array(self._bounds, dtype=np.uint32)
        self._kind_array = np.array(self._kinds, dtype=np.int64) << _CODE_BITS
        self._wide: dict[tuple[int, int], Tally] = {}
        """Of ranges of many places, the oldest first."""

    def tally(self, low: int, high: int) -> Tally:
        """What follows the places of a range, of many of them a sample."""
        return self._few(low, high) if high - low <= FEW else self._many(low, high)

    def continuation(self, low: int, high: int, most: int) -> list[int]:
        """At most `most` tokens that followed one of the places of a range, beginning with one of
        those that did so most often.
        """
        stride = stride_of(high - low)
        alive = self._kind_array[self._places_kinds(low, high, stride)] >= 0
        places = self.index.order[low:high:stride][alive]
        following = self.index.following[low:high:stride][alive]
        followed = Counter(following.tolist())
        followed.pop(self.index.separator, None)
        if not followed:
            return []
        top = followed.most_common(1)[0][0]
        return self.index.continuation(int(places[following == top][0]), most)

    def _few(self, low: int, high: int) -> Tally:
        """Arrays take longer to make than the lists of a few places to walk."""
        index = self.index
        bounds, kinds, separator, token = self._bounds, self._kinds, index.separator, index.token
        near: dict[int, int] = {}
        everywhere: dict[int, int] = {}
        alive = 0
        places = index.order[low:high].tolist()
        for place, code in zip(places, index.following[low:high].tolist(), strict=True):
            kind = kinds[bisect_right(bounds, place)] if bounds else _FAR
            if kind == _DEAD:
                continue
            alive += 1
            if code != separator:
                named = token(code)
                everywhere[named] = everywhere.get(named, 0) + 1
                if kind == _NEAR:
                    near[named] = near.get(named, 0) + 1
        return Tally(near, everywhere, alive)

    def _many(self, low: int, high: int) -> Tally:
        known = self._wide.get((low, high))
        if known is not None:
            return known
        index, stride = self.index, stride_of(high - low)
        separator, token = index.separator, index.token
        kinds = self._kind_array[self._places_kinds(low, high, stride)]
        near: dict[int, int] = {}
        everywhere: dict[int, int] = {}
        alive = 0
        followed = Counter((kinds + index.following[low:high:stride]).tolist())
        for key, count in followed.items():
            if key < 0:  # dead
                continue
            alive += count
            code = key & _CODES
            if code != separator:
                named = token(code)
                everywhere[named] = everywhere.get(named, 0) + count
                if key != code:
                    near[named] = count
        if len(self._wide) >= _MOST_WIDE:
            self._wide.pop(next(iter(self._wide)))
        known = self._wide[low, high] = Tally(near, everywhere, alive, stride)
        return known

    def _places_kinds(self, low: int, high: int, stride: int) -> np.ndarray:
        """Of the places of a range their parts between bounds."""
        return self._bound_array.searchsorted(self.index.order[low:high:stride], side="right")


def stride_of(count: int) -> int:
    """Every which of so many is counted."""
    return max(1, -(-count // SAMPLE))


def _kinds(dead: Sequence[tuple[int, int]], near: tuple[int, int]) -> tuple[list[int], list[int]]:
    """Bounds of ranges of places, ascending, and the kind of the places before the first one,
    between every two, and behind the last. `dead` ones are ascending and apart.
    """
    bounds = sorted({bound for each in (*dead, near) for bound in each})
    starts = [start for start, _ in dead]
    kinds = [_FAR]
    for bound in bounds:
        before = bisect_right(starts, bound)
        if before and bound < dead[before - 1][1]:
            kinds.append(_DEAD)
        else:
            kinds.append(_NEAR if near[0] <= bound < near[1] else _FAR)
    return bounds, kinds
