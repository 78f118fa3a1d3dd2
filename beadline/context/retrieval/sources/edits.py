"""Where the user was and what he changed lately in other files. Knows no index and no disk.

Nobody tells of edits: texts of open buffers are compared with those of the last search. So what
was typed in between is one edit a file, and a search costs one comparison a buffer that changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from beadline.context.difference import changed_span
from beadline.context.retrieval.query import group_of
from beadline.context.retrieval.sources import Candidate, Files
from beadline.context.retrieval.sources.live import LiveChunks
from beadline.context.retrieval.sources.queries import Queries
from beadline.context.symbols.types import Scene

MOST_PLACES = 16
"""Places that are remembered, the oldest out (llama.vim's ring has as many chunks)."""
_NEAR_CHARS = 1200
"""A place so near an older one of its kind in the same file takes its place; about 32 lines,
llama.vim's."""
_EDIT, _VISIT = "edit", "visit"
LEAST_COVERAGE = 0.03
"""Share of the query that the lines around a place have to hold. Less than is asked of chunks that
only look alike: what was touched last has something to do with what is done next."""


@dataclass
class _Place:
    """A place in a file; its offset moves with the text above it."""

    path: str
    offset: int
    kind: str


class RecentPlaces:
    """What was edited and where completions were asked for. Not thread-safe."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        """By path: the text that offsets are of."""
        self._places: list[_Place] = []
        """Oldest first."""

    @property
    def paths(self) -> frozenset[str]:
        """Of the buffers seen."""
        return frozenset(self._texts)

    def see(self, path: str, text: str) -> None:
        """The newest text of a buffer; what differs from the last one was edited."""
        before = self._texts.get(path)
        self._texts[path] = text
        if before is None or before == text:
            return
        start, end, new_end = changed_span(before, text)
        for place in self._places:
            if place.path == path and place.offset > start:
                place.offset = place.offset + new_end - end if place.offset >= end else start
        self._add(_Place(path, start, _EDIT))
        if new_end - start > _NEAR_CHARS:
            self._add(_Place(path, new_end, _EDIT))

    def visit(self, path: str, offset: int) -> None:
        """The cursor is at an offset of the text that was seen last."""
        self._add(_Place(path, offset, _VISIT))

    def forget(self, path: str) -> None:
        """The buffer closed."""
        if self._texts.pop(path, None) is not None:
            self._places = [place for place in self._places if place.path != path]

    def latest(self, but: str) -> list[tuple[str, int]]:
        """Paths and offsets outside of the file at `but`: edits before visits, newest first."""
        newest = [place for place in reversed(self._places) if place.path != but]
        newest.sort(key=lambda place: place.kind != _EDIT)
        return [(place.path, place.offset) for place in newest]

    def _add(self, new: _Place) -> None:
        apart = [
            place
            for place in self._places
            if (place.path, place.kind) != (new.path, new.kind)
            or abs(place.offset - new.offset) >= _NEAR_CHARS
        ]
        self._places = [*apart, new][-MOST_PLACES:]


class Edits:
    """The chunks of other buffers that were edited or visited lately."""

    name = "edit"

    def __init__(
        self, files: Files, chunks: LiveChunks, queries: Queries, places: RecentPlaces
    ) -> None:
        self._files, self._chunks, self._queries = files, chunks, queries
        self._places = places

    def search(self, scene: Scene, room: int) -> list[Candidate]:
        """See `Source`. Remembers the scene's own place for later searches elsewhere."""
        own, group = scene.symbols.path, group_of(scene.document.language)
        documents = {each.path: each for each in self._files.documents()}
        for path in self._places.paths - documents.keys() - {own}:
            self._places.forget(path)
        for path, document in documents.items():
            if path != own:
                self._places.see(path, document.text)
        self._places.see(own, scene.document.text)
        self._chunks.look()
        found: dict[tuple[str, int, int], Candidate] = {}
        for rank, (path, offset) in enumerate(self._places.latest(but=own)):
            document = documents.get(path)
            if document is None or group_of(document.language) != group:
                continue
            held = self._chunks.around(path, offset)
            if held is None:
                continue
            covered = self._queries.coverage(scene, held.text)
            if covered >= LEAST_COVERAGE:
                score = covered / (1 + rank)
                candidate = Candidate.of_chunk(path, held.start, held.text, score, self.name)
                found.setdefault(candidate.key, candidate)
        self._places.visit(own, scene.offset)
        return list(found.values()) if room > 0 else []
