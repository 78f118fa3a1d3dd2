"""Finds the spans of one folder's index that share words with a query. Knows no files, no symbols.

What the database said of words and spans is remembered until it may say otherwise: the query of the
next cursor has almost the same words.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from beadline.context.index.prepare import Span
from beadline.context.index.writer import CHUNKS, TERMS, word
from beadline.context.retrieval.query import group_of
from beadline.context.retrieval.store import (
    BM25_B,
    BM25_K1,
    COMMON_SHARE,
    inverse_frequency,
)

MOST_TERMS = 12
"""Terms of a query whose chunks are looked up: those that say most. Each is one look-up."""
CANDIDATE_ROWS = 2000
"""Chunks looked up for all of them together, the rarest term's first."""
SCORED = 128
"""Chunks that are scored: those that hold most of the query."""
COMMON_LEAST = 12
"""Chunks a term may be in whatever its share is: in a small workspace everything is frequent."""
_ASKED_TERMS = 64
_REMEMBERED = 8192
"""Words and spans that are remembered, of each so many."""
_REMEMBERED_ROWS = 64 * CANDIDATE_ROWS
"""Chunks of remembered words, all together: about 5 MB."""

_Row = tuple[Any, ...]
"""Number, path, start, end, whether it joins, length and language of a chunk."""


class Database(Protocol):
    """What is asked."""

    def rows(self, sql: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """What a statement gives; nothing where something is wrong."""
        ...

    def chunks(self, term: str, limit: int) -> list[int]:
        """The first chunks that hold a word."""
        ...


@dataclass(frozen=True, slots=True)
class SpanHit:
    """A span that was found, and how well it fits."""

    span: Span
    score: float
    following: Span | None
    """The span behind it in its file."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A query as an index scores it."""

    terms: Mapping[str, float]
    """Weight times inverse document frequency, of the terms that say something."""
    known: frozenset[str]
    """Terms of the query that some chunk holds."""
    unknown: float
    """Inverse document frequency of those that none holds."""
    rare: tuple[str, ...]
    """Those that are looked up, rarest first."""
    mean_length: float
    """Terms of a chunk."""

    def scoring(self) -> Callable[[float, int], float]:
        """BM25 of a chunk by the sum of what it holds, each term counted once, since a chunk is a
        few lines, and by its length."""
        known: dict[int, float] = {}

        def score(found: float, length: int) -> float:
            norm = known.get(length)
            if norm is None:
                share = 1 - BM25_B + BM25_B * length / self.mean_length
                norm = known[length] = 1 + BM25_K1 * share
            return found * (BM25_K1 + 1) / norm

        return score


class SpanSearch:
    """Searches the spans of a database. Its owner keeps threads apart, and calls `forget` when the
    database may say something else."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.forget()

    def forget(self) -> None:
        """What was remembered may be wrong from now on."""
        self._notes: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        """By word: in how many chunks it is."""
        self._holding: dict[str, NDArray[np.int64]] = {}
        """By word: the first of them."""
        self._held = 0
        """Numbers in them."""
        self._spans: dict[int, _Row] = {}
        self._frequencies: dict[int, float] = {}
        self._frequencies_of = -1
        """Inverse document frequencies by number of chunks, and among how many."""
        self._weighed: tuple[Mapping[str, float], str, Weights] | None = None
        """The query that was weighed last: one search asks twice."""

    def similar(
        self,
        terms: Mapping[str, float],
        *,
        group: str,
        limit: int,
        accept: Callable[[Span], bool],
        hidden: frozenset[str] = frozenset(),
    ) -> list[SpanHit]:
        """The spans of a language group that fit weighted terms best, best first; ties by file and
        place. Nothing of the files that are `hidden`."""
        weights = self.weights(terms, group)
        sums = self._candidates(weights, group)
        score = weights.scoring()
        scored = sorted(
            (-score(sums[row[0]], row[5]), row[1], row[2], row)
            for row in self._rows(list(sums))
            if row[1] not in hidden and group_of(row[6]) == group
        )
        hits: list[tuple[int, Span, float]] = []
        for worst, _, _, row in scored:
            if len(hits) == limit:
                break
            if accept(span := _span(row)):
                hits.append((row[0], span, -worst))
        behind = {row[0]: _span(row) for row in self._rows([n + 1 for n, _, _ in hits])}
        return [
            SpanHit(span, value, _following(span, behind.get(chunk + 1)))
            for chunk, span, value in hits
        ]

    def weights(self, terms: Mapping[str, float], group: str) -> Weights:
        """What a query's terms are worth in this index."""
        last = self._weighed
        if last is None or last[0] is not terms or last[1] != group:
            last = self._weighed = terms, group, self._weigh(terms, group)
        return last[2]

    def _weigh(self, terms: Mapping[str, float], group: str) -> Weights:
        heaviest = heapq.nsmallest(_ASKED_TERMS, terms, key=lambda term: (-terms[term], term))
        counts = self._counted(heaviest, word(group, ""))
        size = max(1, self._note(CHUNKS))
        mean = max(1.0, self._note(TERMS) / size)
        common = max(COMMON_LEAST, COMMON_SHARE * size)
        if size != self._frequencies_of:
            self._frequencies_of, self._frequencies = size, {}
        worth = {
            term: terms[term] * self._frequency(min(count, size), size)
            for term, count in counts.items()
            if 0 < count <= common
        }
        telling = heapq.nlargest(MOST_TERMS, worth, key=lambda term: (worth[term], term))
        rare = sorted(telling, key=lambda term: (counts[term], term))
        unknown = inverse_frequency(1, size)
        return Weights(worth, frozenset(counts), unknown, tuple(rare), mean)

    def _frequency(self, count: int, size: int) -> float:
        found = self._frequencies.get(count)
        if found is None:
            found = self._frequencies[count] = inverse_frequency(count, size)
        return found

    def _counted(self, terms: Sequence[str], head: str) -> dict[str, int]:
        """In how many chunks terms are; those that are in some."""
        known = self._counts
        if len(known) > _REMEMBERED:
            known.clear()
        fresh = [head + term for term in terms if head + term not in known]
        if fresh:
            known.update(dict.fromkeys(fresh, 0))
            known.update(
                self._database.rows(
                    f"SELECT term, chunks FROM term WHERE term IN ({_marks(fresh)})", fresh
                )
            )
        return {term: count for term in terms if (count := known[head + term])}

    def _candidates(self, weights: Weights, group: str) -> dict[int, float]:
        """The chunks that hold most of the rare terms, `SCORED` at most -> what those are worth
        together; of equals those that were found first."""
        parts: list[NDArray[np.int64]] = []
        left = CANDIDATE_ROWS
        for term in weights.rare:
            if left <= 0:
                break
            parts.append(self._chunks(word(group, term))[:left])
            left -= len(parts[-1])
        if not parts:
            return {}
        worths = np.repeat(
            [weights.terms[t] for t in weights.rare[: len(parts)]], [*map(len, parts)]
        )
        chunks, first, at = np.unique(np.concatenate(parts), return_index=True, return_inverse=True)
        sums = np.bincount(at, worths, len(chunks))
        best = np.lexsort((first, -sums))[:SCORED]
        return dict(zip(chunks[best].tolist(), sums[best].tolist(), strict=True))

    def _chunks(self, term: str) -> NDArray[np.int64]:
        known = self._holding.get(term)
        if known is None:
            known = np.array(self._database.chunks(term, CANDIDATE_ROWS), np.int64)
            if self._held + len(known) > _REMEMBERED_ROWS or len(self._holding) >= _REMEMBERED:
                self._holding, self._held = {}, 0
            self._holding[term] = known
            self._held += len(known)
        return known

    def _rows(self, chunks: Sequence[int]) -> list[_Row]:
        """Rows of chunks, those that there are, in any order."""
        known = self._spans
        if len(known) > _REMEMBERED:
            known.clear()
        fresh = [chunk for chunk in chunks if chunk not in known]
        if fresh:
            found = self._database.rows(
                "SELECT c.id, f.path, c.start, c.stop, c.joins, c.length, f.language"
                f" FROM chunk c JOIN file f ON f.id = c.file WHERE c.id IN ({_marks(fresh)})",
                fresh,
            )
            known.update((row[0], row) for row in found)
        return [row for chunk in chunks if (row := known.get(chunk)) is not None]

    def _note(self, name: str) -> int:
        known = self._notes.get(name)
        if known is None:
            rows = self._database.rows("SELECT value FROM meta WHERE name = ?", (name,))
            value = rows[0][0] if rows else 0
            known = self._notes[name] = value if isinstance(value, int) else 0
        return known


def _span(row: _Row) -> Span:
    _, path, start, stop, joins, _, _ = row
    return Span(path, start, stop, bool(joins))


def _following(span: Span, behind: Span | None) -> Span | None:
    return behind if behind is not None and behind.path == span.path else None


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
