"""What the set-up hands to the tests: programs and how they are started. Knows no editor."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Program:
    """A program and what its environment must hold."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def version(self) -> str:
        """The first line it prints for `--version`; empty if it does not run."""
        try:
            answer = subprocess.run(
                [*self.command, "--version"],
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
            )
        except OSError:
            return ""
        return answer.stdout.partition("\n")[0] if answer.returncode == 0 else ""


@dataclasses.dataclass(frozen=True)
class VSCode:
    """VS Code as a server, and a browser for it with what drives it."""

    node: Path
    code_server: Path
    browser: Program
    tools: Path
    """A `node_modules` folder."""

    def version(self, folder: Path) -> str:
        """Of code-server and of the VS Code it holds. `folder`: for a configuration file, which
        code-server writes even when it is only asked."""
        configuration = folder / "code-server.yaml"
        configuration.touch()  # it would say first that it wrote one
        entry = str(self.code_server)
        return Program((str(self.node), entry, "--config", str(configuration))).version()
