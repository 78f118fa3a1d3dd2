"""The scopes that a generation is written in, and what followed its last tokens in each.

Knows indexes and plain tokens; no files and no probabilities.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from beadline.engine.cache_model.array import DEPTH
from beadline.engine.cache_model.distribution import Counts, Scope
from beadline.engine.cache_model.seam import Seam
from beadline.engine.cache_model.search import Index, Lookup, Matches

ORDERS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, DEPTH)
"""Lengths of context that are counted besides the longest one of each source."""
SAMPLE = 256
"""Places that are counted of a context at most, evenly spread over all of them."""


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
        """What followed the last `order` tokens, the nearest scope first."""
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

    def begin(self, context: Sequence[int]) -> None:
        self._matches.begin(context)

    def append(self, token: int) -> None:
        self._matches.append(token)

    @property
    def longest(self) -> int:
        return self._matches.longest

    def counts(self, order: int) -> list[Counts]:
        places = self._matches.places(order)
        if not len(places):
            return []
        sample = places[:: _stride(len(places))]
        followed = Counter(self._matches.following(sample).tolist())
        return [Counts(order, self._scope, followed, len(places) / len(sample))]

    def continuation(self, order: int, most: int) -> list[int]:
        places = self._matches.places(order)[-SAMPLE:]
        if not len(places):
            return []
        following = self._matches.following(places)
        top = Counter(following.tolist()).most_common(1)[0][0]
        # The last one: what is repeated is repeated from near by, as a rule.
        return self._matches.continuation(int(places[following == top][-1]), most)


class IndexSource:
    """Implements `Source` over an index: the repository, and in it the directory of a file."""

    def __init__(self, index: Index, dead: Collection[str] = (), folder: str = "") -> None:
        """`dead`: paths of files that do not count; `folder`: of the files that are near, empty:
        none is nearer than others.
        """
        self._index = index
        self._lookup = Lookup(index)
        # A place is dead where an odd number of these bounds is not above it.
        self._dead = np.array(index.places_of(dead), dtype=np.uint32).reshape(-1)
        self._near = index.places_below(folder) if folder else (0, 0)

    def begin(self, context: Sequence[int]) -> None:
        self._lookup = Lookup(self._index)
        for token in context[-DEPTH:]:
            self._lookup.append(token)

    def append(self, token: int) -> None:
        self._lookup.append(token)

    @property
    def longest(self) -> int:
        return self._lookup.longest

    def counts(self, order: int) -> list[Counts]:
        low, high = self._lookup.range_of(order)
        if low == high:
            return []
        stride = _stride(high - low)
        places, following = self._sample(low, high, stride)
        everywhere = self._counted(following, order, Scope.REPOSITORY, stride)
        first, end = self._near
        if first == end or not everywhere:
            return everywhere
        near = following[(places >= first) & (places < end)]
        return [*self._counted(near, order, Scope.DIRECTORY, stride), *everywhere]

    def continuation(self, order: int, most: int) -> list[int]:
        low, high = self._lookup.range_of(order)
        places, following = self._sample(low, high, _stride(high - low))
        followed = Counter(following.tolist())
        followed.pop(self._index.separator, None)
        if not followed:
            return []
        top = followed.most_common(1)[0][0]
        return self._index.continuation(int(places[following == top][0]), most)

    def _sample(self, low: int, high: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
        """Places of a range that are not dead, and the codes that follow them."""
        places = self._index.order[low:high:stride]
        following = self._index.following[low:high:stride]
        if not len(self._dead):
            return places, following
        alive = np.searchsorted(self._dead, places, side="right") & 1 == 0
        return places[alive], following[alive]

    def _counted(
        self, following: np.ndarray, order: int, scope: Scope, scale: float
    ) -> list[Counts]:
        followed = Counter(following.tolist())
        followed.pop(self._index.separator, None)
        if not followed:
            return []
        token = self._index.token
        named = {token(code): count for code, count in followed.items()}
        return [Counts(order, scope, named, float(scale))]


class Scopes:
    """All sources of one generation, and its context."""

    def __init__(self, sources: Sequence[Source], seam: Seam | None = None) -> None:
        """`sources`: those of nearer scopes first; `seam`: between the context and the cursor."""
        self._sources = tuple(sources)
        self._cursor = seam
        self._seam: Seam | None = None
        """The same until something is appended."""

    def begin(self, context: Sequence[int]) -> None:
        """A new context: the tokens before the cursor, or its seam; the last `DEPTH` count."""
        self._seam = self._cursor
        for source in self._sources:
            source.begin(context)

    def append(self, token: int) -> None:
        """The context goes on with a token."""
        tokens = self._seam.joined(token) if self._seam is not None else [token]
        self._seam = None
        for source in self._sources:
            for each in tokens:
                source.append(each)

    def lattice(self) -> Iterator[Counts]:
        """What followed, longest contexts first, of one length the nearest scopes first.

        Nothing of a shorter context is looked up before it is asked for.
        """
        longest = [source.longest for source in self._sources]
        most = max(longest, default=0)
        orders = {*longest, *ORDERS[: bisect_left(ORDERS, most)]} - {0}
        for order in sorted(orders, reverse=True):
            found = [
                counts
                for source, length in zip(self._sources, longest, strict=True)
                if length >= order
                for counts in source.counts(order)
            ]
            # Sources come in order, but one of them has two scopes.
            for counts in sorted(found, key=lambda counts: -counts.scope):
                if self._seam is None:
                    yield counts
                elif followed := self._seam.filtered(counts.followed):
                    yield replace(counts, followed=followed)

    def continuation(self, most: int) -> tuple[list[int], int]:
        """What followed the longest end of the context, and how long that is."""
        longest = [source.longest for source in self._sources]
        for order in sorted({*longest, *ORDERS} - {0}, reverse=True):
            for source, length in zip(self._sources, longest, strict=True):
                if length >= order and (found := self._behind(source.continuation(order, most))):
                    return found, order
        return [], 0

    def _behind(self, tokens: list[int]) -> list[int]:
        """Tokens that follow in a file as tokens behind the cursor."""
        if self._seam is None or not tokens:
            return tokens
        first = self._seam.behind(tokens[0])
        if first is None:
            return []
        return [first, *tokens[1:]] if self._seam.whole(tokens[0]) else [first]


def _stride(count: int) -> int:
    """Every which of so many is counted."""
    return max(1, -(-count // SAMPLE))
