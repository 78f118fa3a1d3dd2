"""The model file and what it needs, before and after it was loaded. Loads no weights itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from beadline.doctor.machine import Memory
from beadline.doctor.report import Check, Status, ok, warning
from beadline.engine import models
from beadline.engine.gguf import GgufHeader, read_header
from beadline.engine.llama.kv_size import kv_bytes_per_token
from beadline.engine.llama.memory import SEQUENCES
from beadline.engine.llama.worker import CONTEXT_TOKENS, GPU_CHUNK, sequences_within
from beadline.engine.protocol import Layout, ModelInfo
from beadline.errors import BeadlineError
from beadline.settings import EngineOptions

_F32 = 4
_UNKNOWN = "unknown"
_SMALLER = "Use a smaller model or one with fewer bits a weight (Q4_K_M instead of Q8_0)"


def file(options: EngineOptions) -> Check:
    """The model that is set. Raises `ModelError` when there is none that could be loaded."""
    path = models.resolve(options.model)
    found = models.check(path, family=options.family, layout=options.layout)
    size = f"{found.parameters / 1e6:.1f} M parameters, {found.quantisation}"
    return ok(
        "model", f"{found.name}, {size}: {path}",
        path=str(path), model=found.name, parameters=found.parameters,
        quantisation=found.quantisation, bytes=found.size,
    )  # fmt: skip


def advice_for(error: BeadlineError) -> str:
    """What to do when there is no model that can be loaded, and the error does not say."""
    usable = [found.name for found in models.available() if not found.problem]
    names = f" Models here: {', '.join(usable)}." if usable else ""
    return f"Set engine.model (or --model) to a GGUF file.{names}"


def compute_bytes(header: GgufHeader) -> int:
    """Scratch memory of llama.cpp for its largest batch: scores of the whole vocabulary and two
    vectors for every token, in f32. For the built-in model that is what llama.cpp's log says
    ("compute buffer size", batches of 128, 256 and 512), to the byte; no larger one was measured.
    """
    width = header.number(f"{header.text('general.architecture')}.embedding_length")
    rows = [tensor.elements for tensor in header.tensors if tensor.name == "token_embd.weight"]
    vocabulary = sum(rows) // width if width else 0
    return _F32 * GPU_CHUNK * (vocabulary + 2 * width)


def needed_bytes(path: Path, options: EngineOptions) -> tuple[int, int]:
    """Estimates: weights, and KV memory with the compute buffers. Raises `ModelError`."""
    header = read_header(path)
    trained = header.number(f"{header.text('general.architecture')}.context_length")
    context = options.context_tokens or min(trained or CONTEXT_TOKENS, CONTEXT_TOKENS)
    sequence = kv_bytes_per_token(header) * context
    kv = sequence * sequences_within(options.kv_mebibytes << 20, sequence, most=SEQUENCES)
    return header.size, kv + compute_bytes(header)


def memory(weights: int, rest: int, machine: Memory, *, layers_on_gpu: int) -> Check:
    """Whether the model fits. `machine`: as it was before the model was loaded."""
    need = weights + rest
    told = (
        f"about {_size(need)} needed ({_size(weights)} of weights), {_size(machine.available)} of "
        f"{_size(machine.total)} available"
    )
    values = {
        "needed_bytes": need, "available_bytes": machine.available, "total_bytes": machine.total,
    }  # fmt: skip
    if layers_on_gpu:
        return ok("memory", f"{told}; {layers_on_gpu} layers are on the GPU", **values)
    if machine.total and need > machine.total:
        return Check(
            "memory", Status.ERROR, f"the model is larger than memory: {told}", f"{_SMALLER}.",
            values,
        )  # fmt: skip
    if machine.available and need > machine.available:
        todo = f"Close other programs, lower engine.context_tokens, or: {_SMALLER.lower()}."
        return warning("memory", f"memory is short: {told}", todo, **values)
    return ok("memory", told, **values)


def prompts(info: ModelInfo, *, filled: bool) -> Iterator[Check]:
    """Base or instruct, family and layout. `filled`: whether the golden hole was."""
    origin = info.details.get("family_from", _UNKNOWN)
    layouts = info.details.get("layouts", _UNKNOWN)
    layout_from = info.details.get("layout_from", _UNKNOWN)
    values = {
        "family": info.family, "family_from": origin, "layouts": layouts,
        "layout_from": layout_from,
    }  # fmt: skip
    told = (
        f"{info.family} ({_ORIGINS.get(origin, origin)}), layout {layouts} "
        f"({_LAYOUT_ORIGINS.get(layout_from, layout_from)})"
    )
    if layouts.partition(",")[0] == Layout.LEFT_TO_RIGHT:
        yield warning(
            "family", f"{told}: the model does not see what follows the cursor",
            "Use a model that was trained to fill in the middle; if this one was, set "
            "engine.family, or describe it as docs/families.md says.", **values,
        )  # fmt: skip
    else:
        yield ok("family", told, **values)
    kind = info.details.get("kind", _UNKNOWN)
    if kind == "instruct" and not filled:
        yield warning(
            "kind", "an instruct model, and it does not fill the golden hole",
            "Use the base model of the same name: chat models often unlearn filling holes.",
            kind=kind,
        )  # fmt: skip
    elif kind == "instruct":
        yield ok("kind", "an instruct model; it fills holes, but its base may be better", kind=kind)
    else:
        yield ok(
            "kind", "a base model" if kind == "base" else "base or instruct: not said", kind=kind
        )


_ORIGINS = {
    "metadata": "the file names it",
    "keys": "by the file's FIM keys",
    "tokens": "by its tokens",
    "user": "by your settings",
    "none": "no known tokens",
}


_LAYOUT_ORIGINS = {
    "user": "the first by your settings",
    "verdict": "the first as measured by `beadline bench layout`",
    "family": "the first is the family's default",
}


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
