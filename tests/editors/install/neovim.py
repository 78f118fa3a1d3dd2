"""Obtains a Neovim that knows inline completion. Knows nothing of how it is driven.

The machine's own is taken if it is new enough; else Debian testing's, unpacked into a folder and
started through its own loader, so that it runs on older releases too.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.editors.install import debian
from tests.editors.install.places import SetupError
from tests.editors.install.programs import Program

MINIMUM = (0, 12)
"""The first version with `vim.lsp.inline_completion`."""

DEBIAN_RELEASE = "forky"
"""The first Debian release that has it."""

_LIBRARIES = "usr/lib/*-linux-gnu*"


def set_up(folder: Path) -> Program:
    """A Neovim of at least `MINIMUM`; downloads it into `folder` if need be."""
    if (own := shutil.which("nvim")) and _new_enough(program := Program((own,))):
        return program
    root = debian.unpack(folder / "neovim", ["neovim"], release=DEBIAN_RELEASE, own_loader=True)
    program = _unpacked(root)
    if not _new_enough(program):
        raise SetupError(
            f"The Neovim in {root} does not run, or is older than 0.12: {program.version()!r}. "
            "Remove the folder to download it again, or install Neovim 0.12."
        )
    return program


def _new_enough(program: Program) -> bool:
    found = re.match(r"NVIM v(\d+)\.(\d+)", program.version())
    return found is not None and tuple(map(int, found.groups())) >= MINIMUM


def _unpacked(root: Path) -> Program:
    try:
        (libraries,) = root.glob(_LIBRARIES)
        loader = next(libraries.glob("ld-linux*.so.*"))
    except (ValueError, StopIteration):
        raise SetupError(f"{root} is incomplete; remove it and set up again.") from None
    return Program(
        (str(loader), "--library-path", str(libraries), str(root / "usr" / "bin" / "nvim")),
        {
            "VIMRUNTIME": str(root / "usr" / "share" / "nvim" / "runtime"),
            "LUA_CPATH": f"{libraries}/lua/5.1/?.so;;",
        },
    )
