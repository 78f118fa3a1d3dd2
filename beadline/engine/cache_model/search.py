"""Where a context stood before, and what followed. Knows token streams; no files, no probabilities.

Two ways: over an index (`array`), for what is large and seldom changes, and over plain tokens, for
the few thousand of what is being edited.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence

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
        width = self._width
        low, high = self.all_of(pattern)
        at = bisect_left(self._places, pattern, low, high, key=self._front(len(pattern)))
        length = max(
            (
                self._agreement(pattern, self._places[rank])
                for rank in (at - 1, at)
                if low <= rank < high
            ),
            default=0,
        )
        if not length:
            return 0, 0, 0
        return length, *self.range_of(pattern[: length * width], at, at, low, high)

    def all_of(self, pattern: bytes) -> tuple[int, int]:
        """The range of places that begin with the first code of `pattern`."""
        code = int.from_bytes(pattern[: self._width], "big")
        return self._firsts[code], self._firsts[code + 1]

    def range_of(
        self, front: bytes, inner_low: int, inner_high: int, low: int, high: int
    ) -> tuple[int, int]:
        """The range of places that begin with `front`: it holds or borders [inner_low, inner_high)
        and lies in [low, high).
        """
        places, key = self._places, self._front(len(front))
        # Contexts that are a little shorter stand at a few places more, or at none: from the inner
        # range outwards by steps that double.
        step, begin = 1, inner_low
        while begin - step >= low and key(places[begin - step]) == front:
            begin -= step
            step *= 2
        begin = bisect_left(places, front, max(low, begin - step), begin, key=key)
        step, end = 1, inner_high
        while end + step <= high and key(places[end + step - 1]) == front:
            end += step
            step *= 2
        end = bisect_right(places, front, end, min(high, end + step), key=key)
        return begin, end

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

    def _agreement(self, pattern: bytes, place: int) -> int:
        """How many tokens of the pattern stand at a place."""
        width = self._width
        found = self._front(len(pattern))(place)
        low, high = 0, min(len(pattern), len(found)) // width
        while low < high:
            middle = (low + high + 1) // 2
            if found[: middle * width] == pattern[: middle * width]:
                low = middle
            else:
                high = middle - 1
        return low


class Lookup:
    """A growing context in an index."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._pattern = b""
        """Codes of the newest tokens, newest first, up to one that does not occur."""
        self._ranges: dict[int, tuple[int, int]] = {}
        """Of the fronts of the pattern by their lengths, as far as they were asked for."""
        self._longest = -1
        self._last = 0
        """The front that was asked for last."""

    def append(self, token: int) -> None:
        """The context goes on with a token."""
        code = self.index.code(token)
        self._pattern = (code + self._pattern)[: DEPTH * len(code)]
        self._ranges, self._longest = {}, -1

    @property
    def longest(self) -> int:
        """Tokens of the longest end of the context that occurs, at most `DEPTH`."""
        if self._longest < 0:
            self._longest, low, high = self.index.longest(self._pattern)
            self._ranges[self._longest] = low, high
            self._last = self._longest
        return self._longest

    def range_of(self, order: int) -> tuple[int, int]:
        """The range of places in the index where the last `order` tokens stand; empty where they
        are more than `longest`. Fastest from longer to shorter ones.
        """
        if order > self.longest:
            return 0, 0
        known = self._ranges.get(order)
        if known is None:
            last = self._last
            if last <= order:
                last = min(length for length in self._ranges if length > order)
            inner = self._ranges[last]
            front = self.index.front(self._pattern, order)
            known = self.index.range_of(front, *inner, *self.index.all_of(front))
            self._ranges[order] = known
            self._last = order
        return known


class Matches:
    """A growing context in plain tokens: every place where its last token stands, and how many
    tokens agree there. A token costs one pass over all of them.
    """

    def __init__(self, tokens: np.ndarray) -> None:
        """`tokens`: uint32; what is not followed by anything ends with `SEPARATOR`."""
        self._tokens = np.append(tokens, np.uint32(SEPARATOR)).astype(np.uint32, copy=False)
        self._places = np.zeros(0, dtype=np.int64)
        """Where the context's last token stands and a token follows, ascending."""
        self._lengths = np.zeros(0, dtype=np.int64)
        """Beside them: how many of its last tokens stand there, at most `DEPTH`."""

    def begin(self, context: Sequence[int]) -> None:
        """A new context."""
        self._places = self._places_of(context[-1]) if context else self._places[:0]
        self._lengths = np.ones(len(self._places), dtype=np.int64)
        alive = np.arange(len(self._places))
        for back in range(1, min(len(context), DEPTH)):
            at = self._places[alive] - back
            # Before the first token comes, by wrapping around, the separator at the end.
            alive = alive[self._tokens[np.maximum(at, -1)] == context[-1 - back]]
            if not len(alive):
                break
            self._lengths[alive] += 1

    def append(self, token: int) -> None:
        """The context goes on with a token."""
        behind = self._places + 1
        goes_on = self._tokens[behind] == token
        behind, lengths = behind[goes_on], self._lengths[goes_on]
        self._places = self._places_of(token)
        self._lengths = np.ones(len(self._places), dtype=np.int64)
        followed = self._tokens[behind + 1] != SEPARATOR
        at = np.searchsorted(self._places, behind[followed])
        self._lengths[at] = np.minimum(lengths[followed] + 1, DEPTH)

    @property
    def longest(self) -> int:
        """Tokens of the longest end of the context that occurs with something behind it."""
        return int(self._lengths.max(initial=0))

    def places(self, order: int) -> np.ndarray:
        """Where the last `order` tokens stand with something behind them, ascending."""
        return self._places[self._lengths >= order]

    def following(self, places: np.ndarray) -> np.ndarray:
        """The tokens behind places."""
        return self._tokens[places + 1]

    def continuation(self, place: int, most: int) -> list[int]:
        """What follows a place, up to a separator."""
        return list(_until_separator(self._tokens[place + 1 : place + 1 + most].tolist()))

    def _places_of(self, token: int) -> np.ndarray:
        places = np.flatnonzero(self._tokens[:-1] == token)
        return places[self._tokens[places + 1] != SEPARATOR]


def _until_separator(tokens: Sequence[int]) -> Iterator[int]:
    for token in tokens:
        if token == SEPARATOR:
            return
        yield token
