"""Whether the memory of a long-lived server and its worker grows. Knows no requests."""

from __future__ import annotations

from statistics import median

import psutil

WARM_UP = 0.2
"""The first part of what was seen; caches fill, allocators find their size."""
MOST = 12.0
"""Mebibytes that either may grow by from the end of the warm-up to the end: what is kept of 64
documents, places and answers is bounded by less, and one kilobyte lost a request is 8 in 8,000
requests, 1 a prompt."""


class Memory:
    """Resident sets, one after another."""

    def __init__(self) -> None:
        self._server: list[float] = []
        self._workers: dict[int, list[float]] = {}

    def look(self, server: int, worker: psutil.Process | None) -> None:
        """See what both take now."""
        self._server.append(_resident(psutil.Process(server)))
        if worker is not None:
            self._workers.setdefault(worker.pid, []).append(_resident(worker))

    def __str__(self) -> str:
        newest = list(self._workers.values())[-1:]
        last = [seen[-1] for seen in (self._server, *newest) if seen]
        return "server and worker " + ", ".join(f"{each:.0f} MiB" for each in last)

    def checked(self) -> list[str]:
        """Sentences for the summary; raises where one has grown."""
        oldest = max(self._workers.values(), key=len)
        return [_flat("the server", self._server), _flat("its oldest worker", oldest)]


def _resident(process: psutil.Process) -> float:
    return process.memory_info().rss / 2**20


def _flat(name: str, seen: list[float]) -> str:
    """Medians of a fifth each: after the warm-up, and at the end."""
    fifth = max(1, len(seen) // 5)
    start = int(WARM_UP * len(seen))
    early, late = median(seen[start : start + fifth]), median(seen[-fifth:])
    told = f"{name}: {early:.1f} MiB after the warm-up, {late:.1f} MiB at the end"
    assert late - early <= MOST, f"{told}: {[round(each, 1) for each in seen]}"
    return f"{told} ({len(seen)} looks)"
