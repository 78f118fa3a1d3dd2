"""The scopes that a generation is written in, and what followed its last tokens in each.

Knows indexes and plain tokens; no files and no probabilities.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from itertools import islice
from typing import Protocol

import numpy as np

from beadline.engine.cache_model.array import DEPTH, SEPARATOR
from beadline.engine.cache_model.distribution import Counts, Scope
from beadline.engine.cache_model.seam import Seam
from beadline.engine.cache_model.search import Index, Lookup, Matches

ORDERS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, DEPTH)
"""Lengths of context that are counted besides the longest one of each source."""
SAMPLE = 96
"""Places that are counted of a context at most, evenly spread over all of them."""
_FEW = 24
_LOOKED_AT = 4
"""Counts that say whether a token goes on."""


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
        places = self._matches.places(order)
        count = len(places)
        if not count:
            return []
        # A shorter context stands wherever a longer one does: as many places are the same ones.
        if count not in self._known:
            sample = places[:: _stride(count)]
            followed = _tally(self._matches.following(sample).tolist())
            self._known[count] = [Counts(order, self._scope, followed, count / len(sample))]
        return self._known[count]

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
        self._bounds: list[int] = self._dead.tolist()
        self._near = index.places_below(folder) if folder else (0, 0)
        self._known: dict[tuple[int, int], list[Counts]] = {}
        """Of this context, by the range of places it stands at,"""
        self._alive: dict[int, list[Counts]] = {}
        """and by how many of them are not dead."""

    def begin(self, context: Sequence[int]) -> None:
        self._known, self._alive = {}, {}
        self._lookup = Lookup(self._index)
        for token in context[-DEPTH:]:
            self._lookup.append(token)

    def append(self, token: int) -> None:
        self._known, self._alive = {}, {}
        self._lookup.append(token)

    @property
    def longest(self) -> int:
        return self._lookup.longest

    def counts(self, order: int) -> list[Counts]:
        low, high = found = self._lookup.range_of(order)
        if low == high:
            return []
        if found not in self._known:
            self._known[found] = self._count(low, high, order)
        return self._known[found]

    def _count(self, low: int, high: int, order: int) -> list[Counts]:
        """What follows the places of a range, the nearest scope first."""
        if high - low <= _FEW:
            return self._count_few(low, high, order)
        stride = _stride(high - low)
        places, following = self._sample(low, high, stride)
        if stride > 1:
            return self._near_and_all(places, following, order, stride)
        # Without dead places other ranges may be the same ones as well.
        if len(places) not in self._alive:
            self._alive[len(places)] = self._near_and_all(places, following, order, stride)
        return self._alive[len(places)]

    def _count_few(self, low: int, high: int, order: int) -> list[Counts]:
        """As `_count`: for a few places arrays take longer to make than lists to walk."""
        places = self._index.order[low:high].tolist()
        following = self._index.named(self._index.following[low:high]).tolist()
        bounds, (first, end) = self._bounds, self._near
        everywhere: dict[int, int] = {}
        near: dict[int, int] = {}
        alive = 0
        for place, token in zip(places, following, strict=True):
            if bounds and bisect_right(bounds, place) & 1:
                continue
            alive += 1
            if token != SEPARATOR:
                everywhere[token] = everywhere.get(token, 0) + 1
                if first <= place < end:
                    near[token] = near.get(token, 0) + 1
        if alive not in self._alive:
            both = ((near, Scope.DIRECTORY), (everywhere, Scope.REPOSITORY))
            self._alive[alive] = [Counts(order, each, found) for found, each in both if found]
        return self._alive[alive]

    def _near_and_all(
        self, places: np.ndarray, following: np.ndarray, order: int, stride: int
    ) -> list[Counts]:
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
        alive = self._dead.searchsorted(places, side="right") & 1 == 0
        return places[alive], following[alive]

    def _counted(
        self, following: np.ndarray, order: int, scope: Scope, scale: float
    ) -> list[Counts]:
        followed = _tally(self._index.named(following).tolist())
        followed.pop(SEPARATOR, None)
        return [Counts(order, scope, followed, float(scale))] if followed else []


class Scopes:
    """All sources of one generation, and its context."""

    def __init__(self, sources: Sequence[Source], cursor: Cursor | None = None) -> None:
        """`sources`: those of nearer scopes first; `cursor`: where a first context ends. None:
        tokens are taken as they come, whatever the files have for the same text."""
        self._sources = tuple(sources)
        self._first = cursor
        self._cursor: Cursor | None = None
        """Where the context ends now, while that may be inside of a token."""
        self._context: list[int] = []
        """Of which the last `DEPTH` tokens count."""
        self._seen: list[Counts] = []
        """The first of what was asked for behind this context."""

    def begin(self, context: Sequence[int]) -> None:
        """A new context: the tokens before the cursor, or its seam; the last `DEPTH` count."""
        self._context, self._seen = [*context[-DEPTH:]], []
        for source in self._sources:
            source.begin(context)
        first = self._first
        self._cursor = first if first is not None and first.seam.owed else None
        if self._cursor is not None:
            self._cursor.plain.begin([*context, *self._cursor.tokens])

    def append(self, token: int) -> None:
        """The context goes on with a token."""
        cursor, seen = self._cursor, self._seen
        self._seen = []
        if cursor is not None:
            self._follow(cursor.seam.after(token), cursor.plain)
        elif self._parts(token, seen):
            assert self._first is not None
            self._follow(self._first.seam.of(token), self._first.plain)
        else:
            self._push(token)

    def _parts(self, token: int, seen: Sequence[Counts]) -> bool:
        """Whether the files have nothing but longer tokens that begin with this one. `seen`: what
        was asked for in front of it, if anything was."""
        if self._first is None:
            return False
        seen = seen or list(islice(self._counts(), _LOOKED_AT))
        if any(token in counts.followed for counts in seen):
            return False
        seam = self._first.seam.of(token)
        return any(seam.filtered(counts.followed) for counts in seen)

    def _follow(self, seam: Seam, plain: Scopes) -> None:
        """The context goes on with what a seam owes, by the tokens that the files have for it."""
        while seam.owed:
            seen = list(islice(self._counts(), _LOOKED_AT))
            if any(seam.filtered(counts.followed) for counts in seen):
                # A token of the files says this and more.
                tokens = tuple(seam.tokens())
                plain.begin([*self._context[-DEPTH:], *tokens])
                self._cursor = Cursor(seam, tokens, plain)
                return
            first = next(filter(None, (seam.first(counts.followed) for counts in seen)), None)
            if first is None:
                break
            self._push(first[0])
            seam = first[1]
        self._cursor = None
        for token in seam.tokens():
            self._push(token)

    def _push(self, token: int) -> None:
        self._context.append(token)
        for source in self._sources:
            source.append(token)

    def lattice(self) -> Iterator[Counts]:
        """What followed, longest contexts first, of one length the nearest scopes first.

        Nothing of a shorter context is looked up before it is asked for.
        """
        self._seen = []
        if self._cursor is None:
            for counts in self._counts():
                if len(self._seen) < _LOOKED_AT:
                    self._seen.append(counts)
                yield counts
            return
        yield from merge(
            self._cursor.behind(self._counts()),
            self._cursor.plain_counts(),
            key=lambda counts: (-counts.order, -counts.scope),
        )

    def continuation(self, most: int) -> tuple[list[int], int]:
        """What followed the longest end of the context, and how long that is."""
        cursor = self._cursor
        plain, length = cursor.plain.continuation(most) if cursor is not None else ([], 0)
        length -= len(cursor.tokens) if cursor is not None else 0
        longest = [source.longest for source in self._sources]
        for order in sorted({*longest, *ORDERS} - {0}, reverse=True):
            if plain and length >= order:
                break
            for source, known in zip(self._sources, longest, strict=True):
                found = source.continuation(order, most) if known >= order else []
                if cursor is not None:
                    found = cursor.seam.continued(found)
                if found:
                    return found, order
        return plain, max(0, length)

    def _counts(self) -> Iterator[Counts]:
        longest = [source.longest for source in self._sources]
        most = max(longest, default=0)
        orders = {*longest, *ORDERS[: bisect_left(ORDERS, most)]} - {0}
        told: list[list[Counts] | None] = [None] * len(longest)
        for order in sorted(orders, reverse=True):
            found: list[Counts] = []
            for number, source in enumerate(self._sources):
                if longest[number] < order:
                    continue
                counts = source.counts(order)
                # At no place more than a longer context it is no further evidence.
                if counts is not told[number]:
                    told[number] = counts
                    # Nor where its places are all of the wider scope's.
                    same = len(counts) > 1 and counts[0].total == counts[1].total
                    found += counts[:1] if same else counts
            # Sources come in order, but one of them has two scopes.
            yield from sorted(found, key=lambda counts: -counts.scope)


@dataclass(frozen=True)
class Cursor:
    """A cursor inside of what may be a token: what follows may go on with it, or not."""

    seam: Seam
    tokens: tuple[int, ...]
    """What is owed, as tokens of its own."""
    plain: Scopes
    """The same sources, for a context that ends with these."""

    def behind(self, lattice: Iterator[Counts]) -> Iterator[Counts]:
        """Counts of what goes on with what is owed, as counts of what stands behind the cursor."""
        for counts in lattice:
            if followed := self.seam.filtered(counts.followed):
                yield replace(counts, followed=followed)

    def plain_counts(self) -> Iterator[Counts]:
        """Counts of what follows the owed tokens, by the length of the context before these."""
        for counts in self.plain.lattice():
            order = counts.order - len(self.tokens)
            if order < 1:
                return
            yield replace(counts, order=order)


def _tally(values: list[int]) -> dict[int, int]:
    """How often each value occurs."""
    if len(values) > _FEW:
        return Counter(values)
    # A `Counter` takes longer to make than these to fill.
    found: dict[int, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return found


def _stride(count: int) -> int:
    """Every which of so many is counted."""
    return max(1, -(-count // SAMPLE))
