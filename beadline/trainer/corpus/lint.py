"""What Ruff says of Python texts: undefined names, faults of layout. Knows no repository.

Abacus drops files with undefined names and keeps what Ruff's layout rules make of the others. Here
that holds for foreign code alone; the user's own style is what is to be learned, so of his code it
is counted what they would touch. Ruff reads copies in a folder of its own and no configuration.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

UNDEFINED = "F821"
LAYOUT = ("W291", "W293", "W391", "E303")
"""Blanks at line ends and on blank lines, blank lines at the end, too many blank lines."""
WORDS = {
    UNDEFINED: "undefined names",
    "W291": "blanks at the end of a line",
    "W293": "blanks on a blank line",
    "W391": "blank lines at the end",
    "E303": "too many blank lines",
}
_BATCH = 500
"""Files that Ruff is given at once."""
_LIMIT_S = 300.0


@dataclass
class Linted:
    """What Ruff found in one text."""

    text: str
    """With its layout put right where that was asked for."""
    found: Counter[str] = field(default_factory=Counter)
    """Rule -> places, before anything was changed."""


def available() -> bool:
    """Whether Ruff is installed beside this Python."""
    return importlib.util.find_spec("ruff") is not None


def lint(texts: Sequence[str], *, fix: bool) -> list[Linted] | None:
    """What Ruff says of Python texts, in their order; None where it is not installed or fails.

    `fix`: put the layout right.
    """
    if not available():
        return None
    done: list[Linted] = []
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        with tempfile.TemporaryDirectory(prefix="beadline-lint-") as name:
            folder = Path(name).resolve()
            linted = _lint(batch, folder, fix=fix)
        if linted is None:
            return None
        done += linted
    return done


def _lint(texts: Sequence[str], folder: Path, *, fix: bool) -> list[Linted] | None:
    paths = [folder / f"{number:05d}.py" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
    rules = ",".join((UNDEFINED, *LAYOUT))
    output = _ruff(paths, "--select", rules, "--no-fix", "--output-format", "json")
    try:
        entries = json.loads(output)
    except ValueError:
        return None
    found: dict[str, Counter[str]] = {}
    for entry in entries:
        if entry.get("code") in WORDS:
            found.setdefault(Path(entry["filename"]).name, Counter())[entry["code"]] += 1
    if fix and any(set(LAYOUT) & set(counts) for counts in found.values()):
        _ruff(paths, "--select", ",".join(LAYOUT), "--fix", "--quiet")
    return [
        Linted(
            path.read_bytes().decode("utf-8", "surrogatepass") if fix else text,
            found.get(path.name, Counter()),
        )
        for path, text in zip(paths, texts, strict=True)
    ]


def _ruff(paths: Sequence[Path], *arguments: str) -> str:
    """What Ruff prints of files of one folder, named one by one: what it skips in folders does not
    matter then. Empty where it fails. No configuration is read and nothing cached."""
    command = [
        # Without -P a file of the folder it is started in could take Ruff's place.
        *(sys.executable, "-P", "-m", "ruff", "check", "--isolated", "--no-cache", "--preview"),
        *("--exit-zero", *arguments, *(path.name for path in paths)),
    ]
    try:
        done = subprocess.run(
            command, cwd=paths[0].parent, capture_output=True, check=True, timeout=_LIMIT_S
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace")
