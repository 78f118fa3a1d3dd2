"""Texts of a workspace as they may be known beyond their files. Knows no index and no model.

The files are those that are searched for snippets (`retrieval.workspace`): no private, generated or
vendored ones. Lines that hold what looks like a secret are left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from beadline.context.retrieval import workspace
from beadline.context.retrieval.secrets import secret_spans
from beadline.context.retrieval.workspace import Entry
from beadline.context.types import Document
from beadline.settings import ContextOptions

RULES = 1
"""Raised when other parts of the same text are left out."""


class Listing(Protocol):
    """The files of a folder as an index has them (`index.reader.IndexGraph`)."""

    @property
    def version(self) -> tuple[int, ...]:
        """Another one whenever the files may be others."""
        ...

    def files(self) -> Mapping[str, tuple[str, str]]:
        """Language and digest of the files that may be searched, by their paths in the folder."""
        ...


Listings = Callable[[Path], Listing | None]
"""The listing of a folder, links resolved; None while there is none
(`retrieval.retriever.Retriever.listing`)."""


class Files:
    """The files of one workspace folder, as of the last scan."""

    def __init__(
        self, folder: Path, options: ContextOptions, listings: Listings | None = None
    ) -> None:
        """`listings`: None has the folder itself read."""
        self.folder = Path(os.path.realpath(folder))
        """Links resolved, as the paths of its files are."""
        self._options = options
        self._listings = listings
        self._entries: dict[str, Entry] = {}

    def listed(self) -> tuple[int, ...] | None:
        """The version of the listing; None without one."""
        listing = self._listings(self.folder) if self._listings is not None else None
        return listing.version if listing is not None else None

    def scan(self, *, stopped: Callable[[], bool]) -> dict[str, str] | None:
        """Versions of the files by their absolute paths (forward slashes), at most
        `context.max_files` of them; what was found so far when `stopped` says so. None while there
        is no listing.
        """
        if self._listings is not None:
            listing = self._listings(self.folder)
            return None if listing is None else self._taken(listing.files())
        found = workspace.scan(self.folder, self._options, stopped=stopped)
        chosen = workspace.select(found, self._options.max_files, lambda path: False)
        self._entries = {slashed(entry.path): entry for entry in chosen}
        return {
            path: f"{RULES}:{entry.size}:{entry.modified_ns}"
            for path, entry in self._entries.items()
        }

    def _taken(self, files: Mapping[str, tuple[str, str]]) -> dict[str, str]:
        """The files of a listing, as `scan`."""
        below = slashed(os.path.normcase(self.folder)).rstrip("/") + "/"
        paths = {name: below + slashed(os.path.normcase(name)) for name in files}
        self._entries = {
            paths[name]: Entry(paths[name], name, language, 0, 0)
            for name, (language, _) in files.items()
        }
        return {paths[name]: f"{RULES}:{digest}" for name, (_, digest) in files.items()}

    def read(self, path: str) -> tuple[str, ...] | None:
        """The parts of a scanned file's text that may be known; None when it cannot be read."""
        document = workspace.read(self._entries[path], self._options)
        return parts_of(document.text) if document is not None else None

    def name(self, path: str) -> str:
        """An absolute path relative to the folder; empty when it is outside of it."""
        below = slashed(os.path.normcase(self.folder)).rstrip("/") + "/"
        return path[len(below) :] if path.startswith(below) else ""

    def lists(self, path: str) -> bool:
        """Whether the last scan found the file: it is neither private nor ignored."""
        return path in self._entries

    def parts(self, path: str, document: Document) -> tuple[str, ...]:
        """The parts of an open file's buffer that may be known: nothing of a file that would not
        be read from the disk, nor of one that no scan has found yet.
        """
        entry = self._entries.get(path)
        if entry is None:
            return ()
        readable = workspace.readable(replace(document, path=entry.name))
        return parts_of(readable.text) if readable is not None else ()


def parts_of(text: str) -> tuple[str, ...]:
    """`text` without the lines that hold what looks like a secret: what is left between them."""
    parts: list[str] = []
    kept = 0
    for start, end in secret_spans(text):
        first = text.rfind("\n", 0, start) + 1
        last = text.find("\n", max(start, end - 1))
        if first > kept:
            parts.append(text[kept:first])
        kept = max(kept, len(text) if last < 0 else last + 1)
    if kept < len(text):
        parts.append(text[kept:])
    return tuple(parts)


def slashed(path: str) -> str:
    """A path with forward slashes."""
    return path.replace(os.sep, "/")
