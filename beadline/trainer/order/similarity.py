"""Similar files side by side, as aiXcoder-7B groups the files of a project. Knows no samples.

The README names call graph, path similarity, TF-IDF distance and K-means, "global randomness and
local similarity", and no formulas. Here: a vector a file of its terms (TF-IDF) and its folders,
each mixed with those of the files it uses and that use it; K-means; the groups in random order, in
each a chain from one file to one of those nearest to it.
"""

from __future__ import annotations

import math
import random
import zlib
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from beadline.context.retrieval.terms import Splitter
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.order.dependencies import Uses

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TERM_SIZE = 256
_PATH_SIZE = 64
"""Dimensions that terms and folders are hashed into."""
_TERMS, _PATHS, _CALLS = 0.5, 0.25, 0.25
"""Weights of what files say, where they lie, and what uses what."""
_GROUP = 12
"""Files of a group, in the mean."""
_MOST_GROUPS = 256
_ROUNDS = 20
_NEAREST = 3
"""Files that the next one of a chain is drawn from."""


def similar_together(files: Sequence[CorpusFile], uses: Uses, rng: random.Random) -> list[str]:
    """The paths of all files."""
    if not files:
        return []
    vectors = with_neighbours(np.hstack([_terms(files), _folders(files)]), files, uses)
    groups = k_means(vectors, min(_MOST_GROUPS, max(1, round(len(files) / _GROUP))), rng)
    numbers = sorted(set(groups.tolist()))
    rng.shuffle(numbers)
    return [
        files[at].path
        for number in numbers
        for at in _chain(vectors, [int(i) for i in np.flatnonzero(groups == number)], rng)
    ]


def k_means(vectors: NDArray[np.float32], count: int, rng: random.Random) -> NDArray[np.int64]:
    """The group of every vector: Lloyd's algorithm from k-means++ seeds. Groups may be empty."""
    centres = _seeds(vectors, count, rng)
    groups = np.full(len(vectors), -1, dtype=np.int64)
    for _ in range(_ROUNDS):
        # |v - c|^2 but for |v|^2, which is the same for all centres.
        distances = (centres**2).sum(axis=1) - 2 * vectors @ centres.T
        nearest = distances.argmin(axis=1).astype(np.int64)
        if np.array_equal(nearest, groups):
            break
        groups = nearest
        for number in range(len(centres)):
            members = vectors[groups == number]
            if len(members):
                centres[number] = members.mean(axis=0)
    return groups


def _seeds(vectors: NDArray[np.float32], count: int, rng: random.Random) -> NDArray[np.float32]:
    """k-means++ (Arthur, Vassilvitskii 2007): far vectors are likelier."""
    chosen = [rng.randrange(len(vectors))]
    distances = ((vectors - vectors[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < count:
        total = float(distances.sum())
        if total <= 0:
            break  # the others are the same as chosen ones
        at = int(np.searchsorted(np.cumsum(distances), rng.random() * total))
        chosen.append(min(at, len(vectors) - 1))
        distances = np.minimum(distances, ((vectors - vectors[chosen[-1]]) ** 2).sum(axis=1))
    return vectors[chosen].copy()


def _chain(vectors: NDArray[np.float32], members: list[int], rng: random.Random) -> list[int]:
    """All members, each one near the one before."""
    left = members[:]
    chain = [left.pop(rng.randrange(len(left)))] if left else []
    while left:
        likeness = vectors[left] @ vectors[chain[-1]]
        nearest = np.argsort(-likeness, kind="stable")[:_NEAREST]
        chain.append(left.pop(int(nearest[rng.randrange(len(nearest))])))
    return chain


def _terms(files: Sequence[CorpusFile]) -> NDArray[np.float32]:
    """TF-IDF of the parts of identifiers, hashed with signs; unit length times its weight."""
    splitter = Splitter()
    counts = [Counter(splitter.terms(file.text)) for file in files]
    having = Counter(term for each in counts for term in each)
    found = np.zeros((len(files), _TERM_SIZE), dtype=np.float32)
    for row, each in zip(found, counts, strict=True):
        for term, count in each.items():
            place, sign = _place(term, _TERM_SIZE)
            rarity = math.log((1 + len(files)) / (1 + having[term]))
            row[place] += sign * (1 + math.log(count)) * rarity
    return _scaled(found, _TERMS)


def _folders(files: Sequence[CorpusFile]) -> NDArray[np.float32]:
    """The folders around a file, the inner ones with more weight."""
    found = np.zeros((len(files), _PATH_SIZE), dtype=np.float32)
    for row, file in zip(found, files, strict=True):
        parts = file.path.split("/")
        for depth in range(len(parts)):
            place, sign = _place("/".join(parts[:depth]), _PATH_SIZE)
            row[place] += sign * (1 + depth)
    return _scaled(found, _PATHS)


def with_neighbours(
    own: NDArray[np.float32], files: Sequence[CorpusFile], uses: Uses
) -> NDArray[np.float32]:
    """Every vector mixed with the mean of the files it uses and that use it, by how much."""
    at = {file.path: number for number, file in enumerate(files)}
    sums = np.zeros_like(own)
    weights = np.zeros((len(files), 1), dtype=np.float32)
    for path, used in uses.items():
        for other, weight in used.items():
            if path in at and other in at:
                for one, two in ((at[path], at[other]), (at[other], at[path])):
                    sums[one] += weight * own[two]
                    weights[one] += weight
    mean = np.where(weights > 0, sums / np.maximum(weights, 1e-9), own)
    return ((1 - _CALLS) * own + _CALLS * mean).astype(np.float32)


def _place(text: str, size: int) -> tuple[int, int]:
    """A dimension and a sign; the same in every process."""
    number = zlib.crc32(text.encode("utf-8", "surrogatepass"))
    return number % size, 1 if number & 0x8000_0000 else -1


def _scaled(rows: NDArray[np.float32], weight: float) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (math.sqrt(weight) * rows / np.maximum(lengths, 1e-9)).astype(np.float32)
