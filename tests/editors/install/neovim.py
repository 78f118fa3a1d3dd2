"""Obtains Neovims of several versions. Knows nothing of how they are driven.

The machine's own is taken if it is one of the version wanted; else that of the Debian release that
has it, unpacked into a folder and started through its own loader, so that it runs on other releases
too.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.editors.install import debian
from tests.editors.install.places import SetupError
from tests.editors.install.programs import Program

NEWEST = "0.12"
"""The first version with `vim.lsp.inline_completion`; newer ones do as well."""

RELEASES = {NEWEST: "forky", "0.10": "trixie", "0.7": "bookworm"}
"""Debian releases by the version of Neovim they have."""

_LIBRARIES = "usr/lib/*-linux-gnu*"


def set_up(folder: Path, version: str = NEWEST) -> Program:
    """A Neovim of that version; downloads it into `folder` if need be."""
    if (own := shutil.which("nvim")) and _is(version, program := Program((own,))):
        return program
    name = "neovim" if version == NEWEST else f"neovim-{version}"
    root = debian.unpack(folder / name, ["neovim"], release=RELEASES[version], own_loader=True)
    program = _unpacked(root)
    if not _is(version, program):
        raise SetupError(
            f"The Neovim in {root} does not run, or is not {version}: {program.version()!r}. "
            f"Remove the folder to download it again, or install Neovim {version}."
        )
    return program


def _is(version: str, program: Program) -> bool:
    found = re.match(r"NVIM v(\d+)\.(\d+)", program.version())
    if found is None:
        return False
    wanted, there = _numbers(version), _numbers(".".join(found.groups()))
    return there >= wanted if version == NEWEST else there == wanted


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _unpacked(root: Path) -> Program:
    try:
        (libraries,) = root.glob(_LIBRARIES)
        # Releases up to bookworm have the C library outside of /usr.
        folders = (libraries, root / "lib" / libraries.name)
        loader = next(path for folder in folders for path in folder.glob("ld-linux*.so.*"))
    except (ValueError, StopIteration):
        raise SetupError(f"{root} is incomplete; remove it and set up again.") from None
    path = ":".join(map(str, folders))
    return Program(
        (str(loader), "--library-path", path, str(root / "usr" / "bin" / "nvim")),
        {
            "VIMRUNTIME": str(root / "usr" / "share" / "nvim" / "runtime"),
            "LUA_CPATH": f"{libraries}/lua/5.1/?.so;;",
        },
    )
