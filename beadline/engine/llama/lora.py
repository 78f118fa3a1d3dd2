"""Adapters loaded beside one model, and the one in use. Knows no manifests and no sequences.

They are small beside the model, so the last few stay loaded: two repositories open in one editor
take turns at no cost but llama.cpp's, which lays out its graph anew.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from beadline.engine.adapters import check_file, file_digest
from beadline.engine.llama.memory import tells_of_memory
from beadline.engine.llama.native import Context, Model
from beadline.errors import AdapterError, OutOfMemory

MOST_LOADED = 4


class Lora:
    """One adapter in memory. Its model must live as long; free with `close`."""

    def __init__(self, model: Model, path: Path) -> None:
        """Raises `AdapterError` when it is damaged or does not fit the model, `OutOfMemory`."""
        check_file(path)
        self._names = model.library.names
        try:
            self.digest = file_digest(path)
        except OSError as exc:
            raise AdapterError(f"{path} cannot be read: {exc.strerror or exc}.") from exc
        self.pointer: Any = self._names.llama_adapter_lora_init(model.pointer, os.fsencode(path))
        if not self.pointer:
            reason = model.library.errors()
            if tells_of_memory(reason):
                raise OutOfMemory(f"There is not enough memory for the adapter: {reason}.")
            raise AdapterError(
                f"The adapter {path.name} does not fit the model: {reason or 'no reason given'}.",
                hint="Train again: `beadline train`.",
            )

    def close(self) -> None:
        """Free it. No context may be using it."""
        if self.pointer:
            self._names.llama_adapter_lora_free(self.pointer)
            self.pointer = None


class Adapters:
    """What one context decodes with over its model's weights."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._loaded: dict[tuple[str, int, int], Lora] = {}
        """By path, size and time of change; least recently used first."""

    def use(self, path: Path, scale: float) -> str:
        """Decode with the adapter from now on; what tells its effect from any other's.

        Raises `AdapterError`, `OutOfMemory`, `EngineError`; then none is in use.
        """
        try:
            lora = self._get(path)
            self._context.use_adapter(lora.pointer, scale)
        except Exception:
            self.use_none()
            raise
        return f"{lora.digest} {scale:g}"

    def use_none(self) -> str:
        """Decode with the model's weights alone; empty, for what `use` would say."""
        self._context.use_adapter(None)
        return ""

    def _get(self, path: Path) -> Lora:
        try:
            status = path.stat()
        except OSError as exc:
            raise AdapterError(f"There is no adapter {path}: {exc.strerror}.") from exc
        key = str(path), status.st_size, status.st_mtime_ns
        lora = self._loaded.pop(key, None)
        if lora is None:
            self._make_room()
            lora = Lora(self._context.model, path)
        self._loaded[key] = lora
        return lora

    def _make_room(self) -> None:
        if len(self._loaded) >= MOST_LOADED:
            # The one in use may be the oldest.
            self.use_none()
            self._loaded.pop(next(iter(self._loaded))).close()
