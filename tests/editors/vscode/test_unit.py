"""The extension's own checks, its types and unit tests, on the Node that VS Code runs on here."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.editors.install.programs import VSCode as Programs

pytestmark = pytest.mark.editor


@pytest.mark.parametrize("script", ["typecheck", "test"])
def test_the_extension_passes(script: str, vscode_programs: Programs, extension: Path) -> None:
    """`extension` lies beside a copy of its sources and the libraries that its lock file names."""
    path = f"{vscode_programs.node.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["npm", "run", script],
        cwd=extension.parent,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
