"""A Neovim that is too old says so, whatever of the plugin is used, and goes on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.editors.install.programs import Program
from tests.editors.neovim.conftest import PLUGIN
from tests.editors.neovim.driver import PLUGIN_INIT, with_plugin

pytestmark = pytest.mark.editor

OLD = "0.7"
MESSAGE = "beadline needs Neovim 0.10 or newer; this is 0.7."


@pytest.fixture(scope="session")
def old(program_of: Callable[[str], Program]) -> Program:
    return program_of(OLD)


def run(program: Program, folder: Path, *commands: str) -> str:
    """What it says while it starts with the plugin, runs the commands and ends."""
    options = ["--headless", "--clean", "-n", "-u", str(PLUGIN_INIT), *with_plugin(PLUGIN)]
    line = [*program.command, *options]
    for command in (*commands, "qall!"):
        line += ["-c", command]
    log = {"NVIM_LOG_FILE": str(folder / "log")}
    done = subprocess.run(
        line,
        cwd=folder,
        env={**os.environ, **program.environment, **log},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    return done.stdout + done.stderr


def test_setup_says_what_is_needed(old: Program, tmp_path: Path) -> None:
    said = run(old, tmp_path)
    assert said.count(MESSAGE) == 1
    assert "stack traceback" not in said and "Error detected" not in said


def test_so_does_every_command(old: Program, tmp_path: Path) -> None:
    said = run(old, tmp_path, "Beadline", "Beadline accept word")
    assert said.count(MESSAGE) == 3
    assert "stack traceback" not in said and "Error detected" not in said


def test_so_does_the_health_report(old: Program, tmp_path: Path) -> None:
    run(old, tmp_path, "checkhealth beadline", "call writefile(getline(1, '$'), 'health')")
    report = (tmp_path / "health").read_text("utf-8")
    assert f"ERROR: {MESSAGE}" in report
