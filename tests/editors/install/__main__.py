"""`python -m tests.editors.install`: set the editors up and say what is there.

Names of editors (neovim, emacs, vscode) may follow: only those are set up then.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.editors.install import browser, code_server, emacs, neovim
from tests.editors.install.places import SetupError, editors_folder, say


def _neovim(folder: Path) -> None:
    for version in neovim.RELEASES:
        say(f"{neovim.set_up(folder, version).version()} is there")


def _emacs(folder: Path) -> None:
    say(f"{emacs.set_up(folder).program.version()} is there")


def _vscode(folder: Path) -> None:
    chromium = browser.set_up(folder)
    say(f"{chromium.version()} is there")
    vscode = code_server.set_up(folder, chromium)
    say(f"code-server {vscode.version(folder)} is there")


EDITORS = {"neovim": _neovim, "emacs": _emacs, "vscode": _vscode}


def main() -> int:
    """Set up; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.editors.install")
    parser.add_argument("editor", nargs="*", help=f"{', '.join(EDITORS)}; all if none is named")
    names = parser.parse_args().editor or list(EDITORS)
    if unknown := set(names) - set(EDITORS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    folder = editors_folder()
    say(f"setting up in {folder}: {', '.join(names)}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            EDITORS[name](folder)
    except (SetupError, OSError) as exc:
        say(str(exc))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
