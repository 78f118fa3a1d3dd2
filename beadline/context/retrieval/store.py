"""Holds the chunks of all files and finds the best by BM25. Knows no disk and no cursor.

The ranking is rank-bm25's `BM25Okapi`, given the statistics that are kept here and the chunks an
inverted index singles out: scoring every chunk would take longer than a keystroke. A changed file
replaces its chunks; scores are always those of an index built anew from what is held.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rank_bm25 import BM25Okapi

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
        idf = {
            term: query[term] * inverse_frequency(len(self._postings[word]), len(self))
            for term, word in words.items()
        }
        numbers = self._candidates(words, idf, group_id, accept)
        scores = self._score(numbers, words, idf)
        hits = [self._hit(n, score) for n, score in zip(numbers, scores, strict=True)]
        hits.sort(key=lambda hit: (-hit.score, hit.chunk.path, hit.chunk.start))
        return hits[:limit]

    def _candidates(
        self,
        words: Mapping[str, int],
        idf: Mapping[str, float],
        group_id: int,
        accept: Callable[[Held], bool],
    ) -> list[int]:
        """The chunks that hold most of the query, `CANDIDATES` at most."""
        sums = np.zeros(len(self._chunks))
        for term, word in words.items():
            sums[np.frombuffer(self._postings[word], np.uint32)] += idf[term]
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

    def _score(
        self, numbers: Sequence[int], words: Mapping[str, int], idf: Mapping[str, float]
    ) -> list[float]:
        position = np.full(len(self._chunks), -1, np.int32)
        position[numbers] = np.arange(len(numbers))
        counts: list[dict[str, int]] = [{} for _ in numbers]
        for term, word in words.items():
            rows = position[np.frombuffer(self._postings[word], np.uint32)]
            for at in np.flatnonzero(rows >= 0).tolist():
                counts[rows[at]][term] = self._counts[word][at]
        ranking = _Ranking(
            counts, [self._lengths[n] for n in numbers], idf, self._total / len(self)
        )
        return ranking.get_scores(list(words)).tolist()

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


class _Ranking(BM25Okapi):
    """rank-bm25's scores for some chunks of a larger collection whose statistics are known."""

    def __init__(
        self,
        counts: list[dict[str, int]],
        lengths: list[int],
        idf: Mapping[str, float],
        mean_length: float,
    ) -> None:
        # Not the parent's: it would take `counts` for the whole collection.
        self.k1, self.b = BM25_K1, BM25_B
        self.corpus_size = len(counts)
        self.doc_freqs = counts
        self.doc_len = lengths
        self.idf = idf
        self.avgdl = mean_length


def inverse_frequency(frequency: int, size: int) -> float:
    """Lucene's (BM25Similarity) instead of `BM25Okapi`'s own, which is the same for rare words but
    below zero for words of half of the chunks: in a small workspace that would be all of them."""
    return math.log(1 + (size - frequency + 0.5) / (frequency + 0.5))
