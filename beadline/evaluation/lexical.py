"""Lexical baselines of retrieval: BM25 over short chunks, Jaccard over windows. Knows no cases.

They are what a retriever without definitions does, computed exactly, and in the same run as what
they are compared with:

- BM25 over chunks of ten lines with text, asked with the last ten such lines before the cursor, as
  in CrossCodeEval (Ding et al. 2023, arXiv 2310.11248) and, with the best three chunks, in
  aiXcoder-7B's table 8, by rank-bm25's `BM25Okapi`. CrossCodeEval's limits on files
  and chunks are left out: all of a repository is searched.
- Jaccard over all windows of sixty lines, the best one of each of the four best files, asked with
  the last sixty lines, as Copilot's `FixedWindowSizeJaccardMatcher` does with neighbouring tabs
  (microsoft/vscode-copilot-chat, MIT). Here every file of the repository is a tab.

The file with the cursor is searched in neither, and counts in none of their statistics.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import copy
from typing import TYPE_CHECKING

from beadline.context.types import Snippet

if TYPE_CHECKING:
    import numpy as np

BM25_TOP = 3
_CHUNK = 10
"""Lines with text of a chunk, and of a query."""
_TOKEN = re.compile(r"\w+")
WINDOW = 60
"""Lines of a window, and of a query."""
_WINDOWS = 4
"""Windows taken, one a file at most: Copilot's `numberOfSnippets`."""
_WORD = re.compile(r"[a-zA-Z0-9]+")
_STOP_WORDS = """
    we our you it its they them their this that these those is are was were be been being have has
    had having do does did doing can don t s will would should what which who when where why how a
    an the and or not no but because as until again further then once here there all any both each
    few more most other some such above below to during before after of at by about between into
    through from up down in out on off over under only own same so than too very just now
    if else for while with def function return TODO import try catch raise finally repeat switch
    case match assert continue break const class enum struct static new super var"""
_STOPS = frozenset(_STOP_WORDS.split())
"""Words that Copilot does not compare."""


class Chunks:
    """BM25 over the chunks of some files."""

    def __init__(self, files: Mapping[str, str]) -> None:
        """`files`: text by path."""
        from rank_bm25 import BM25Okapi

        self._texts = files
        self._spans = [(path, *span) for path in sorted(files) for span in chunks(files[path])]
        self._of_file: dict[str, tuple[int, int]] = {}
        for number, (path, _, _) in enumerate(self._spans):
            first, _ = self._of_file.get(path, (number, number))
            self._of_file[path] = first, number + 1
        self._ranking = BM25Okapi([self._tokens(span) for span in self._spans] or [[""]])
        self._lengths = sum(self._ranking.doc_len)
        self._frequencies = Counter[str]()
        """In how many chunks each token is."""
        for counts in self._ranking.doc_freqs:
            self._frequencies.update(counts.keys())

    def scores(self, query: list[str], own: str) -> np.ndarray:
        """Of every chunk, 0 of those of the file at `own`, which are as if they were not there."""
        import numpy as np

        first, last = self._of_file.get(own, (0, 0))
        ranking = copy(self._ranking)
        count = len(self._spans) - (last - first)
        if not count:
            return np.zeros(len(self._spans))
        frequencies = self._frequencies.copy()
        for counts in ranking.doc_freqs[first:last]:
            frequencies.subtract(counts.keys())
        # The library's own, told of the other files alone.
        ranking.corpus_size = count
        ranking.avgdl = (self._lengths - sum(ranking.doc_len[first:last])) / count or 1.0
        ranking.idf = {}
        if there := {token: chunks_of for token, chunks_of in frequencies.items() if chunks_of}:
            ranking._calc_idf(there)
        ranking.corpus_size = len(self._spans)
        found = ranking.get_scores(query)
        found[first:last] = 0.0
        return found

    def _tokens(self, span: tuple[str, int, int]) -> list[str]:
        path, start, end = span
        return _TOKEN.findall(self._texts[path], start, end)

    def search(
        self, before: str, own: str, *, room: int, top: int | None = None
    ) -> tuple[Snippet, ...]:
        """The best chunks for a cursor behind the text `before`, best first, of `room` characters
        together at most; the best `top` of them."""
        import numpy as np

        scores = self.scores(query(before), own)
        found: list[Snippet] = []
        order = np.argsort(-scores, kind="stable")
        for number in order[:top] if top is not None else order:
            if scores[number] <= 0 or room <= 0:
                break
            path, start, end = self._spans[int(number)]
            text = _cut(self._texts[path][start:end], room)
            if not text:
                break
            room -= len(text)
            found.append(Snippet(path, text, start, float(scores[number]), "bm25"))
        return tuple(found)


def query(before: str) -> list[str]:
    """What BM25 is asked at the end of a text."""
    lines = [line for line in before.split("\n") if line.strip()]
    return _TOKEN.findall("\n".join(lines[-_CHUNK:]))


def chunks(text: str) -> Iterator[tuple[int, int]]:
    """Ranges of ten lines with text each, without overlap; blank lines between them are in it."""
    start, end, held, at = 0, 0, 0, 0
    for line in text.split("\n"):
        if line.strip():
            start = start if held else at
            end = at + len(line)
            held += 1
        if held == _CHUNK:
            yield start, end
            held = 0
        at += len(line) + 1
    if held:
        yield start, end


class Windows:
    """Jaccard's measure over the windows of some files."""

    def __init__(self, files: Mapping[str, str]) -> None:
        """`files`: text by path."""
        import numpy as np

        self._texts = files
        self._paths = sorted(files)
        firsts: list[int] = []
        lines_of: list[int] = []
        words: dict[str, list[int]] = {}
        row = 0
        for path in self._paths:
            firsts.append(row)
            for line in files[path].split("\n"):
                for word in words_of(line):
                    words.setdefault(word, []).append(row)
                row += 1
            lines_of.append(row - firsts[-1])
        counts = np.array(lines_of, dtype=np.int64)
        self._firsts = np.array(firsts, dtype=np.int64)
        """First line of each file, all lines counted through."""
        lasts = self._firsts + np.maximum(0, counts - WINDOW)
        self._first = np.repeat(self._firsts, counts)
        """By line: the first line of its file."""
        self._last = np.repeat(lasts, counts)
        """By line: where the last window of its file starts."""
        self._rows = {word: np.array(rows, dtype=np.int64) for word, rows in words.items()}
        """Lines that hold a word, ascending."""
        self._sizes = self._holding(list(self._rows))

    def search(self, before: str, own: str, *, room: int) -> tuple[Snippet, ...]:
        """The best windows for a cursor behind the text `before`, best first, of `room` characters
        together at most."""
        import numpy as np

        wanted = words_of("\n".join(before.split("\n")[-WINDOW:]))
        if not wanted or not self._paths:
            return ()
        shared = self._holding([word for word in wanted if word in self._rows])
        score = shared / (self._sizes + len(wanted) - shared)
        best = np.maximum.reduceat(score, self._firsts)
        found: list[Snippet] = []
        order = [int(n) for n in np.argsort(-best, kind="stable") if self._paths[int(n)] != own]
        for number in order[:_WINDOWS]:
            if best[number] <= 0 or room <= 0:
                break
            path = self._paths[number]
            lines = self._texts[path].split("\n")
            first = int(self._firsts[number])
            start = int(np.argmax(score[first : first + len(lines)]))
            text = _cut("\n".join(lines[start : start + WINDOW]), room)
            if not text:
                break
            room -= len(text)
            at = sum(len(line) + 1 for line in lines[:start])
            found.append(Snippet(path, text, at, float(best[number]), "jaccard"))
        return tuple(found)

    def _holding(self, words: list[str]) -> np.ndarray:
        """By line: how many of the words the window that starts there holds; 0 where none does."""
        import numpy as np

        if not words:
            return np.zeros(len(self._first))
        rows = np.concatenate([self._rows[word] for word in words])
        counts = [len(self._rows[word]) for word in words]
        word = np.repeat(np.arange(len(words)), counts)
        # The windows that hold a line start in [low, high]; those that held the word's line before
        # are counted already.
        low = np.maximum(rows - (WINDOW - 1), self._first[rows])
        high = np.minimum(rows, self._last[rows])
        again = word[1:] == word[:-1]
        low[1:] = np.where(again, np.maximum(low[1:], high[:-1] + 1), low[1:])
        new = low <= high
        change = np.bincount(low[new], minlength=len(self._first) + 1).astype(float)
        change -= np.bincount(high[new] + 1, minlength=len(self._first) + 1)
        return np.cumsum(change)[: len(self._first)]


def words_of(text: str) -> set[str]:
    """What Copilot compares of a text."""
    return set(_WORD.findall(text)) - _STOPS


def _cut(text: str, room: int) -> str:
    """The first whole lines of a text that fit."""
    if len(text) <= room:
        return text
    return text[: max(0, text.rfind("\n", 0, room + 1))].rstrip()
