"""Files that are others, or nearly: exact, by MinHash, by shared runs of tokens. Knows no syntax.

Near duplicates follow the usual recipe (MinHash over shingles of 5 tokens, LSH; datasketch), as
aiXcoder and The Stack do; shared runs are the decontamination rule of held-out repositories.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import numpy as np

from beadline.context.retrieval.query import group_of
from beadline.errors import InputError
from beadline.evaluation.sources import PYTHON

if TYPE_CHECKING:
    from datasketch import MinHash
    from numpy.typing import NDArray

RUN = 50
"""Consecutive code tokens that must not be shared with code that is to stay unseen."""
_PERMUTATIONS = 128
_SHINGLE = 5
_LEAST_SHINGLES = 16
"""Shorter files (a package's `__init__`) are alike without being copies."""
_WORD = re.compile(r"\w+|[^\w\s]")
_STRING = (
    r"\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''"
    r"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
)
_SLASHED = re.compile(
    rf"(?P<comment>//[^\n]*|/\*.*?\*/)|{_STRING}|`(?:\\.|[^`\\])*`|\w+|[^\w\s]", re.S
)
_HASHED = re.compile(rf"(?P<comment>#[^\n]*)|{_STRING}|\w+|[^\w\s]", re.S)
_HASH_COMMENTS = frozenset({PYTHON, "ruby", "shellscript", "yaml", "toml"})
"""Languages whose comments begin with `#`; elsewhere they are those of C."""
_BASE = np.uint64(0x9E3779B97F4A7C15)
"""Of the polynomials that hash runs: odd, as the modulus is even."""

HELD_OUT = "like a file that is held out"


class Duplicates:
    """Says of one text after the other whether it was there before."""

    def __init__(self, near: float) -> None:
        """`near`: Jaccard similarity of shingles from which two texts are the same. Raises
        `InputError` without datasketch."""
        try:
            from datasketch import MinHash, MinHashLSH
        except ImportError as exc:
            raise InputError(
                "datasketch is not installed.", hint="pip install 'beadline[train]'"
            ) from exc
        self._near = near
        self._empty = MinHash(num_perm=_PERMUTATIONS)
        self._index = MinHashLSH(threshold=near, num_perm=_PERMUTATIONS)
        self._sketches: list[MinHash] = []
        self._held: set[int] = set()
        """Numbers of the sketches of what is held out."""
        self._exact: dict[str, bool] = {}
        """By digest: whether it is held out."""

    def hold(self, text: str) -> None:
        """Remember a text that is held out: what is like it is left out."""
        self._exact[_digest(text)] = True
        if (sketch := self._sketch(text)) is not None:
            self._held.add(len(self._sketches))
            self._insert(sketch)

    def reason(self, text: str) -> str:
        """Why a text is left out; empty, and it is remembered, where nothing is like it."""
        digest = _digest(text)
        if digest in self._exact:
            return HELD_OUT if self._exact[digest] else "exact duplicate"
        sketch = self._sketch(text)
        if sketch is not None:
            # LSH gives candidates; which are near is counted.
            near = [
                number
                for number in cast(list[int], self._index.query(sketch))
                if sketch.jaccard(self._sketches[number]) >= self._near
            ]
            if near:
                return "near duplicate" if self._held.isdisjoint(near) else HELD_OUT
            self._insert(sketch)
        self._exact[digest] = False
        return ""

    def _insert(self, sketch: MinHash) -> None:
        self._index.insert(len(self._sketches), sketch)
        self._sketches.append(sketch)

    def _sketch(self, text: str) -> MinHash | None:
        words = _WORD.findall(text)
        if len(words) - _SHINGLE + 1 < _LEAST_SHINGLES:
            return None
        shingles = {
            " ".join(words[at : at + _SHINGLE]).encode("utf-8", "surrogatepass")
            for at in range(len(words) - _SHINGLE + 1)
        }
        sketch = self._empty.copy()
        sketch.update_batch(sorted(shingles))
        return sketch


class SharedRuns:
    """Code that must stay unseen, by its runs of `RUN` tokens, in any number of languages.

    A run is kept as a 64-bit hash (8 bytes): those of millions of lines fit the memory.
    """

    def __init__(self, texts: Iterable[str] = (), language: str = PYTHON) -> None:
        self._parts: list[NDArray[np.uint64]] = []
        self._sorted: NDArray[np.uint64] | None = None
        for text in texts:
            self.add(text, language)

    def add(self, text: str, language: str) -> None:
        """Remember a text's runs."""
        self._parts.append(_runs(text, language))
        self._sorted = None

    def has(self, text: str, language: str) -> bool:
        """Whether a text shares a run with them."""
        known = self._known()
        runs = _runs(text, language)
        if not len(known) or not len(runs):
            return False
        places = np.searchsorted(known, runs)
        return bool((known[np.minimum(places, len(known) - 1)] == runs).any())

    def _known(self) -> NDArray[np.uint64]:
        """All runs, each once and in order, as one array."""
        if self._sorted is None:
            whole = np.concatenate(self._parts) if self._parts else np.empty(0, np.uint64)
            self._sorted = np.unique(whole)
            self._parts = [self._sorted]
        return self._sorted


def _digest(text: str) -> str:
    """Of a text without its layout."""
    return hashlib.sha256("".join(text.split()).encode("utf-8", "surrogatepass")).hexdigest()


def _runs(text: str, language: str) -> NDArray[np.uint64]:
    """Hashes of all runs of `RUN` code tokens: polynomials of the tokens' hashes, modulo 2^64."""
    tokens = code_tokens(text, language)
    if len(tokens) < RUN:
        return np.empty(0, np.uint64)
    hashes = np.array([_hash(token) for token in tokens], np.uint64)
    count = len(tokens) - RUN + 1
    runs = np.zeros(count, np.uint64)
    for at in range(RUN):
        runs *= _BASE
        runs += hashes[at : at + count]
    return runs


@lru_cache(maxsize=1 << 18)
def _hash(token: str) -> int:
    """The same in every process."""
    coded = token.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(coded, digest_size=8).digest(), "little")


def code_tokens(text: str, language: str) -> list[str]:
    """Words, signs and strings of a code, without comments and layout.

    By a regular expression for all languages: a benchmark's files hold fragments that no parser
    takes, and they have to come out as they do within whole files.
    """
    pattern = _HASHED if group_of(language) in _HASH_COMMENTS else _SLASHED
    return [match[0] for match in pattern.finditer(text) if match.lastgroup != "comment"]
