"""Does the installed llama-cpp-python fit what `native` assumes? Calls nothing but C's defaults.

C's own struct sizes cannot be asked for. Instead C fills its default parameters into the ctypes
structs, and they must read back as the documented values: a shifted layout cannot pass that.
"""

from __future__ import annotations

import re
from typing import Any

from beadline.engine.llama.installation import here, other_version
from beadline.errors import EngineError

MINIMUM_VERSION = (0, 3, 36)
"""First llama-cpp-python whose struct fields match this module."""
BELOW_VERSION = (0, 4, 0)
"""First one that may differ."""

STRUCTS = {
    "llama_model_params": (
        *("n_gpu_layers", "load_mode", "progress_callback"),
        *("vocab_only", "use_extra_bufts"),
    ),
    "llama_context_params": (
        *("n_ctx", "n_batch", "n_ubatch", "n_seq_max", "n_threads", "n_threads_batch"),
        *("swa_full", "kv_unified"),
    ),
    "llama_batch": ("n_tokens", "token", "embd", "pos", "n_seq_id", "seq_id", "logits"),
}
_MODEL_DEFAULTS = {"main_gpu": 0, "vocab_only": False, "check_tensors": False}
_MODEL_DEFAULTS |= {"use_extra_bufts": True, "no_host": False}
_CONTEXT_DEFAULTS: dict[str, Any] = {"n_ctx": 512, "n_batch": 2048, "n_ubatch": 512}
_CONTEXT_DEFAULTS |= {"n_seq_max": 1, "type_k": 1, "type_v": 1, "rope_freq_base": 0.0}
_CONTEXT_DEFAULTS |= {"yarn_ext_factor": -1.0, "offload_kqv": True, "no_perf": True}
_CONTEXT_DEFAULTS |= {"op_offload": True, "swa_full": True, "kv_unified": False}


def check_version(version: str) -> None:
    """Raises `EngineError` for a llama-cpp-python outside the supported range."""
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
    if not MINIMUM_VERSION <= numbers < BELOW_VERSION:
        message = f"llama-cpp-python {version} is not supported."
        raise EngineError(message, hint=other_version(here()))


def check_layout(names: Any) -> None:
    """Raises `EngineError` when structs lack fields or C's defaults read back wrong."""
    for struct, wanted in STRUCTS.items():
        present = {name for name, *_ in getattr(names, struct)._fields_}
        if missing := [name for name in wanted if name not in present]:
            raise EngineError(
                f"llama-cpp-python's {struct} lacks {', '.join(missing)}.",
                hint=other_version(here()),
            )
    for params, defaults in (
        (names.llama_model_default_params(), _MODEL_DEFAULTS),
        (names.llama_context_default_params(), _CONTEXT_DEFAULTS),
    ):
        for name, value in defaults.items():
            if getattr(params, name) != value:
                raise EngineError(
                    f"llama.cpp's library and its Python structs disagree on {name} "
                    f"({getattr(params, name)!r} instead of {value!r}).",
                    hint="Unset LLAMA_CPP_LIB_PATH or reinstall llama-cpp-python.",
                )
