"""How many decoding threads this process may use. Knows the machine, no model."""

from __future__ import annotations

import os
from pathlib import Path


def decoding_threads(*, root: Path = Path("/sys")) -> int:
    """Physical cores that this process may run on, within its cgroup's quota; at least 1.

    More threads than that make llama.cpp slower, many times so under a quota, because its
    threads wait for each other by spinning.
    """
    allowed = _allowed_cpus()
    cores = {_siblings(root, cpu) for cpu in allowed}
    count = len(cores)
    quota = _quota(root)
    return max(1, count if quota is None else min(count, quota))


def _allowed_cpus() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _siblings(root: Path, cpu: int) -> str:
    """The hyper-threads of a core share this text; a machine that tells none has no siblings."""
    try:
        return (root / f"devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text(
            "ascii"
        )
    except OSError:
        return str(cpu)


def _quota(root: Path) -> int | None:
    """Whole CPUs of cgroup v2's quota; None without one."""
    try:
        quota, period = (root / "fs/cgroup/cpu.max").read_text("ascii").split()
        return None if quota == "max" else max(1, int(quota) // int(period))
    except (OSError, ValueError):
        return None
