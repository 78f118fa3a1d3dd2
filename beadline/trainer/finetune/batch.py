"""Rows of several samples as a model takes them, and the loss of its answer. Trains nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from beadline.trainer.finetune import attention
from beadline.trainer.samples.packing import PADDING
from beadline.trainer.samples.tokens import IGNORED

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from beadline.trainer.samples.packing import Row


class Rows(Protocol):
    """Token rows of one length, by their number."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int, /) -> Row: ...


@dataclass(frozen=True)
class Sample:
    """One sample of a row."""

    ids: NDArray[np.int32]
    labels: NDArray[np.int32]
    """Of the same tokens: `labels[t]` is `ids[t]`, or `IGNORED`."""

    @property
    def wanted(self) -> NDArray[np.int64]:
        """Places from which a token is predicted that is learned."""
        return np.flatnonzero(self.labels[1:] != IGNORED)


def samples_of(rows: Sequence[Row]) -> list[Sample]:
    """The samples of rows, in order, padding left out."""
    found: list[Sample] = []
    for row in rows:
        segments = np.asarray(row.segments)
        starts = [0, *(np.flatnonzero(np.diff(segments)) + 1).tolist(), len(segments)]
        for low, high in pairwise(starts):
            if segments[low] != PADDING:
                found.append(
                    Sample(np.asarray(row.ids[low:high]), np.asarray(row.labels[low:high]))
                )
    return found


def learned(rows: Sequence[Row]) -> int:
    """How many tokens of rows are learned."""
    return sum(len(sample.wanted) for sample in samples_of(rows))


def tokens(rows: Sequence[Row]) -> int:
    """How many tokens rows hold, padding not counted."""
    return sum(int(np.count_nonzero(np.asarray(row.segments) != PADDING)) for row in rows)


def chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """`size` items at a time, the last ones fewer."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def loss(model: Any, rows: Sequence[Row], device: Any, *, packed: bool) -> torch.Tensor:
    """Sum of the negative log-likelihoods (nats) of the learned tokens of rows.

    `packed`: the model's attention is that of `attention.use`. Logits are computed for the learned
    tokens alone then; all others would be thrown away.
    """
    samples = samples_of(rows)
    return _packed(model, samples, device) if packed else _padded(model, samples, device)


def _packed(model: Any, samples: Sequence[Sample], device: Any) -> torch.Tensor:
    import torch
    from torch.nn.functional import cross_entropy

    lengths = [len(sample.ids) for sample in samples]
    starts = np.cumsum([0, *lengths[:-1]])
    ids = np.concatenate([sample.ids for sample in samples]).astype(np.int64)
    positions = np.concatenate([np.arange(length) for length in lengths])
    wanted = np.concatenate(
        [start + sample.wanted for start, sample in zip(starts, samples, strict=True)]
    )
    targets = torch.from_numpy(ids[wanted + 1]).to(device)
    answer = model(
        input_ids=torch.from_numpy(ids)[None].to(device),
        position_ids=torch.from_numpy(positions)[None].to(device),
        logits_to_keep=torch.from_numpy(wanted).to(device),
        use_cache=False,
        **attention.bounds(lengths, device),
    )
    return cross_entropy(answer.logits[0].float(), targets, reduction="sum")


def _padded(model: Any, samples: Sequence[Sample], device: Any) -> torch.Tensor:
    import torch
    from torch.nn.functional import cross_entropy

    longest = max(len(sample.ids) for sample in samples)
    ids = np.zeros((len(samples), longest), np.int64)
    mask = np.zeros((len(samples), longest), np.int64)
    targets = np.full((len(samples), longest), IGNORED, np.int64)
    for at, sample in enumerate(samples):
        length = len(sample.ids)
        ids[at, :length] = sample.ids
        mask[at, :length] = 1
        targets[at, : length - 1] = sample.labels[1:]
    answer = model(
        input_ids=torch.from_numpy(ids).to(device),
        attention_mask=torch.from_numpy(mask).to(device),
        use_cache=False,
    )
    wanted = torch.from_numpy(targets).to(device)
    chosen = wanted != IGNORED
    return cross_entropy(answer.logits[chosen].float(), wanted[chosen], reduction="sum")
