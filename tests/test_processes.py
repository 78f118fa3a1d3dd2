"""Processes of our own start from anywhere and take nothing from where they start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from beadline import __version__, processes


def ran(command: list[str], folder: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A workspace with modules of the names that a start imports."""
    for name in ("beadline", "json", "sitecustomize", "errors", "settings"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken from the workspace')\n")
    return tmp_path


def test_the_command_line_starts_from_any_folder(hostile: Path) -> None:
    assert ran([*processes.command_line(), "--version"], hostile).strip().endswith(__version__)


def test_what_is_run_before_it(hostile: Path) -> None:
    line = processes.command_line("print('first'); ")
    assert ran([*line, "--version"], hostile).startswith("first\n")


def test_arguments_follow(hostile: Path) -> None:
    command = [*processes.python("import beadline, sys; print(sys.argv[2:])"), "a", "b c"]
    assert ran(command, hostile).strip() == "['a', 'b c']"


@pytest.mark.skipif(sys.platform == "win32", reason="niceness")
def test_a_process_stands_back(tmp_path: Path) -> None:
    code = "from beadline import processes as p; import os; p.stand_back(p.LOW); print(os.nice(0))"
    assert int(ran(processes.python(code), tmp_path)) >= min(19, os.nice(0) + processes.LOW)
