"""Obtains VS Code as a server, the Node it runs on, and what drives its browser, from npm.

Knows nothing of how they are used. code-server comes as source for its native modules, which are
compiled here (minutes, once): it needs a C++ compiler, and Kerberos headers that only few machines
have, which are unpacked into a folder.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.editors.install import debian
from tests.editors.install.places import SetupError, Step, need, run, say
from tests.editors.install.programs import Program, VSCode

_PACKAGES = Path(__file__).with_name("packages")


def set_up(folder: Path, browser: Program) -> VSCode:
    """Everything for VS Code in `browser`; downloads and compiles into `folder` if need be."""
    need("npm", "npm")
    node = _npm(folder, "node", "Node", dict) / "node" / "bin" / "node"
    if not (version := Program((str(node),)).version()):
        raise SetupError(f"{node} does not run here; remove {folder / 'node'} to set it up again.")
    say(f"Node {version} is there")
    path = {"PATH": f"{node.parent}:{os.environ['PATH']}"}
    tools = _npm(folder, "tools", "the tools that drive the browser", lambda: path)
    modules = _npm(folder, "code-server", "code-server", lambda: path | _compiling(folder, node))
    return VSCode(node, modules / "code-server" / "out" / "node" / "entry.js", browser, tools)


def _npm(folder: Path, name: str, what: str, environment: Callable[[], Mapping[str, str]]) -> Path:
    """Install the packages of one list; their `node_modules`. `environment`: what npm needs."""
    listed = _PACKAGES / name / "package.json"
    step = Step(folder / name, listed.read_text("utf-8"))
    if not step.done:
        say(f"installing {what} ...")
        variables = environment()
        step.begin()
        shutil.copy(listed, step.folder)
        run(
            ["nice", "npm", "install", "--no-package-lock", "--no-audit", "--no-fund"],
            log=folder / f"{name}.log",
            what=f"Installing {what}",
            environment=variables,
            cwd=step.folder,
        )
        step.finish()
    return step.folder / "node_modules"


def _compiling(folder: Path, node: Path) -> dict[str, str]:
    """The environment in which code-server's native modules compile for this Node."""
    for program, package in (("g++", "g++"), ("make", "make"), ("python3", "python3")):
        need(program, package)
    headers = debian.unpack(folder / "kerberos", ["libkrb5-dev"])
    say("compiling code-server's native modules, which takes minutes ...")
    (version,) = (node.parents[1] / "node_modules").glob("*/include/node/node_version.h")
    return {
        "CPATH": str(headers / "usr" / "include"),
        "LIBRARY_PATH": debian.library_folders(headers),
        # The user's own settings may name the headers of another Node.
        "npm_config_nodedir": str(version.parents[2]),
    }
