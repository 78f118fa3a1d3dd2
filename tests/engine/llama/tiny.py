"""Model files of other architectures, made on the fly: random weights, the built-in vocabulary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from gguf import GGUFReader, GGUFValueType, GGUFWriter

from beadline.engine.models import BUILTIN_FILE

WIDTH, LAYERS = 32, 2
WINDOW = 32
"""Tokens that a layer with a sliding window sees."""


def make(path: Path, architecture: str) -> Path:
    """Write a model of the `architecture` "mamba" (recurrent) or "gemma2" (sliding window)."""
    source = GGUFReader(BUILTIN_FILE)
    writer = GGUFWriter(path, architecture)
    for field in source.fields.values():
        if field.name.startswith("tokenizer."):
            kind = field.types[0]
            if kind is GGUFValueType.ARRAY:
                writer.add_array(field.name, field.contents())
            else:
                writer.add_key_value(field.name, field.contents(), kind)
    vocabulary = len(source.fields["tokenizer.ggml.tokens"].data)
    writer.add_context_length(2048)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_layer_norm_rms_eps(1e-6)
    random = np.random.default_rng(0)

    def add(name: str, *shape: int, value: float | None = None) -> None:
        if value is None:
            weights = random.normal(0, 0.2, shape).astype(np.float32)
        else:
            weights = np.full(shape, value, np.float32)
        writer.add_tensor(name, weights)

    add("token_embd.weight", vocabulary, WIDTH)
    add("output_norm.weight", WIDTH, value=1.0)
    {"mamba": _mamba, "gemma2": _gemma2}[architecture](writer, add)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _mamba(writer: GGUFWriter, add) -> None:
    inner, kernel, state, rank = 2 * WIDTH, 4, 8, 4
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_ssm_conv_kernel(kernel)
    writer.add_ssm_inner_size(inner)
    writer.add_ssm_state_size(state)
    writer.add_ssm_time_step_rank(rank)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        add(f"{block}attn_norm.weight", WIDTH, value=1.0)
        add(f"{block}ssm_in.weight", 2 * inner, WIDTH)
        add(f"{block}ssm_conv1d.weight", inner, kernel)
        add(f"{block}ssm_conv1d.bias", inner)
        add(f"{block}ssm_x.weight", rank + 2 * state, inner)
        add(f"{block}ssm_dt.weight", inner, rank)
        add(f"{block}ssm_dt.bias", inner)
        add(f"{block}ssm_a", inner, state, value=-1.0)
        add(f"{block}ssm_d", inner)
        add(f"{block}ssm_out.weight", WIDTH, inner)


def _gemma2(writer: GGUFWriter, add) -> None:
    heads, kv_heads, size, inner = 4, 2, 16, 64
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_key_length(size)
    writer.add_value_length(size)
    writer.add_sliding_window(WINDOW)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        for norm in ("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm"):
            add(f"{block}{norm}.weight", WIDTH, value=1.0)
        add(f"{block}attn_q.weight", heads * size, WIDTH)
        add(f"{block}attn_k.weight", kv_heads * size, WIDTH)
        add(f"{block}attn_v.weight", kv_heads * size, WIDTH)
        add(f"{block}attn_output.weight", WIDTH, heads * size)
        add(f"{block}ffn_gate.weight", inner, WIDTH)
        add(f"{block}ffn_up.weight", inner, WIDTH)
        add(f"{block}ffn_down.weight", WIDTH, inner)
