"""Memory as the system tells it, with and without a container around."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from beadline.doctor import machine
from beadline.doctor.machine import Memory, meminfo, within_cgroup
from beadline.doctor.report import Status

MEMINFO = """\
MemTotal:       16384000 kB
MemFree:          512000 kB
MemAvailable:    8192000 kB
HugePages_Total:       0
"""


def test_linux_tells_what_is_available(tmp_path: Path) -> None:
    file = tmp_path / "meminfo"
    file.write_text(MEMINFO, "ascii")
    assert meminfo(file) == Memory(16384000 * 1024, 8192000 * 1024)
    # Kernels before 3.14.
    file.write_text(MEMINFO.replace("MemAvailable", "Something"), "ascii")
    assert meminfo(file) == Memory(16384000 * 1024, 512000 * 1024)
    assert meminfo(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("names", "contents", "expected"),
    [
        (("memory.max", "memory.current"), ("max", "5"), Memory(1000, 800)),
        (("memory.max", "memory.current"), ("600", "200"), Memory(600, 400)),
        (("memory.max", "memory.current"), ("900", "10"), Memory(900, 800)),
        (("memory.max", "memory.current"), ("600", "700"), Memory(600, 0)),
        (("memory.max", "memory.current"), ("9000", "0"), Memory(1000, 800)),
        (
            ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
            ("600", "200"),
            Memory(600, 400),
        ),
        (("memory.max", "other"), ("600", "200"), Memory(1000, 800)),
    ],
)
def test_a_container_has_less(
    tmp_path: Path, names: tuple[str, str], contents: tuple[str, str], expected: Memory
) -> None:
    for name, content in zip(names, contents, strict=True):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(content + "\n", "ascii")
    assert within_cgroup(Memory(1000, 800), tmp_path) == expected


def test_this_machine() -> None:
    found = machine.memory()
    assert 0 <= found.available <= found.total <= psutil.virtual_memory().total


def test_a_missing_package_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "PACKAGES", ("llama-cpp-python", "no-such-package"))
    broken = [check for check in machine.checks() if check.status is Status.ERROR]
    assert [check.what for check in broken] == ["no-such-package is not installed."]
