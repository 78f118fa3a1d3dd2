"""The same logits from peft and from llama.cpp, and a word for what llama.cpp cannot serve."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from beadline.engine.adapters import check_file
from beadline.engine.gguf import read_header
from beadline.engine.llama.native import Library, load_library
from beadline.errors import AdapterError, ModelError
from beadline.trainer.adapter_gguf import CONFIG_FILE, WEIGHTS_FILE, convert
from beadline.trainer.architectures import Architecture
from beadline.trainer.export import export_gguf
from tests.trainer.shapes import ARCHITECTURES, llama_logits, new_model, torch_logits

pytestmark = pytest.mark.slow

EXACT, HALF = 1e-5, 2e-3
"""Largest difference of logits in single precision, and with factors in half precision."""


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


@pytest.fixture(scope="module")
def ids(tokenizer: Any, texts: list[str]) -> list[int]:
    return tokenizer.encode(texts[0][:400], add_special_tokens=False).ids[:80]


def tuned(model: Any, folder: Path, **settings: Any) -> Any:
    """The model with an adapter of random numbers, which is saved in `folder`."""
    import torch
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        **{
            "r": 4, "lora_alpha": 8, "target_modules": "all-linear", "task_type": "CAUSAL_LM",
            **settings,
        }
    )  # fmt: skip
    adapted = get_peft_model(model, config).eval()
    torch.manual_seed(5)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if ".lora_" in name:
                parameter.normal_(0, 0.05)
    adapted.save_pretrained(str(folder), save_embedding_layers=False)
    return adapted


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"use_rslora": True},
        {"alpha_pattern": {"q_proj": 32}, "rank_pattern": {"v_proj": 2, r"layers\.1\.mlp.*": 8}},
    ],
    ids=["plain", "rslora", "patterns"],
)
def test_logits_agree_with_peft(
    tmp_path: Path, library: Library, tokenizer: Any, ids: list[int],
    architecture: str, settings: dict[str, Any],
) -> None:  # fmt: skip
    model = new_model(architecture)
    base = tmp_path / "base.gguf"
    export_gguf(model, tokenizer, base, name="toy", quantisation="F32")
    plain = torch_logits(model, ids)
    assert np.abs(plain - llama_logits(library, base, ids)).max() < EXACT
    adapted = tuned(model, tmp_path / "peft", **settings)
    expected = torch_logits(adapted, ids)
    assert np.abs(expected - plain).max() > 50 * EXACT
    kind = Architecture.of_gguf(read_header(base))
    assert kind == Architecture.of_config(model.config.to_dict())
    for number, bound in (("F32", EXACT), ("F16", HALF)):
        target = tmp_path / f"{number}.gguf"
        convert(tmp_path / "peft", kind, target, kind=number, name="toy adapter")
        header = check_file(target)
        assert header.text("general.name") == "toy adapter"
        assert len(header.tensors) == 2 * 7 * 2  # factors, linear layers, blocks
        got = llama_logits(library, base, ids, adapter=target)
        assert np.abs(expected - got).max() < bound
    half = llama_logits(library, base, ids, adapter=tmp_path / "F32.gguf", scale=0.5)
    for layer in adapted.modules():
        if hasattr(layer, "scale_layer"):
            layer.scale_layer(0.5)
    assert np.abs(torch_logits(adapted, ids) - half).max() < EXACT
    assert [path.name for path in tmp_path.glob("*.part")] == []


def saved(folder: Path, config: dict[str, Any], tensors: dict[str, tuple[int, ...]]) -> Path:
    """An adapter folder of ones."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir()
    (folder / CONFIG_FILE).write_text(
        json.dumps({"peft_type": "LORA", "r": 2, "lora_alpha": 4, **config})
    )
    save_file({name: torch.ones(shape) for name, shape in tensors.items()}, folder / WEIGHTS_FILE)
    return folder


LLAMA = Architecture("llama", 2, 4, 2)
GOOD = {
    "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight": (2, 64),
    "base_model.model.model.layers.0.mlp.up_proj.lora_B.weight": (96, 2),
}


def test_the_file_says_what_llama_cpp_reads(tmp_path: Path) -> None:
    convert(saved(tmp_path / "a", {}, GOOD), LLAMA, tmp_path / "a.gguf")
    header = check_file(tmp_path / "a.gguf")
    said = ("general.architecture", "general.type", "adapter.type", "adapter.lora.alpha")
    assert [header.metadata[key] for key in said] == ["llama", "adapter", "lora", 4.0]
    assert {t.name: t.shape for t in header.tensors} == {
        "blk.0.ffn_up.weight.lora_a": (64, 2),
        "blk.0.ffn_up.weight.lora_b": (2, 96),
    }


@pytest.mark.parametrize(
    "config",
    [
        {"peft_type": "IA3"}, {"use_dora": True}, {"bias": "lora_only"}, {"lora_alpha": 0},
        {"modules_to_save": ["lm_head"]}, {"fan_in_fan_out": True}, {"lora_bias": True},
        {"init_lora_weights": "pissa"}, {"trainable_token_indices": [1]},
    ],
    ids=lambda config: next(iter(config)),
)  # fmt: skip
def test_what_llama_cpp_cannot_serve_is_refused(tmp_path: Path, config: dict[str, Any]) -> None:
    with pytest.raises(AdapterError):
        convert(saved(tmp_path / "a", config, GOOD), LLAMA, tmp_path / "a.gguf")
    assert not (tmp_path / "a.gguf").exists()


@pytest.mark.parametrize(
    "tensors",
    [
        {},
        {"base_model.model.model.layers.0.mlp.up_proj.lora_A.weight": (2, 64)},
        {**GOOD, "base_model.model.model.layers.0.mlp.up_proj.lora_B.weight": (96, 3)},
        {**GOOD, "base_model.model.lm_head.weight": (1024, 64)},
        {**GOOD, "base_model.model.model.layers.0.mlp.up_proj.lora_magnitude_vector": (96,)},
        {
            "base_model.model.lm_head.lora_A.weight": (2, 64),
            "base_model.model.lm_head.lora_B.weight": (1024, 2),
        },
    ],
    ids=["nothing", "one factor", "shapes", "whole layer", "dora", "output"],
)
def test_other_tensors_are_refused(tmp_path: Path, tensors: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(AdapterError):
        convert(saved(tmp_path / "a", {}, tensors), LLAMA, tmp_path / "a.gguf")
    assert not (tmp_path / "a.gguf").exists()


def test_layers_that_gguf_does_not_know_are_refused(tmp_path: Path) -> None:
    strange = {
        "base_model.model.model.layers.0.strange.lora_A.weight": (2, 64),
        "base_model.model.model.layers.0.strange.lora_B.weight": (96, 2),
    }
    with pytest.raises(ModelError, match="no name for the tensor"):
        convert(saved(tmp_path / "a", {}, strange), LLAMA, tmp_path / "a.gguf")


def test_a_folder_without_an_adapter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="no adapter of PEFT's"):
        convert(tmp_path, LLAMA, tmp_path / "a.gguf")


def test_models_of_other_kinds_are_refused(model_path: Path) -> None:
    with pytest.raises(ModelError, match="kind gpt2"):
        Architecture.of_config({"model_type": "gpt2", "num_attention_heads": 4})
    assert Architecture.of_gguf(read_header(model_path)).name == "llama"
