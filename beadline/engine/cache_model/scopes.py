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
from typing import NamedTuple, Protocol

import numpy as np

from beadline.engine.cache_model.array import DEPTH
from beadline.engine.cache_model.distribution import Counts, Scope
from beadline.engine.cache_model.seam import Seam
from beadline.engine.cache_model.search import Index, Lookup, Matches

ORDERS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, DEPTH)
"""Lengths of context that are counted besides the longest one of each source."""
SAMPLE = 96
"""Places that are counted of a context at most, evenly spread over all of them."""
_FEW = 24
_MOST_WIDE = 512
"""Ranges of more places than those whose counts are kept from one context to the next."""
_DEAD, _FAR, _NEAR = -1, 0, 1
"""Places that do not count, that count, and that are of the directory."""
_CODE_BITS = 32
_CODES = (1 << _CODE_BITS) - 1
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
        count = self._matches.count(order)
        if not count:
            return []
        # A shorter context stands wherever a longer one does: as many places are the same ones.
        known = self._known.get(count)
        if known is None:
            following = self._matches.following(order, _stride(count))
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

    def __init__(self, index: Index, dead: Collection[str] = (), folder: str = "") -> None:
        """`dead`: paths of files that do not count; `folder`: of the files that are near, empty:
        none is nearer than others.
        """
        self._index = index
        self._lookup = Lookup(index)
        self._bounds, self._kinds = _kinds(
            index.places_of(dead), index.places_below(folder) if folder else (0, 0)
        )
        self._bound_array = np.array(self._bounds, dtype=np.uint32)
        self._kind_array = np.array(self._kinds, dtype=np.int64) << _CODE_BITS
        self._known: dict[tuple[int, int], list[Counts]] = {}
        """Of this context, by the range of places it stands at,"""
        self._alive: dict[int, list[Counts]] = {}
        """and by how many of them are not dead."""
        self._wide: dict[tuple[int, int], _Tally] = {}
        """Of all contexts, by ranges of many places."""

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
        found = self._lookup.range_of(order)
        known = self._known.get(found)
        if known is None:
            known = self._known[found] = self._count(*found, order)
        return known

    def _count(self, low: int, high: int, order: int) -> list[Counts]:
        """What follows the places of a range, the nearest scope first."""
        stride = _stride(high - low)
        tally = self._few(low, high) if high - low <= _FEW else self._many(low, high, stride)
        # Without dead places other ranges may be the same ones as well.
        if stride == 1 and tally.alive in self._alive:
            return self._alive[tally.alive]
        both = ((tally.near, Scope.DIRECTORY), (tally.everywhere, Scope.REPOSITORY))
        counts = [Counts(order, scope, found, float(stride)) for found, scope in both if found]
        if stride == 1:
            self._alive[tally.alive] = counts
        return counts

    def _few(self, low: int, high: int) -> _Tally:
        """Arrays take longer to make than the lists of a few places to walk."""
        index = self._index
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
        return _Tally(near, everywhere, alive)

    def _many(self, low: int, high: int, stride: int) -> _Tally:
        known = self._wide.get((low, high))
        if known is not None:
            return known
        index = self._index
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
            self._wide.clear()
        known = self._wide[low, high] = _Tally(near, everywhere, alive)
        return known

    def _places_kinds(self, low: int, high: int, stride: int) -> np.ndarray:
        """Of the places of a range their parts between bounds."""
        return self._bound_array.searchsorted(self._index.order[low:high:stride], side="right")

    def continuation(self, order: int, most: int) -> list[int]:
        low, high = self._lookup.range_of(order)
        stride = _stride(high - low)
        alive = self._kind_array[self._places_kinds(low, high, stride)] >= 0
        places = self._index.order[low:high:stride][alive]
        following = self._index.following[low:high:stride][alive]
        followed = Counter(following.tolist())
        followed.pop(self._index.separator, None)
        if not followed:
            return []
        top = followed.most_common(1)[0][0]
        return self._index.continuation(int(places[following == top][0]), most)


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
            if len(found) > 1:
                found.sort(key=_nearest_first)
            yield from found


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


def _nearest_first(counts: Counts) -> int:
    return -counts.scope


class _Tally(NamedTuple):
    """Tokens that followed the places of a range, and how often they did."""

    near: dict[int, int]
    everywhere: dict[int, int]
    alive: int
    """Places, with those that nothing follows."""


def _kinds(
    dead: Sequence[tuple[int, int]], near: tuple[int, int]
) -> tuple[list[int], list[int]]:
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
