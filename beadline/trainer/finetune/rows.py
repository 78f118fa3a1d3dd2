"""Token rows on disk: written once, group by group, read by every process. Trains nothing.

Preparing rows and training on them apart costs some megabytes and keeps the loop free of parsing,
searching and tokenising.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Protocol

import numpy as np

from beadline.errors import BeadlineError
from beadline.trainer.samples.packing import GROUP, Row, pack
from beadline.trainer.samples.tokens import Sample

_COMPLETE = "complete"
"""File that says how many rows there are, once all are."""
AT_ONCE = 4
"""Groups that are drawn together at most: an interruption loses no more."""
_PLANES = 5
"""ids, labels, positions, segments, wholes: the order in which a shard holds them."""


class Samples(Protocol):
    """Samples by their number, each whatever was drawn before."""

    def batch(self, numbers: Sequence[int]) -> list[Sample]: ...


@dataclass(frozen=True)
class Form:
    """What rows are like."""

    row_tokens: int
    pad: int
    """Id of the tokens that fill a row."""
    seed: int


def missing(count: int, folder: Path) -> list[range]:
    """The groups of the first `count` samples whose rows are not in `folder` yet."""
    if (folder / _COMPLETE).exists():
        return []
    groups = (range(low, min(count, low + GROUP)) for low in range(0, count, GROUP))
    return [group for group in groups if not _shard(folder, group).exists()]


def draw(samples: Samples, groups: Sequence[range], folder: Path, form: Form) -> None:
    """Draw some groups together, since a file that is parsed serves all of them, and write the rows
    of each, whole or not at all."""
    drawn = iter(samples.batch([k for group in groups for k in group]))
    for group in groups:
        parts = [next(drawn) for _ in group]
        number = group.start // GROUP
        packed = pack(parts, form.row_tokens, pad=form.pad, seed=f"{form.seed}/{number}")
        save(_shard(folder, group), packed, form.row_tokens)


def finish(folder: Path) -> StoredRows:
    """The rows, of which no group is missing."""
    if not (folder / _COMPLETE).exists():
        total = sum(len(load(shard)) for shard in _shards(folder))
        partial = folder / f"{_COMPLETE}.part"
        partial.write_text(f"{total}\n", "ascii")
        partial.replace(folder / _COMPLETE)
    return StoredRows(folder)


def write(
    samples: Samples,
    count: int,
    folder: Path,
    form: Form,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> StoredRows:
    """The rows of the first `count` samples, packed in groups, below `folder`.

    Groups that are there already are kept: an interrupted call goes on with the next one.
    `progress` gets the samples that are done, and all of them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    groups = missing(count, folder)
    for start in range(0, len(groups), AT_ONCE):
        chosen = groups[start : start + AT_ONCE]
        draw(samples, chosen, folder, form)
        if progress is not None:
            progress(chosen[-1].stop, count)
    return finish(folder)


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
        array[at] = row.ids, row.labels, row.positions, row.segments, row.wholes
    partial = target.with_name(f"{target.name}.part")
    with partial.open("wb") as file:
        np.save(file, array)
    partial.replace(target)


def load(shard: Path) -> np.ndarray:
    """What `save` wrote, (rows, 5, row_tokens), read from the disk where it is looked at; `Row`
    takes the five."""
    return np.load(shard, mmap_mode="r")


def _shard(folder: Path, group: range) -> Path:
    """Where the rows of some samples are kept."""
    return folder / f"rows-{group.start // GROUP:06d}.npy"


def _shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("rows-*.npy"))
