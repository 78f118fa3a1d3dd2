"""A small repository to draw holes from: a plain directory, a checkout and a bare clone."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

MODULE = '''"""A module of the test's own."""

import os
from pathlib import Path, PurePath


class Thing:
    """Holds a näme."""

    def __init__(self, name: str, *, size: int = 0) -> None:
        """Keep both."""
        self.name = name
        self.size = size

    @property
    def path(self) -> Path:
        return Path(os.fspath(self.name), "ünter", "x")  # why not


def total(things: list[Thing]) -> int:
    result = 0
    for thing in things:
        if thing.size:
            result += thing.size
            print("found", thing.name, sep=": ")
    text = """
    not = code(here)
    """
    return result + len(text)
'''


def git(*arguments: str | Path, cwd: Path) -> None:
    environment = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        **{f"GIT_{who}_NAME": "t" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "t@example.org" for who in ("AUTHOR", "COMMITTER")},
    }
    subprocess.run(
        ["git", *map(str, arguments)], cwd=cwd, env=environment, check=True, capture_output=True
    )


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Files that can be used, and one of every kind that cannot."""
    root = tmp_path / "owner+things"
    for name in ("a.py", "pkg/b.py", "pkg/c.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(MODULE.replace("Thing", "Thing" + name[-4].upper()), "utf-8")
    (root / "_vendor").mkdir()
    (root / "_vendor" / "v.py").write_text(MODULE, "utf-8")
    (root / "broken.py").write_text(MODULE + "def (\n", "utf-8")
    (root / "latin.py").write_bytes(MODULE.encode("latin-1"))
    (root / "dos.py").write_bytes(MODULE.replace("\n", "\r\n").encode())
    (root / "tiny.py").write_text("x = 1\n", "utf-8")
    (root / "large.py").write_text(MODULE * 200, "utf-8")
    (root / "notes.txt").write_text(MODULE, "utf-8")
    return root


@pytest.fixture
def checkout(directory: Path) -> Path:
    """The same in a git work tree, with a change that is not committed."""
    git("init", "-q", ".", cwd=directory)
    git("add", ".", cwd=directory)
    git("commit", "-q", "-m", "all", cwd=directory)
    (directory / "a.py").write_text("changed = True\n" * 100, "utf-8")
    return directory


@pytest.fixture
def bare(checkout: Path, tmp_path: Path) -> Path:
    """A clone without a work tree."""
    git("clone", "-q", "--bare", checkout, tmp_path / "owner+things.git", cwd=tmp_path)
    return tmp_path / "owner+things.git"
