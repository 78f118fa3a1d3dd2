"""A token never sees its neighbour sample: by logits, gradients and losses of architectures."""

from __future__ import annotations

import random

import numpy as np
import pytest

from beadline.trainer.finetune import attention, batch
from beadline.trainer.finetune.options import Weighing
from beadline.trainer.samples.packing import row_of
from tests.trainer.finetune import kit

pytestmark = pytest.mark.slow

LENGTHS = [11, 7, 13]


def samples(seed: int = 1):
    rng = random.Random(seed)
    return [kit.sample(rng, length) for length in LENGTHS]


def logits(model, ids, **more):
    import torch

    with torch.no_grad():
        row = torch.from_numpy(np.asarray(ids, np.int64))[None]
        return model(input_ids=row, use_cache=False, **more).logits[0].numpy()


def together(model, parts):
    import torch

    ids = np.concatenate([part.ids for part in parts])
    positions = torch.cat([torch.arange(len(part)) for part in parts])[None]
    bounds = attention.bounds([len(part) for part in parts], "cpu")
    return logits(model, ids, position_ids=positions, **bounds)


@pytest.mark.parametrize("kind", ["llama", "qwen2", "mistral"])
def test_packed_logits_are_those_of_every_sample_by_itself(kind: str) -> None:
    model = kit.tiny(kind)
    parts = samples()
    apart = np.concatenate([logits(model, part.ids) for part in parts])
    assert attention.use(model)
    assert np.abs(together(model, parts) - apart).max() < 1e-4


def test_another_neighbour_changes_nothing() -> None:
    model = kit.tiny()
    assert attention.use(model)
    parts, others = samples(1), samples(2)
    one = together(model, parts)
    two = together(model, [others[0], parts[1], others[2]])
    own = slice(LENGTHS[0], LENGTHS[0] + LENGTHS[1])
    assert np.abs(one[own] - two[own]).max() < 1e-5
    assert np.abs(one[: LENGTHS[0]] - two[: LENGTHS[0]]).max() > 1e-2


def test_without_the_bounds_of_samples_they_would_see_one_another() -> None:
    """The test above can fail: plain attention over the same tokens gives other logits."""
    import torch

    model = kit.tiny()
    parts = samples()
    apart = np.concatenate([logits(model, part.ids) for part in parts])
    ids = np.concatenate([part.ids for part in parts])
    mask = torch.ones(1, len(ids), dtype=torch.long)
    leaking = logits(model, ids, attention_mask=mask)
    assert np.abs(leaking - apart).max() > 1e-2


def test_a_sliding_window_is_kept() -> None:
    model = kit.tiny("mistral", sliding_window=5)
    part = samples()[2]
    apart = logits(model, part.ids)
    assert attention.use(model)
    bounds = attention.bounds([len(part)], "cpu")
    assert np.abs(logits(model, part.ids, **bounds) - apart).max() < 1e-4
    wide = kit.tiny("mistral", sliding_window=None)
    assert np.abs(logits(wide, part.ids) - apart).max() > 1e-3


def test_a_model_that_hands_nothing_on_is_left_as_it_was() -> None:
    model = kit.tiny()
    before = model.config._attn_implementation
    forward = model.forward

    def deaf(**arguments):
        for name in ("cu_seq_lens_q", "cu_seq_lens_k", "max_length_q", "max_length_k"):
            arguments.pop(name, None)
        return forward(**arguments)

    model.forward = deaf
    assert not attention.use(model)
    assert model.config._attn_implementation == before


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_packed_and_padded_losses_and_gradients_agree(kind: str) -> None:
    import torch

    rows = kit.rows(3)
    plain, packed = kit.tiny(kind), kit.tiny(kind)
    assert attention.use(packed)
    one = batch.loss(plain, rows, "cpu", packed=False, weighing=Weighing.SAMPLE)
    two = batch.loss(packed, rows, "cpu", packed=True, weighing=Weighing.SAMPLE)
    assert one.item() == pytest.approx(two.item(), rel=1e-5)
    one.backward()
    two.backward()
    for (name, first), second in zip(plain.named_parameters(), packed.parameters(), strict=True):
        assert first.grad is not None and second.grad is not None, name
        scale = float(first.grad.abs().max())
        assert torch.allclose(first.grad, second.grad, atol=1e-4 * max(1.0, scale)), name


def test_the_loss_is_that_of_the_labels_alone() -> None:
    """By hand, from the logits of every sample."""
    model = kit.tiny()
    rng = random.Random(3)
    parts = [kit.sample(rng, 9, 4), kit.sample(rng, 6, 1)]
    expected = 0.0
    for part in parts:
        found = logits(model, part.ids).astype(np.float64)
        logs = found - np.log(np.exp(found).sum(axis=1, keepdims=True))
        for at in range(1, len(part)):
            if part.labels[at] != -100:
                expected -= logs[at - 1, part.ids[at]]
    row = row_of(parts, 20, pad=0)
    assert attention.use(model)
    assert batch.weight([row], Weighing.TOKEN) == 5
    assert batch.tokens([row]) == 15
    found = batch.loss(model, [row], "cpu", packed=True, weighing=Weighing.TOKEN)
    assert found.item() == pytest.approx(expected, rel=1e-4)


def test_autocast_gives_attention_one_type() -> None:
    """In autocast a model hands over queries in single precision beside values in half."""
    import torch

    torch.manual_seed(0)
    query, key, value = torch.randn(3, 1, 4, 18, 8).unbind()
    halves = (query, key, value.bfloat16())
    seen: list[torch.dtype] = []
    for ends in (attention.bounds([11, 7], "cpu"), {}):
        with torch.autocast("cpu", torch.bfloat16):
            out, _ = attention.attend(torch.nn.Identity(), *halves, None, **ends)
        expected, _ = attention.attend(torch.nn.Identity(), query, key, value, None, **ends)
        seen.append(out.dtype)
        assert (out.float() - expected).abs().max() < attention.HALF_TOLERANCE * 2
    assert seen == [torch.bfloat16] * 2
