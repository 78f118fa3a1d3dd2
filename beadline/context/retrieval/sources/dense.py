"""Chunks of similar meaning, by an embedding model of the user's. Knows no index.

A model takes milliseconds a text, so nothing is embedded on the way of a request: a search asks
for the vectors of its query and of the chunks that other sources found, a thread makes them once
nobody has searched for a while, and the next search near that place has the answer. All chunks
that were ever found are compared, so what is known of a workspace grows with its use.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from beadline.context.retrieval.query import group_of
from beadline.context.retrieval.sources import Candidate, Files
from beadline.context.retrieval.sources.texts import whole_lines
from beadline.context.retrieval.vectors import Vectors, key_of
from beadline.context.symbols.types import Scene
from beadline.errors import BeadlineError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUIET_S = 0.3
"""Time without a search after which the thread works: longer than `completion.idle_ms`."""
LEAST_COSINE = 0.4
"""Chunks that are less like the query are not proposed."""
_MOST = 8
_QUERY_CHARS = 1200
"""The end of the text before the cursor that is asked with: about the lines of `query`."""
_NEAR_CHARS = 2000
"""An answer serves cursors so far from the one that asked."""
_FOLDER = "vectors"
"""Below the cache directory."""
_ANSWERS = 32
_MOST_CHUNKS = 40_000
"""Chunks whose places are remembered, the oldest out."""
_JOIN_S = 5.0
"""Time `close` waits for the thread: a model that loads must not keep a server from ending."""
_LOG = logging.getLogger(__name__)


class Embeds(Protocol):
    """What makes vectors: `retrieval.embedding.Embedder`."""

    @property
    def identity(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a chunk is."""

    path: str
    start: int
    end: int
    group: str


@dataclass(frozen=True)
class _Job:
    """A query to be answered, and chunks to be known by then."""

    path: str
    offset: int
    group: str
    query: str
    chunks: tuple[tuple[_Place, str], ...]
    """With their texts."""


@dataclass(frozen=True)
class _Answer:
    """The chunks most like a query, best first."""

    offset: int
    found: tuple[tuple[float, bytes, _Place], ...]


class Dense:
    """Answers from a thread that works when nobody searches. Close it."""

    name = "dense"

    def __init__(
        self,
        load: Callable[[], Embeds],
        keep: Callable[[str], Vectors],
        *,
        quiet_s: float = QUIET_S,
    ) -> None:
        """`load` gives the model, on the thread and when it is first needed; `keep` the vectors
        that are known of a model, by its identity."""
        self._load, self._keep, self._quiet_s = load, keep, quiet_s
        self._change = threading.Condition()
        """Guards what is below it."""
        self._job: _Job | None = None
        self._asked = 0
        """Counts searches, so that the thread sees that one came."""
        self._answers: OrderedDict[str, _Answer] = OrderedDict()
        self._busy = False
        self._closed = False
        self._thread: threading.Thread | None = None
        self._places: OrderedDict[bytes, _Place] = OrderedDict()
        """By key of the text; the thread's alone."""

    def search(self, scene: Scene, files: Files) -> list[Candidate]:
        """The answer to the last question near the scene's cursor, as far as it still holds."""
        with self._change:
            answer = self._answers.get(scene.symbols.path)
        if answer is None or abs(answer.offset - scene.offset) > _NEAR_CHARS:
            return []
        found: list[Candidate] = []
        for cosine, key, place in answer.found:
            text = files.read(place.path)
            if text is None or not whole_lines(text, place.start, place.end):
                continue
            chunk = text[place.start : place.end]
            if key_of(chunk) == key:
                found.append(Candidate.of_chunk(place.path, place.start, chunk, cosine, self.name))
        return found

    def ask(self, scene: Scene, chunks: Sequence[Candidate]) -> None:
        """Have the scene's query answered once nobody searches; `chunks`: what others found."""
        path, group = scene.symbols.path, group_of(scene.document.language)
        known = tuple(
            (_Place(at, start, end, group), candidate.snippet.text[: end - start])
            for candidate in chunks
            for at, start, end in [candidate.key]
            if at != path
        )
        before = scene.document.text[max(0, scene.offset - _QUERY_CHARS) : scene.offset]
        with self._change:
            if self._closed:
                return
            self._job = _Job(path, scene.offset, group, before, known)
            self._asked += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="dense", daemon=True)
                self._thread.start()
            self._change.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all that was asked is answered; whether it is."""
        with self._change:
            return self._change.wait_for(
                lambda: self._closed or (self._job is None and not self._busy), timeout
            )

    def close(self, *, wait: bool = True) -> None:
        """End the thread; `wait` for its end."""
        with self._change:
            self._closed = True
            self._change.notify_all()
            thread = self._thread
        if thread is not None and wait:
            thread.join(_JOIN_S)

    def _work(self) -> None:
        try:
            embedder = self._load()
            vectors = self._keep(embedder.identity)
            try:
                while (job := self._next()) is not None:
                    self._finish(job, self._answer(job, embedder, vectors))
            finally:
                vectors.close()
        except BeadlineError as exc:
            # Told once; searches go on without.
            _LOG.warning("%s", exc)
            with self._change:
                self._closed = True
                self._change.notify_all()

    def _finish(self, job: _Job, answer: _Answer | None) -> None:
        with self._change:
            if answer is not None:
                self._answers[job.path] = answer
                self._answers.move_to_end(job.path)
                while len(self._answers) > _ANSWERS:
                    self._answers.popitem(last=False)
            self._busy = False
            self._change.notify_all()

    def _next(self) -> _Job | None:
        """The last question, once no other has come for a while; None at the end."""
        with self._change:
            while not self._closed:
                if self._job is None:
                    self._change.wait()
                    continue
                asked = self._asked
                if self._change.wait_for(
                    lambda asked=asked: self._closed or self._asked != asked, self._quiet_s
                ):
                    continue
                job, self._job, self._busy = self._job, None, True
                return job
        return None

    def _answer(self, job: _Job, embedder: Embeds, vectors: Vectors) -> _Answer | None:
        """None where another question came meanwhile; what was embedded by then is kept."""
        for place, text in job.chunks:
            key = key_of(text)
            self._places[key] = place
            self._places.move_to_end(key)
            if key not in vectors:
                vectors.add([key], embedder.embed([text]))
            with self._change:
                if self._closed or self._job is not None:
                    return None
        while len(self._places) > _MOST_CHUNKS:
            self._places.popitem(last=False)
        query = embedder.embed([job.query])[0]
        keys = [
            key
            for key, place in self._places.items()
            if place.group == job.group and place.path != job.path
        ]
        near = vectors.nearest(query, keys)[:_MOST]
        found = [(cosine, key, self._places[key]) for cosine, key in near if cosine >= LEAST_COSINE]
        return _Answer(job.offset, tuple(found))


def of_folder(folder: Path, cache_dir: Path | None) -> Dense:
    """By the model in a folder, whose vectors are kept below the cache directory."""

    def load() -> Embeds:
        # onnxruntime takes a while, and few have a model.
        from beadline.context.retrieval.embedding import Embedder

        return Embedder(folder)

    def keep(identity: str) -> Vectors:
        file = None if cache_dir is None else cache_dir / _FOLDER / f"{identity[:32]}.vectors"
        return Vectors(file, identity)

    return Dense(load, keep)
