"""Similar code: chunks that share the rarest words with the cursor. Knows no storage of them."""

from __future__ import annotations

from beadline.context.index.prepare import Span
from beadline.context.index.spans import SpanHit
from beadline.context.retrieval.query import group_of
from beadline.context.retrieval.sources import Candidate, Files
from beadline.context.retrieval.sources.queries import Queries
from beadline.context.retrieval.sources.texts import last_position, whole_lines
from beadline.context.symbols.types import Scene

_HITS = 32
"""Chunks asked for; many of them repeat the prompt or stand for the same lines."""
LEAST_COVERAGE = 0.08
"""Share of the query that a chunk has to hold; one that holds less has a word in common."""
_MORE = 2.0
"""Candidates are read until there are so many times the characters there is room for."""


class Similar:
    """BM25 over the index, with what follows a chunk in its file."""

    name = "similar"

    def __init__(self, files: Files, queries: Queries) -> None:
        self._files, self._queries = files, queries

    def search(self, scene: Scene, room: int) -> list[Candidate]:
        """See `Source`. Of the cursor's own file only what stands above its prompt."""
        query = self._queries.of(scene)
        if not query.terms or room <= 0:
            return []
        own, above = scene.symbols.path, query.window[0]

        def accept(span: Span) -> bool:
            return span.path != own or span.end <= above

        hits = self._files.similar(
            query.terms, group=group_of(scene.document.language), limit=_HITS, accept=accept
        )
        found: list[Candidate] = []
        left = _MORE * room
        for hit in hits:
            if left <= 0:
                break
            candidate = self._candidate(scene, hit, above)
            if candidate is not None:
                found.append(candidate)
                left -= len(candidate.snippet.text)
        return found

    def _candidate(self, scene: Scene, hit: SpanHit, above: int) -> Candidate | None:
        span, behind = hit.span, hit.following
        whole = self._files.read(span.path)
        if whole is None or not whole_lines(whole, span.start, span.end):
            return None  # the file changed behind the index's back
        text, start = whole[span.start : span.end], span.start
        if self._queries.coverage(scene, text) < LEAST_COVERAGE:
            return None
        if span.path == scene.symbols.path:
            # The index may hold another version of the file than the one at hand.
            start = last_position(text, scene.document.text, above)
            if start < 0:
                return None
            return Candidate.of_chunk(span.path, start, text, hit.score, self.name)
        following = ""
        if behind is not None and behind.joins and whole_lines(whole, behind.start, behind.end):
            following = whole[span.end : behind.end]
        return Candidate.of_chunk(span.path, start, text, hit.score, self.name, following)
