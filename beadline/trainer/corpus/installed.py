"""General code on the user's own machine as sources: the standard library, installed packages.

Nothing is shipped or downloaded. Which packages are control, and so never trained on, is for
`evaluation.installed` to say. Knows no filter and no model.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import sysconfig
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from beadline.errors import InputError
from beadline.evaluation.installed import of_others, packages
from beadline.trainer.corpus.sources import Listed, Several, read_files, size_of

SKIPPED_FOLDERS = frozenset(
    {
        "test", "tests", "testing", "idlelib", "lib2to3", "turtledemo", "site-packages",
        "dist-packages",
    }
)  # fmt: skip
"""Folders of installed code that are left out, beside those of other people's."""
_PERMISSIVE = (
    ("Apache-2.0", r"Apache License\s+Version 2\.0"),
    ("MIT", r"Permission is hereby granted, free of charge"),
    ("BSD", r"Redistribution and use in source and binary forms"),
    ("PSF-2.0", r"PYTHON SOFTWARE FOUNDATION LICENSE"),
    ("Unlicense", r"free and unencumbered software released into the public domain"),
    ("ISC", r"Permission to use, copy, modify, and/or distribute"),
)


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


def licence_of(name: str) -> str:
    """SPDX name of the permissive licence of a distribution, empty when none is recognised.

    Read from the shortest-named LICENSE/COPYING file; of several texts in it the first counts
    (wheels append the licences of what they bundle).
    """
    if name == StandardLibrary.name:
        return "PSF-2.0"
    entries = [
        entry
        for entry in importlib.metadata.distribution(name).files or ()
        if re.search(r"(?i)^(licen[cs]e|copying)", entry.name) and ".dist-info" in entry.parts[0]
    ]
    for entry in sorted(entries, key=lambda e: (len(e.parts), len(e.name), str(e))):
        text = Path(str(entry.locate())).read_text("utf-8", "replace")
        found = [(match.start(), spdx) for spdx, p in _PERMISSIVE if (match := re.search(p, text))]
        if found:
            return min(found)[1]
    return ""
