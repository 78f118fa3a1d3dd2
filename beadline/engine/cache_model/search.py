"""Where a context stood before, and what followed. Knows token streams; no files, no probabilities.

Two ways: over an index (`array`), for what is large and seldom changes, and over plain tokens, for
the few thousand of what is being edited.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from beadline.engine.cache_model.array import DEPTH, SEPARATOR, Built, Span


class Index:
    """The arrays of `array.Built`, in memory or mapped from a file."""

    def __init__(
        self,
        spans: Sequence[Span],
        codes: bytes | mmap.mmap,
        *,
        offset: int,
        width: int,
        order: np.ndarray,
        following: np.ndarray,
        alphabet: np.ndarray,
        firsts: np.ndarray,
    ) -> None:
        """`offset`: where in `codes` the stream begins; the rest as in `Built`."""
        self.spans = tuple(spans)
        self.order = order
        self.following = following
        self.separator = len(alphabet) - 1
        """Code of the separator."""
        self._codes = codes
        self._offset = offset
        self._width = width
        # Indexing a memoryview is several times faster than indexing an array.
        self._places = order.data
        self._by_path = {span.path: span for span in self.spans}
        # Files stand in the order of their folders, in a reversed stream from the last one on.
        self._folders = [span.path.split("/") for span in reversed(self.spans)]
        self._ids = alphabet
        self._alphabet: list[int] = alphabet.tolist()
        self._firsts: list[int] = firsts.tolist()

    @classmethod
    def of(cls, built: Built) -> Index:
        """An index in memory."""
        return cls(
            built.spans,
            built.codes,
            offset=0,
            width=built.width,
            order=built.order,
            following=built.following,
            alphabet=built.alphabet,
            firsts=built.firsts,
        )

    def __len__(self) -> int:
        """Places: tokens and separators."""
        return len(self.order)

    def code(self, token: int) -> bytes:
        """How a token is written in the stream; empty when it does not occur."""
        at = bisect_left(self._alphabet, token, 0, self.separator)
        if at == self.separator or self._alphabet[at] != token:
            return b""
        return at.to_bytes(self._width, "big")

    def token(self, code: int) -> int:
        """The token of a code."""
        return self._alphabet[code]

    def named(self, codes: np.ndarray) -> np.ndarray:
        """The tokens of codes; `SEPARATOR` of its own."""
        return self._ids[codes]

    def places_of(self, paths: Iterable[str]) -> list[tuple[int, int]]:
        """Where files stand, as far as they are there: ranges of places, ascending."""
        known = (self._by_path.get(path) for path in paths)
        return sorted((span.start, span.end) for span in known if span is not None)

    def places_below(self, folder: str) -> tuple[int, int]:
        """The range of places of all files below a folder; empty where there are none."""
        parts = folder.split("/")
        low = bisect_left(self._folders, parts)
        high = bisect_left(self._folders, [*parts[:-1], parts[-1] + "\0"], low)
        if low == high:
            return 0, 0
        count = len(self.spans)
        return self.spans[count - high].start, self.spans[count - 1 - low].end

    def tokens(self, span: Span) -> np.ndarray:
        """The tokens of a file, as they stand in it: uint32."""
        if span.start == span.end:
            return self._ids[:0]
        width = self._width
        data = self._slice(span.start, span.end - span.start)
        columns = np.frombuffer(data, dtype=np.uint8).reshape(-1, width).astype(np.int64)
        codes = columns[:, 0]
        for column in range(1, width):
            codes = codes << 8 | columns[:, column]
        return self._ids[codes[::-1]]

    def continuation(self, place: int, most: int) -> list[int]:
        """What follows a place in its file, up to its end or where something was left out."""
        found: list[int] = []
        for at in range(place - 1, max(-1, place - 1 - most), -1):
            code = int.from_bytes(self._slice(at, 1), "big")
            if code == self.separator:
                break
            found.append(self._alphabet[code])
        return found

    def longest(self, pattern: bytes) -> tuple[int, int, int]:
        """Of the fronts of `pattern` (codes, newest first) that occur the longest: its length in
        tokens, and the range of its places in `order`. Zeros when not even the first code does.
        """
        if not pattern:
            return 0, 0, 0
        low, high = self.all_of(pattern)
        at = bisect_left(self._places, pattern, low, high, key=self._front(len(pattern)))
        left = self.agreement(pattern, at - 1) if low < at else 0
        right = self.agreement(pattern, at) if at < high else 0
        length = max(left, right)
        if not length:
            return 0, 0, 0
        front = self.front(pattern, length)
        return length, *self.range_of(front, at, at, left >= length, right >= length)

    def all_of(self, pattern: bytes) -> tuple[int, int]:
        """The range of places that begin with the first code of `pattern`."""
        code = int.from_bytes(pattern[: self._width], "big")
        return self._firsts[code], self._firsts[code + 1]

    def range_of(
        self, front: bytes, begin: int, end: int, before: bool, behind: bool
    ) -> tuple[int, int]:
        """The range of places that begin with `front`: it holds or borders [begin, end), and
        whether the places `before` and `behind` that belong to it is known.
        """
        places, key = self._places, self._front(len(front))
        low, high = self.all_of(front)
        # Contexts that are a little shorter stand at a few places more: outwards by steps that
        # double.
        if before:
            step, begin = 1, begin - 1
            while begin - step >= low and key(places[begin - step]) == front:
                begin -= step
                step *= 2
            begin = bisect_left(places, front, max(low, begin - step), begin, key=key)
        if behind:
            step, end = 1, end + 1
            while end + step <= high and key(places[end + step - 1]) == front:
                end += step
                step *= 2
            end = bisect_right(places, front, end, min(high, end + step), key=key)
        return begin, end

    def agreement(self, pattern: bytes, rank: int) -> int:
        """How many tokens of the pattern stand at the place of a rank."""
        start = self._offset + self._places[rank] * self._width
        size = len(pattern)
        found = self._codes[start : start + size]
        if found == pattern:
            return size // self._width
        size = min(size, len(found))
        # The highest bit that differs is in the first byte that does.
        differs = int.from_bytes(found[:size], "big") ^ int.from_bytes(pattern[:size], "big")
        return (size - (differs.bit_length() + 7) // 8) // self._width

    def front(self, pattern: bytes, order: int) -> bytes:
        """The newest `order` tokens of a pattern."""
        return pattern[: order * self._width]

    def _front(self, length: int) -> Callable[[int], bytes]:
        codes, width, offset = self._codes, self._width, self._offset

        def read(place: int) -> bytes:
            start = offset + place * width
            return codes[start : start + length]

        return read

    def _slice(self, place: int, count: int) -> bytes:
        start = self._offset + place * self._width
        return self._codes[start : start + count * self._width]


class Lookup:
    """A growing context in an index."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._pattern = b""
        """Codes of the newest tokens, newest first, up to one that does not occur."""
        self._ranges: dict[int, tuple[int, int]] = {}
        """Of the fronts of the pattern by their lengths, as far as they were asked for."""
        self._longest = -1
        self._last = _NOWHERE
        """What was asked for last."""

    def append(self, token: int) -> None:
        """The context goes on with a token."""
        code = self.index.code(token)
        self._pattern = (code + self._pattern)[: DEPTH * len(code)]
        self._ranges, self._longest = {}, -1

    @property
    def longest(self) -> int:
        """Tokens of the longest end of the context that occurs, at most `DEPTH`."""
        if self._longest < 0:
            self._find()
        return self._longest

    def range_of(self, order: int) -> tuple[int, int]:
        """The range of places in the index where the last `order` tokens stand; empty where they
        are more than `longest`. Fastest from longer to shorter ones.
        """
        if self._longest < 0:
            self._find()
        known = self._ranges.get(order)
        if known is not None:
            return known
        if order > self._longest:
            return 0, 0
        nearest = min(length for length in self._ranges if length > order)
        last = self._last
        if (last.low, last.high) != self._ranges[nearest]:
            last = self._around(*self._ranges[nearest])
        if order <= max(last.before, last.behind):
            last = self._around(*self._wider(last, order))
        self._last = last
        self._ranges[order] = last.low, last.high
        return last.low, last.high

    def _find(self) -> None:
        self._longest, low, high = self.index.longest(self._pattern)
        self._last = self._around(low, high)
        self._ranges[self._longest] = low, high

    def _wider(self, inner: _Around, order: int) -> tuple[int, int]:
        index, front = self.index, self.index.front(self._pattern, order)
        if order == 1:
            return index.all_of(front)
        before, behind = inner.before >= order, inner.behind >= order
        return index.range_of(front, inner.low, inner.high, before, behind)

    def _around(self, low: int, high: int) -> _Around:
        if low == high:
            return _NOWHERE
        first, end = self.index.all_of(self._pattern)
        before = self.index.agreement(self._pattern, low - 1) if first < low else 0
        behind = self.index.agreement(self._pattern, high) if high < end else 0
        return _Around(low, high, before, behind)


class _Around(NamedTuple):
    """A range of places, and how many of the last tokens stand at its neighbours: so long are the
    contexts that stand at more places."""

    low: int
    high: int
    before: int
    behind: int


_NOWHERE = _Around(0, 0, 0, 0)


class Matches:
    """A growing context in plain tokens: every place where its last token stands, and how many
    tokens agree there. A token costs one pass over all of them.
    """

    def __init__(self, tokens: np.ndarray) -> None:
        """`tokens`: uint32; what is not followed by anything ends with `SEPARATOR`."""
        self._tokens = np.append(tokens, np.uint32(SEPARATOR)).astype(np.uint32, copy=False)
        self._next = np.append(self._tokens[1:], np.uint32(SEPARATOR))
        """What stands behind each of them."""
        # What nothing follows is not found.
        self._found = np.where(self._next == SEPARATOR, np.uint32(SEPARATOR), self._tokens)
        self._places = np.zeros(0, dtype=np.int64)
        """Where the context's last token stands and a token follows, ascending."""
        self._following = self._tokens[:0]
        """What follows there."""
        self._lengths = self._places
        """Beside them: how many of the context's last tokens stand there."""
        self._longer: list[int] = []
        """Those of the lengths that are more than 1, ascending."""

    def begin(self, context: Sequence[int]) -> None:
        """A new context."""
        self._find(context[-1:])
        alive = np.arange(len(self._places))
        for back in range(1, min(len(context), DEPTH)):
            at = self._places[alive] - back
            # Before the first token comes, by wrapping around, the separator at the end.
            alive = alive[self._tokens[np.maximum(at, -1)] == context[-1 - back]]
            if not len(alive):
                break
            self._lengths[alive] += 1
        self._longer = sorted(self._lengths[self._lengths > 1].tolist())

    def append(self, token: int) -> None:
        """The context goes on with a token."""
        goes_on = self._following == token
        places, lengths = self._places[goes_on] + 1, self._lengths[goes_on] + 1
        self._find((token,))
        if len(places):
            followed = self._found[places] == token
            lengths = lengths[followed]
            self._lengths[self._places.searchsorted(places[followed])] = lengths
        self._longer = sorted(lengths.tolist())

    @property
    def longest(self) -> int:
        """Tokens of the longest end of the context that occurs with something behind it."""
        return min(DEPTH, self._longer[-1]) if self._longer else min(1, len(self._places))

    def count(self, order: int) -> int:
        """How many `places` there are."""
        longer = self._longer
        return len(longer) - bisect_left(longer, order) if order > 1 else len(self._places)

    def places(self, order: int) -> np.ndarray:
        """Where the last `order` tokens stand with something behind them, ascending."""
        return self._places[self._lengths >= order]

    def following(self, order: int, stride: int = 1) -> list[int]:
        """The tokens behind `places`, or behind every so many of them."""
        if order == 1:
            return self._following[::stride].tolist()
        return self._following[self._lengths >= order][::stride].tolist()

    def continuation(self, place: int, most: int) -> list[int]:
        """What follows a place, up to a separator."""
        return list(_until_separator(self._tokens[place + 1 : place + 1 + most].tolist()))

    def _find(self, last: Sequence[int]) -> None:
        """Every place of the context's `last` token; none of none."""
        found = self._found == last[0] if last else self._found[:0]
        self._places = found.nonzero()[0]
        self._following = self._next[self._places]
        self._lengths = np.ones(len(self._places), dtype=np.int64)


def _until_separator(tokens: Sequence[int]) -> Iterator[int]:
    for token in tokens:
        if token == SEPARATOR:
            return
        yield token
