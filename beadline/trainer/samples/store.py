"""Rows on the disk, by their number: drawn once, read in any order by several processes.

A file holds the rows of one group (`packing`), so that an interrupted writing goes on with the
first group that is missing. Knows no samples' origin and no training.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from beadline.errors import InputError
from beadline.trainer.samples.packing import GROUP, PADDING, Row, group, group_count
from beadline.trainer.samples.stream import SampleStream
from beadline.trainer.samples.tokens import IGNORED

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ABOUT = "rows.json"
_FILES = "rows-*.npy"
_OPENED = 8
"""Files that are held open."""


def write_rows(
    stream: SampleStream, samples: int, folder: Path, *, row_tokens: int, pad: int, identity: str
) -> Iterator[int]:
    """Write the rows of the first `samples` of a stream; yields the samples done, group by group.

    What an interrupted call with the same `identity` has written is kept; of another one it is
    removed. `identity` tells corpus, options, seed and vocabulary apart.
    """
    about = {"identity": identity, "samples": samples, "row_tokens": row_tokens}
    if _about(folder).get("about") != about:
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob(_FILES):
            file.unlink()
        _write_about(folder, {"about": about})
    counts: list[int] = []
    total = group_count(samples)
    for number in range(total):
        file = _file(folder, number)
        if not file.exists():
            _save(file, group(stream, number, samples, row_tokens, pad), row_tokens)
        counts.append(len(np.load(file, mmap_mode="r")))
        if number + 1 == total:
            _write_about(folder, {"about": about, "counts": counts})
        yield min(samples, (number + 1) * GROUP)


class StoredRows:
    """Rows that were written to their end, by number."""

    def __init__(self, folder: Path, numbers: Sequence[int] | None = None) -> None:
        """`numbers`: which rows, all of them by default. Raises `InputError` where the writing was
        not finished."""
        about = _about(folder)
        if "counts" not in about:
            raise InputError(
                f"The rows in {folder} are not complete.", hint="Run the same command again."
            )
        self.row_tokens = int(about["about"]["row_tokens"])
        self._folder = folder
        self._behind = list(accumulate(about["counts"]))
        total = self._behind[-1] if self._behind else 0
        self._numbers = range(total) if numbers is None else numbers
        self._load = lru_cache(_OPENED)(lambda part: np.load(_file(folder, part), mmap_mode="r"))

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, number: int) -> Row:
        """Row `number`. Raises `IndexError` behind the last one."""
        place = self._numbers[number]
        part = bisect_right(self._behind, place)
        first = self._behind[part - 1] if part else 0
        return _unpacked(np.asarray(self._load(part)[place - first]))

    def chosen(self, numbers: Sequence[int]) -> StoredRows:
        """Some of them."""
        return StoredRows(self._folder, [self._numbers[number] for number in numbers])


def _save(file: Path, rows: Sequence[Row], row_tokens: int) -> None:
    data = np.empty((len(rows), 2, row_tokens), np.int32)
    for at, row in enumerate(rows):
        # The complement of an id says that it is not learned.
        data[at, 0] = np.where(row.labels == IGNORED, ~row.ids, row.ids)
        data[at, 1] = row.segments
    partial = file.with_suffix(".part")
    with partial.open("wb") as handle:
        np.save(handle, data)
    partial.replace(file)


def _unpacked(data: NDArray[np.int32]) -> Row:
    signed, segments = data
    ids = np.where(signed < 0, ~signed, signed)
    labels = np.where(signed < 0, np.int32(IGNORED), signed)
    starts = np.flatnonzero(np.diff(segments, prefix=PADDING - 1))
    positions = np.arange(len(ids), dtype=np.int32)
    lengths = np.diff(np.append(starts, len(ids)))
    positions -= np.repeat(starts, lengths).astype(np.int32)
    return Row(ids, labels, positions, segments)


def _file(folder: Path, number: int) -> Path:
    return folder / f"rows-{number:06d}.npy"


def _about(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / _ABOUT).read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def _write_about(folder: Path, values: dict[str, Any]) -> None:
    partial = folder / f"{_ABOUT}.part"
    partial.write_text(json.dumps(values), "utf-8")
    partial.replace(folder / _ABOUT)
