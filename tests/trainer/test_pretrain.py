"""The whole path at toy size: shards, training, interruption, resume, schedule."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from beadline.trainer.corpus import SourceFile
from beadline.trainer.pretrain import ModelShape, PretrainOptions, pretrain, wcl
from beadline.trainer.samples import SampleOptions, write_shards
from beadline.trainer.tokenizer import TokenizerVocabulary

pytestmark = pytest.mark.slow

SHAPE = ModelShape(1024, hidden=64, layers=2, heads=2, kv_heads=1, feed_forward=96, context=128)


@pytest.fixture(scope="module")
def shards(tmp_path_factory, tokenizer, texts):
    folder = tmp_path_factory.mktemp("shards")
    files = [SourceFile("r", f"{i}.py", text) for i, text in enumerate(texts)]
    options = SampleOptions(row_tokens=128, shard_rows=32, prefix_chars=200, suffix_chars=80)
    vocabulary = TokenizerVocabulary(tokenizer)
    assert list(write_shards(files, vocabulary, folder, options, seed=1, epochs=1))
    return folder


def test_shards_are_deterministic_and_resumable(tmp_path, shards, tokenizer, texts):
    files = [SourceFile("r", f"{i}.py", text) for i, text in enumerate(texts)]
    options = SampleOptions(row_tokens=128, shard_rows=32, prefix_chars=200, suffix_chars=80)
    vocabulary = TokenizerVocabulary(tokenizer)
    writing = write_shards(files, vocabulary, tmp_path, options, seed=1, epochs=1)
    next(writing)
    writing.close()
    list(write_shards(files, vocabulary, tmp_path, options, seed=1, epochs=1))
    for path in shards.glob("*.npy"):
        assert np.array_equal(np.load(path), np.load(tmp_path / path.name))


def test_a_small_corpus_makes_one_short_shard_and_too_large_a_batch_is_told(
    tmp_path, shards, tokenizer, texts
):
    options = SampleOptions(row_tokens=128, shard_rows=100_000, prefix_chars=200, suffix_chars=80)
    files = [SourceFile("r", "a.py", texts[2])]
    counts = list(
        write_shards(files, TokenizerVocabulary(tokenizer), tmp_path, options, seed=1, epochs=1)
    )
    assert counts == [len(np.load(tmp_path / "shard-00000.npy"))]
    assert len(list(shards.glob("*.npy"))) > 1
    with pytest.raises(ValueError, match="holds a batch"):
        pretrain(tmp_path, tmp_path / "run", SHAPE, PretrainOptions(batch_rows=5000, compile=False))


def test_training_learns_and_resuming_continues_where_it_stopped(tmp_path, shards):
    import torch
    from safetensors.torch import load_file

    losses: list[float] = []
    options = PretrainOptions(
        batch_rows=4, total_steps=6, warmup_steps=2, checkpoint_steps=2, compile=False
    )
    pretrain(
        shards,
        tmp_path / "whole",
        SHAPE,
        options,
        seed=5,
        report=lambda step, loss, rate: losses.append(loss),
    )
    assert losses[-1] < losses[0]

    def stop_after_three(step, loss, rate):
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretrain(shards, tmp_path / "cut", SHAPE, options, seed=5, report=stop_after_three)
    pretrain(shards, tmp_path / "cut", SHAPE, options, seed=5)
    one, two = (
        load_file(tmp_path / name / "checkpoint" / "model.safetensors") for name in ("whole", "cut")
    )
    for key, value in one.items():
        assert torch.allclose(value, two[key], atol=1e-5), key


def test_wcl_has_its_three_phases():
    options = PretrainOptions(max_lr=1.0, min_lr=0.1, warmup_steps=10, total_steps=110)
    rates = [wcl(step, options) for step in range(111)]
    assert rates[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    decay = 82
    assert rates[decay] == pytest.approx(0.1 + 0.45 * (1 + math.cos(math.pi / 2.2)), abs=0.03)
    assert rates[110] == pytest.approx(0.1)
    assert all(a >= b for a, b in itertools.pairwise(rates[10:]))
