"""Builds the VS Code extension of packaging/vscode into a package, as `npm run package` does.

Knows no test. The checkout stays as it is: its sources are copied beside the editors, where the
libraries that its lock file names are installed once.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.editors.install.places import CHECKOUT, Step, need, run, say
from tests.editors.install.programs import VSCode

SOURCE = CHECKOUT / "packaging" / "vscode"
_LOCK = "package-lock.json"
_MODULES = "node_modules"
_MADE = (_MODULES, "dist", "out", "*.vsix")
"""What may lie beside the sources and is no source."""


def build(vscode: VSCode, folder: Path) -> Path:
    """Install its libraries if need be, bundle and pack it in `folder`; the .vsix."""
    need("npm", "npm")
    node = {"PATH": f"{vscode.node.parent}:{os.environ['PATH']}"}
    step = Step(folder / "extension", (SOURCE / _LOCK).read_text("utf-8"))
    if not step.done:
        say("installing the libraries of the extension ...")
        step.begin()
        for name in ("package.json", _LOCK):
            shutil.copy(SOURCE / name, step.folder)
        run(
            ["nice", "npm", "ci", "--no-audit", "--no-fund"],
            log=folder / "extension.log",
            what="Installing the libraries of the extension",
            environment=node,
            cwd=step.folder,
        )
        step.finish()
    _copy_sources(step.folder)
    run(
        ["npm", "run", "package"],
        log=folder / "extension-package.log",
        what="Packing the extension",
        environment=node,
        cwd=step.folder,
    )
    (package,) = step.folder.glob("*.vsix")
    return package


def _copy_sources(folder: Path) -> None:
    """The sources as they are now, and nothing of an earlier build."""
    for old in folder.iterdir():
        if old.name == _MODULES:
            continue
        if old.is_dir():
            shutil.rmtree(old)
        else:
            old.unlink()
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns(*_MADE), dirs_exist_ok=True)
