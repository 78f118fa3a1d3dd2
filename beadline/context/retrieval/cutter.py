"""Makes what the store holds of a document, and queries for it. Knows no disk and no threads."""

from __future__ import annotations

from pathlib import PurePosixPath

from beadline.context.retrieval.chunks import Chunker
from beadline.context.retrieval.query import group_of, query_at
from beadline.context.retrieval.store import Held
from beadline.context.retrieval.terms import Splitter
from beadline.context.types import Document


class Cutter:
    """Chunks with their terms. Not thread-safe: one a thread."""

    def __init__(self) -> None:
        self._chunker = Chunker()
        self._splitter = Splitter()

    def cut(self, key: str, document: Document) -> list[tuple[Held, list[str]]]:
        """The document's chunks with their terms; the file's own name counts as one of them."""
        group = group_of(document.language)
        stem = self._splitter.terms(PurePosixPath(document.path).stem)
        made: list[tuple[Held, list[str]]] = []
        end = -1
        for chunk in self._chunker.cut(document).chunks:
            joins = end >= 0 and not document.text[end : chunk.start].strip("\n")
            held = Held(key, group, chunk.start, chunk.text, joins)
            if terms := self._splitter.terms(chunk.text):
                made.append((held, stem + terms))
            end = chunk.end
        return made

    def query(self, document: Document, offset: int) -> dict[str, float]:
        """What to search for at an offset: term -> weight."""
        return query_at(document.text, offset, self._splitter)
