"""A PEFT adapter folder -> a GGUF adapter that llama.cpp loads beside its model. Trains nothing.

As llama.cpp's `convert_lora_to_gguf.py` does it: of a tensor `X` the two factors are `X.lora_a`
(rank, columns) and `X.lora_b` (rows, rank), and llama.cpp adds `alpha / rank * B A` times the scale
it is served with (`llama-adapter.h`). Rows of B change places with those of the tensor.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beadline.engine.adapters import LORA_A, LORA_B
from beadline.errors import AdapterError
from beadline.trainer.architectures import Architecture

if TYPE_CHECKING:
    import numpy as np

CONFIG_FILE, WEIGHTS_FILE = "adapter_config.json", "adapter_model.safetensors"
KINDS = ("F32", "F16")
_FACTOR = re.compile(r"(?:base_model\.model\.)?(?P<module>.+)\.lora_(?P<side>[AB])\.weight")
_EMBEDDINGS = ("token_embd.weight", "output.weight")
_REFUSED = {
    "use_dora": "DoRA",
    "fan_in_fan_out": "transposed layers",
    "modules_to_save": "whole modules beside the factors",
    "trainable_token_indices": "single tokens",
    "lora_bias": "biases of the factors",
    "layer_replication": "replicated layers",
    "target_parameters": "bare parameters",
    "alora_invocation_tokens": "activation by tokens",
    "use_qalora": "QALoRA",
}
"""Settings of PEFT's that llama.cpp has no counterpart for, and what they are."""
_INITS = (True, False, None, "gaussian", "orthogonal", "eva")
"""Ways to begin that leave the model's own weights alone; PiSSA and others do not."""


@dataclass(frozen=True)
class _Scaling:
    """What each layer's product is multiplied with (PEFT's `LoraConfig`)."""

    alpha: float
    patterns: Mapping[str, float]
    square_root: bool
    """rsLoRA (Kalajdzievski 2023): by the root of the rank."""

    def of(self, module: str, rank: int) -> float:
        alpha = self.alpha
        for pattern, own in self.patterns.items():
            if re.match(rf"(?:.*\.)?(?:{pattern})$", module):
                alpha = own
                break
        return alpha / (math.sqrt(rank) if self.square_root else rank)


def convert(
    adapter: Path, architecture: Architecture, target: Path, *, kind: str = "F32", name: str = ""
) -> None:
    """Write the adapter in the folder `adapter`, as PEFT saves it, to the GGUF file `target`.

    `architecture` is the model's that it was trained on; `kind`: `F32`, or `F16` for half the size.
    Raises `AdapterError` for what llama.cpp cannot serve, `ModelError` for layers that GGUF does
    not know.
    """
    import gguf
    import numpy as np

    scaling = _scaling(_config(adapter / CONFIG_FILE))
    number = {"F32": np.float32, "F16": np.float16}[kind]
    partial = target.with_name(f"{target.name}.part")
    writer = gguf.GGUFWriter(partial, architecture.name)
    try:
        writer.add_type(gguf.GGUFType.ADAPTER)
        writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
        writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, scaling.alpha)
        if name:
            writer.add_name(name)
        for module, (a, b) in sorted(_factors(adapter / WEIGHTS_FILE).items()):
            key = f"{module}.weight"
            tensor = architecture.tensor_name(key)
            if tensor in _EMBEDDINGS:
                raise AdapterError(
                    f"The adapter changes {module}, which cannot be served as an adapter.",
                    hint="Leave embeddings and output out of what is trained.",
                )
            rank = a.shape[0]
            # The file has one alpha for all layers; what a layer has besides goes into its B.
            own = scaling.of(module, rank) / (scaling.alpha / rank)
            b = architecture.arrange(key, b if own == 1.0 else b * np.float32(own))
            writer.add_tensor(tensor + LORA_A, np.ascontiguousarray(a, number))
            writer.add_tensor(tensor + LORA_B, np.ascontiguousarray(b, number))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()
    partial.replace(target)


def _config(path: Path) -> Mapping[str, Any]:
    try:
        config = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise AdapterError(f"{path.parent} holds no adapter of PEFT's: {exc}.") from exc
    if not isinstance(config, Mapping) or config.get("peft_type") != "LORA":
        raise AdapterError(f"{path.parent} holds no LoRA adapter.")
    for setting, what in _REFUSED.items():
        if config.get(setting):
            raise AdapterError(f"Adapters with {what} ({setting}) cannot be served by llama.cpp.")
    if config.get("init_lora_weights", True) not in _INITS:
        raise AdapterError("Adapters that began by changing the model's weights cannot be served.")
    if config.get("bias", "none") != "none":
        raise AdapterError("Adapters with trained biases cannot be served by llama.cpp.")
    return config


def _scaling(config: Mapping[str, Any]) -> _Scaling:
    alpha = float(config.get("lora_alpha") or 0.0)
    if alpha <= 0:
        # llama.cpp takes 0 for "not given" and leaves the scaling out.
        raise AdapterError(f"lora_alpha is {alpha:g}; it must be above 0.")
    patterns = {key: float(own) for key, own in (config.get("alpha_pattern") or {}).items()}
    return _Scaling(alpha, patterns, bool(config.get("use_rslora")))


def _factors(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Module -> A (rank, columns) and B (rows, rank), both float32."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as exc:
        raise AdapterError(f"{path} cannot be read: {exc}.") from exc
    sides: dict[str, dict[str, np.ndarray]] = {}
    for key, tensor in tensors.items():
        match = _FACTOR.fullmatch(key)
        if match is None:
            raise AdapterError(f"{path.name} holds {key}, which cannot be served by llama.cpp.")
        # Numpy has no bfloat16.
        sides.setdefault(match["module"], {})[match["side"]] = tensor.float().numpy()
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for module, factors in sides.items():
        a, b = factors.get("A"), factors.get("B")
        if a is None or b is None or a.ndim != 2 or b.ndim != 2 or a.shape[0] != b.shape[1]:
            raise AdapterError(f"{path.name} is damaged at {module}.")
        found[module] = a, b
    if not found:
        raise AdapterError(f"{path.name} holds no factors.")
    return found
