"""Writes what is known of files into the index. Knows no disk but the database, and no text."""

from __future__ import annotations

import sqlite3
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain

from beadline.context.index.codec import Packed, Stored, unpack_terms
from beadline.context.index.database import Damaged, Database
from beadline.context.retrieval.query import group_of

COMPLETE = "complete"
"""Noted when every file of the folder was looked at: the time, seconds since the epoch."""
WHERE = "folder"
"""Noted: what folder it is the index of."""
NEXT_CHUNK, CHUNKS, TERMS = "next_chunk", "chunks", "terms"
"""Noted: the number of the next chunk, how many there are, terms of all together."""
_GROUPS = 0xFFF

Stamp = tuple[int, int]
"""Size and time of the last change (ns) of a file."""


def word(group: str, term: str) -> str:
    """How a term of a group's files is written: groups are searched one at a time. Two groups with
    the same number are told apart by the files' languages."""
    return f"{zlib.crc32(group.encode()) & _GROUPS:x}.{term}"


class Writer:
    """Puts files into a database. One thread; `applying` is around all that changes it.

    Raises `sqlite3.Error`, and `Damaged` where what is there is not what was written.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection = database.connection
        self._come: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._gone: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """By what its words begin with and term: how many chunks have come that hold it, and gone,
        of which the database does not say so yet."""
        self._next_chunk = self._chunks = self._terms = 0
        self._since = 0.0

    @contextmanager
    def applying(self) -> Iterator[None]:
        """A transaction: all of what is done in it (since the last `flush`) is kept, or nothing."""
        try:
            self._begin()
            yield
            self._commit()
        except BaseException:
            self._roll_back()
            raise

    def flush(self, after_s: float) -> None:
        """Inside `applying`: keep what was done so far, if that is older than `after_s` seconds."""
        if time.monotonic() - self._since >= after_s:
            self._commit()
            self._begin()

    def files(self) -> dict[str, Stamp]:
        """Path and stamp of every file there is."""
        rows = self._connection.execute("SELECT path, size, modified_ns FROM file").fetchall()
        return {path: (size, modified_ns) for path, size, modified_ns in rows}

    def holds(self, path: str) -> bool:
        """Whether there is such a file."""
        return self._row(path) is not None

    def holds_below(self, folder: str) -> bool:
        """Whether there is a file in a folder or below it."""
        found = self._connection.execute(
            "SELECT 1 FROM file WHERE path > ? AND path < ? LIMIT 1", (f"{folder}/", f"{folder}0")
        )
        return found.fetchone() is not None

    def folders(self) -> set[str]:
        """The folders with files that are indexed."""
        rows = self._connection.execute("SELECT DISTINCT folder FROM file").fetchall()
        return {folder for (folder,) in rows}

    def touch(self, path: str, stamp: Stamp, language: str, digest: bytes) -> bool:
        """Note a new stamp for a file whose content is what it was; whether it is."""
        row = self._row(path)
        if row is None or row[1:] != (language, digest):
            return False
        self._connection.execute(
            "UPDATE file SET size = ?, modified_ns = ? WHERE id = ?", (*stamp, row[0])
        )
        return True

    def put(self, path: str, stamp: Stamp, digest: bytes, packed: Packed | None) -> None:
        """Put a file in the place of its earlier version. None: it is there but not searched."""
        self.remove(path)
        size = len(packed.spans) if packed is not None else 0
        first, self._next_chunk = self._next_chunk, self._next_chunk + size
        language = packed.language if packed is not None else ""
        package = packed.package if packed is not None else ""
        folder = path.rpartition("/")[0]
        number = self._connection.execute(
            "INSERT INTO file (path, reversed, folder, language, package, size, modified_ns,"
            " digest, first_chunk, chunks) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (path, path[::-1], folder, language, package, *stamp, digest, first, size),
        ).lastrowid
        if packed is None:
            return
        family = group_of(language)
        terms = [tuple(joined.split(" ")) for joined in packed.chunks]
        self._connection.execute(
            "INSERT INTO content VALUES (?, ?, ?, ?)",
            (number, packed.symbols, packed.names, packed.terms),
        )
        definitions = list(enumerate(packed.definitions))
        self._connection.executemany(
            "INSERT INTO named VALUES (?, ?, ?, ?)",
            [(name, family, number, at) for at, (name, _) in definitions],
        )
        self._connection.executemany(
            "INSERT INTO member VALUES (?, ?, ?, ?)",
            [
                (owner.rpartition(".")[2], family, number, at)
                for at, (_, owner) in definitions
                if owner
            ],
        )
        self._connection.executemany(
            "INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?)",
            [(first + at, number, *span, len(terms[at])) for at, span in enumerate(packed.spans)],
        )
        rows = self._count(terms, first, family, 1)
        self._database.words.add(self._connection, rows)

    def remove(self, path: str) -> None:
        """Forget a file; nothing happens if there is none."""
        found = self._connection.execute(
            "SELECT f.id, f.language, f.first_chunk, f.chunks, c.symbols, c.names, c.terms"
            " FROM file f LEFT JOIN content c ON c.file = f.id WHERE f.path = ?",
            (path,),
        ).fetchone()
        if found is None:
            return
        number, language, first, chunks, symbols, names, packed = found
        self._connection.execute("DELETE FROM file WHERE id = ?", (number,))
        if not language:
            return
        family = group_of(language)
        terms = [tuple(joined.split(" ")) for joined in unpack_terms(packed)]
        if len(terms) != chunks:
            raise Damaged(f"{len(terms)} of {chunks} chunks have terms.")
        definitions = list(enumerate(Stored(path, language, "", symbols, names).named()))
        self._connection.executemany(
            "DELETE FROM named WHERE name = ? AND family = ? AND file = ? AND position = ?",
            [(name, family, number, at) for at, (name, _) in definitions],
        )
        self._connection.executemany(
            "DELETE FROM member WHERE owner = ? AND family = ? AND file = ? AND position = ?",
            [
                (owner.rpartition(".")[2], family, number, at)
                for at, (_, owner) in definitions
                if owner
            ],
        )
        self._connection.execute("DELETE FROM content WHERE file = ?", (number,))
        self._connection.execute(
            "DELETE FROM chunk WHERE id >= ? AND id < ?", (first, first + chunks)
        )
        rows = self._count(terms, first, family, -1)
        self._database.words.remove(self._connection, rows)

    def completed(self, folder: str) -> None:
        """Every file of the folder was looked at. In a transaction of its own."""
        with self.applying():
            self._database.note(WHERE, folder)
            self._database.note(COMPLETE, time.time())

    def _row(self, path: str) -> tuple[int, str, bytes] | None:
        return self._connection.execute(
            "SELECT id, language, digest FROM file WHERE path = ?", (path,)
        ).fetchone()

    def _count(
        self, chunks: Sequence[Sequence[str]], first: int, family: str, sign: int
    ) -> list[tuple[int, str]]:
        """The rows of chunks and their words, which are counted as come (1) or gone (-1)."""
        head = word(family, "")
        between = f" {head}"
        counts = self._come[head] if sign > 0 else self._gone[head]
        counts.update(chain.from_iterable(chunks))
        self._terms += sign * sum(map(len, chunks))
        self._chunks += sign * len(chunks)
        return [
            (number, head + between.join(terms)) for number, terms in enumerate(chunks, start=first)
        ]

    def _begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._since = time.monotonic()
        self._come.clear()
        self._gone.clear()
        # Read again each time: whoever wrote in between, the numbers go on where they are.
        self._next_chunk = self._number(NEXT_CHUNK)
        self._chunks, self._terms = self._number(CHUNKS), self._number(TERMS)

    def _number(self, name: str) -> int:
        value = self._database.meta(name)
        if value is None:
            return 0
        if not isinstance(value, int):
            raise Damaged(f"{name} is {value!r}.")
        return value

    def _commit(self) -> None:
        for head, gone in self._gone.items():
            self._come[head].subtract(gone)
        # In the table's order: neighbours are on one page.
        changed = sorted(
            (head + term, count)
            for head, counts in self._come.items()
            for term, count in counts.items()
            if count
        )
        self._connection.executemany(
            "INSERT INTO term VALUES (?, ?)"
            " ON CONFLICT (term) DO UPDATE SET chunks = chunks + excluded.chunks",
            changed,
        )
        self._connection.executemany(
            "DELETE FROM term WHERE term = ? AND chunks <= 0",
            [(word,) for word, count in changed if count < 0],
        )
        self._database.note(NEXT_CHUNK, self._next_chunk)
        self._database.note(CHUNKS, self._chunks)
        self._database.note(TERMS, self._terms)
        self._connection.execute("COMMIT")

    def _roll_back(self) -> None:
        # After some errors SQLite has done it already, or cannot; the first error is what counts.
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
