"""Which of many names a cursor likely needs, by the names around it. Knows no types and no syntax.

A member that the lines around, the file or its neighbours use is used again; a name that shares
words with what stands at the cursor (`MarkFlagRequired` in `TestMarkFlagRequired`) is meant.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from beadline.context.retrieval.terms import Splitter
from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.scene import Cursor, enclosing
from beadline.context.symbols.types import FileSymbols, Located, Needed, Reason, Scene

NEIGHBOURS = 6
"""Files of the same folder whose use of names counts."""
_NEAR = 2.0
_NEAR_NAMES = 12
"""Names between the cursor and one that counts half."""
_FILE = 0.6
_FOLDER = 0.25
_PARTS = 1.5
_TYPED = 10.0
"""A name that goes on from the typed letters is before all others."""
_FADE = 24
"""Rank at which the weight of a definition among its like is half."""


class Likely:
    """Orders names at one cursor."""

    def __init__(self, scene: Scene, cursor: Cursor, graph: Graph) -> None:
        self._scene = scene
        self._graph = graph
        self._word = cursor.word
        self._near = {name: rank for rank, name in enumerate(cursor.near)}
        self._scores: dict[str, float] = {}
        self._others: list[Callable[[str, int], int]] | None = None
        """Of each file beside this one, how often it has a name."""
        self._lowered = cursor.word.lower()
        self._here = scene.symbols.names.get
        self._parts: dict[str, float] = {}
        for name, rank in self._near.items():
            for part in _parts(name):
                weight = 1 / (1 + rank / _NEAR_NAMES)
                self._parts[part] = max(self._parts.get(part, 0.0), weight)
        for each in enclosing(scene):
            for part in _parts(each.name):
                self._parts[part] = 1.0

    def score(self, name: str) -> float:
        """How likely a name is; comparable at one cursor."""
        known = self._scores.get(name)
        if known is None:
            known = self._scores[name] = self._score(name)
        return known

    def order(self, names: Iterable[str]) -> tuple[str, ...]:
        """Names, each once, the likeliest first; equals in the order they came in."""
        return tuple(sorted(dict.fromkeys(names), key=self.score, reverse=True))

    def needed(
        self,
        found: Iterable[Located],
        reason: Reason,
        weight: float,
        limit: int = 64,
        more: Callable[[Located], float] = lambda located: 0.0,
    ) -> Iterator[Needed]:
        """Definitions of other files, each once, the likeliest first; `weight` is that of the
        first. `more` is added to what the name of one scores."""
        own = self._scene.symbols.path
        once = {(each.path, each.definition.start): each for each in found if each.path != own}
        ranked = sorted(
            once.values(),
            key=lambda each: (
                self.score(each.definition.name)
                + (0.1 if each.definition.exported else 0.0)
                + more(each)
            ),
            reverse=True,
        )
        for rank, each in enumerate(ranked[:limit]):
            yield Needed(each, reason, weight / (1 + rank / _FADE))

    def _score(self, name: str) -> float:
        score = 0.0
        if name in self._near:
            score += _NEAR / (1 + self._near[name] / _NEAR_NAMES)
        if here := self._here(name, 0):
            score += _FILE * math.log2(1 + min(7, here))
        others = 0
        for count in self._others if self._others is not None else self._neighbours():
            others += count(name, 0)
        if others:
            score += _FOLDER * math.log2(1 + min(31, others))
        parts = _parts(name)
        shared = 0.0
        for part in parts:
            shared += self._parts.get(part, 0.0)
        score += _PARTS * shared / len(parts)
        if self._word and name.lower().startswith(self._lowered):
            score += _TYPED * (2 if name.startswith(self._word) else 1)
        return score

    def _neighbours(self) -> Sequence[Callable[[str, int], int]]:
        """See `_others`."""
        if self._others is None:
            files = (self._graph.file(path) for path in beside(self._scene.symbols, self._graph))
            self._others = [each.names.get for each in files if each is not None]
        return self._others


@lru_cache(maxsize=1 << 15)
def _parts(name: str) -> tuple[str, ...]:
    """The terms of a name, remembered between cursors; underscores around it say nothing."""
    return Splitter().of(name.strip("_$") or name)


def beside(file: FileSymbols, graph: Graph, limit: int = NEIGHBOURS) -> list[str]:
    """Paths of the files beside one in its folder, those with names near its own first."""
    folder, _, base = file.path.rpartition("/")
    ending = base.rpartition(".")[2]
    paths = [
        path for path in graph.folder(folder) if path.endswith(f".{ending}") and path != file.path
    ]
    at = bisect_left(paths, file.path)
    ranks = sorted(range(len(paths)), key=lambda i: (abs(2 * (i - at) + 1), i))
    return [paths[i] for i in ranks[:limit]]


def distance(one: str, other: str) -> int:
    """Folders between two paths."""
    a, b = one.split("/")[:-1], other.split("/")[:-1]
    common = 0
    while common < min(len(a), len(b)) and a[common] == b[common]:
        common += 1
    return len(a) + len(b) - 2 * common
