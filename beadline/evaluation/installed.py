"""Python packages that are installed beside beadline: general code on the user's own machine.

A training may mix some of them in (replay) and has to be measured on others (control): which is
which is decided here, by the names alone, so that no run and no version of a run can take one for
the other. Knows no training and no model.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from beadline.evaluation.sources import (
    MAX_BYTES,
    MIN_BYTES,
    PYTHON,
    SourceFile,
    is_own_code,
    usable_text,
)

CONTROL = 4
"""One package in so many is control."""
_OWN = 0.5
"""Share of a package's files whose paths are also the repository's: then it is the repository."""
_LEAST_FILES = 3
"""Fewer Python files are no package to learn from, nor one to be measured on."""


@dataclass(frozen=True)
class Package:
    """One installed distribution."""

    name: str
    """In its normal form (PEP 503)."""
    version: str
    files: tuple[tuple[str, Path], ...] = field(repr=False)
    """Paths of its Python files, relative to where packages are installed, and where they are;
    neither vendored nor hidden, in order."""

    @property
    def is_control(self) -> bool:
        """Whether it is kept for measuring what a training has forgotten."""
        return is_control(self.name)


def is_control(name: str) -> bool:
    """Whether a distribution of this name is kept for control: no training may read it."""
    return hashlib.sha256(normal(name).encode()).digest()[0] % CONTROL == 0


def normal(name: str) -> str:
    """The normal form of a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def packages() -> list[Package]:
    """All that are installed with Python files of their own, by name; none that is only linked to
    (an editable installation)."""
    found: dict[str, Package] = {}
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        if not name or normal(name) in found:  # the first one on the path is imported
            continue
        files = tuple(sorted(_files(distribution)))
        if len(files) >= _LEAST_FILES:
            found[normal(name)] = Package(normal(name), distribution.version, files)
    return sorted(found.values(), key=lambda package: package.name)


def of_others(found: Collection[Package], paths: Collection[str]) -> list[Package]:
    """The packages that are not the repository with files at `paths`, installed: its held-out code
    must come in by no other door."""
    endings = {ending for path in paths for ending in _endings(path)}
    return [
        package
        for package in found
        if sum(path in endings for path, _ in package.files) < _OWN * len(package.files)
    ]


def read(package: Package, path: str, place: Path) -> SourceFile | None:
    """One file of a package; None where it is none that holes are drawn from."""
    try:
        if not MIN_BYTES <= place.stat().st_size <= MAX_BYTES:
            return None
        text = usable_text(place.read_bytes(), PYTHON)
    except OSError:
        return None
    return None if text is None else SourceFile(package.name, package.version, path, text, PYTHON)


def _files(distribution: importlib.metadata.Distribution) -> Iterator[tuple[str, Path]]:
    for entry in distribution.files or ():
        path = PurePosixPath(entry.as_posix())
        inside = ".." not in path.parts and not path.is_absolute() and len(path.parts) > 1
        if path.suffix == ".py" and inside and is_own_code(str(path)):
            yield str(path), Path(str(entry.locate()))


def _endings(path: str) -> Iterator[str]:
    """A path, and what is left of it below each of its folders: `src/a/b.py` is `a/b.py`."""
    parts = PurePosixPath(path).parts
    for start in range(len(parts) - 1):
        yield "/".join(parts[start:])
