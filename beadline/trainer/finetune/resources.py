"""Whether memory and disk suffice for a run, before it begins. Loads nothing.

The estimates are coarse on purpose: they are to refuse what cannot work, not to fill the machine.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from beadline.errors import InputError
from beadline.trainer.finetune import threads
from beadline.trainer.finetune.model import Shape
from beadline.trainer.finetune.options import Method, TuneOptions

_GIB = 1 << 30
_ROW_BYTES = 20
"""Bytes on disk of a token of a row: five 32-bit numbers."""
_ACTIVATIONS = 34
"""Numbers kept for the backward pass of a layer, per token and unit of its width (Korthikanti et
al. 2022, arXiv 2205.05198, section 4.1; attention scores are not kept)."""
_CORE_SPEED = 40e9
"""Multiplications and additions a second of a fast core, in the matrices of a model."""
_PASSES = 6
"""Of those per parameter and token: two forward, four backward (Kaplan et al. 2020, arXiv
2001.08361)."""
_SAMPLE_TOKENS = 400
_LEAST_SAMPLES = 512
_SPARE = 1 << 29
"""Bytes that Python and its libraries take."""
_GROUP = Path("/sys/fs/cgroup")
"""Of the control group of this process (Linux, version 2), as containers see it."""


@dataclass(frozen=True)
class Needs:
    """Bytes that a run takes."""

    memory: int
    """Of the machine, or of the GPU where the model lies on one."""
    disk: int


def needs(
    shape: Shape, options: TuneOptions, *, device: str, rows_tokens: int, gguf: bool
) -> Needs:
    """What tuning a model of this shape takes on a kind of device."""
    options = options.for_model(shape.parameters)
    frozen = 2 if device == "cuda" else 4
    adapters = _adapter_parameters(shape, options.rank)
    if options.method is Method.FULL:
        # Weights, gradients and AdamW's two moments, in single precision.
        weights, kept = 16 * shape.parameters, 12 * shape.parameters
    elif options.method is Method.QLORA:
        weights, kept = int(0.6 * shape.parameters) + 16 * adapters, 12 * adapters
    else:
        weights, kept = frozen * shape.parameters + 16 * adapters, 12 * adapters
    layers = 2 if options.gradient_checkpointing else shape.layers
    tokens = micro_tokens(shape, options)
    kept_activations = tokens * shape.hidden * layers * _ACTIVATIONS * frozen // 2
    logits = 3 * 4 * tokens * shape.vocabulary // 4
    # The best weights so far, a checkpoint, and the one that replaces it.
    disk = 3 * kept + rows_tokens * _ROW_BYTES
    if gguf and options.method is Method.QLORA:
        disk += 2 * shape.parameters
    return Needs(weights + kept_activations + logits + _SPARE, disk)


def micro_tokens(shape: Shape, options: TuneOptions) -> int:
    """Tokens of a forward pass, so that the logits of all of them stay below the limit."""
    fitting = options.logit_bytes // (12 * max(1, shape.vocabulary))
    return min(options.micro_tokens, max(256, fitting))


def most_samples(shape: Shape, options: TuneOptions, device: str) -> int:
    """Samples beyond which a run on the CPU has no time for more, as an upper bound; 0 where there
    is no limit of time, or no bound is known. Drawing them costs time too."""
    if device != "cpu" or not options.max_hours:
        return 0
    speed = _CORE_SPEED * threads.cores(options.threads) / (_PASSES * shape.parameters)
    return max(_LEAST_SAMPLES, int(options.max_hours * 3600 * speed / _SAMPLE_TOKENS))


def check(wanted: Needs, folder: Path, *, device: str) -> None:
    """Raises `InputError` when there is less than is needed."""
    free = memory_free(device)
    if free is not None and free < wanted.memory:
        where = "of the GPU's memory" if device == "cuda" else "of memory"
        raise InputError(
            f"Training needs about {wanted.memory / _GIB:.1f} GB {where}; "
            f"{free / _GIB:.1f} GB are free.",
            hint="Close other programs, use --gradient-checkpointing, a smaller model, or on CUDA "
            "--method qlora.",
        )
    left = shutil.disk_usage(_existing(folder)).free
    if left < wanted.disk:
        raise InputError(
            f"Training needs about {wanted.disk / _GIB:.1f} GB in {folder}; "
            f"{left / _GIB:.1f} GB are free.",
            hint="Free some space, or name another folder with BEADLINE_CACHE_DIR.",
        )


def memory_free(device: str) -> int | None:
    """Bytes that can be had; None where nobody tells."""
    if device == "cuda":
        import torch

        return int(torch.cuda.mem_get_info()[0])
    import psutil

    free = int(psutil.virtual_memory().available)
    limit, used = (_number(_GROUP / f"memory.{name}") for name in ("max", "current"))
    if limit is None or used is None:
        return free
    return min(free, max(0, limit - used + _reclaimable()))


def _reclaimable() -> int:
    """Bytes of the control group that only keep files at hand."""
    try:
        lines = (_GROUP / "memory.stat").read_text("ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))


def _number(path: Path) -> int | None:
    """The number in a control group's file; None where there is no limit, or no such file."""
    try:
        text = path.read_text("ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _adapter_parameters(shape: Shape, rank: int) -> int:
    """Of adapters on seven projections a layer: each `rank` times its inputs and outputs, which are
    the width, or about three times that in the feed-forward part."""
    return shape.layers * rank * shape.hidden * (4 * 2 + 3 * 4)


def _existing(folder: Path) -> Path:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
