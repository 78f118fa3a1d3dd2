"""What a URI says: a path, a name, and whether its text is somebody's code. Reads no file."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from pygls.uris import to_fs_path

SERVED = frozenset(
    {"file", "untitled", "vscode-untitled", "vscode-notebook-cell", "vscode-remote", "vscode-vfs"}
)
"""Schemes of texts that a user edits: files (of other machines too, where the editor has opened
them), buffers without a file, cells. All others (`git:`, `output:`, `vscode-scm:`, ...) are views
of something, in which nobody writes code."""

_SCHEME = re.compile("([A-Za-z][A-Za-z0-9+.-]*):")


def is_served(uri: str) -> bool:
    """Whether suggestions belong into this document; what has no scheme may be somebody's file."""
    # Not by `urlsplit`, which refuses what editors may well use as a name.
    found = _SCHEME.match(uri)
    return found is None or found.group(1).lower() in SERVED


def file_path(uri: str) -> Path | None:
    """The path of a file URI. A URI that is none, or that no file can have, has no path."""
    try:
        if urlsplit(uri).scheme != "file":
            return None
        name = to_fs_path(uri)
    except ValueError:
        return None
    return Path(name) if name and "\0" not in name else None


def name(uri: str) -> str:
    """The last part of a URI that is no file's, for the eyes of users and models."""
    last = re.split("[?#]", uri, maxsplit=1)[0].rpartition("/")[2]
    return last.rpartition(":")[2] or "untitled"
