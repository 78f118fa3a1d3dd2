"""How weights of transformers' models are called and laid out in GGUF. Reads and writes no file.

Names are `gguf`'s own tensor maps. Layout differs in one place: llama.cpp's rotary embedding of
some architectures pairs neighbouring dimensions where transformers pairs the two halves of a head,
so rows of queries and keys change places (`LlamaModel.permute` of llama.cpp's converter), and back
when transformers reads such a GGUF.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from beadline.errors import ModelError

if TYPE_CHECKING:
    import numpy as np

    from beadline.engine.gguf import GgufHeader

_BY_TYPE = {
    "gemma": "gemma",
    "gemma2": "gemma2",
    "granite": "granite",
    "llama": "llama",
    "mistral": "llama",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "stablelm": "stablelm",
    "starcoder2": "starcoder2",
}
"""transformers' `model_type` -> GGUF's `general.architecture`, for those whose weights are laid out
as this module knows."""
_PERMUTED = frozenset({"llama", "granite"})
_QUERIES, _KEYS = (".q_proj.weight", ".q_proj.bias"), (".k_proj.weight", ".k_proj.bias")


@dataclass(frozen=True)
class Architecture:
    """What of a model decides where its weights go."""

    name: str
    """As in `general.architecture`."""
    blocks: int
    heads: int
    kv_heads: int

    @classmethod
    def of_config(cls, config: Mapping[str, Any]) -> Architecture:
        """Of a model of transformers, by its configuration (`config.json`, or `to_dict`).

        Raises `ModelError` for a kind whose layout is not known.
        """
        kind = str(config.get("model_type", ""))
        if kind not in _BY_TYPE:
            raise _unknown(kind)
        heads = int(config["num_attention_heads"])
        kv_heads = config.get("num_key_value_heads")
        blocks = int(config["num_hidden_layers"])
        return cls(_BY_TYPE[kind], blocks, heads, heads if kv_heads is None else int(kv_heads))

    @classmethod
    def of_gguf(cls, header: GgufHeader) -> Architecture:
        """Of a GGUF model. Raises `ModelError` for a kind whose layout is not known."""
        name = header.text("general.architecture")
        if name not in _BY_TYPE.values():
            raise _unknown(name)
        blocks = header.number(f"{name}.block_count")
        heads = header.number(f"{name}.attention.head_count")
        kv_heads = header.number(f"{name}.attention.head_count_kv", heads)
        if not blocks or not heads or not kv_heads:
            raise _unknown(f"{name} with other heads in every layer")
        return cls(name, blocks, heads, kv_heads)

    @cached_property
    def _names(self) -> Any:
        import gguf

        numbers = {name: number for number, name in gguf.MODEL_ARCH_NAMES.items()}
        return gguf.get_tensor_name_map(numbers[self.name], self.blocks)

    def tensor_name(self, key: str) -> str:
        """GGUF's name of the tensor that transformers calls `key`. Raises `ModelError`."""
        name = self._names.get_name(key, try_suffixes=(".weight", ".bias"))
        if name is None:
            raise ModelError(f"GGUF has no name for the tensor {key} of {self.name} models.")
        return name

    def arrange(self, key: str, rows: np.ndarray) -> np.ndarray:
        """The tensor that transformers calls `key`, or whatever has its rows, as GGUF has it."""
        if self.name in _PERMUTED:
            if key.endswith(_QUERIES):
                return _permute(rows, self.heads)
            if key.endswith(_KEYS):
                return _permute(rows, self.kv_heads)
        return rows


def _permute(rows: np.ndarray, heads: int) -> np.ndarray:
    """(heads * width, ...): from the two halves of each head to interleaved pairs."""
    half = rows.shape[0] // heads // 2
    return rows.reshape(heads, 2, half, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def _unknown(kind: str) -> ModelError:
    return ModelError(
        f"Models of the kind {kind or 'unknown'} cannot be tuned for serving here.",
        hint=f"Known are: {', '.join(sorted(_BY_TYPE))}.",
    )
