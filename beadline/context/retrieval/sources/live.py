"""Open buffers as they are now: their chunks, ranked by BM25. Knows no index and no disk.

The index lags behind what is being typed; the few buffers that are open are ranked by rank-bm25
(`retrieval.store`) on their newest text.
"""

from __future__ import annotations

from collections.abc import Callable

from beadline.context.retrieval.cutter import Cutter
from beadline.context.retrieval.query import group_of
from beadline.context.retrieval.sources import Candidate, Files
from beadline.context.retrieval.sources.queries import Queries
from beadline.context.retrieval.sources.similar import LEAST_COVERAGE
from beadline.context.retrieval.store import Held, Store
from beadline.context.symbols.types import Scene

MOST_BUFFERS = 16
"""Buffers that are searched, most recently used first."""
CUT_CHARS = 40_000
"""Characters that one search cuts anew before it makes do with what it has. The next one goes
on."""
_HITS = 12


class LiveChunks:
    """The chunks of the open buffers, cut anew when their text has changed. Not thread-safe."""

    def __init__(self, files: Files, may_leave: Callable[[str], bool]) -> None:
        """`may_leave`: whether text of a path may be a snippet at all."""
        self._files, self._may_leave = files, may_leave
        self._cutter = Cutter()
        self._cut: dict[str, str] = {}
        """By path: the text that was cut."""
        self._newest: dict[str, str] = {}
        """By path: the text as of the last refresh."""
        self._chunks: dict[str, list[Held]] = {}
        self.store = Store()

    def refresh(self, but: str = "") -> None:
        """Cut what changed since the last call, as far as `CUT_CHARS` reach; nothing of the file
        at `but`, which is being typed in."""
        documents = [each for each in self._files.documents() if self._may_leave(each.path)]
        del documents[MOST_BUFFERS:]
        self._newest = {each.path: each.text for each in documents}
        for path in self._cut.keys() - self._newest.keys():
            self.store.remove(path)
            del self._cut[path], self._chunks[path]
        left = CUT_CHARS
        for document in documents:
            path = document.path
            if path == but or left <= 0 or self.is_current(path):
                continue
            left -= len(document.text)
            cut = self._cutter.cut(path, document)
            self.store.replace(path, cut)
            self._chunks[path] = [held for held, _ in cut]
            self._cut[path] = document.text

    def is_current(self, path: str) -> bool:
        """Whether a buffer's chunks are those of its text as of the last refresh."""
        return path in self._newest and self._cut.get(path) == self._newest[path]

    def around(self, path: str, offset: int) -> Held | None:
        """The chunk of a buffer that an offset is in, or the one above it."""
        above = [held for held in self._chunks.get(path, ()) if held.start <= offset]
        return above[-1] if above else None


class Live:
    """The best chunks of other open buffers."""

    name = "live"

    def __init__(self, chunks: LiveChunks, queries: Queries) -> None:
        self._chunks, self._queries = chunks, queries

    def search(self, scene: Scene, room: int) -> list[Candidate]:
        """See `Source`."""
        query = self._queries.of(scene)
        own = scene.symbols.path
        self._chunks.refresh(but=own)
        if not query.terms or room <= 0 or not len(self._chunks.store):
            return []
        hits = self._chunks.store.search(
            query.terms,
            group=group_of(scene.document.language),
            limit=_HITS,
            accept=lambda held: held.path != own and self._chunks.is_current(held.path),
        )
        return [
            Candidate.of_chunk(
                hit.chunk.path,
                hit.chunk.start,
                hit.chunk.text,
                hit.score,
                self.name,
                _following(hit.chunk, hit.following),
            )
            for hit in hits
            if self._queries.coverage(scene, hit.chunk.text) >= LEAST_COVERAGE
        ]


def _following(held: Held, behind: Held | None) -> str:
    """What comes behind a chunk, with the newlines between them; nothing where there is more."""
    if behind is None or not behind.joins:
        return ""
    return "\n" * (behind.start - held.start - len(held.text)) + behind.text
