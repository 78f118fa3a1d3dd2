"""The whole path at toy size: shards, training, interruption, resume, schedule."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np
import pytest

from beadline.settings import ContextOptions
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.pretrain import ModelShape, PretrainOptions, pretrain
from beadline.trainer.samples.shards import pretraining_options, write_shards
from beadline.trainer.samples.stream import SampleStream
from beadline.trainer.tokenizer import TokenizerVocabulary

pytestmark = pytest.mark.slow

SHAPE = ModelShape(1024, hidden=64, layers=2, heads=2, kv_heads=1, feed_forward=96, context=128)


def stream(tokenizer, texts) -> SampleStream:
    files = [CorpusFile.of(f"{i}.py", "python", text, "r") for i, text in enumerate(texts)]
    small = ContextOptions(prefix_tokens=64, suffix_tokens=24)
    options = replace(pretraining_options(row_tokens=128), context=small)
    return SampleStream(files, TokenizerVocabulary(tokenizer), options, 1)


def write(stream: SampleStream, folder, shard_rows: int = 32):
    return write_shards(
        stream, folder, row_tokens=128, epochs=1, about={"seed": 1}, shard_rows=shard_rows
    )


@pytest.fixture(scope="module")
def shards(tmp_path_factory, tokenizer, texts):
    folder = tmp_path_factory.mktemp("shards")
    assert list(write(stream(tokenizer, texts), folder))
    return folder


def test_shards_are_deterministic_and_resumable(tmp_path, shards, tokenizer, texts):
    with contextlib.closing(write(stream(tokenizer, texts), tmp_path)) as writing:
        next(writing)
    list(write(stream(tokenizer, texts), tmp_path))
    for path in shards.glob("*.npy"):
        assert np.array_equal(np.load(path), np.load(tmp_path / path.name))


def test_a_small_corpus_makes_one_short_shard_and_too_large_a_batch_is_told(
    tmp_path, shards, tokenizer, texts
):
    counts = list(write(stream(tokenizer, texts[2:]), tmp_path, shard_rows=100_000))
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
