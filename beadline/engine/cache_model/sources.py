"""Texts in which a context is looked up: an index's, and plain tokens. Knows no probabilities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from beadline.engine.cache_model.array import DEPTH
from beadline.engine.cache_model.distribution import Counts, Scope
from beadline.engine.cache_model.ranges import FEW, SAMPLE, Ranges, stride_of
from beadline.engine.cache_model.search import Lookup, Matches


class Source(Protocol):
    """Texts in which a context is looked up."""

    def begin(self, context: Sequence[int]) -> None:
        """A new context."""
        ...

    def append(self, token: int) -> None:
        """The context goes on with a token."""
        ...

    @property
    def longest(self) -> int:
        """Tokens of the longest end of the context that occurs, at most `DEPTH`."""
        ...

    def counts(self, order: int) -> list[Counts]:
        """What followed the last `order` tokens, the nearest scope first. Where a longer context
        that was asked about stands at the same places, the very list that was told of it."""
        ...

    def continuation(self, order: int, most: int) -> list[int]:
        """At most `most` tokens that followed the last `order` ones once, beginning with one of
        those that did so most often; none where they do not occur.
        """
        ...


class TextSource:
    """Implements `Source` over plain tokens of one scope."""

    def __init__(self, tokens: np.ndarray, scope: Scope) -> None:
        """`tokens`: uint32, texts that end with `array.SEPARATOR`."""
        self._matches = Matches(tokens)
        self._scope = scope
        self._known: dict[int, list[Counts]] = {}
        """Of this context, by how many places it stands at."""

    def begin(self, context: Sequence[int]) -> None:
        self._known = {}
        self._matches.begin(context)

    def append(self, token: int) -> None:
        self._known = {}
        self._matches.append(token)

    @property
    def longest(self) -> int:
        return self._matches.longest

    def counts(self, order: int) -> list[Counts]:
        count = self._matches.count(order)
        if not count:
            return []
        # A shorter context stands wherever a longer one does: as many places are the same ones.
        known = self._known.get(count)
        if known is None:
            following = self._matches.following(order, stride_of(count))
            scale = count / len(following)
            known = [Counts(order, self._scope, _tally(following), scale)]
            self._known[count] = known
        return known

    def continuation(self, order: int, most: int) -> list[int]:
        places = self._matches.places(order)[-SAMPLE:]
        if not len(places):
            return []
        following = self._matches.following(order)[-SAMPLE:]
        top = Counter(following).most_common(1)[0][0]
        # The last one: what is repeated is repeated from near by, as a rule.
        last = len(following) - 1 - following[::-1].index(top)
        return self._matches.continuation(int(places[last]), most)


class IndexSource:
    """Implements `Source` over an index: the repository, and in it the directory of a file."""

    def __init__(self, ranges: Ranges) -> None:
        self._ranges = ranges
        self._lookup = Lookup(ranges.index)
        self._known: dict[tuple[int, int], list[Counts]] = {}
        """Of this context, by the range of places it stands at,"""
        self._alive: dict[int, list[Counts]] = {}
        """and by how many of them are not dead."""

    def begin(self, context: Sequence[int]) -> None:
        self._known, self._alive = {}, {}
        self._lookup = Lookup(self._ranges.index)
        for token in context[-DEPTH:]:
            self._lookup.append(token)

    def append(self, token: int) -> None:
        self._known, self._alive = {}, {}
        self._lookup.append(token)

    @property
    def longest(self) -> int:
        return self._lookup.longest

    def counts(self, order: int) -> list[Counts]:
        found = self._lookup.range_of(order)
        known = self._known.get(found)
        if known is None:
            known = self._known[found] = self._count(*found, order)
        return known

    def _count(self, low: int, high: int, order: int) -> list[Counts]:
        """What follows the places of a range, the nearest scope first."""
        tally = self._ranges.tally(low, high)
        # Without dead places other ranges may be the same ones as well.
        if tally.stride == 1 and tally.alive in self._alive:
            return self._alive[tally.alive]
        both = ((tally.near, Scope.DIRECTORY), (tally.everywhere, Scope.REPOSITORY))
        scale = float(tally.stride)
        counts = [Counts(order, scope, found, scale) for found, scope in both if found]
        if tally.stride == 1:
            self._alive[tally.alive] = counts
        return counts

    def continuation(self, order: int, most: int) -> list[int]:
        return self._ranges.continuation(*self._lookup.range_of(order), most)


def _tally(values: list[int]) -> dict[int, int]:
    """How often each value occurs."""
    if len(values) > FEW:
        return Counter(values)
    # A `Counter` takes longer to make than these to fill.
    found: dict[int, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return found
