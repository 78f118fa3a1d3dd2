"""Texts of a workspace as they may be known beyond their files. Knows no index and no model.

The files are those that are searched for snippets (`retrieval.workspace`): no private, generated or
vendored ones. Lines that hold what looks like a secret are left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from beadline.context.retrieval import workspace
from beadline.context.retrieval.secrets import secret_spans
from beadline.context.retrieval.workspace import Entry
from beadline.context.types import Document
from beadline.settings import ContextOptions

RULES = 1
"""Raised when other parts of the same text are left out."""


class Files:
    """The files of one workspace folder, as of the last scan."""

    def __init__(self, folder: Path, options: ContextOptions) -> None:
        self.folder = Path(os.path.realpath(folder))
        """Links resolved, as the paths of its files are."""
        self._options = options
        self._entries: dict[str, Entry] = {}

    def scan(self, *, stopped: Callable[[], bool]) -> dict[str, str]:
        """Versions of the files by their absolute paths (forward slashes), at most
        `context.max_files` of them; what was found so far when `stopped` says so.
        """
        found = workspace.scan(self.folder, self._options, stopped=stopped)
        chosen = workspace.select(found, self._options.max_files, lambda path: False)
        self._entries = {slashed(entry.path): entry for entry in chosen}
        return {
            path: f"{RULES}:{entry.size}:{entry.modified_ns}"
            for path, entry in self._entries.items()
        }

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
