"""The spans of one text of a buffer, found in a later text of it. Knows no index and no files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from beadline.context.difference import changed_span
from beadline.context.index.prepare import Cut, Span
from beadline.context.index.spans import SpanHit, Weights


class Cuts:
    """What was cut of a text. Immutable."""

    def __init__(self, text: str, cuts: Sequence[Cut]) -> None:
        """`cuts`: in order, without overlap."""
        self.text = text
        self._cuts = cuts
        self._holding: dict[str, list[int]] = {}
        """By term: which of them hold it."""
        for at, cut in enumerate(cuts):
            for term in cut.terms:
                self._holding.setdefault(term, []).append(at)

    def spans(self, text: str) -> list[Span | None]:
        """Where the spans are in a later text; None for those that it does not hold any more."""
        place = self._placing(text)
        return [place(at) for at in range(len(self._cuts))]

    def similar(
        self,
        text: str,
        weights: Weights,
        worths: Mapping[str, float],
        accept: Callable[[Span], bool],
        least: float,
    ) -> list[SpanHit]:
        """The spans of a later text that hold a term of a query, scored as the index scores its
        own (`weights`), with a score of `least` at least; `worths`: of the terms, those too that
        the index does not know."""
        sums = [0.0] * len(self._cuts)
        for term, worth in worths.items():
            for at in self._holding.get(term, ()):
                sums[at] += worth
        place, scoring = self._placing(text), weights.scoring()
        found: list[SpanHit] = []
        for at, worth in enumerate(sums):
            if worth <= 0:
                continue
            score = scoring(worth, len(self._cuts[at].terms))
            span = place(at) if score >= least else None
            if span is not None and accept(span):
                behind = place(at + 1) if at + 1 < len(self._cuts) else None
                found.append(SpanHit(span, score, behind))
        return found

    def _placing(self, text: str) -> Callable[[int], Span | None]:
        """Says where one of the spans is in a later text."""
        if text == self.text:
            return lambda at: self._cuts[at].span
        start, end, new_end = changed_span(self.text, text)
        shift = new_end - end

        def place(at: int) -> Span | None:
            span = self._cuts[at].span
            # Not those next to the change: their first or last line may have grown.
            if span.end < start:
                return span
            if span.start <= end:
                return None
            joins = span.joins and at > 0 and self._cuts[at - 1].span.start > end
            return Span(span.path, span.start + shift, span.end + shift, joins)

        return place
