"""The same logits from transformers and from llama.cpp, before quantising and after."""

from __future__ import annotations

import numpy as np
import pytest

from beadline.engine.gguf import read_header
from beadline.errors import ModelError
from beadline.trainer.export import export_gguf
from beadline.trainer.nano.shapes import ModelShape, new_model

pytestmark = pytest.mark.slow

SHAPE = ModelShape(1024, hidden=64, layers=2, heads=4, kv_heads=2, feed_forward=96, context=1024)
WIDE = ModelShape(1024, hidden=256, layers=9, heads=4, kv_heads=2, feed_forward=256, context=1024)
"""One whose rows super-blocks divide."""


@pytest.fixture(scope="module")
def model():
    return new_model(SHAPE, 3)


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


def test_llama_cpp_makes_the_types_that_gguf_cannot_write(tmp_path, tokenizer, texts):
    model = new_model(WIDE, 3)
    path = tmp_path / "wide.gguf"
    export_gguf(model, tokenizer, path, name="wide", quantisation="Q4_K_M")
    assert [file.name for file in tmp_path.iterdir()] == ["wide.gguf"]
    # The estimate is from above, and not by much of the weights.
    assert 0 <= WIDE.file_bytes("Q4_K_M") - path.stat().st_size < 200_000
    header = read_header(path)
    assert header.text("tokenizer.ggml.pre") == "qwen2"
    ids = tokenizer.encode(texts[0][:400], add_special_tokens=False).ids[:100]
    expected, got = torch_logits(model, ids), llama_logits(path, ids)
    assert np.abs(expected - got).max() < 0.5 * np.abs(expected).max()
    with pytest.raises(ModelError, match="no type"):
        export_gguf(model, tokenizer, path, name="wide", quantisation="Q9_Z")


def test_estimated_sizes_are_those_of_files(tmp_path, tokenizer):
    for kind in ("Q8_0", "F16"):
        path = tmp_path / f"{kind}.gguf"
        export_gguf(new_model(WIDE, 3), tokenizer, path, name="wide", quantisation=kind)
        assert 0 <= WIDE.file_bytes(kind) - path.stat().st_size < 200_000, kind
