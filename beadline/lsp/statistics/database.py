"""The SQLite file of the counts: opening, adding, reading, clearing. Knows no thread and no server.

One table of named counts by day, language and model; several servers add to it at the same time.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Iterable
from pathlib import Path

from beadline import settings
from beadline.errors import FileError, SettingsError
from beadline.settings import StatisticsOptions

FILE_NAME = "statistics.sqlite3"
VERSION = 1
"""`PRAGMA user_version` of the schema."""
BUSY_SECONDS = 5.0
"""Longest wait for another server's transaction."""

Row = tuple[str, str, str, str, float]
"""Day (ISO date), language, model, name of the count, increment."""

_APPLICATION = 0x62656164
"""`PRAGMA application_id` of our files: "bead"."""
_HEADER = b"SQLite format 3\0"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS counts (
  day TEXT NOT NULL, language TEXT NOT NULL, model TEXT NOT NULL, name TEXT NOT NULL,
  value REAL NOT NULL, PRIMARY KEY (day, language, model, name)
) WITHOUT ROWID
"""
_ADD = """
INSERT INTO counts VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET value = value + excluded.value
"""
_READ = "SELECT day, language, model, name, value FROM counts WHERE day >= ?"


class NewerFileError(FileError):
    """The file was written by a newer version of beadline."""


class ForeignFileError(FileError):
    """The file is none of ours: a slip in a setting must not cost the user another file."""


def location(options: StatisticsOptions) -> Path:
    """The file of the options, or the usual one. Raises `SettingsError`."""
    if not options.file:
        return settings.user_data_dir() / FILE_NAME
    try:
        return Path(options.file).expanduser()
    except RuntimeError as exc:
        raise SettingsError(
            f"statistics.file cannot be found: {exc}", hint="Give a full path."
        ) from exc


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, readable by the user alone, and make it and its table if there is none.

    Raises `sqlite3.Error` for a file that is damaged or in use, `OSError` for one that cannot be
    made, `NewerFileError` and `ForeignFileError` for one we must not touch.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _check_kind(path)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        _prepare(database, path)
    except BaseException:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise NewerFileError(
            f"{path} was written by a newer version of beadline.",
            hint="Update beadline, or name another file in statistics.file.",
        )
    # In this order: another server that makes the file just now writes the id before the table.
    holds = database.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
    (application,) = database.execute("PRAGMA application_id").fetchone()
    if holds and application != _APPLICATION:
        raise _foreign(path)
    if sys.platform != "win32":
        path.chmod(0o600)  # before the files beside it are made, which take its mode
    # Where the file system cannot have it, SQLite stays with the mode that it has; and it does not
    # wait for another server that is making the file just now.
    with contextlib.suppress(sqlite3.OperationalError):
        database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    if version < VERSION:
        database.execute(f"PRAGMA application_id = {_APPLICATION}")
        database.execute(_SCHEMA)
        database.execute(f"PRAGMA user_version = {VERSION}")


def add(database: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Add to the counts, all or nothing. Raises `sqlite3.Error`."""
    database.execute("BEGIN IMMEDIATE")
    try:
        database.executemany(_ADD, rows)
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def set_aside(path: Path) -> Path:
    """Rename a damaged file, over the one set aside before; its new path. Raises `OSError`."""
    aside = path.with_name(path.name + ".damaged")
    path.replace(aside)
    for suffix in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return aside


def read(path: Path, since: str = "") -> list[Row]:
    """All counts from the day `since` on; none when there is no file. Raises `FileError`."""
    if not path.exists():
        return []
    try:
        with contextlib.closing(connect(path)) as database:
            return database.execute(_READ, (since,)).fetchall()
    except (sqlite3.Error, OSError) as exc:
        raise _unreadable(path, exc) from exc


def clear(path: Path) -> None:
    """Delete all counts; servers that have the file open go on with it. Raises `FileError`."""
    if not path.exists():
        return
    try:
        try:
            with contextlib.closing(connect(path)) as database:
                database.execute("PRAGMA secure_delete = ON")
                database.execute("DELETE FROM counts")
                database.execute("VACUUM")
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # damaged: there is nothing to keep
            set_aside(path).unlink()
    except (sqlite3.Error, OSError) as exc:
        raise _unreadable(path, exc) from exc


def _check_kind(path: Path) -> None:
    """Raises `ForeignFileError` for what cannot be an SQLite file.

    At the usual place, which is ours, a file of another content is a damaged one.
    """
    if path.exists() and not path.is_file():
        raise _foreign(path)
    if path == settings.user_data_dir() / FILE_NAME or not path.exists():
        return
    with path.open("rb") as stream:
        if stream.read(len(_HEADER)) not in (b"", _HEADER):
            raise _foreign(path)


def _foreign(path: Path) -> ForeignFileError:
    return ForeignFileError(
        f"{path} is not a statistics file of beadline; it is left alone.",
        hint="Name another file in statistics.file.",
    )


def _unreadable(path: Path, exc: Exception) -> FileError:
    return FileError(
        f"The statistics file {path} cannot be used: {exc}.",
        hint="If it is damaged, `beadline stats --clear` starts a new one.",
    )
