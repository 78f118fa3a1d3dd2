"""Answers what is asked of one folder's index: symbols by file and name, similar spans, texts.

Implements `symbols.graph.Graph`. Knows no unsaved buffers and no other folders. It stands on a
request's way: files are unpacked when they are asked for and remembered, and whatever is wrong with
the database is an empty answer, and noted.
"""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from beadline.context.index import database as databases
from beadline.context.index.codec import Stored
from beadline.context.index.database import Damaged, Database
from beadline.context.index.prepare import Span
from beadline.context.index.spans import SpanHit, SpanSearch, Weights
from beadline.context.index.texts import Texts
from beadline.context.index.writer import COMPLETE
from beadline.context.symbols.types import FileSymbols, Located

MOST_ENDING = 64
"""Paths of `paths_ending`."""
_KEPT_BYTES = 8_000_000
"""Of unpacked files, as they are stored; in memory they are about eight times as large."""
_RETRY_S = 0.25
"""How often it is tried to open a database that is not there."""
_SPARE = 64
"""Definitions that are read beyond those asked for, since some may be of files left out."""


class IndexGraph:
    """One folder's index, open to read. Every method from any thread; none raises."""

    def __init__(self, folder: Path, opened: Callable[[], Database | None]) -> None:
        """`opened` opens the database, or gives the one there is; it may raise as
        `Database.attach`. It is asked again when that is gone."""
        self._opened = opened
        self._lock = threading.RLock()
        self._database: Database | None = None
        self._tried = -math.inf
        self._opens = 0
        self._files: OrderedDict[int, Stored] = OrderedDict()
        self._kept = 0
        self._texts = Texts(folder)
        self._spans = SpanSearch(self)
        self._searched_version: tuple[int, int] | None = None
        """What `_spans` goes by."""
        self.damage = ""
        """What was found wrong with the database; empty for nothing. Whoever acts on it clears
        it."""

    def file(self, path: str) -> FileSymbols | None:
        """See `Graph`."""
        with self._lock:
            for number, language in self.rows(
                "SELECT id, language FROM file WHERE path = ?", (path,)
            ):
                stored = self._stored(number) if language else None
                return self._sound(stored.whole) if stored is not None else None
        return None

    def paths_ending(self, suffix: str) -> Sequence[str]:
        """See `Graph`."""
        reverse = suffix[::-1]
        rows = self.rows(
            "SELECT path FROM file WHERE language != '' AND"
            " (reversed = ? OR (reversed > ? AND reversed < ?))",
            (reverse, f"{reverse}/", f"{reverse}0"),
        )
        return sorted((path for (path,) in rows), key=lambda p: (len(p), p))[:MOST_ENDING]

    def folder(self, path: str) -> Sequence[str]:
        """See `Graph`."""
        rows = self.rows(
            "SELECT path FROM file WHERE folder = ? AND language != '' ORDER BY path", (path,)
        )
        return [path for (path,) in rows]

    def package(self, name: str, language: str) -> Sequence[str]:
        """See `Graph`."""
        rows = self.rows(
            "SELECT path FROM file WHERE package = ? AND language = ? ORDER BY path",
            (name, language),
        )
        return [path for (path,) in rows] if name else []

    def named(
        self, name: str, *, group: str, limit: int = 16, hidden: frozenset[str] = frozenset()
    ) -> Sequence[Located]:
        """See `Graph`; by path. Nothing of the files that are `hidden`."""
        return self._located(
            "SELECT file, position FROM named WHERE name = ? AND family = ? LIMIT ?",
            name, group, limit, hidden,
        )  # fmt: skip

    def members(
        self, owner: str, *, group: str, limit: int = 256, hidden: frozenset[str] = frozenset()
    ) -> Sequence[Located]:
        """See `Graph`; by path. Nothing of the files that are `hidden`."""
        return self._located(
            "SELECT file, position FROM member WHERE owner = ? AND family = ? LIMIT ?",
            owner, group, limit, hidden,
        )  # fmt: skip

    def text(self, path: str) -> str | None:
        """See `Graph`: as it is on the disk now."""
        return self._texts.small(path)

    def read(self, path: str, digest: bytes | None = None) -> str | None:
        """The whole text of a file, LF line ends, if it is the one that is indexed; None for a file
        that has changed since. `digest`: of the indexed one, where it is known."""
        digest = digest or self.digest(path)
        return self._texts.whole(path, digest) if digest else None

    def digest(self, path: str) -> bytes | None:
        """What tells the indexed version of a file from others (`codec.digest_of`); empty for one
        that is not searched, None where there is none."""
        for (digest,) in self.rows("SELECT digest FROM file WHERE path = ?", (path,)):
            return digest
        return None

    def similar(
        self,
        terms: Mapping[str, float],
        *,
        group: str,
        limit: int,
        accept: Callable[[Span], bool],
        hidden: frozenset[str] = frozenset(),
    ) -> list[SpanHit]:
        """The spans of a language group that fit weighted terms best, best first; ties by file and
        place. Nothing of the files that are `hidden`."""
        with self._lock:
            return self._searched().similar(
                terms, group=group, limit=limit, accept=accept, hidden=hidden
            )

    def weights(self, terms: Mapping[str, float], group: str) -> Weights:
        """What a query's terms are worth in this index."""
        with self._lock:
            return self._searched().weights(terms, group)

    def complete(self) -> bool:
        """Whether all of the folder has been indexed at some time."""
        return self.note(COMPLETE) is not None

    def note(self, name: str) -> object:
        """What the writer noted under a name (`writer`); None for nothing."""
        for (value,) in self.rows("SELECT value FROM meta WHERE name = ?", (name,)):
            return value
        return None

    def files(self) -> dict[str, tuple[str, str]]:
        """Language and digest of the files that are searched, by path."""
        rows = self.rows("SELECT path, language, digest FROM file WHERE language != ''")
        return {path: (language, digest.hex()) for path, language, digest in rows}

    def count(self) -> int:
        """Number of files."""
        for (count,) in self.rows("SELECT count(*) FROM file"):
            return count
        return 0

    @property
    def version(self) -> tuple[int, int]:
        """Another one whenever answers may have changed."""
        with self._lock:
            database = self._current()
            try:
                return self._opens, -1 if database is None else database.version
            except sqlite3.Error as exc:
                self._failed(exc)
                return self._opens, -1

    def close(self) -> None:
        """Let go of the database; later questions open it again."""
        with self._lock:
            database, self._database = self._database, None
            self._tried = -math.inf
            self._files.clear()
            self._kept = 0
            # What is in memory is not ours to close.
            if database is not None and database.path is not None:
                database.close()

    def chunks(self, term: str, limit: int) -> list[int]:
        """See `spans.Database`."""
        with self._lock:
            database = self._current()
            if database is None:
                return []
            try:
                return database.words.chunks(database.connection, term, limit)
            except (sqlite3.Error, ValueError) as exc:
                self._failed(exc)
                return []

    def _searched(self) -> SpanSearch:
        """The search, with nothing remembered that is not so any more; the caller holds the
        lock."""
        version = self.version
        if version != self._searched_version:
            self._searched_version = version
            self._spans.forget()
        return self._spans

    def _located(
        self, sql: str, name: str, group: str, limit: int, hidden: frozenset[str]
    ) -> list[Located]:
        found: list[Located] = []
        with self._lock:
            for number, position in self.rows(sql, (name, group, limit + _SPARE)):
                stored = self._stored(number)
                if stored is None or stored.path in hidden:
                    continue
                definition = self._sound(lambda s=stored, at=position: s.definition(at))
                if definition is not None:
                    found.append(Located(stored.path, definition))
                if len(found) == limit:
                    break
        found.sort(key=lambda each: (each.path, each.definition.start))
        return found

    def _stored(self, number: int) -> Stored | None:
        """What is stored of a file, by its number; the caller holds the lock."""
        known = self._files.get(number)
        if known is not None:
            self._files.move_to_end(number)
            return known
        for row in self.rows(
            "SELECT f.path, f.language, f.package, c.symbols, c.names"
            " FROM file f JOIN content c ON c.file = f.id WHERE f.id = ?",
            (number,),
        ):
            stored = self._sound(lambda row=row: Stored(*row))
            if stored is None:
                return None
            self._files[number] = stored
            self._kept += stored.size
            while self._kept > _KEPT_BYTES and len(self._files) > 1:
                self._kept -= self._files.popitem(last=False)[1].size
            return stored
        return None

    def _sound(self, made: Callable[[], Any]) -> Any:
        """What `made` gives; None, and a note, where the database holds nonsense."""
        try:
            return made()
        except Damaged as exc:
            self._failed(exc)
            return None

    def rows(self, sql: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """See `spans.Database`."""
        with self._lock:
            database = self._current()
            if database is None:
                return []
            try:
                return database.connection.execute(sql, tuple(parameters)).fetchall()
            except (sqlite3.Error, ValueError) as exc:
                self._failed(exc)
                return []

    def _current(self) -> Database | None:
        """The open database; None while there is none. The caller holds the lock."""
        if self._database is not None and self._database.is_replaced():
            self.close()
        if self._database is None and time.monotonic() - self._tried >= _RETRY_S:
            self._tried = time.monotonic()
            try:
                self._database = self._opened()
            except (sqlite3.Error, Damaged, OSError) as exc:
                self._failed(exc)
            if self._database is not None:
                self._opens += 1
        return self._database

    def _failed(self, exc: Exception) -> None:
        """An answer is empty because of an error."""
        # A name that is no Unicode is asked for in vain; who writes just now is gone in a moment.
        if isinstance(exc, ValueError) or databases.is_busy(exc):
            return
        if databases.means_damage(exc):
            self.damage = str(exc)
        self.close()
        self._tried = time.monotonic()
