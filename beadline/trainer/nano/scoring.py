"""The loss of a finished file on validation rows: what quantising costs. Trains nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path

from beadline.trainer.finetune import attention, batch, model
from beadline.trainer.finetune.batch import Rows
from beadline.trainer.finetune.options import Method, Switch, TuneOptions, Weighing

_ROWS_AT_ONCE = 2


def validation_loss(path: Path, rows: Rows) -> float:
    """Mean negative log-likelihood (nats) of the learned tokens of rows, of a model folder or a
    GGUF, whose weights are unpacked: those of a quantised file are what llama.cpp computes with.

    Raises `ModelError` for a model that cannot be read.
    """
    import torch

    with tempfile.TemporaryDirectory(prefix="beadline-nano-") as scratch:
        options = TuneOptions(method=Method.FULL, bf16=Switch.OFF)
        loaded = model.load(path, options, "cpu", Path(scratch)).eval()
    packed = attention.use(loaded)
    total, count = 0.0, 0.0
    with torch.no_grad():
        for part in batch.chunks(range(len(rows)), _ROWS_AT_ONCE):
            chosen = [rows[number] for number in part]
            summed = batch.loss(loaded, chosen, "cpu", packed=packed, weighing=Weighing.TOKEN)
            total += summed.item()
            count += batch.weight(chosen, Weighing.TOKEN)
    return total / (count or 1.0)
