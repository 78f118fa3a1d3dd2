"""A GGUF model with other weights -> another GGUF model: merged, tuned, quantised. Trains nothing.

Everything but the weights is copied from the model that it began as: tokenizer, prompt tokens,
hyper-parameters. One tensor at a time is unpacked, so a model may be larger than the memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beadline.engine.adapters import LORA_A, LORA_B, check_file
from beadline.engine.gguf import read_header
from beadline.errors import AdapterError, ModelError
from beadline.trainer.architectures import Architecture

if TYPE_CHECKING:
    import numpy as np
    import torch

KEEP = "keep"
"""Every tensor in the type it has, or in the nearest that can be written."""
QUANTISATIONS = ("F32", "F16", "BF16", "Q8_0", "Q5_1", "Q5_0", "Q4_1", "Q4_0")
"""Types that `gguf` writes by itself. Those with super-blocks (`Q4_K`...) it can only read."""
_FALLBACK = "Q8_0"
_FILE_TYPE, _QUANTISATION_VERSION = "general.file_type", "general.quantization_version"

Change = Callable[[str, "np.ndarray"], "np.ndarray"]
"""Name of a tensor and its values (float32, as GGUF has them) -> its new values."""


def merge(
    model: Path,
    adapter: Path,
    target: Path,
    *,
    scale: float = 1.0,
    quantisation: str = KEEP,
    name: str = "",
) -> None:
    """Write `model` with the changes of a GGUF `adapter` in its weights to `target`.

    For programs that load no adapters; what is requantised loses a little of both. Raises
    `AdapterError` where the two do not fit, `ModelError` for weights that cannot be unpacked.
    """
    import gguf

    header = check_file(adapter)
    factors = {tensor.name: tensor for tensor in gguf.GGUFReader(adapter).tensors}
    alpha = float(header.metadata.get("adapter.lora.alpha", 0.0))

    def change(tensor: str, values: np.ndarray) -> np.ndarray:
        a, b = factors.pop(tensor + LORA_A), factors.pop(tensor + LORA_B)
        first = gguf.quants.dequantize(a.data, a.tensor_type)
        second = gguf.quants.dequantize(b.data, b.tensor_type)
        rank = first.shape[0]
        if (second.shape[0], first.shape[1]) != values.shape or second.shape[1] != rank:
            raise AdapterError(f"The adapter does not fit {model.name} at {tensor}.")
        values += (scale * alpha / rank if alpha else scale) * (second @ first)
        return values

    changed = {tensor.removesuffix(LORA_A) for tensor in factors if tensor.endswith(LORA_A)}
    missing = changed - {tensor.name for tensor in read_header(model).tensors}
    if missing:
        raise AdapterError(f"{model.name} has no tensor {min(missing)}, which the adapter changes.")
    rewrite(model, target, {each: change for each in changed}, quantisation, name=name)


def export_tuned(
    model: Path,
    weights: Mapping[str, torch.Tensor],
    target: Path,
    *,
    quantisation: str = KEEP,
    name: str = "",
) -> None:
    """Write the GGUF `model` with `weights` in place of its own, by transformers' names, to
    `target`. Tensors that are not among them stay.

    Raises `ModelError` for weights of another model.
    """
    architecture = Architecture.of_gguf(read_header(model))
    known = {tensor.name for tensor in read_header(model).tensors}
    keys: dict[str, str] = {}
    for key in weights:
        tensor = architecture.tensor_name(key)
        # The output is the embeddings where a model has but one of them.
        if tensor in known:
            keys[tensor] = key
        elif tensor != "output.weight":
            raise ModelError(f"{model.name} has no tensor {tensor}.")

    def change(tensor: str, values: np.ndarray) -> np.ndarray:
        key = keys[tensor]
        tuned = architecture.arrange(key, weights[key].detach().float().cpu().numpy())
        if tuned.shape != values.shape:
            raise ModelError(f"The tuned model does not fit {model.name} at {tensor}.")
        return tuned

    rewrite(model, target, {each: change for each in keys}, quantisation, name=name)


def rewrite(
    model: Path,
    target: Path,
    changes: Mapping[str, Change],
    quantisation: str = KEEP,
    *,
    name: str = "",
) -> None:
    """Write the GGUF `model` to `target` with `changes` by tensor names, all weights in one
    quantisation, or each in its own.

    Vectors stay as they are, and so does what no block of the quantisation divides.
    """
    import gguf
    import numpy as np

    if quantisation not in (KEEP, *QUANTISATIONS):
        raise ModelError(f"{quantisation} cannot be written.", hint=f"Take {_either()}.")
    reader = gguf.GGUFReader(model)
    partial = target.with_name(f"{target.name}.part")
    writer = gguf.GGUFWriter(partial, read_header(model).text("general.architecture"))
    try:
        _copy_metadata(reader, writer, quantisation, name)
        kinds = {
            each.name: _kind(each, quantisation, each.name in changes) for each in reader.tensors
        }
        for each in reader.tensors:
            kind = kinds[each.name]
            logical = tuple(int(length) for length in reversed(each.shape))
            if kind in (gguf.GGMLQuantizationType.F32, gguf.GGMLQuantizationType.F16):
                stored, dtype = logical, np.dtype(np.float32 if kind.name == "F32" else np.float16)
            elif kind == each.tensor_type:
                stored, dtype = each.data.shape, each.data.dtype
            else:
                stored = gguf.quants.quant_shape_to_byte_shape(logical, kind)
                dtype = np.dtype(np.uint8)
            size = int(np.prod(stored)) * dtype.itemsize
            writer.add_tensor_info(each.name, stored, dtype, size, kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for each in reader.tensors:
            writer.write_tensor_data(_data(each, kinds[each.name], changes.get(each.name)))
    finally:
        writer.close()
    partial.replace(target)


def _data(tensor: Any, kind: Any, change: Change | None) -> np.ndarray:
    """A tensor's bytes in the file to be written."""
    import gguf
    import numpy as np

    if change is None and kind == tensor.tensor_type:
        return np.ascontiguousarray(tensor.data)
    try:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
    except NotImplementedError as exc:
        raise ModelError(
            f"{tensor.name} is {tensor.tensor_type.name}, which cannot be unpacked.",
            hint="Take a file of the same model in F16 or Q8_0.",
        ) from exc
    if change is not None:
        # A file's own floats are read-only views of it.
        values = change(tensor.name, np.array(values, np.float32))
    return gguf.quants.quantize(np.ascontiguousarray(values, np.float32), kind)


def _kind(tensor: Any, quantisation: str, changed: bool) -> Any:
    """The type that a tensor gets."""
    import gguf

    own = tensor.tensor_type
    if len(tensor.shape) < 2:
        return own
    wanted = own
    if quantisation != KEEP:
        wanted = gguf.GGMLQuantizationType[quantisation]
    elif changed and own.name not in QUANTISATIONS:
        wanted = gguf.GGMLQuantizationType[_FALLBACK]
    block = gguf.GGML_QUANT_SIZES[wanted][0]
    if int(tensor.shape[0]) % block == 0:
        return wanted
    return gguf.GGMLQuantizationType.F16 if changed or quantisation != KEEP else own


def _copy_metadata(reader: Any, writer: Any, quantisation: str, name: str) -> None:
    import gguf

    own = {gguf.Keys.General.ARCHITECTURE}  # the writer has written it
    if name:
        own.add(gguf.Keys.General.NAME)
        writer.add_name(name)
    if quantisation != KEEP:
        own.add(_FILE_TYPE)
        writer.add_file_type(_file_type(quantisation))
    for field in reader.fields.values():
        if field.name in own or field.name.startswith("GGUF."):
            continue
        kind = field.types[0]
        inner = field.types[-1] if kind is gguf.GGUFValueType.ARRAY else None
        value = field.contents()
        if field.name == gguf.Keys.General.ALIGNMENT:
            writer.add_custom_alignment(int(value))
        elif inner is None or len(value):
            writer.add_key_value(field.name, value, kind, sub_type=inner)
    if _QUANTISATION_VERSION not in reader.fields:
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def _file_type(quantisation: str) -> int:
    import gguf

    whole = {"F32": "ALL_F32"}
    return int(gguf.LlamaFileType[whole.get(quantisation, f"MOSTLY_{quantisation}")])


def _either() -> str:
    return f"{', '.join((KEEP, *QUANTISATIONS[:-1]))} or {QUANTISATIONS[-1]}"
