"""Files that are others, or nearly: exact, by MinHash, by shared runs of tokens. Knows no syntax.

Near duplicates follow the usual recipe (MinHash over shingles of 5 tokens, LSH; datasketch), as
aiXcoder and The Stack do; shared runs are the decontamination rule of held-out repositories.
"""

from __future__ import annotations

import hashlib
import io
import re
import tokenize
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from beadline.errors import InputError
from beadline.evaluation.sources import PYTHON

if TYPE_CHECKING:
    from datasketch import MinHash

RUN = 50
"""Consecutive code tokens that must not be shared with code that is to stay unseen."""
_PERMUTATIONS = 128
_SHINGLE = 5
_LEAST_SHINGLES = 16
"""Shorter files (a package's `__init__`) are alike without being copies."""
_WORD = re.compile(r"\w+|[^\w\s]")
_LAYOUT = (
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
)

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
    """Code that must stay unseen, by its runs of `RUN` tokens."""

    def __init__(self, texts: Iterable[str], language: str = PYTHON) -> None:
        self._known = {run for text in texts for run in _runs(text, language)}

    def has(self, text: str, language: str) -> bool:
        """Whether a text shares a run with them."""
        return bool(self._known) and not self._known.isdisjoint(_runs(text, language))


def _digest(text: str) -> str:
    """Of a text without its layout."""
    return hashlib.sha256("".join(text.split()).encode("utf-8", "surrogatepass")).hexdigest()


def _runs(text: str, language: str) -> set[int]:
    """Hashes of all runs of `RUN` code tokens; equal in one process alone."""
    tokens = _tokens(text, language)
    return {hash(tuple(tokens[at : at + RUN])) for at in range(len(tokens) - RUN + 1)}


def _tokens(text: str, language: str) -> list[str]:
    """Code tokens; of Python without comments and layout."""
    if language != PYTHON:
        return _WORD.findall(text)
    try:
        return [
            token.string
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type not in _LAYOUT
        ]
    except (tokenize.TokenError, SyntaxError):
        return _WORD.findall(text)
