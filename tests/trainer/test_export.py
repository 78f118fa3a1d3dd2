"""The same logits from transformers and from llama.cpp, before quantising and after."""

from __future__ import annotations

import numpy as np
import pytest

from beadline.trainer.export import export_gguf
from beadline.trainer.pretrain import ModelShape, new_model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model():
    return new_model(ModelShape(1024, hidden=64, layers=2, heads=4, kv_heads=2, feed_forward=96), 3)


def llama_logits(path, ids):
    import llama_cpp

    llama = llama_cpp.Llama(
        str(path), n_ctx=256, logits_all=True, verbose=False, n_threads=1, flash_attn=False
    )
    llama.eval(ids)
    return np.array(llama.scores[: len(ids)])


def torch_logits(model, ids):
    import torch

    with torch.no_grad():
        return model(input_ids=torch.tensor([ids])).logits[0].numpy()


@pytest.mark.parametrize(("kind", "bound"), [("F32", 2e-3), ("Q8_0", 5e-2)])
def test_logits_agree_with_transformers(tmp_path, model, tokenizer, texts, kind, bound):
    path = tmp_path / "toy.gguf"
    export_gguf(model, tokenizer, path, name="toy", quantisation=kind)
    ids = tokenizer.encode(texts[0][:400], add_special_tokens=False).ids[:100]
    expected, got = torch_logits(model, ids), llama_logits(path, ids)
    assert np.abs(expected).max() > 0.2
    assert np.abs(expected - got).max() < bound


def test_gguf_carries_the_fim_ids(tmp_path, model, tokenizer):
    import gguf

    path = tmp_path / "toy.gguf"
    export_gguf(model, tokenizer, path, name="toy")
    fields = gguf.GGUFReader(path).fields
    for role, piece in (("pre", "prefix"), ("suf", "suffix"), ("mid", "middle"), ("pad", "pad")):
        entry = fields[f"tokenizer.ggml.fim_{role}_token_id"]
        assert int(entry.parts[entry.data[0]][0]) == tokenizer.token_to_id(f"<|fim_{piece}|>")
