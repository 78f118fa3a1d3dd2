"""Where the index of a folder lies in the cache directory, and its removal. Opens no database."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from beadline import __version__
from beadline.context import languages
from beadline.context.index import database
from beadline.context.index.lock import FileLock
from beadline.context.retrieval.workspace import MAX_BYTES
from beadline.settings import ContextOptions

FOLDER = "index"
"""Below the cache directory."""
NAME = r"[0-9a-f]{32}\.(?:lock|sqlite3(?:-wal|-shm|-journal)?)"
"""Regular expression of our files' names in it."""
_BESIDE = ("", "-wal", "-shm", "-journal")
"""What SQLite appends to a database's name."""
_KEPT_S = 60 * 24 * 3600.0
"""An index that no process wrote for so long belongs to a folder nobody works in."""
_NETWORK = frozenset(
    {
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "9p", "afs", "ceph", "lustre", "gpfs",
        "glusterfs", "fuse.glusterfs", "fuse.sshfs", "fuse.rclone", "fuse.davfs", "davfs",
    }
)  # fmt: skip
"""File systems of other machines: SQLite's write-ahead log needs memory that all of its users
share (sqlite.org/wal.html)."""


@dataclass(frozen=True)
class Place:
    """The files of one index."""

    database: Path
    lock: Path
    """Locked by the process that writes the database."""

    def discard(self) -> None:
        """Remove the database; those who have it open go on with what they have until they notice.
        Raises `OSError` where the system does not let go of it."""
        for suffix in _BESIDE:
            self.database.with_name(self.database.name + suffix).unlink(missing_ok=True)


def place_of(folder: Path, options: ContextOptions, cache_dir: Path) -> Place:
    """The place of a folder's index. All that decides what the index holds is in its name: what
    was made by other rules is another index."""
    rules = [
        os.path.normcase(os.path.realpath(folder)),
        __version__,
        database.FORMAT,
        database.has_fts5(),
        options.max_files,
        min(MAX_BYTES, options.max_file_bytes),
        options.ignore,
        _own_languages(),
    ]
    name = hashlib.sha256(json.dumps(rules).encode()).hexdigest()[:32]
    base = cache_dir.absolute() / FOLDER
    return Place(base / f"{name}.sqlite3", base / f"{name}.lock")


def prune(folder: Path, *, now: float | None = None) -> None:
    """Remove the indexes in a folder that have not been written for a long time by anybody."""
    oldest = (time.time() if now is None else now) - _KEPT_S
    for path in sorted(folder.glob("*.lock")):
        place = Place(path.with_suffix(".sqlite3"), path)
        # What cannot be removed stays: somebody uses it, or it is not ours.
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest and (lock := FileLock.attempt(path)) is not None:
                with lock:
                    place.discard()
                    path.unlink()


def on_network(path: Path, mounts: Iterable[str] | None = None) -> bool:
    """Whether a path lies on another machine's disk, as far as Linux tells; False elsewhere.

    `mounts` are the lines of `/proc/mounts`."""
    if mounts is None:
        if not sys.platform.startswith("linux"):
            return False
        try:
            mounts = Path("/proc/mounts").read_text("utf-8", "replace").split("\n")
        except OSError:
            return False
    real = os.path.realpath(path)
    deepest, kind = -1, ""
    for line in mounts:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ").rstrip("/")
        if (real == point or real.startswith(point + "/")) and len(point) >= deepest:
            deepest, kind = len(point), fields[2]
    return kind in _NETWORK


def _own_languages() -> list[tuple[str, int, int]]:
    """Names, sizes and times of the user's language files: they say what is indexed, and how."""
    found: list[tuple[str, int, int]] = []
    with contextlib.suppress(OSError):
        for path in sorted(languages.user_folder().iterdir()):
            status = path.stat()
            found.append((path.name, status.st_size, status.st_mtime_ns))
    return found
