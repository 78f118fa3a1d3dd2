"""Open buffers as they are now: their chunks, ranked by BM25. Knows no index and no disk.

The index lags behind what is being typed; the few buffers that are open are ranked by BM25
(`retrieval.store`) on their newest text. They are cut while nobody types (`LiveChunks.settle`): a
search makes do with what is cut.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from beadline.context.retrieval.cutter import Cutter
from beadline.context.retrieval.query import group_of
from beadline.context.retrieval.sources import Candidate, Files
from beadline.context.retrieval.sources.queries import Queries
from beadline.context.retrieval.sources.similar import LEAST_COVERAGE
from beadline.context.retrieval.store import Held, Hit, Store
from beadline.context.symbols.types import Scene
from beadline.context.types import Document

MOST_BUFFERS = 16
"""Buffers that are searched, most recently used first."""
_HITS = 12


class LiveChunks:
    """The chunks of the open buffers. From any thread."""

    def __init__(self, files: Files, may_leave: Callable[[str], bool]) -> None:
        """`may_leave`: whether text of a path may be a snippet at all."""
        self._files, self._may_leave = files, may_leave
        self._settling = threading.Lock()
        """Guards the cutter; taken before the other one."""
        self._cutter = Cutter()
        self._lock = threading.Lock()
        """Guards what is below it; never held while something is cut."""
        self._newest: dict[str, Document] = {}
        """The buffers by path, as of the last look, most recently used first."""
        self._cut: dict[str, tuple[str, list[Held]]] = {}
        """By path: the text that was cut, and its chunks."""
        self._store = Store()

    def look(self) -> None:
        """Take note of what the buffers say now: chunks of older texts do not count any more."""
        documents = [each for each in self._files.documents() if self._may_leave(each.path)]
        with self._lock:
            self._newest = {each.path: each for each in documents[:MOST_BUFFERS]}
            for path in self._cut.keys() - self._newest.keys():
                self._store.remove(path)
                del self._cut[path]

    def settle(self) -> bool:
        """While nobody types: cut one buffer that changed. Whether there was one; to be called
        again then."""
        with self._settling:
            self.look()
            with self._lock:
                waiting = [each for path, each in self._newest.items() if not self._current(path)]
            if not waiting:
                return False
            document = waiting[0]
            cut = self._cutter.cut(document.path, document)
            with self._lock:
                self._store.replace(document.path, cut)
                self._cut[document.path] = document.text, [held for held, _ in cut]
            return True

    def search(self, terms: Mapping[str, float], group: str, but: str) -> list[Hit]:
        """The best chunks of a language group for weighted terms, none of the file at `but`."""
        with self._lock:
            current = {path for path in self._cut if path != but and self._current(path)}
            return self._store.search(
                terms, group=group, limit=_HITS, accept=lambda held: held.path in current
            )

    def around(self, path: str, offset: int) -> Held | None:
        """The chunk of a buffer's newest text that an offset is in, or the one above it."""
        with self._lock:
            if not self._current(path):
                return None
            above = [held for held in self._cut[path][1] if held.start <= offset]
            return above[-1] if above else None

    def _current(self, path: str) -> bool:
        """Whether a buffer's chunks are those of its newest text; the caller holds the lock."""
        document, cut = self._newest.get(path), self._cut.get(path)
        return document is not None and cut is not None and cut[0] == document.text


class Live:
    """The best chunks of other open buffers."""

    name = "live"

    def __init__(self, chunks: LiveChunks, queries: Queries) -> None:
        self._chunks, self._queries = chunks, queries

    def search(self, scene: Scene, room: int) -> list[Candidate]:
        """See `Source`."""
        self._chunks.look()
        query = self._queries.of(scene)
        if not query.terms or room <= 0:
            return []
        group = group_of(scene.document.language)
        return [
            Candidate.of_chunk(
                hit.chunk.path,
                hit.chunk.start,
                hit.chunk.text,
                hit.score,
                self.name,
                _following(hit.chunk, hit.following),
            )
            for hit in self._chunks.search(query.terms, group, but=scene.symbols.path)
            if self._queries.coverage(scene, hit.chunk.text) >= LEAST_COVERAGE
        ]


def _following(held: Held, behind: Held | None) -> str:
    """What comes behind a chunk, with the newlines between them; nothing where there is more."""
    if behind is None or not behind.joins:
        return ""
    return "\n" * (behind.start - held.start - len(held.text)) + behind.text
