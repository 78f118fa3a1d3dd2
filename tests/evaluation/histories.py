"""Repositories with a history, made for one test."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.evaluation.conftest import git


class History:
    """A repository that grows commit by commit."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True)
        git("init", "-q", "-b", "main", ".", cwd=root)

    def commit(self, files: Mapping[str, str | bytes | None]) -> str:
        """Write files (None: remove), commit, and say which commit it is."""
        for path, content in files.items():
            file = self.root / path
            if content is None:
                file.unlink()
                with contextlib.suppress(OSError):  # other files are left in it
                    file.parent.rmdir()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        git("add", "-A", ".", cwd=self.root)
        git("commit", "-q", "--allow-empty", "-m", "a change", cwd=self.root)
        return self.head

    @property
    def head(self) -> str:
        command = ["git", "-C", str(self.root), "rev-parse", "HEAD"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def module(name: str, functions: int = 8) -> str:
    """A file of real enough code; no two modules have lines in common that tell anything."""
    parts = [f'"""Module {name} of the test."""\n\nimport os\n']
    parts += [
        f"""
def {name}_{number}(first, second):
    {name}_total = first * {number} + second
    if {name}_total > {number}:
        print("{name} is large", {name}_total, {number})
    return os.path.join(str({name}_total), "{name}_{number}")
"""
        for number in range(functions)
    ]
    return "\n".join(parts)
