"""LoRA adapters of random numbers for the model under test, as llama.cpp takes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from gguf import GGUFWriter

from beadline.engine.gguf import read_header

TENSORS = ("attn_q.weight", "attn_v.weight", "ffn_down.weight")


def make(
    path: Path,
    model: Path,
    *,
    seed: int = 0,
    strength: float = 0.3,
    rank: int = 4,
    tensors: Sequence[str] = TENSORS,
    wider: int = 0,
    **metadata: str,
) -> Path:
    """Write an adapter that changes every layer's `tensors`. `strength`: how much, beside weights
    of about 1; `wider`: columns that the model does not have; `metadata` replaces what the file
    says of itself (`architecture`, `type`, `kind`)."""
    header = read_header(model)
    writer = GGUFWriter(path, metadata.get("architecture", header.text("general.architecture")))
    writer.add_type(metadata.get("type", "adapter"))
    writer.add_string("adapter.type", metadata.get("kind", "lora"))
    writer.add_float32("adapter.lora.alpha", float(rank))
    random = np.random.default_rng(seed)
    for tensor in header.tensors:
        if tensor.name.endswith(tuple(f".{name}" for name in tensors)):
            columns, rows = tensor.shape
            a = random.normal(0, (columns + wider) ** -0.5, (rank, columns + wider))
            b = random.normal(0, strength, (rows, rank))
            writer.add_tensor(f"{tensor.name}.lora_a", a.astype(np.float32))
            writer.add_tensor(f"{tensor.name}.lora_b", b.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
