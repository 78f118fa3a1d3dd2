"""`python -m tests.editors.install`: set the editors up and say what is there."""

from __future__ import annotations

import sys

from tests.editors.install import browser, code_server, emacs, neovim
from tests.editors.install.places import SetupError, editors_folder, say


def main() -> int:
    """Set up; the exit code."""
    folder = editors_folder()
    say(f"setting the editors up in {folder}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        say(f"{neovim.set_up(folder).version()} is there")
        say(f"{emacs.set_up(folder).program.version()} is there")
        chromium = browser.set_up(folder)
        say(f"{chromium.version()} is there")
        vscode = code_server.set_up(folder, chromium)
    except (SetupError, OSError) as exc:
        say(str(exc))
        return 1
    say(f"code-server {vscode.version(folder)} is there")
    return 0


if __name__ == "__main__":
    sys.exit(main())
