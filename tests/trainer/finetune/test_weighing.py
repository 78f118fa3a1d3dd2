"""What learned tokens count: by hand, over micro-batches, and in the loop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from beadline.trainer.finetune import attention, batch
from beadline.trainer.finetune.loop import tune
from beadline.trainer.finetune.options import Switch, TuneOptions, Weighing
from beadline.trainer.finetune.progress import LOG, read
from beadline.trainer.samples.packing import Row, pack, row_of
from beadline.trainer.samples.tokens import IGNORED, Sample
from tests.trainer.finetune import kit

pytestmark = pytest.mark.slow

LENGTH = 48
LEARNED = (1, 2, 12, 3, 19, 1)


def uneven() -> tuple[list[Sample], list[Row]]:
    """Samples with few and with many learned tokens, in rows with unequal numbers of them."""
    rng = Random(5)
    samples = [kit.sample(rng, 20, count) for count in LEARNED]
    parts = (samples[:2], samples[2:3], samples[3:5], samples[5:])
    return samples, [row_of(part, LENGTH, pad=0) for part in parts]


def mean_of(model: Any, sample: Sample) -> Any:
    """The mean loss of a sample's learned tokens, by itself and by the formula."""
    import torch

    ids = torch.from_numpy(sample.ids.astype(np.int64))[None]
    logs = torch.log_softmax(model(input_ids=ids, use_cache=False).logits[0].float(), dim=-1)
    places = [at for at in range(1, len(sample)) if sample.labels[at] != IGNORED]
    return -sum(logs[at - 1, int(sample.ids[at])] for at in places) / len(places)


def gradients(model: Any) -> list[Any]:
    return [parameter.grad.clone() for parameter in model.parameters()]


def in_micro_batches(model: Any, rows: Sequence[Row], size: int, weighing: Weighing) -> list[Any]:
    """The gradients of a step as the loop adds them up."""
    model.zero_grad()
    whole = batch.weight(rows, weighing)
    for part in batch.chunks(rows, size):
        (batch.loss(model, part, "cpu", packed=True, weighing=weighing) / whole).backward()
    return gradients(model)


def near(one: Sequence[Any], other: Sequence[Any]) -> bool:
    import torch

    return all(torch.allclose(a, b, rtol=1e-3, atol=1e-6) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_the_gradient_of_a_step_is_that_of_the_mean_over_samples(size: int) -> None:
    samples, rows = uneven()
    model = kit.tiny()
    total: Any = sum(mean_of(model, sample) for sample in samples)
    (total / len(samples)).backward()
    expected = gradients(model)
    assert attention.use(model)
    found = in_micro_batches(model, rows, size, Weighing.SAMPLE)
    assert near(found, expected)
    # It is another one than that of the mean over tokens, so neither passes for the other.
    by_token = in_micro_batches(model, rows, size, Weighing.TOKEN)
    assert not near(by_token, expected)
    model.zero_grad()
    total = sum(mean_of(model, sample) * n for sample, n in zip(samples, LEARNED, strict=True))
    (total / sum(LEARNED)).backward()
    assert near(by_token, gradients(model))


def test_the_parts_of_a_text_that_is_cut_count_as_one_sample() -> None:
    hole, text = kit.sample(Random(1), 20, 2), kit.sample(Random(2), 96)
    text = Sample(text.ids, text.labels, "left_to_right", is_plain=True)
    rows = pack([hole, text], LENGTH, pad=0, seed="s")
    parts = batch.samples_of(rows)
    assert len(parts) == 4, "the text is in three rows"
    # Of 95 learned tokens each of two cuts costs the part behind it the first.
    assert batch.weight(rows, Weighing.SAMPLE) == pytest.approx(1 + 93 / 95)
    assert batch.weight(rows, Weighing.TOKEN) == 2 + 93


@pytest.mark.parametrize("weighing", list(Weighing))
def test_the_loop_tells_the_loss_that_it_learns(tmp_path: Path, weighing: Weighing) -> None:
    samples, rows = uneven()
    model = kit.tiny()
    counts = [1] * len(samples) if weighing is Weighing.SAMPLE else LEARNED
    means = [mean_of(model, sample).item() for sample in samples]
    expected = float(np.average(means, weights=counts))
    options = TuneOptions(
        rank=4, alpha=8, dropout=0.0, learning_rate=1e-3, batch_tokens=4 * LENGTH,
        micro_tokens=LENGTH, bf16=Switch.OFF, threads=1, loss_weight=weighing,
    )  # fmt: skip
    base = kit.folder_of(model, tmp_path / "base")
    done = tune(base, rows, rows, tmp_path / "run", options)
    first = next(step for step in read(tmp_path / "run" / LOG) if not step.evaluation)
    assert done.steps == 1
    assert first.loss == pytest.approx(expected, rel=1e-4)
    assert done.base_loss == pytest.approx(expected, rel=1e-4)
