"""Where the editors' files lie and how a step of the set-up runs. Knows no editor and no package.

Nothing outside the folder is written, so that removing the folder removes all of it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import platformdirs

CHECKOUT = Path(__file__).resolve().parents[3]
FOLDER_VARIABLE = "BEADLINE_EDITORS_DIR"
_OUTPUT_LINES = 30


class SetupError(Exception):
    """Something the set-up needs is missing or failed; the message says what to do."""


def editors_folder() -> Path:
    """The folder for editors and their tools: `BEADLINE_EDITORS_DIR`, else one in the user's cache
    directory, which all clones share."""
    cache = platformdirs.user_cache_dir("beadline-editors", appauthor=False)
    return Path(os.environ.get(FOLDER_VARIABLE) or cache).resolve()


def say(message: str) -> None:
    """One line of progress."""
    print(f"editors: {message}", file=sys.stderr, flush=True)


def need(program: str, package: str) -> str:
    """The path of a program of this machine; an error that names its package if it is missing."""
    if (found := shutil.which(program)) is None:
        raise SetupError(f"{program} not found; install it first (package {package}).")
    return found


def run(
    command: Iterable[str | Path],
    *,
    log: Path,
    what: str,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Run one command of the set-up, its output into `log`; SetupError with its end if it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        code = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            cwd=cwd,
        ).returncode
    if code:
        lines = log.read_text("utf-8", "replace").splitlines()[-_OUTPUT_LINES:]
        end = "\n".join(f"    {line}" for line in lines)
        raise SetupError(f"{what} failed with exit code {code}; all of it is in {log}:\n{end}")


class Step:
    """A part of the set-up that is done once for a key, in a folder of its own.

    The folder counts only when the mark beside it says that it was finished for this key;
    whatever an interrupted run left is removed first.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.folder = folder
        self._key = key
        self._mark = folder.with_name(folder.name + ".done")

    @property
    def done(self) -> bool:
        """Whether the folder holds a finished set-up for this key."""
        return (
            self.folder.is_dir()
            and self._mark.is_file()
            and self._mark.read_text("utf-8") == self._key
        )

    def begin(self) -> None:
        """An empty folder."""
        self._mark.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def finish(self) -> None:
        """The folder is complete."""
        self._mark.write_text(self._key, "utf-8")
