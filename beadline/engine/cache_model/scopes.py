"""The scopes that a generation is written in, and what followed its last tokens in each.

Knows sources; no files and no probabilities.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from itertools import islice

from beadline.engine.cache_model.array import DEPTH
from beadline.engine.cache_model.distribution import Counts
from beadline.engine.cache_model.seam import Seam
from beadline.engine.cache_model.sources import Source

ORDERS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, DEPTH)
"""Lengths of context that are counted besides the longest one of each source."""
_LOOKED_AT = 4
"""Counts that say whether a token goes on."""


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
