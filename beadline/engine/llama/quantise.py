"""Writes a model in another type by llama.cpp's own rules (`Q4_K_M`...). Knows no prompts."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from beadline.engine.llama.installation import here, other_version
from beadline.engine.llama.native import Library
from beadline.errors import EngineError, ModelError


def quantise(library: Library, source: Path, target: Path, kind: str, *, threads: int = 0) -> None:
    """Write the GGUF `source`, in F32 or F16, to `target` in another type.

    `kind` as llama.cpp calls it (`Q8_0`, `Q4_K_M`); `threads` 0: all. Raises `ModelError` for a
    type that there is not and a file that cannot be written, `EngineError` for another llama.cpp.
    """
    names = library.names
    ftype = getattr(names, f"LLAMA_FTYPE_MOSTLY_{kind}", None)
    if ftype is None:
        raise ModelError(f"llama.cpp knows no type {kind}.", hint="Q8_0 and Q4_K_M are known.")
    params = names.llama_model_quantize_default_params()
    # A shifted layout of the struct cannot read back as the documented defaults.
    if not params.quantize_output_tensor or params.only_copy or params.dry_run:
        raise EngineError("llama-cpp-python does not fit its library.", hint=other_version(here()))
    params.ftype, params.nthread = ftype, threads
    paths = os.fsencode(source), os.fsencode(target)
    if names.llama_model_quantize(*paths, ctypes.byref(params)):
        raise ModelError(f"{source.name} cannot be written as {kind}: {library.errors()}.")
