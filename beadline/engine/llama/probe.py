"""Start-up probe for builds whose first quantised matrix product crashes. Loads no library.

llama.cpp compiled by GCC 12 with AMX dies of SIGSEGV (ldtilecfg on a misaligned tile
configuration) at the first decode of quantised weights in the AMX buffer type; with
`use_extra_bufts=False` it works. The worker therefore decodes once right after loading; when it
dies of a fault there, the client starts it again with the safe parameter and the verdict is
remembered per library build and model file.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import signal
import tempfile
from pathlib import Path
from typing import Protocol

PROBE_TOKENS = 33
"""More than one row, and no multiple of a tile: the batched product and its remainder run."""
KEPT = 100
"""Verdicts kept in the file, newest last."""
_FAULTS = ("SIGSEGV", "SIGILL", "SIGBUS", "SIGFPE", "SIGABRT")
_WINDOWS_ILLEGAL_INSTRUCTION = 0xC000001D
_WINDOWS_FAULTS = frozenset({0xC0000005, _WINDOWS_ILLEGAL_INSTRUCTION, 0xC0000096, 0xC0000409})
"""Access violation, illegal and privileged instruction, fail-fast abort."""


class Decodes(Protocol):
    """What the probe needs of `native.Context`."""

    @property
    def batch_tokens(self) -> int: ...

    @property
    def context_tokens(self) -> int: ...

    def decode(self, tokens: list[int], position: int, sequence: int) -> bool: ...

    def clear(self, sequence: int) -> None: ...


def decode_probe(context: Decodes) -> None:
    """Run a batch and a single token through sequence 0 and forget them."""
    count = min(PROBE_TOKENS, context.batch_tokens, context.context_tokens - 1)
    context.decode([0] * count, 0, 0)
    context.decode([0], count, 0)
    context.clear(0)


def died_of_fault(returncode: int | None) -> bool:
    """Whether a process ended by a fault of its code (not by being killed, not by an error)."""
    if returncode is None:
        return False
    if returncode < 0:
        return any(getattr(signal, name, None) == -returncode for name in _FAULTS)
    return returncode in _WINDOWS_FAULTS


def met_unknown_instruction(returncode: int | None) -> bool:
    """Whether a process ended because it was compiled for another processor than this one."""
    if returncode is None:
        return False
    return returncode in (-getattr(signal, "SIGILL", 4), _WINDOWS_ILLEGAL_INSTRUCTION)


def machine() -> str:
    """The processor: the same cache directory may be mounted on several machines."""
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return f"{platform.machine()} {line.partition(':')[2].strip()}"
    except OSError:
        pass  # not Linux
    return f"{platform.machine()} {platform.processor()}"


def verdict_key(library: str, model: Path, gpu_layers: int) -> str:
    """Identity of what a verdict is about: machine, library build and files, model file."""
    stat = model.stat()
    parts = (machine(), library, str(model.resolve()), stat.st_size, stat.st_mtime_ns, gpu_layers)
    return hashlib.sha256("\n".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()


class Verdicts:
    """Remembered probes: key -> whether extra buffers are safe. A cache: any damage empties it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._found: dict[str, bool] = {}
        """What this process found, whether the file could be written or not."""

    def get(self, key: str) -> bool | None:
        """None when the probe has not run for this key."""
        return self._found.get(key, self._read().get(key))

    def put(self, key: str, safe: bool) -> None:
        """Remember; atomically, readable by the user alone. A file that cannot be written only
        means that the probe runs again next time.
        """
        self._found[key] = safe
        verdicts = self._read()
        verdicts.pop(key, None)
        verdicts[key] = safe
        kept = dict(list(verdicts.items())[-KEPT:])
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            # mkstemp makes the file with mode 0600.
            handle, temporary = tempfile.mkstemp(dir=self._file.parent, prefix=self._file.name)
        except OSError:
            return
        try:
            with os.fdopen(handle, "w", encoding="ascii") as stream:
                json.dump({"extra_buffers": kept}, stream)
            os.replace(temporary, self._file)
        except OSError:
            Path(temporary).unlink(missing_ok=True)

    def _read(self) -> dict[str, bool]:
        try:
            found = json.loads(self._file.read_bytes())["extra_buffers"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {key: value for key, value in found.items() if isinstance(value, bool)}
