"""Token rows on disk: written once, group by group, read by every process. Trains nothing.

Preparing rows and training on them apart costs some megabytes and keeps the loop free of parsing,
searching and tokenising.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Protocol

import numpy as np

from beadline.errors import BeadlineError
from beadline.trainer.samples.packing import GROUP, Row, pack
from beadline.trainer.samples.tokens import Sample

_COMPLETE = "complete"
"""File that says how many rows there are, once all are."""
_AT_ONCE = 16 * GROUP
"""Samples that are drawn together, since a file that is parsed serves all of them."""
_PLANES = 4
"""ids, labels, positions, segments: the order in which a shard holds them."""


class Samples(Protocol):
    """Samples by their number, each whatever was drawn before."""

    def batch(self, numbers: Sequence[int]) -> list[Sample]: ...


def write(
    samples: Samples,
    count: int,
    folder: Path,
    *,
    row_tokens: int,
    pad: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> StoredRows:
    """The rows of the first `count` samples, packed in groups, below `folder`.

    Groups that are there already are kept: an interrupted call goes on with the next one.
    `progress` gets the samples that are done, and all of them.
    """
    if (folder / _COMPLETE).exists():
        return StoredRows(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, count, _AT_ONCE):
        end = min(count, start + _AT_ONCE)
        groups = [range(low, min(end, low + GROUP)) for low in range(start, end, GROUP)]
        missing = [group for group in groups if not _shard(folder, group).exists()]
        drawn = iter(samples.batch([k for group in missing for k in group]) if missing else ())
        for group in missing:
            parts = [next(drawn) for _ in group]
            number = group.start // GROUP
            packed = pack(parts, row_tokens, pad=pad, seed=f"{seed}/{number}")
            save(_shard(folder, group), packed, row_tokens)
        if progress is not None:
            progress(end, count)
    total = sum(len(load(shard)) for shard in _shards(folder))
    (folder / _COMPLETE).write_text(f"{total}\n", "ascii")
    return StoredRows(folder)


class StoredRows:
    """What `write` wrote; implements `batch.Rows`."""

    def __init__(self, folder: Path) -> None:
        """Raises `BeadlineError` when the rows are not all there."""
        try:
            count = int((folder / _COMPLETE).read_text("ascii"))
            self._shards = [load(shard) for shard in _shards(folder)]
        except (OSError, ValueError) as exc:
            raise BeadlineError(
                f"The rows in {folder} are not complete.", hint="Start the training again."
            ) from exc
        self._behind = list(accumulate(len(shard) for shard in self._shards))
        """By shard: number of the first row behind it."""
        if len(self) != count:
            raise BeadlineError(
                f"Rows are missing in {folder}.", hint="Delete the folder and start again."
            )

    def __len__(self) -> int:
        return self._behind[-1] if self._behind else 0

    def __getitem__(self, number: int) -> Row:
        if not 0 <= number < len(self):
            raise IndexError(number)
        at = bisect_right(self._behind, number)
        first = self._behind[at - 1] if at else 0
        return Row(*np.array(self._shards[at][number - first]))

    @property
    def padding(self) -> float:
        """Share of all tokens that only fill rows."""
        total = sum(self[number].ids.size for number in range(len(self)))
        filling = sum(self[number].padding for number in range(len(self)))
        return filling / total if total else 0.0


def save(target: Path, rows: Sequence[Row], row_tokens: int) -> None:
    """Write rows of one length to a file, whole or not at all."""
    array = np.empty((len(rows), _PLANES, row_tokens), np.int32)
    for at, row in enumerate(rows):
        array[at] = row.ids, row.labels, row.positions, row.segments
    partial = target.with_name(f"{target.name}.part")
    with partial.open("wb") as file:
        np.save(file, array)
    partial.replace(target)


def load(shard: Path) -> np.ndarray:
    """What `save` wrote, (rows, 4, row_tokens), read from the disk where it is looked at; `Row`
    takes the four."""
    return np.load(shard, mmap_mode="r")


def _shard(folder: Path, group: range) -> Path:
    """Where the rows of some samples are kept."""
    return folder / f"rows-{group.start // GROUP:06d}.npy"


def _shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("rows-*.npy"))
