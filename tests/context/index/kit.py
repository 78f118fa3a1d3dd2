"""Indexes of real folders for tests, and what is in them, whatever their numbers are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from beadline.context.index.codec import Stored, unpack_terms
from beadline.context.index.database import Database
from beadline.context.index.indexer import Indexer
from beadline.context.index.writer import CHUNKS, TERMS, word
from beadline.context.languages import language_of
from beadline.context.retrieval.query import group_of
from beadline.context.types import Document
from beadline.settings import ContextOptions

OPTIONS = ContextOptions()
TIME_OUT = 60


def until(condition: Callable[[], object], what: str = "") -> None:
    deadline = time.monotonic() + TIME_OUT
    while not condition():
        assert time.monotonic() < deadline, f"did not come true: {what}"
        threading.Event().wait(0.02)


def document(path: str, text: str, key: str = "") -> Document:
    return Document(key or path, path, language_of(path), text)


def scanned(folder: Path, options: ContextOptions = OPTIONS) -> Database:
    """An index of a folder in memory, built from scratch."""
    database = Database.memory()
    assert Indexer(folder, options, database).scan()
    return database


def contents(database: Database) -> dict[str, Any]:
    """All that an index says, by paths instead of numbers."""
    rows = database.connection.execute(
        "SELECT f.id, f.path, f.reversed, f.folder, f.language, f.package, f.digest,"
        " f.first_chunk, f.chunks, c.symbols, c.names, c.terms"
        " FROM file f LEFT JOIN content c ON c.file = f.id ORDER BY f.path"
    ).fetchall()
    paths = {row[0]: row[1] for row in rows}
    first = {row[0]: row[7] for row in rows}
    files: dict[str, Any] = {}
    for number, path, *named, start, count, symbols, names, terms in rows:
        said: Any = ()
        if symbols is not None:
            whole = Stored(path, named[2], named[3], symbols, names).whole()
            said = whole.definitions, whole.imports, dict(whole.names), unpack_terms(terms)
        spans = database.connection.execute(
            "SELECT start, stop, joins, length FROM chunk WHERE file = ? AND id BETWEEN ? AND ?"
            " ORDER BY id",
            (number, start, start + count - 1),
        ).fetchall()
        assert len(spans) == count
        files[path] = (*named, spans, said)
    chunks = {
        number: (paths[file], number - first[file])
        for number, file in database.connection.execute("SELECT id, file FROM chunk")
    }
    counts = dict(database.connection.execute("SELECT term, chunks FROM term").fetchall())
    return {
        "files": files,
        "chunks": sorted(chunks.values()),
        "content": [
            row[0]
            for row in database.connection.execute("SELECT file FROM content")
            if row[0] not in paths
        ],
        "named": _definitions(database, "SELECT name, family, file, position FROM named", paths),
        "member": _definitions(database, "SELECT owner, family, file, position FROM member", paths),
        "terms": counts,
        "words": {
            term: sorted(
                chunks[number]
                for number in database.words.chunks(database.connection, term, 1 << 30)
            )
            for term in counts
        },
        "totals": (database.meta(CHUNKS), database.meta(TERMS)),
    }


def sound(database: Database) -> None:
    """The parts of an index agree with each other."""
    said = contents(database)
    assert not said["content"]
    expected: dict[str, list[tuple[str, int]]] = {}
    for path, file in said["files"].items():
        language, symbols = file[2], file[-1]
        held: list[str] = symbols[3] if symbols else []
        for number, terms in enumerate(held):
            for term in terms.split(" "):
                expected.setdefault(word(group_of(language), term), []).append((path, number))
    assert said["words"] == {term: sorted(found) for term, found in expected.items()}
    assert said["terms"] == {term: len(found) for term, found in expected.items()}
    assert said["totals"] == (len(said["chunks"]), sum(said["terms"].values()))


def _definitions(database: Database, sql: str, paths: dict[int, str]) -> list[tuple[Any, ...]]:
    rows: Iterable[tuple[Any, ...]] = database.connection.execute(sql).fetchall()
    return sorted((name, family, paths[file], at) for name, family, file, at in rows)
