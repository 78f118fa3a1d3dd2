"""How a folder's index is, in numbers, for the user's eyes. Knows no search and no terminal."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime

from beadline.context.index.folder import FolderIndex
from beadline.context.index.writer import CHUNKS, COMPLETE


@dataclass(frozen=True)
class FolderState:
    """What is known of a folder's index."""

    folder: str
    database: str
    """Empty where it is kept in memory alone."""
    files: int
    chunks: int
    bytes: int
    """On the disk, what was not yet written into the database itself included."""
    complete: bool
    """All of the folder has been indexed at some time."""
    updated: str
    """When all of it was looked at last (ISO); empty for never."""
    problem: str = ""
    """What works less well than it could; empty for nothing."""


def state_of(index: FolderIndex) -> FolderState:
    """How the index is now. Reads the database."""
    graph, place = index.graph, index.place
    size = 0
    if place is not None and not index.in_memory:
        beside = place.database.parent.glob(f"{place.database.name}*")
        for path in beside:
            with contextlib.suppress(OSError):  # SQLite removes what it needs no more
                size += path.stat().st_size
    when = graph.note(COMPLETE)
    chunks = graph.note(CHUNKS)
    return FolderState(
        folder=str(index.folder),
        database=str(place.database) if place is not None and not index.in_memory else "",
        files=graph.count(),
        chunks=chunks if isinstance(chunks, int) else 0,
        bytes=size,
        complete=when is not None,
        updated=(
            datetime.fromtimestamp(when).astimezone().isoformat(timespec="seconds")
            if isinstance(when, float)
            else ""
        ),
        problem=index.problem,
    )
