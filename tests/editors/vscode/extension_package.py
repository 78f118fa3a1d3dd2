"""Builds the smoke test's VS Code extension into a package. Knows no test."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.editors.install.programs import VSCode

SOURCE = Path(__file__).with_name("extension")


def build(vscode: VSCode, folder: Path) -> Path:
    """Bundle and pack it in `folder`; the .vsix."""
    shutil.copy(SOURCE / "package.json", folder)
    package = folder / "extension.vsix"
    _run(
        vscode,
        folder,
        "esbuild",
        str(SOURCE / "src" / "extension.js"),
        f"--outfile={folder / 'extension.js'}",
        *("--bundle", "--platform=node", "--external:vscode", "--log-level=warning"),
    )
    _run(
        vscode,
        folder,
        "vsce",
        *("package", "--no-dependencies", "--allow-missing-repository", "--skip-license"),
        f"--out={package}",
    )
    return package


def _run(vscode: VSCode, folder: Path, tool: str, *arguments: str) -> None:
    path = f"{vscode.node.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [vscode.tools / ".bin" / tool, *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path, "NODE_PATH": str(vscode.tools)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, f"{tool} failed:\n{done.stdout}"
