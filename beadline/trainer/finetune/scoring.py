"""Losses of rows, on one process or many. Knows no optimiser, no schedule and no file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from beadline.trainer.finetune import batch
from beadline.trainer.finetune.batch import Rows
from beadline.trainer.finetune.courtesy import Courtesy
from beadline.trainer.finetune.options import Weighing

if TYPE_CHECKING:
    import torch
    from accelerate import Accelerator

    from beadline.trainer.samples.packing import Row


class Scorer:
    """Computes losses as one run does."""

    def __init__(
        self,
        accelerator: Accelerator,
        weighing: Weighing,
        micro_rows: int,
        courtesy: Courtesy | None,
    ) -> None:
        """`micro_rows`: rows of one forward pass; `courtesy` waits before each."""
        self._accelerator = accelerator
        self._weighing: Weighing = weighing
        self._micro_rows = micro_rows
        self._courtesy = courtesy
        self.packed = True
        """Whether the model keeps the samples of a row apart (`attention.use`)."""

    def loss(
        self, model: Any, rows: Sequence[Row], weighing: Weighing | None = None
    ) -> torch.Tensor:
        """Of rows, not yet divided by what they count (`batch.loss`)."""
        device, weighing = self._accelerator.device, weighing or self._weighing
        return batch.loss(model, rows, device, packed=self.packed, weighing=weighing)

    def mean(self, model: Any, rows: Rows, weighing: Weighing | None = None) -> float:
        """Mean negative log-likelihood (nats) of rows, weighed as in training unless it is said
        otherwise. Every process calls it, and has the same answer."""
        import torch

        weighing = weighing or self._weighing
        accelerator = self._accelerator
        rank, processes = accelerator.process_index, accelerator.num_processes
        # All processes must do equally many forward passes: they talk in each.
        even = len(rows) - len(rows) % processes
        numbers = range(rank, even, processes) if even else range(len(rows))
        found = torch.zeros(2, dtype=torch.float64)
        model.eval()
        with torch.no_grad():
            for part in batch.chunks(list(numbers), self._micro_rows):
                if self._courtesy is not None:
                    self._courtesy.wait()
                chosen = [rows[number] for number in part]
                found[0] += self.loss(model, chosen, weighing).item()
                found[1] += batch.weight(chosen, weighing)
        summed: Any = accelerator.reduce(found.float().to(accelerator.device), reduction="sum")
        total, count = summed.tolist()
        return total / (count or 1.0)
