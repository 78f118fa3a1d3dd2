"""Base models as torch sees them: a folder of transformers, or a GGUF. Knows no rows, no loop.

Nothing is downloaded, no code of a model's author is run, and weights are safetensors or GGUF,
never pickles.
"""

from __future__ import annotations

import io
import json
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beadline.engine.gguf import read_header
from beadline.errors import InputError, ModelError
from beadline.trainer.finetune.options import Method, Switch, TuneOptions

if TYPE_CHECKING:
    import torch
    from accelerate import Accelerator
    from transformers import PreTrainedModel

CONFIG = "config.json"
_LONGEST_HEADER = 100 << 20
"""Bytes; safetensors' own limit."""


@dataclass(frozen=True)
class Shape:
    """Sizes of a model, without loading it."""

    architecture: str
    parameters: int
    layers: int
    hidden: int
    vocabulary: int


def is_folder(path: Path) -> bool:
    """Whether `path` is a model folder as transformers writes it."""
    return path.is_dir()


def shape_of(path: Path) -> Shape:
    """Sizes of the model at `path`, a folder or a GGUF. Raises `ModelError`."""
    return _folder_shape(path) if is_folder(path) else _gguf_shape(path)


def _gguf_shape(path: Path) -> Shape:
    header = read_header(path)
    architecture = header.text("general.architecture")
    embedding = next((t for t in header.tensors if t.name == "token_embd.weight"), None)
    if embedding is None:
        raise ModelError(f"{path.name} holds no model: it has no token embeddings.")
    return Shape(
        architecture,
        sum(tensor.elements for tensor in header.tensors),
        header.number(f"{architecture}.block_count"),
        embedding.shape[0],
        embedding.shape[-1],
    )


def _folder_shape(folder: Path) -> Shape:
    try:
        config = json.loads((folder / CONFIG).read_text("utf-8"))
    except OSError as exc:
        raise ModelError(
            f"{folder} holds no model: {CONFIG} cannot be read.",
            hint="Name a folder as transformers' save_pretrained writes it, or a GGUF file.",
        ) from exc
    except ValueError as exc:
        raise ModelError(f"{folder / CONFIG} is damaged: {exc}.") from exc
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelError(
            f"{folder} holds no *.safetensors.",
            hint="Other kinds of weights may hold code and are not read: convert them.",
        )
    text = config.get("text_config", config)
    architectures = config.get("architectures") or [config.get("model_type", "")]
    return Shape(
        str(architectures[0]),
        sum(_elements(file) for file in files),
        int(text.get("num_hidden_layers", 0)),
        int(text.get("hidden_size", 0)),
        int(text.get("vocab_size", 0)),
    )


def _elements(file: Path) -> int:
    """Numbers in a safetensors file, by its header (8 bytes of length, then JSON)."""
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if length > _LONGEST_HEADER:
                raise ValueError("its header is too long")
            header = json.loads(stream.read(length))
    except (OSError, ValueError) as exc:
        raise ModelError(f"{file} is damaged: {exc}.") from exc
    total = 0
    for name, tensor in header.items():
        if name != "__metadata__":
            count = 1
            for size in tensor["shape"]:
                count *= size
            total += count
    return total


def computes_bf16(device: str) -> bool:
    """Whether this machine is faster in bfloat16 than in single precision on a kind of device."""
    import torch

    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device != "cpu":
        return False
    known = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, name, bool)() for name in known)


def wants_bf16(options: TuneOptions, device: str) -> bool:
    """Whether training computes in bfloat16."""
    if options.bf16 is Switch.AUTO:
        return computes_bf16(device)
    return options.bf16 is Switch.ON


def accelerator(options: TuneOptions) -> Accelerator:
    """What spreads a run over devices and processes, in the precision that it computes in."""
    import torch
    from accelerate import Accelerator

    cpu = not torch.accelerator.is_available()
    device = "cpu" if cpu else str(torch.accelerator.current_accelerator())
    bf16 = wants_bf16(options, device.partition(":")[0])
    return Accelerator(cpu=cpu, mixed_precision="bf16" if bf16 else "no")


def load(path: Path, options: TuneOptions, device: str, scratch: Path) -> PreTrainedModel:
    """The model at `path`, not yet on the device, in the precision that the method needs.

    Weights that are trained are in single precision; frozen ones are in bfloat16 on a GPU. A GGUF
    is unpacked; for QLoRA by way of a folder below `scratch`. Raises `ModelError` for a model that
    transformers cannot read, `InputError` where the method cannot work.
    """
    import torch
    from transformers import AutoModelForCausalLM

    if options.method is Method.QLORA:
        return _load_in_four_bits(path, device, scratch)
    frozen = options.method is Method.LORA and device == "cuda" and wants_bf16(options, device)
    kind = torch.bfloat16 if frozen else torch.float32
    try:
        if is_folder(path):
            return AutoModelForCausalLM.from_pretrained(
                path, dtype=kind, local_files_only=True, use_safetensors=True
            )
        return _unpacked(path, kind)
    except (ValueError, OSError, KeyError, NotImplementedError) as exc:
        raise _unreadable(path, exc) from exc


def _unpacked(path: Path, kind: torch.dtype) -> PreTrainedModel:
    """A GGUF's weights as plain tensors."""
    import transformers
    from transformers import AutoModelForCausalLM

    arguments: dict[str, Any] = {}
    # Newer versions leave the weights packed, for inference, unless they are told.
    config = getattr(transformers, "GgufConfig", None)
    if config is not None:
        arguments["quantization_config"] = config(dequantize=True)
    with _quiet():
        return AutoModelForCausalLM.from_pretrained(
            path.parent, gguf_file=path.name, dtype=kind, local_files_only=True, **arguments
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """No bars of others among ours, and no warnings that only their developers can heed. What goes
    wrong is raised, not printed."""
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore", FutureWarning)
        yield


def _load_in_four_bits(path: Path, device: str, scratch: Path) -> PreTrainedModel:
    """Frozen weights in nf4 with double quantisation, on the GPU."""
    import importlib.util

    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    if device != "cuda":
        raise InputError(
            "QLoRA needs a CUDA GPU.", hint="Use --method lora, which also runs on the CPU."
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise InputError("QLoRA needs bitsandbytes.", hint="Install it: pip install bitsandbytes.")
    try:
        if not is_folder(path):
            path = _as_folder(path, scratch)
        return AutoModelForCausalLM.from_pretrained(
            path,
            quantization_config=BitsAndBytesConfig(
                load_in_4bit=True,
                bnb_4bit_quant_type="nf4",
                bnb_4bit_use_double_quant=True,
                bnb_4bit_compute_dtype=torch.bfloat16,
            ),
            dtype=torch.bfloat16,
            device_map={"": torch.cuda.current_device()},
            local_files_only=True,
            use_safetensors=True,
        )
    except (ValueError, OSError, KeyError, NotImplementedError) as exc:
        raise _unreadable(path, exc) from exc


def _as_folder(path: Path, scratch: Path) -> Path:
    """The model of a GGUF as a folder: transformers unpacks or quantises, not both at once."""
    import torch

    target = scratch / "unpacked"
    if not (target / CONFIG).exists():
        partial = scratch / "unpacked.part"
        shutil.rmtree(partial, ignore_errors=True)
        _unpacked(path, torch.bfloat16).save_pretrained(partial)
        partial.rename(target)
    return target


def _unreadable(path: Path, error: Exception) -> ModelError:
    reason = str(error).strip().split("\n")[0].rstrip(".")
    return ModelError(
        f"transformers cannot read {path}: {reason}.",
        hint="Give the folder of the same model from transformers with --weights.",
    )


def with_adapter(model: PreTrainedModel, options: TuneOptions) -> Any:
    """The model with what is trained: adapters beside every linear layer but the output, or all of
    its weights. Adapters start as the seed says, and change nothing at first."""
    with _quiet():
        return _with_adapter(model, options)


def _with_adapter(model: PreTrainedModel, options: TuneOptions) -> Any:
    import torch

    if options.gradient_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    if options.method is Method.FULL:
        model.requires_grad_(True)
        return model
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    if options.method is Method.QLORA:
        model = prepare_model_for_kbit_training(
            model,
            use_gradient_checkpointing=options.gradient_checkpointing,
            gradient_checkpointing_kwargs={"use_reentrant": False},
        )
    torch.manual_seed(options.seed)
    return get_peft_model(
        model,
        LoraConfig(
            r=options.rank,
            lora_alpha=options.alpha,
            lora_dropout=options.dropout or 0.0,
            target_modules="all-linear",
            bias="none",
            task_type="CAUSAL_LM",
        ),
    )


def take_adapter(model: Any, folder: Path, accelerator: Accelerator) -> bool:
    """Give a model with an adapter the weights of the one in `folder`; False where it has none, or
    where its weights are spread over processes."""
    from accelerate.utils import DistributedType

    file = folder / "adapter_model.safetensors"
    if accelerator.distributed_type is DistributedType.FSDP or not file.is_file():
        return False
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    set_peft_model_state_dict(model, load_file(file))
    return True
