"""Holds the chunks of all files and finds the best by BM25. Knows no disk and no cursor.

The ranking is rank-bm25's `BM25Okapi` (its formula, number for number), over the chunks that an
inverted index singles out and the terms that each of them holds: scoring every chunk for every term
would take longer than a keystroke. A changed file replaces its chunks; scores are always those of
an index built anew from what is held.
"""

from __future__ import annotations

import heapq
import math
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BM25_K1 = 1.5
BM25_B = 0.75
"""rank-bm25's own defaults."""
CANDIDATES = 128
"""Chunks that are scored: those that hold most of the query, by inverse document frequency."""
COMMON_SHARE = 0.3
"""Terms of more chunks than this say nothing about one: stop words by frequency."""
_COMMON_LEAST = 12
"""Chunks a term may be in whatever its share is: in a small workspace everything is frequent."""
_NO_GROUP = 0xFFFF


@dataclass(frozen=True, slots=True)
class Held:
    """One chunk as the store keeps it."""

    path: str
    """Key of its file."""
    group: str
    """Chunks are searched in one group at a time: languages that can share code."""
    start: int
    text: str
    joins: bool = False
    """Nothing but newlines lies between it and the chunk above."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk found, and how well it fits."""

    chunk: Held
    score: float
    following: Held | None
    """The chunk behind it in its file."""


@dataclass(frozen=True, slots=True)
class _Holding:
    """Which chunks hold the words of a query: one word after the other, three arrays side by
    side."""

    chunks: NDArray[np.uint32]
    counts: NDArray[np.uint16]
    """How often."""
    worths: NDArray[np.float64]
    """What the word is worth."""


class Store:
    """Chunks, postings and document frequencies. Not thread-safe."""

    def __init__(self) -> None:
        self._words: dict[str, int] = {}
        self._names: list[str] = []
        """By word number: the word."""
        self._postings: list[array[int]] = []
        """By word: the chunks that hold it, in order of their numbers."""
        self._counts: list[array[int]] = []
        """By word: occurrences, beside the postings."""
        self._chunks: list[Held | None] = []
        """None: the number is free."""
        self._lengths = array("I")
        """By chunk: number of terms."""
        self._groups = array("H")
        """By chunk: number of its group; `_NO_GROUP` where the number is free."""
        self._group_ids: dict[str, int] = {}
        self._terms: list[array[int]] = []
        """By chunk: its words, for its removal."""
        self._free_words: list[int] = []
        self._free_chunks: list[int] = []
        self._files: dict[str, tuple[int, ...]] = {}
        self._total = 0
        """Terms of all chunks."""
        self.characters = 0
        """Characters of all chunks."""

    def __len__(self) -> int:
        return len(self._chunks) - len(self._free_chunks)

    @property
    def files(self) -> Mapping[str, tuple[int, ...]]:
        """Keys of the files that have chunks."""
        return self._files

    def replace(self, path: str, chunks: Sequence[tuple[Held, Sequence[str]]]) -> None:
        """Put `chunks`, with the terms of each, in the place of what the file had."""
        self.remove(path)
        numbers = tuple(self._add(held, terms) for held, terms in chunks if terms)
        if numbers:
            self._files[path] = numbers

    def remove(self, path: str) -> None:
        """Forget a file; nothing happens if it is not known."""
        for number in self._files.pop(path, ()):
            self._drop(number)

    def search(
        self,
        query: Mapping[str, float],
        *,
        group: str,
        limit: int,
        accept: Callable[[Held], bool] = lambda held: True,
    ) -> list[Hit]:
        """The best chunks of a group for weighted terms, best first; ties by file and place."""
        group_id = self._group_ids.get(group)
        if group_id is None:
            return []
        common = max(_COMMON_LEAST, COMMON_SHARE * len(self))
        words: dict[str, int] = {}
        for term in query:
            word = self._words.get(term)
            if word is not None and len(self._postings[word]) <= common:
                words[term] = word
        if not words:
            return []
        found = self._holding(
            list(words.values()),
            [
                query[term] * inverse_frequency(len(self._postings[word]), len(self))
                for term, word in words.items()
            ],
        )
        numbers = self._candidates(found, group_id, accept)
        scores = self._score(numbers, found)
        best = heapq.nsmallest(limit, zip(numbers, scores, strict=True), key=self._rank)
        return [self._hit(number, score) for number, score in best]

    def _holding(self, words: Sequence[int], idf: Sequence[float]) -> _Holding:
        """The chunks that hold words, one word after the other; `idf` is what each is worth."""
        postings = [self._postings[word] for word in words]
        return _Holding(
            np.concatenate([np.frombuffer(each, np.uint32) for each in postings]),
            np.concatenate([np.frombuffer(self._counts[word], np.uint16) for word in words]),
            np.repeat(np.array(idf), [len(each) for each in postings]),
        )

    def _candidates(
        self, found: _Holding, group_id: int, accept: Callable[[Held], bool]
    ) -> list[int]:
        """The chunks that hold most of the query, `CANDIDATES` at most."""
        sums = np.bincount(found.chunks, found.worths, len(self._chunks))
        sums[np.frombuffer(self._groups, np.uint16) != group_id] = 0
        (positive,) = np.nonzero(sums)
        ranked = positive[np.argsort(-sums[positive], kind="stable")]
        chosen: list[int] = []
        for number in ranked.tolist():
            held = self._chunks[number]
            if held is not None and accept(held):
                chosen.append(number)
                if len(chosen) == CANDIDATES:
                    break
        return chosen

    def _rank(self, found: tuple[int, float]) -> tuple[float, str, int]:
        number, score = found
        held = self._chunks[number]
        assert held is not None
        return -score, held.path, held.start

    def _score(self, numbers: Sequence[int], found: _Holding) -> list[float]:
        position = np.full(len(self._chunks), -1, np.int32)
        position[numbers] = np.arange(len(numbers))
        lengths = np.array([self._lengths[number] for number in numbers], np.float64)
        norms = BM25_K1 * (1 - BM25_B + BM25_B * lengths / (self._total / len(self)))
        rows = position[found.chunks]
        asked = rows >= 0
        rows, counts = rows[asked], found.counts[asked].astype(np.float64)
        parts = found.worths[asked] * (counts * (BM25_K1 + 1) / (counts + norms[rows]))
        return np.bincount(rows, parts, len(numbers)).tolist()

    def _hit(self, number: int, score: float) -> Hit:
        held = self._chunks[number]
        assert held is not None
        own = self._files[held.path]
        at = own.index(number) + 1
        return Hit(held, score, self._chunks[own[at]] if at < len(own) else None)

    def _add(self, held: Held, terms: Sequence[str]) -> int:
        number = self._number(held, len(terms))
        own = self._terms[number]
        for term, count in Counter(terms).items():
            word = self._word(term)
            at = bisect_left(self._postings[word], number)
            self._postings[word].insert(at, number)
            self._counts[word].insert(at, min(count, 0xFFFF))
            own.append(word)
        self._total += len(terms)
        self.characters += len(held.text)
        return number

    def _number(self, held: Held, length: int) -> int:
        """A free number, or the next one, for a chunk."""
        group = self._group_ids.setdefault(held.group, len(self._group_ids))
        if self._free_chunks:
            number = self._free_chunks.pop()
            self._chunks[number] = held
            self._lengths[number], self._groups[number] = length, group
            return number
        self._chunks.append(held)
        self._lengths.append(length)
        self._groups.append(group)
        self._terms.append(array("I"))
        return len(self._chunks) - 1

    def _word(self, term: str) -> int:
        word = self._words.get(term)
        if word is not None:
            return word
        if self._free_words:
            word = self._free_words.pop()
            self._names[word] = term
        else:
            word = len(self._names)
            self._names.append(term)
            self._postings.append(array("I"))
            self._counts.append(array("H"))
        self._words[term] = word
        return word

    def _drop(self, number: int) -> None:
        held = self._chunks[number]
        assert held is not None
        for word in self._terms[number]:
            postings = self._postings[word]
            at = bisect_left(postings, number)
            del postings[at], self._counts[word][at]
            if not postings:
                del self._words[self._names[word]]
                self._free_words.append(word)
        self._total -= self._lengths[number]
        self.characters -= len(held.text)
        self._chunks[number], self._terms[number] = None, array("I")
        self._groups[number] = _NO_GROUP
        self._free_chunks.append(number)


def inverse_frequency(frequency: int, size: int) -> float:
    """Lucene's (BM25Similarity) instead of `BM25Okapi`'s own, which is the same for rare words but
    below zero for words of half of the chunks: in a small workspace that would be all of them."""
    return math.log(1 + (size - frequency + 0.5) / (frequency + 0.5))
