"""Samples behind one another in rows of one length, with hardly any padding. Draws nothing.

A group of consecutive samples is packed by itself, so that a row depends on the samples of its
group alone. Samples with a hole stay whole (best fit, the longest first); plain text fills what
they leave free, cut where a row ends, since any part of it is plain text again.
"""

from __future__ import annotations

import random
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from beadline.trainer.samples.tokens import IGNORED, Sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

PADDING = -1
"""Segment of tokens that only fill a row."""
GROUP = 512
"""Samples that are drawn and packed together: of the rows they make the last one has most of the
padding, and a file that is parsed serves all that are drawn from it."""
_LEAST_PART = 16
"""Tokens below which a part of a plain text teaches nothing."""


@dataclass(frozen=True, eq=False)
class Row:
    """Samples in one sequence; arrays of the same length."""

    ids: NDArray[np.int32]
    labels: NDArray[np.int32]
    """`labels[t]` is `ids[t]`, or -100 where it is not learned: the first token of every sample,
    and padding, never are."""
    positions: NDArray[np.int32]
    """From 0 in every sample."""
    segments: NDArray[np.int32]
    """Number of the sample within the row; `PADDING` behind the last one."""
    wholes: NDArray[np.int32]
    """Tokens that are learned of the whole sample that a token belongs to, also where only a part
    of it is in the row; 0 in padding."""

    @property
    def padding(self) -> int:
        """Tokens that only fill the row."""
        return int(np.count_nonzero(self.segments == PADDING))


@dataclass
class _Open:
    """A row in the making."""

    room: int
    parts: list[Sample] = field(default_factory=list)

    def add(self, sample: Sample) -> None:
        self.parts.append(sample)
        self.room -= len(sample)


def pack(samples: Sequence[Sample], row_tokens: int, *, pad: int, seed: str) -> list[Row]:
    """The rows of one group, in an order drawn by `seed`: neighbours are alike in length otherwise.

    `pad`: id of the tokens that fill a row. Raises `ValueError` for a sample that is longer than a
    row.
    """
    rows = _best_fit([sample for sample in samples if not sample.is_plain], row_tokens)
    rows += _fill(rows, [sample for sample in samples if sample.is_plain], row_tokens)
    random.Random(seed).shuffle(rows)
    return [row_of(row.parts, row_tokens, pad=pad) for row in rows]


def row_of(parts: Sequence[Sample], length: int, *, pad: int) -> Row:
    """One row of some samples; also of a single one, where nothing is packed."""
    ids = np.full(length, pad, np.int32)
    labels = np.full(length, IGNORED, np.int32)
    positions = np.zeros(length, np.int32)
    segments = np.full(length, PADDING, np.int32)
    wholes = np.zeros(length, np.int32)
    at = 0
    for number, part in enumerate(parts):
        end = at + len(part)
        if end > length:
            raise ValueError(f"{end} tokens do not fit a row of {length}")
        ids[at:end], labels[at:end] = part.ids, part.labels
        positions[at:end] = np.arange(end - at)
        segments[at:end] = number
        wholes[at:end] = part.whole
        at = end
    positions[at:] = np.arange(length - at)
    return Row(ids, labels, positions, segments, wholes)


def _best_fit(samples: Sequence[Sample], row_tokens: int) -> list[_Open]:
    """Whole samples, the longest first, each into the row that it leaves least room in."""
    rows: list[_Open] = []
    rooms: list[tuple[int, int]] = []  # room and number of every row, sorted
    for sample in sorted(samples, key=len, reverse=True):
        at = bisect_left(rooms, (len(sample), -1))
        if at < len(rooms):
            number = rooms.pop(at)[1]
        else:
            number = len(rows)
            rows.append(_Open(row_tokens))
        rows[number].add(sample)
        insort(rooms, (rows[number].room, number))
    return rows


def _fill(rows: Sequence[_Open], texts: Sequence[Sample], row_tokens: int) -> list[_Open]:
    """Put plain texts into what rows leave free, then into new rows, which are returned."""
    fresh: list[_Open] = []
    free = (row for row in rows if row.room >= _LEAST_PART)

    def following() -> _Open:
        row = next(free, None)
        if row is None:
            row = _Open(row_tokens)
            fresh.append(row)
        return row

    row: _Open | None = None
    for text in texts:
        rest = text
        while rest is text or len(rest) >= _LEAST_PART:
            if row is None or row.room < _LEAST_PART:
                row = following()
            part, rest = rest.cut(min(row.room, len(rest)))
            row.add(part)
    return fresh
