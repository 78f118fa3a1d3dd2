"""Merged, tuned and quantised models: the logits of what they are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from beadline.engine import models
from beadline.engine.gguf import read_header
from beadline.engine.llama.native import Library, load_library
from beadline.errors import AdapterError, ModelError
from beadline.trainer.export import export_gguf
from beadline.trainer.merged import KEEP, QUANTISATIONS, export_tuned, merge, rewrite
from tests.engine.llama.loras import make
from tests.trainer.shapes import ARCHITECTURES, llama_logits, new_model, torch_logits

pytestmark = pytest.mark.slow

EXACT = 1e-4
TENSORS = ("attn_q.weight", "attn_k.weight", "attn_output.weight", "ffn_gate.weight")


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


@pytest.fixture(scope="module")
def ids(tokenizer: Any, texts: list[str]) -> list[int]:
    return tokenizer.encode(texts[0][:400], add_special_tokens=False).ids[:60]


@pytest.fixture(scope="module", params=ARCHITECTURES)
def base(request: pytest.FixtureRequest, tokenizer: Any, tmp_path_factory: Any) -> Path:
    path = tmp_path_factory.mktemp("base") / "base.gguf"
    export_gguf(new_model(request.param), tokenizer, path, name="toy", quantisation="F32")
    return path


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_merged_is_the_model_with_its_adapter(
    tmp_path: Path, library: Library, base: Path, ids: list[int], scale: float
) -> None:
    adapter = make(tmp_path / "a.gguf", base, tensors=TENSORS)
    target = tmp_path / "merged.gguf"
    merge(base, adapter, target, scale=scale, name="merged toy")
    expected = llama_logits(library, base, ids, adapter=adapter, scale=scale)
    assert np.abs(expected - llama_logits(library, base, ids)).max() > 50 * EXACT
    assert np.abs(expected - llama_logits(library, target, ids)).max() < EXACT
    assert read_header(target).text("general.name") == "merged toy"


def test_everything_but_the_weights_is_copied(tmp_path: Path, base: Path) -> None:
    target = tmp_path / "copy.gguf"
    rewrite(base, target, {})
    before, after = gguf.GGUFReader(base), gguf.GGUFReader(target)
    kept = {name: field.contents() for name, field in before.fields.items()}
    found = {name: field.contents() for name, field in after.fields.items()}
    added = {"general.quantization_version", "GGUF.kv_count"}
    assert {k: v for k, v in found.items() if k not in added} == {
        k: v for k, v in kept.items() if k not in added
    }
    assert [(t.name, t.tensor_type) for t in after.tensors] == [
        (t.name, t.tensor_type) for t in before.tensors
    ]
    for one, other in zip(before.tensors, after.tensors, strict=True):
        assert np.array_equal(one.data, other.data)
    assert models.describe(target).family == models.describe(base).family


@pytest.mark.parametrize("quantisation", QUANTISATIONS)
def test_every_quantisation_can_be_served(
    tmp_path: Path, library: Library, base: Path, ids: list[int], quantisation: str
) -> None:
    target = tmp_path / "quantised.gguf"
    adapter = make(tmp_path / "a.gguf", base, tensors=TENSORS)
    merge(base, adapter, target, quantisation=quantisation)
    assert models.describe(target).quantisation == quantisation
    expected = llama_logits(library, base, ids, adapter=adapter)
    got = llama_logits(library, target, ids)
    # Cosine of all logits: a wrong layout makes it about 0, four bits leave it near 1.
    cosine = (expected * got).sum() / np.sqrt((expected**2).sum() * (got**2).sum())
    assert cosine > 0.9
    if quantisation in ("F32", "Q8_0"):
        assert np.abs(expected - got).max() < 0.1 * np.abs(expected).max()


def test_the_built_in_model_keeps_its_quantisation(
    tmp_path: Path, library: Library, model_path: Path
) -> None:
    ids = list(range(300, 340))
    adapter = make(tmp_path / "a.gguf", model_path)
    target = tmp_path / "merged.gguf"
    merge(model_path, adapter, target, quantisation=KEEP)
    assert models.describe(target).quantisation == models.describe(model_path).quantisation
    expected = llama_logits(library, model_path, ids, adapter=adapter)
    got = llama_logits(library, target, ids)
    assert np.abs(expected - got).max() < 0.1 * np.abs(expected).max()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_tuned_model_in_its_bases_file(
    tmp_path: Path, library: Library, tokenizer: Any, ids: list[int], architecture: str
) -> None:
    base, target = tmp_path / "base.gguf", tmp_path / "tuned.gguf"
    export_gguf(new_model(architecture), tokenizer, base, name="toy", quantisation="F32")
    other = new_model(architecture, seed=4)
    export_tuned(base, other.state_dict(), target, name="tuned toy")
    assert np.abs(torch_logits(other, ids) - llama_logits(library, target, ids)).max() < EXACT
    assert read_header(target).text("general.name") == "tuned toy"


def test_what_does_not_fit_leaves_no_file(tmp_path: Path, base: Path, model_path: Path) -> None:
    target = tmp_path / "merged.gguf"
    with pytest.raises(AdapterError):
        merge(base, make(tmp_path / "a.gguf", model_path), target)
    with pytest.raises(AdapterError, match="no LoRA adapter"):
        merge(base, base, target)
    with pytest.raises(ModelError, match="cannot be written"):
        rewrite(base, target, {}, "Q4_K")
    with pytest.raises(ModelError, match="no name for the tensor"):
        export_tuned(base, {"strange.weight": None}, target)  # type: ignore[dict-item]
    assert not target.exists()
