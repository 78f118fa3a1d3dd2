"""Tiny models and rows for the tests of tuning."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from beadline.trainer.samples.packing import Row, row_of
from beadline.trainer.samples.tokens import IGNORED, Sample

VOCABULARY = 64
SHAPE: dict[str, Any] = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "intermediate_size": 48, "max_position_embeddings": 256,
    # Far from the usual start: attention must matter for a leak to be seen.
    "initializer_range": 0.3,
}  # fmt: skip


def tiny(kind: str = "llama", seed: int = 0, **more: Any) -> Any:
    """A random model of an architecture."""
    import torch
    from transformers import (
        LlamaConfig,
        LlamaForCausalLM,
        MistralConfig,
        MistralForCausalLM,
        Qwen2Config,
        Qwen2ForCausalLM,
    )

    torch.manual_seed(seed)
    config, model = {
        "llama": (LlamaConfig, LlamaForCausalLM),
        "qwen2": (Qwen2Config, Qwen2ForCausalLM),
        "mistral": (MistralConfig, MistralForCausalLM),
    }[kind]
    return model(config(**{**SHAPE, **more})).eval()


def folder_of(model: Any, folder: Path) -> Path:
    """The model as transformers writes it."""
    model.save_pretrained(folder)
    return folder


def sample(rng: random.Random, length: int, learned: int | None = None, stride: int = 3) -> Sample:
    """Tokens that can be learned: each is the one before it plus `stride`, from a random first
    one."""
    start = rng.randrange(VOCABULARY)
    ids = np.array([(start + stride * at) % VOCABULARY for at in range(length)], np.int32)
    labels = ids.copy()
    labels[: length - learned if learned is not None else 1] = IGNORED
    return Sample(ids, labels, "node")


def rows(
    count: int,
    *,
    seed: int = 0,
    length: int = 48,
    parts: Sequence[int] = (20, 9, 15),
    stride: int = 3,
) -> list[Row]:
    """Packed rows with a little padding at their ends."""
    rng = random.Random(seed)
    return [
        row_of([sample(rng, part, max(1, part // 2), stride) for part in parts], length, pad=0)
        for _ in range(count)
    ]


def equal(one: Row, other: Row) -> bool:
    """Whether two rows are the same."""
    planes = ("ids", "labels", "positions", "segments", "wholes")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in planes)
