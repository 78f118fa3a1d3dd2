"""The SQLite file of an index: opening, schema, what its errors mean. Knows no files and no code.

The words of chunks are in an FTS5 table without content: it is given every chunk's terms, made by
`retrieval.terms` and joined by blanks, and given the same again to forget them. (Debian 12 has
SQLite 3.40, which has no `contentless_delete`.) Where SQLite was built without FTS5 a plain table
takes its place; it is larger.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Protocol

FORMAT = 2
"""`PRAGMA user_version`: goes up with the schema and with what the blobs hold."""
_APPLICATION = 0x62656169
"""`PRAGMA application_id`: "beai"."""
WRITER_BUSY_S = 30.0
READER_BUSY_S = 0.05
"""Longest waits for another process's transaction. A reader stands on a request's way, and waits
for nobody where there is a write-ahead log."""
_CACHE_KIB = 8192
_LOG_LIMIT = 64 << 20
"""Bytes that the write-ahead log keeps after it was emptied."""
_CHECK_S = 0.25
"""How often it is looked whether the file is still the one that was opened."""

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE file (
  id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, reversed TEXT NOT NULL,
  folder TEXT NOT NULL, language TEXT NOT NULL, package TEXT NOT NULL,
  size INTEGER NOT NULL, modified_ns INTEGER NOT NULL, digest BLOB NOT NULL,
  first_chunk INTEGER NOT NULL, chunks INTEGER NOT NULL
);
CREATE INDEX file_reversed ON file (reversed);
CREATE INDEX file_folder ON file (folder, path);
CREATE INDEX file_package ON file (package, language);
CREATE TABLE content (file INTEGER PRIMARY KEY, symbols BLOB, names BLOB, terms BLOB);
CREATE TABLE named (
  name TEXT, family TEXT, file INTEGER, position INTEGER,
  PRIMARY KEY (name, family, file, position)
) WITHOUT ROWID;
CREATE TABLE member (
  owner TEXT, family TEXT, file INTEGER, position INTEGER,
  PRIMARY KEY (owner, family, file, position)
) WITHOUT ROWID;
CREATE TABLE chunk (
  id INTEGER PRIMARY KEY, file INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
  joins INTEGER NOT NULL, length INTEGER NOT NULL
);
CREATE TABLE term (term TEXT PRIMARY KEY, chunks INTEGER NOT NULL) WITHOUT ROWID;
"""
"""An id of `file` is never used again: whatever is known of one stays true. A file that may be
searched but was not read has no language and no content. `family` is `retrieval.query.group_of`.
`term.chunks`: in how many chunks a term is."""


class IndexProblem(Exception):
    """The index cannot be kept where it should be; the message says why, in a sentence."""


class Damaged(Exception):
    """What the database holds is none of what we wrote: it has to be made anew."""


class Words(Protocol):
    """Which chunks hold a term. Terms of letters, digits, `_` and `.` in lower case."""

    schema: str

    def add(self, connection: sqlite3.Connection, rows: Iterable[tuple[int, str]]) -> None:
        """Chunks and their terms, joined by blanks, none twice."""
        ...

    def remove(self, connection: sqlite3.Connection, rows: Iterable[tuple[int, str]]) -> None:
        """The same chunks with the same terms as when they were added."""
        ...

    def chunks(self, connection: sqlite3.Connection, term: str, limit: int) -> list[int]:
        """Chunks that hold a term, the first `limit` of them."""
        ...


class FullTextWords:
    """Words in an FTS5 table: a list of numbers a term, nothing else."""

    schema = (
        "CREATE VIRTUAL TABLE words USING fts5(terms, content='', columnsize=0, detail=none, "
        "tokenize=\"ascii tokenchars '_.'\");"
    )

    def add(self, connection: sqlite3.Connection, rows: Iterable[tuple[int, str]]) -> None:
        """See `Words`."""
        connection.executemany("INSERT INTO words (rowid, terms) VALUES (?, ?)", rows)

    def remove(self, connection: sqlite3.Connection, rows: Iterable[tuple[int, str]]) -> None:
        """See `Words`."""
        connection.executemany(
            "INSERT INTO words (words, rowid, terms) VALUES ('delete', ?, ?)", rows
        )

    def chunks(self, connection: sqlite3.Connection, term: str, limit: int) -> list[int]:
        """See `Words`."""
        return _numbers(
            connection, "SELECT rowid AS n FROM words WHERE words MATCH ?", f'"{term}"', limit
        )


class PlainWords:
    """Words in a table of pairs, for SQLite without FTS5."""

    schema = """
CREATE TABLE words (term TEXT, chunk INTEGER, PRIMARY KEY (term, chunk)) WITHOUT ROWID;
"""

    def add(self, connection: sqlite3.Connection, rows: Iterable[tuple[int, str]]) -> None:
        """See `Words`."""
        connection.executemany("INSERT INTO words VALUES (?, ?)", _pairs(rows))

    def remove(self, connection: sqlite3.Connection, rows: Iterable[tuple[int, str]]) -> None:
        """See `Words`."""
        connection.executemany("DELETE FROM words WHERE term = ? AND chunk = ?", _pairs(rows))

    def chunks(self, connection: sqlite3.Connection, term: str, limit: int) -> list[int]:
        """See `Words`."""
        return _numbers(
            connection, "SELECT chunk AS n FROM words WHERE term = ? ORDER BY chunk", term, limit
        )


def _numbers(connection: sqlite3.Connection, sql: str, term: str, limit: int) -> list[int]:
    """The first numbers `n` that a query gives: as one row, since Python's `sqlite3` lets other
    threads go first before every row."""
    sql = f"SELECT group_concat(n) FROM ({sql} LIMIT ?)"
    (joined,) = connection.execute(sql, (term, limit)).fetchone()
    return list(map(int, joined.split(","))) if joined else []


def _pairs(rows: Iterable[tuple[int, str]]) -> Iterable[tuple[str, int]]:
    return ((term, chunk) for chunk, terms in rows for term in terms.split(" ") if term)


@cache
def has_fts5() -> bool:
    """Whether this SQLite has FTS5."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE t USING fts5(x)")
    except sqlite3.OperationalError:
        return False
    else:
        return True
    finally:
        connection.close()


class Database:
    """An open index. Make by `memory`, `create` or `attach`.

    SQLite itself keeps threads apart that use one connection (`sqlite3.threadsafety` 3, as all
    distributions build it); transactions are the writer's alone.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path | None, words: Words | None = None
    ) -> None:
        self.connection = connection
        self.path = path
        self.words = words or (FullTextWords() if has_fts5() else PlainWords())
        self._status = _status(path)
        self._looked = time.monotonic()
        self._replaced = False

    @classmethod
    def memory(cls, words: Words | None = None) -> Database:
        """An empty one that nobody else sees."""
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        database = cls(connection, None, words)
        database._make()
        return database

    @classmethod
    def create(cls, path: Path, *, log: bool = True, words: Words | None = None) -> Database:
        """Open the file to write, with an empty index if there is none.

        `log`: with a write-ahead log, so that nobody waits for the writer. Raises `Damaged` for a
        file that is none of ours or of another version, `IndexProblem` where there can be none.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as exc:
            raise IndexProblem(f"The index cannot be kept in {path.parent}: {exc}.") from exc
        connection: sqlite3.Connection | None = None
        try:
            connection = _connect(path, "rw", WRITER_BUSY_S)
            database = cls(connection, path, words)
            database._prepare(log=log)
        except BaseException as exc:
            if connection is not None:
                connection.close()
            if not isinstance(exc, sqlite3.Error):
                raise
            if means_damage(exc):
                raise Damaged(str(exc)) from exc
            raise IndexProblem(f"The index cannot be kept in {path.parent}: {exc}.") from exc
        return database

    @classmethod
    def attach(cls, path: Path, words: Words | None = None) -> Database | None:
        """Open the file to read; None where there is none yet. Raises `sqlite3.Error` and
        `Damaged`."""
        if not path.exists():
            return None
        connection = _connect(path, "rw", READER_BUSY_S)
        try:
            version = _pragma(connection, "user_version")
            if version not in (0, FORMAT):
                raise Damaged(f"It is of version {version}.")
            connection.execute("PRAGMA query_only = ON")
            if version == 0:  # it is being made just now, or never will be
                connection.close()
                return None
        except BaseException:
            connection.close()
            raise
        return cls(connection, path, words)

    def is_replaced(self) -> bool:
        """Whether the file was deleted, or another one put in its place; looked for from time to
        time."""
        if self.path is None or self._replaced:
            return self._replaced
        now = time.monotonic()
        if now - self._looked >= _CHECK_S:
            self._looked = now
            self._replaced = _status(self.path) != self._status
        return self._replaced

    @property
    def version(self) -> int:
        """Another number when what is read may have changed. Raises `sqlite3.Error`."""
        if self.path is None:
            return self.connection.total_changes
        return _pragma(self.connection, "data_version")

    def meta(self, name: str) -> object:
        """What is noted under a name; None for nothing. Raises `sqlite3.Error`."""
        row = self.connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else row[0]

    def note(self, name: str, value: str | int | float) -> None:
        """Note something, in the transaction there is. Raises `sqlite3.Error`."""
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def close(self) -> None:
        """Close it. Idempotent."""
        self.connection.close()

    def _prepare(self, *, log: bool) -> None:
        version = _pragma(self.connection, "user_version")
        holds = self.connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        application = _pragma(self.connection, "application_id")
        if holds and (version, application) != (FORMAT, _APPLICATION):
            raise Damaged(f"It is of version {version}.")
        # SQLite says what it has taken; where a file system cannot have the log it is not it.
        (mode,) = self.connection.execute(
            f"PRAGMA journal_mode = {'WAL' if log else 'TRUNCATE'}"
        ).fetchone()
        # A cache may be lost when the power is: without the log nothing waits for the disk.
        synchronous = "NORMAL" if mode == "wal" else "OFF"
        self.connection.execute(f"PRAGMA synchronous = {synchronous}")
        self.connection.execute(f"PRAGMA journal_size_limit = {_LOG_LIMIT}")
        if not holds:
            self._make()

    def _make(self) -> None:
        """The tables, all or none."""
        self.connection.executescript(
            f"BEGIN IMMEDIATE; PRAGMA application_id = {_APPLICATION}; {_SCHEMA}"
            f"{self.words.schema} PRAGMA user_version = {FORMAT}; COMMIT;"
        )


def means_damage(error: BaseException) -> bool:
    """Whether an error while an index is used says that it must be made anew; else the disk, its
    owner or another process is in the way."""
    if not isinstance(error, sqlite3.Error):
        return isinstance(error, Damaged)
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # of the module itself: a closed connection, or a value of another kind
        return not isinstance(error, sqlite3.ProgrammingError)
    if code == sqlite3.SQLITE_READONLY_DBMOVED:
        return True
    return code & 0xFF not in (
        sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_NOLFS, sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_INTERRUPT,
    )  # fmt: skip


def is_busy(error: BaseException) -> bool:
    """Whether another process's transaction is all that was in the way."""
    code = getattr(error, "sqlite_errorcode", 0) or 0
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _connect(path: Path, mode: str, busy_s: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode={mode}",
        uri=True,
        timeout=busy_s,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    except BaseException:
        connection.close()
        raise
    return connection


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute(f"PRAGMA {name}").fetchone()
    return int(row[0]) if row is not None else 0


def _status(path: Path | None) -> tuple[int, int] | None:
    if path is None:
        return None
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
