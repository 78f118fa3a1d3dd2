"""General code on the user's own machine as sources: the standard library, installed packages.

Nothing is shipped or downloaded. Which packages are control, and so never trained on, is for
`evaluation.installed` to say. Knows no filter and no model.
"""

from __future__ import annotations

import importlib.metadata
import os
import sysconfig
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from beadline.errors import InputError
from beadline.evaluation.installed import of_others, packages
from beadline.trainer.corpus.licences import UNKNOWN, Licence, decide, is_licence
from beadline.trainer.corpus.sources import Listed, Several, read_files, size_of

SKIPPED_FOLDERS = frozenset(
    {
        "test", "tests", "testing", "idlelib", "lib2to3", "turtledemo", "site-packages",
        "dist-packages",
    }
)  # fmt: skip
"""Folders of installed code that are left out, beside those of other people's."""
_PSF_NOTICE = "Copyright (c) 2001 Python Software Foundation; All Rights Reserved"


class StandardLibrary:
    """The Python files of the running interpreter's standard library, tests left out."""

    name = "cpython"
    foreign = True
    notes = ()

    @property
    def revision(self) -> str:
        """The interpreter's version."""
        return sysconfig.get_python_version()

    def files(self) -> list[Listed]:
        """See `Source`."""
        root = Path(sysconfig.get_path("stdlib"))
        found: list[Listed] = []
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(set(folders) - SKIPPED_FOLDERS)
            for name in names:
                if name.endswith(".py"):
                    path = Path(folder, name)
                    called = f"Lib/{path.relative_to(root).as_posix()}"
                    found.append(Listed(called, size_of(path), str(path), self.name))
        return sorted(found, key=lambda each: each.path)

    def rules(self) -> dict[str, str]:
        """See `Source`."""
        return {}

    def read(self, files: Iterable[Listed]) -> Iterator[tuple[Listed, bytes | None]]:
        """See `Source`."""
        return read_files(files)


class Installed:
    """The Python files that an installed distribution brought along, tests left out."""

    foreign = True
    notes = ()

    def __init__(self, name: str) -> None:
        """Raises `InputError` where it is not installed."""
        try:
            self._distribution = importlib.metadata.distribution(name)
        except (importlib.metadata.PackageNotFoundError, ValueError) as exc:
            raise InputError(
                f"The package {name} is not installed.", hint="Name installed packages."
            ) from exc
        self.name = name

    @property
    def revision(self) -> str:
        """The distribution's version."""
        return self._distribution.version

    def files(self) -> list[Listed]:
        """See `Source`."""
        found: list[Listed] = []
        for entry in self._distribution.files or ():
            parts = entry.parts
            # Scripts lie outside of the packages: `../../bin/x.py`.
            if entry.suffix != ".py" or ".." in parts or SKIPPED_FOLDERS & set(parts[:-1]):
                continue
            path = Path(str(entry.locate()))
            found.append(Listed(entry.as_posix(), size_of(path), str(path), self.name))
        return sorted(found, key=lambda each: each.path)

    def rules(self) -> dict[str, str]:
        """See `Source`."""
        return {}

    def read(self, files: Iterable[Listed]) -> Iterator[tuple[Listed, bytes | None]]:
        """See `Source`."""
        return read_files(files)


def general_code(own: Collection[str]) -> Several:
    """The standard library and the installed packages that a training may repeat: none that is kept
    for control, and none that is the repository itself, whose paths are `own`."""
    chosen = [package for package in of_others(packages(), own) if not package.is_control]
    return Several(
        "general code of this machine",
        [StandardLibrary(), *(Installed(package.name) for package in chosen)],
    )


def licence_of(name: str) -> Licence:
    """The licence of a distribution, or of the standard library, by the texts that came with it.

    Of an installed one only the texts at the top of its own metadata count: further down lie those
    of what it bundles. Raises `InputError` where it is not installed.
    """
    if name == StandardLibrary.name:
        return Licence("PSF-2.0", permissive=True, notices=(_PSF_NOTICE,))
    try:
        files = importlib.metadata.distribution(name).files or []
    except (importlib.metadata.PackageNotFoundError, ValueError) as exc:
        raise InputError(
            f"The package {name} is not installed.", hint="Name installed packages."
        ) from exc
    entries = [each for each in files if ".dist-info" in each.parts[0] and is_licence(each.name)]
    top = min((len(each.parts) for each in entries), default=0)
    texts = {
        each.name: Path(str(each.locate())).read_text("utf-8", "replace")
        for each in entries
        if len(each.parts) == top
    }
    return decide(texts).get("", Licence(UNKNOWN, permissive=False))
