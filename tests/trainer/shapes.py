"""Tiny models of random numbers in several architectures, in transformers and in llama.cpp."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from beadline.engine.llama.lora import Adapters
from beadline.engine.llama.native import Context, Library, Model

ARCHITECTURES = ("llama", "qwen2")
VOCABULARY = 1024


def new_model(architecture: str, seed: int = 3) -> Any:
    """Two layers with grouped queries. The qwen2 one has biases and an output of its own."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

    shape: dict[str, Any] = {
        "vocab_size": VOCABULARY,
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "intermediate_size": 96,
        "max_position_embeddings": 256,
    }
    torch.manual_seed(seed)
    if architecture == "llama":
        model: Any = LlamaForCausalLM(LlamaConfig(**shape, tie_word_embeddings=True))
    else:
        model = Qwen2ForCausalLM(Qwen2Config(**shape, tie_word_embeddings=False))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(".bias"):
                parameter.normal_(0, 0.3)
    return model.eval()


def torch_logits(model: Any, ids: Sequence[int]) -> np.ndarray:
    """(tokens, vocabulary), float32."""
    import torch

    with torch.no_grad():
        return model(input_ids=torch.tensor([list(ids)])).logits[0].float().numpy()


def llama_logits(
    library: Library,
    path: Path,
    ids: Sequence[int],
    *,
    adapter: Path | None = None,
    scale: float = 1.0,
) -> np.ndarray:
    """The same from a GGUF, with an adapter over it. Keys and values are kept in single precision:
    in half, as in serving, they alone make logits differ by some hundredths."""
    names = library.names
    usual = names.llama_context_default_params

    def exact() -> Any:
        params = usual()
        params.type_k = params.type_v = names.GGML_TYPE_F32
        return params

    model = Model(library, path)
    with mock.patch.object(names, "llama_context_default_params", exact):
        context = Context(
            model,
            context_tokens=256,
            sequences=1,
            batch_tokens=len(ids),
            threads=1,
            batch_threads=1,
        )
    try:
        if adapter is not None:
            Adapters(context).use(adapter, scale)
        assert context.decode(ids, 0, 0, outputs=len(ids))
        return np.array([context.logits(back) for back in reversed(range(len(ids)))])
    finally:
        context.close()
        model.close()
