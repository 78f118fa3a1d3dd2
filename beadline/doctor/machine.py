"""What this machine is: packages, processor, memory. Knows no model and no settings."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from beadline import __version__
from beadline.doctor.report import Check, Status, ok
from beadline.engine.llama import installation

LLAMA = "llama-cpp-python"
PACKAGES = (LLAMA, "pygls", "lsprotocol", "tree-sitter")
_AGAIN = "Install beadline again."
_CPU_FEATURES = ("avx", "avx2", "avx512f", "amx_int8", "fma", "f16c", "asimd", "sve")


@dataclass(frozen=True)
class Memory:
    """Main memory in bytes; 0 where the system does not tell."""

    total: int
    available: int
    """What can be had without swapping."""


def checks() -> Iterator[Check]:
    """Versions, packages and the processor."""
    yield ok(
        "versions", f"beadline {__version__}, Python {platform.python_version()}",
        beadline=__version__, python=platform.python_version(),
    )  # fmt: skip
    found: dict[str, str] = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            is_engine = package == LLAMA
            todo = installation.missing(installation.here()) if is_engine else _AGAIN
            yield Check("packages", Status.ERROR, f"{package} is not installed.", todo)
    told = ", ".join(f"{name} {version}" for name, version in found.items())
    yield ok("packages", told, **found)
    features = cpu_features()
    cpu = f"{platform.system()} {platform.machine()}, {os.cpu_count()} logical processors"
    told = f", {' '.join(features)}" if features else ""
    yield ok("machine", cpu + told, processors=os.cpu_count(), features=" ".join(features))


def cpu_features() -> list[str]:
    """The vector extensions that matter here. Only Linux tells this way; the engine's build line
    names what is used.
    """
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8", "replace").split()
    except OSError:
        return []
    return [feature for feature in _CPU_FEATURES if feature in flags]


def memory() -> Memory:
    """What this process may use: the machine's, or less in a container."""
    if sys.platform == "win32":
        return _windows_memory()
    found = meminfo(Path("/proc/meminfo"))
    if found is None:
        # macOS and the BSDs: no file, and no portable number for what is free.
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return Memory(max(0, total), 0)
    return within_cgroup(found, Path("/sys/fs/cgroup"))


def meminfo(file: Path) -> Memory | None:
    """Linux's `/proc/meminfo`; None where there is none."""
    try:
        lines = file.read_text("ascii", "replace").splitlines()
    except OSError:
        return None
    kibibytes = {
        key: int(value.split()[0])
        for key, _, value in (line.partition(":") for line in lines)
        if value.split() and value.split()[0].isdigit()
    }
    return Memory(
        1024 * kibibytes.get("MemTotal", 0),
        1024 * kibibytes.get("MemAvailable", kibibytes.get("MemFree", 0)),
    )


def within_cgroup(memory: Memory, folder: Path) -> Memory:
    """Not more than the limit of a container (cgroup v2, then v1)."""
    for limit_name, used_name in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            limit = (folder / limit_name).read_text("ascii").strip()
            used = (folder / used_name).read_text("ascii").strip()
        except OSError:
            continue
        if limit.isdigit() and used.isdigit() and int(limit) < memory.total:
            free = max(0, int(limit) - int(used))
            return Memory(int(limit), min(memory.available, free))
        break
    return memory


def _windows_memory() -> Memory:
    """`GlobalMemoryStatusEx` (MEMORYSTATUSEX of sysinfoapi.h)."""
    assert sys.platform == "win32"

    class Status(ctypes.Structure):
        _fields_ = [
            ("length", ctypes.c_ulong), ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in (
                "total", "available", "total_page", "available_page",
                "total_virtual", "available_virtual", "extended",
            )),
        ]  # fmt: skip

    status = Status()
    status.length = ctypes.sizeof(status)
    if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return Memory(0, 0)
    return Memory(status.total, status.available)
