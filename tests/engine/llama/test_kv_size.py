"""What a token's keys and values take, against llama.cpp's own memory of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from gguf import GGUFWriter

from beadline.engine.gguf import GgufHeader, Scalar, read_header
from beadline.engine.llama.kv_size import kv_bytes_per_token
from beadline.engine.llama.native import Context, Library, Model

from . import tiny

CELL = 24
"""Bytes that a saved state says of a token beside its keys and values, in either of two caches."""


def header(arrays: dict[str, list[Scalar]] | None = None, **numbers: int) -> GgufHeader:
    values: dict[str, Scalar] = {"general.architecture": "a"}
    values |= {f"a.{key.replace('__', '.')}": number for key, number in numbers.items()}
    return GgufHeader(Path("m.gguf"), 3, 1000, values, arrays or {}, (), 0)


def grown(context: Context, first: int, then: int) -> float:
    """Bytes by which the state of a sequence grows a token, from so many to so many of them."""
    context.decode([300] * first, 0, 0)
    before = context.state_bytes(0)
    context.decode([300] * (then - first), first, 0)
    return (context.state_bytes(0) - before) / (then - first)


def test_heads_of_their_own_width(library: Library, tmp_path: Path) -> None:
    path = tiny.make(tmp_path / "gemma2.gguf", "gemma2")
    model = Model(library, path)
    context = Context(
        model, context_tokens=256, sequences=1, batch_tokens=32, threads=1, batch_threads=1
    )
    # Two layers of two heads of 16 keys and 16 values, in f16: width / heads would be 8.
    assert model.kv_bytes_per_token == 2 * 2 * 2 * (16 + 16)
    assert 0 < grown(context, 8, 8 + tiny.WINDOW // 2) - model.kv_bytes_per_token <= 2 * CELL
    context.close()
    model.close()


def test_heads_by_the_width_of_the_model(model: Model) -> None:
    context = Context(
        model, context_tokens=256, sequences=1, batch_tokens=64, threads=1, batch_threads=1
    )
    assert 0 < grown(context, 8, 40) - model.kv_bytes_per_token <= CELL
    context.close()


def test_a_model_without_attention_needs_none(library: Library, tmp_path: Path) -> None:
    model = Model(library, tiny.make(tmp_path / "mamba.gguf", "mamba"))
    assert model.kv_bytes_per_token == 0
    model.close()


def test_heads_that_differ_from_layer_to_layer(tmp_path: Path) -> None:
    path = tmp_path / "hybrid.gguf"
    writer = GGUFWriter(path, "lfm2")
    writer.add_block_count(4)
    writer.add_embedding_length(64)
    writer.add_head_count(4)
    writer.add_head_count_kv([0, 0, 2, 1])
    writer.add_tensor("token_embd.weight", np.zeros((2, 64), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    found = read_header(path)
    assert found.arrays == {"lfm2.attention.head_count_kv": [0, 0, 2, 1]}
    assert kv_bytes_per_token(found) == 2 * (2 + 1) * (16 + 16)


def test_what_is_missing_is_what_llama_cpp_takes() -> None:
    shape = {"block_count": 3, "embedding_length": 64, "attention__head_count": 4}
    assert kv_bytes_per_token(header(**shape)) == 2 * 3 * 4 * (16 + 16)
    grouped = {**shape, "attention__head_count_kv": 1}
    assert kv_bytes_per_token(header(**grouped)) == 2 * 3 * 1 * (16 + 16)
    wide = {**grouped, "attention__key_length": 128, "attention__value_length": 32}
    assert kv_bytes_per_token(header(**wide)) == 2 * 3 * 1 * (128 + 32)
    del shape["attention__head_count"]
    each: dict[str, list[Scalar]] = {"a.attention.head_count": [4, 2, 4]}
    assert kv_bytes_per_token(header(each, **shape)) == 2 * (4 + 2 + 4) * (16 + 16)
    assert kv_bytes_per_token(header(**shape)) == kv_bytes_per_token(header()) == 0
