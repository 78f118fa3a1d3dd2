"""What a cursor asks with and what its prompt holds, worked out once for all sources.

Knows no files and no index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from beadline.context.retrieval.query import query_at
from beadline.context.retrieval.terms import Splitter, words
from beadline.context.symbols.types import Scene

_REMEMBERED = 1024
"""Texts whose terms are remembered; about 4 MB."""


@dataclass(frozen=True)
class Query:
    """One cursor's question."""

    terms: Mapping[str, float]
    """Weight of every term."""
    weight: float
    """The weights' sum."""
    window: tuple[int, int]
    """What of the cursor's file may be in the prompt: a range of its text."""


class Queries:
    """Makes the query of a scene, and remembers the last one. Not thread-safe."""

    def __init__(self, *, before: int, after: int) -> None:
        """`before`, `after`: most characters around the cursor that the prompt holds."""
        self._before, self._after = before, after
        self._splitter = Splitter()
        self._terms: dict[str, tuple[str, ...]] = {}
        """By text: its terms. One search after the other meets the same chunks."""
        self._last: tuple[Scene, Query] | None = None

    def of(self, scene: Scene) -> Query:
        """The query of a scene."""
        if self._last is None or self._last[0] is not scene:
            text = scene.document.text
            terms = query_at(text, scene.offset, self._splitter)
            start = max(0, scene.offset - self._before)
            window = start, min(len(text), scene.offset + self._after)
            self._last = scene, Query(terms, sum(terms.values()), window)
        return self._last[1]

    def coverage(self, scene: Scene, text: str) -> float:
        """Share of the query, by weight, whose terms are in a text: 0 to 1."""
        query = self.of(scene)
        if not query.terms:
            return 0.0
        known = self._terms.get(text)
        if known is None:
            if len(self._terms) >= _REMEMBERED:
                self._terms.clear()
            known = self._terms[text] = tuple(self._splitter.distinct(words(text)))
        terms = query.terms
        return sum([terms[term] for term in known if term in terms]) / query.weight
