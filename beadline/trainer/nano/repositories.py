"""The list of repositories that may be used, and where clones of them lie. Reads no source.

The file has sections (`## NAME ...`) with one `owner/name` a line; `#` begins a comment. Nothing is
fetched: clones are made by whoever runs this.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from beadline.errors import InputError
from beadline.evaluation.sources import git_command
from beadline.trainer.corpus.sources import Repository

TRAINING = "TRAINING"
PACKAGES = (
    "torch", "transformers", "accelerate", "peft", "huggingface_hub", "tokenizers", "sympy",
    "networkx", "numpy", "jinja2", "PyYAML", "fsspec", "filelock", "setuptools",
)  # fmt: skip
"""Installed packages that the list allows, beside the standard library."""
_SECTION = re.compile(r"##\s*([A-Z][A-Z-]+)")
_ENTRY = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


@dataclass(frozen=True)
class Listing:
    """What a list of repositories says."""

    sections: Mapping[str, Sequence[str]]
    """Section -> names, in the file's order."""

    @property
    def training(self) -> Sequence[str]:
        """Those that may be trained on."""
        return self.sections[TRAINING]

    @property
    def unseen(self) -> Sequence[str]:
        """Those of all other sections: nothing of them may be trained on."""
        trained = set(self.training)
        others = (each for name, each in self.sections.items() if name != TRAINING)
        return [name for names in others for name in names if name not in trained]


def read(path: Path) -> Listing:
    """The list in a file. Raises `InputError` where it is none."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{path} cannot be read: {exc}.", hint="Name the list.") from exc
    sections: dict[str, list[str]] = {}
    current: list[str] | None = None
    for number, line in enumerate(lines, start=1):
        if title := _SECTION.match(line):
            current = sections.setdefault(title[1], [])
            continue
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        if current is None or not _ENTRY.fullmatch(entry):
            raise InputError(
                f"{path}, line {number}, names no repository of a section: {entry}.",
                hint="A section begins with `## NAME`; an entry is owner/name.",
            )
        current.append(entry)
    if not sections.get(TRAINING):
        raise InputError(f"{path} has no section {TRAINING}.", hint="Name the list.")
    return Listing(sections)


def find(folders: Iterable[Path], name: str) -> Path | None:
    """Where a clone of owner/name lies below one of some folders: `owner+name` (the clone itself,
    or a bare one in its `repo`), `owner/name`, or `name`."""
    owner, _, tail = name.partition("/")
    for folder in folders:
        for place in (f"{owner}+{tail}", f"{owner}+{tail}/repo", name, tail, f"{tail}.git"):
            if git_command(folder / place) is not None:
                return folder / place
    return None


class Public(Repository):
    """A commit of somebody else's repository, named as prompts name it: by its folder."""

    foreign = True

    def __init__(self, path: Path, name: str) -> None:
        """`name`: owner/name. Raises as `Repository`."""
        super().__init__(path, name=name.rpartition("/")[2])
        self.full_name = name


def located(names: Sequence[str], folders: Sequence[Path]) -> tuple[dict[str, Path], list[str]]:
    """Name -> clone of those that are there, and the names of those that are not."""
    places = {name: find(folders, name) for name in names}
    there = {name: place for name, place in places.items() if place is not None}
    return there, [name for name in names if name not in there]
