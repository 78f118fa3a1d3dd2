"""Suffix arrays over token streams that are read backwards. Knows numbers; no disk, no models.

A context is looked up from its newest token to its oldest, so the stream is kept reversed: a
context is then the front of what is sorted, and every shorter context a shorter front of the same
places. Beside each place stands the token that followed there in the file, which in the reversed
stream is the one before it: the Burrows-Wheeler transform.

Sorted by prefix doubling (Manber and Myers 1993); each round looks only at places that are not
told apart yet, as Larsson and Sadakane (2007) do, and as contexts are compared to a depth, so is
what is sorted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

SEPARATOR = 0xFFFFFFFF
"""In streams of token ids: ends a text, stands where something was left out, matches nothing."""
DEPTH = 64
"""Tokens of a context that are compared; places that agree in so many are in any order."""
_KEY_BITS = 62
"""Bits of the symbols that are packed into the first round's keys."""
_NARROW = 1 << 16
"""Symbols that two bytes can tell apart."""


@dataclass(frozen=True)
class TokenText:
    """The tokens of one file."""

    path: str
    """Forward slashes."""
    version: str
    """Changes when the file does."""
    tokens: np.ndarray
    """uint32 ids; `SEPARATOR` where something was left out."""


@dataclass(frozen=True)
class Span:
    """Where a file stands in a reversed stream: [start, end)."""

    path: str
    version: str
    start: int
    end: int


@dataclass(frozen=True)
class Built:
    """A reversed stream, its suffix array, and what followed."""

    spans: tuple[Span, ...]
    """In the order of the stream: the last path first."""
    alphabet: np.ndarray
    """uint32, sorted: the ids that occur, `SEPARATOR` last. A code is an index into it."""
    codes: bytes
    """The stream, `width` bytes a code, the highest first: so bytes compare as codes do."""
    width: int
    """2 or 3."""
    order: np.ndarray
    """uint32: places of the stream, sorted by what is read from there on."""
    following: np.ndarray
    """uint16 or uint32, beside `order`: the code that followed in the file."""
    firsts: np.ndarray
    """uint32, one more than codes: where in `order` the places of each code begin."""


def build(texts: Iterable[TokenText]) -> Built:
    """The arrays over `texts`. Files of one folder, at any depth, stand side by side."""
    ordered = sorted(texts, key=lambda text: text.path.split("/"))
    separator = np.array([SEPARATOR], dtype=np.uint32)
    pieces, at = [separator], 1
    starts: list[int] = []
    for text in ordered:
        pieces += [text.tokens.astype(np.uint32, copy=False), separator]
        starts.append(at)
        at += len(text.tokens) + 1
    stream = np.concatenate(pieces)[::-1]
    count = len(stream)
    alphabet, codes = np.unique(stream, return_inverse=True)
    codes = codes.astype(np.int64, copy=False)
    order = suffix_order(codes, len(alphabet) - 1)
    width = 2 if len(alphabet) <= _NARROW else 3
    narrow = np.uint16 if width == 2 else np.uint32
    occurrences = np.bincount(codes, minlength=len(alphabet))
    spans = (
        Span(text.path, text.version, count - start - len(text.tokens), count - start)
        for text, start in zip(ordered, starts, strict=True)
    )
    return Built(
        spans=tuple(spans)[::-1],
        alphabet=alphabet,
        codes=_big_endian(codes, width),
        width=width,
        order=order.astype(np.uint32),
        # Before the first place comes, by wrapping around, the last: a separator.
        following=codes[order - 1].astype(narrow),
        firsts=np.concatenate([[0], np.cumsum(occurrences)]).astype(np.uint32),
    )


def suffix_order(stream: np.ndarray, largest: int, *, depth: int = DEPTH) -> np.ndarray:
    """Places of `stream` in the order of the `depth` symbols that begin there; int64.

    `stream`: int64, 0 to `largest`. What ends earlier comes before what goes on. Places that agree
    to that depth come in any order.
    """
    count = len(stream)
    bits = (largest + 1).bit_length()
    reach = max(1, _KEY_BITS // bits)
    keys = np.zeros(count, dtype=np.int64)
    for ahead in range(reach):
        keys <<= bits
        # 0 stands for nothing, behind the end.
        keys[: max(0, count - ahead)] |= stream[ahead:] + 1
    order = np.argsort(keys, kind="stable")
    fresh = _first_of_each(keys[order])
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.maximum.accumulate(np.where(fresh, np.arange(count), 0))
    # `rank` says where the places that agree in `reach` symbols begin in `order`.
    while reach < depth:
        alone = fresh & np.append(fresh[1:], True)
        slots = np.flatnonzero(~alone)
        if not len(slots):
            break
        places = order[slots]
        behind = np.zeros(len(places), dtype=np.int64)
        inside = np.flatnonzero(places + reach < count)
        behind[inside] = rank[places[inside] + reach] + 1
        keys = rank[places] * (count + 1) + behind
        within = np.argsort(keys, kind="stable")
        places, keys = places[within], keys[within]
        order[slots] = places
        fresh[slots] = _first_of_each(keys)
        rank[places] = np.maximum.accumulate(np.where(fresh[slots], slots, 0))
        reach *= 2
    return order


def _first_of_each(ordered: np.ndarray) -> np.ndarray:
    """Of sorted values, which differ from the one before."""
    return np.append(True, ordered[1:] != ordered[:-1]) if len(ordered) else np.zeros(0, bool)


def _big_endian(codes: np.ndarray, width: int) -> bytes:
    wide = np.ascontiguousarray(codes.astype(">u4"))
    return wide.view(np.uint8).reshape(-1, 4)[:, 4 - width :].tobytes()
