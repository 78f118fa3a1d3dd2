"""Rows of several samples as a model takes them, and the loss of its answer. Trains nothing.

What a learned token counts is said by `Weighing`. A loss is a sum over rows, and so is what it is
divided by (`weight`): the loss of a step is the same however its rows are spread over micro-batches
and processes, as long as both are summed over all of them first. A mean of the micro-batches' means
would not be: those with few samples would count more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from beadline.trainer.finetune import attention
from beadline.trainer.finetune.options import Weighing
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
    """One sample of a row, or the part of one that is in it."""

    ids: NDArray[np.int32]
    labels: NDArray[np.int32]
    """Of the same tokens: `labels[t]` is `ids[t]`, or `IGNORED`."""
    whole: int
    """Learned tokens of the whole sample."""

    @property
    def wanted(self) -> NDArray[np.int64]:
        """Places from which a token is predicted that is learned."""
        return np.flatnonzero(self.labels[1:] != IGNORED)

    def counts(self, weighing: Weighing) -> float:
        """What each of its learned tokens counts."""
        return 1.0 if weighing is Weighing.TOKEN else 1 / max(1, self.whole)


def samples_of(rows: Sequence[Row]) -> list[Sample]:
    """The samples of rows, in order, padding left out."""
    found: list[Sample] = []
    for row in rows:
        segments = np.asarray(row.segments)
        starts = [0, *(np.flatnonzero(np.diff(segments)) + 1).tolist(), len(segments)]
        for low, high in pairwise(starts):
            if segments[low] != PADDING:
                ids, labels = np.asarray(row.ids[low:high]), np.asarray(row.labels[low:high])
                found.append(Sample(ids, labels, int(row.wholes[low])))
    return found


def weight(rows: Sequence[Row], weighing: Weighing) -> float:
    """What all learned tokens of rows count together: their number, or that of the samples (a
    sample of which a part is elsewhere counts by its part)."""
    return sum(len(sample.wanted) * sample.counts(weighing) for sample in samples_of(rows))


def tokens(rows: Sequence[Row]) -> int:
    """How many tokens rows hold, padding not counted."""
    return sum(int(np.count_nonzero(np.asarray(row.segments) != PADDING)) for row in rows)


def chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """`size` items at a time, the last ones fewer."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def loss(
    model: Any, rows: Sequence[Row], device: Any, *, packed: bool, weighing: Weighing
) -> torch.Tensor:
    """Sum of the negative log-likelihoods (nats) of the learned tokens of rows, each times what it
    counts; divided by the `weight` of the same rows it is their mean.

    `packed`: the model's attention is that of `attention.use`. Logits are computed for the learned
    tokens alone then; all others would be thrown away.
    """
    samples = samples_of(rows)
    found = _packed(model, samples, device) if packed else _padded(model, samples, device)
    counts = [np.full(len(each.wanted), each.counts(weighing), np.float32) for each in samples]
    return _weighed(found, np.concatenate(counts))


def _weighed(losses: torch.Tensor, counts: NDArray[np.float32]) -> torch.Tensor:
    import torch

    return (losses * torch.from_numpy(counts).to(losses.device)).sum()


def _packed(model: Any, samples: Sequence[Sample], device: Any) -> torch.Tensor:
    """The losses of all learned tokens, in order."""
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
    return cross_entropy(answer.logits[0].float(), targets, reduction="none")


def _padded(model: Any, samples: Sequence[Sample], device: Any) -> torch.Tensor:
    """The losses of all learned tokens, in order."""
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
    chosen = wanted != IGNORED  # row by row, as the samples are
    return cross_entropy(answer.logits[chosen].float(), wanted[chosen], reduction="none")
