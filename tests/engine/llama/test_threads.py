"""Decoding threads on machines described by a made-up /sys."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from beadline.engine.llama import threads


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight hyper-threads on four cores, all allowed."""
    for cpu in range(8):
        folder = tmp_path / f"devices/system/cpu/cpu{cpu}/topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(f"{cpu % 4},{cpu % 4 + 4}\n")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    return tmp_path


def quota(machine: Path, text: str) -> None:
    (machine / "fs/cgroup").mkdir(parents=True)
    (machine / "fs/cgroup/cpu.max").write_text(text)


def test_cores_are_counted_not_hyper_threads(machine: Path) -> None:
    assert threads.decoding_threads(root=machine) == 4


def test_only_allowed_cpus_count(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 4, 5}, raising=False)
    assert threads.decoding_threads(root=machine) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [("max 100000", 4), ("200000 100000", 2), ("50000 100000", 1), ("odd", 4)],
)
def test_a_quota_limits_them(machine: Path, text: str, expected: int) -> None:
    quota(machine, text)
    assert threads.decoding_threads(root=machine) == expected


def test_a_machine_that_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert threads.decoding_threads(root=tmp_path) == 1
