"""A command started by another program ends with it, in whatever it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from beadline.lsp.training import command

TIMEOUT_S = 60
SETUP = """
import sys, threading, time
from beadline.commands.following import follow
follow(patience_s={patience})
try:
    print("here", flush=True)
    {wait}
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize(
    ("wait", "patience"),
    [
        ("threading.Event().wait()", TIMEOUT_S),
        ("time.sleep(1000)", TIMEOUT_S),
        ("while True: pass", TIMEOUT_S),
        ("__import__('signal').signal(2, 1), time.sleep(1000)", 0.1),
    ],
    ids=["waiting", "sleeping", "working", "deaf"],
)
def test_it_is_interrupted_when_its_input_ends(wait: str, patience: float) -> None:
    code = SETUP.format(wait=wait, patience=patience)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline().strip() == b"here"
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(TIMEOUT_S) == 130


def test_the_servers_child_is_the_command_line(tmp_path: Path) -> None:
    line = [*command(), "--version"]
    with subprocess.Popen(
        line, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.read().startswith(b"beadline ")
        assert process.wait(TIMEOUT_S) == 0
