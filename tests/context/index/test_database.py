"""The database: what opens, what is refused, and what its errors mean."""

from __future__ import annotations

import sqlite3
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.index import database as module
from beadline.context.index.database import (
    FORMAT,
    Damaged,
    Database,
    FullTextWords,
    IndexProblem,
    PlainWords,
    Words,
    has_fts5,
    is_busy,
    means_damage,
)

BOTH = [
    pytest.param(
        FullTextWords(), id="fts5", marks=pytest.mark.skipif(not has_fts5(), reason="no FTS5")
    ),
    pytest.param(PlainWords(), id="plain"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "index" / "a.sqlite3"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    made = Database.create(path)
    yield made
    made.close()


def test_what_is_written_is_read_by_another_connection(database: Database, path: Path) -> None:
    database.note("name", "value")
    reader = Database.attach(path)
    assert reader is not None
    assert reader.meta("name") == "value"
    assert reader.meta("other") is None
    before = reader.version
    assert reader.version == before
    database.note("name", 3)
    assert reader.version != before
    assert reader.meta("name") == 3
    with pytest.raises(sqlite3.Error):
        reader.note("name", "mine")
    reader.close()


def test_opened_again_it_holds_what_it_held(database: Database, path: Path) -> None:
    database.note("name", 1.5)
    database.close()
    again = Database.create(path)
    assert again.meta("name") == 1.5
    again.close()


def test_without_the_log(path: Path) -> None:
    database = Database.create(path, log=False)
    database.note("name", 1)
    assert not path.with_name(path.name + "-wal").exists()
    reader = Database.attach(path)
    assert reader is not None and reader.meta("name") == 1
    reader.close()
    database.close()


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_nobody_else_may_read_it(database: Database, path: Path) -> None:
    database.note("name", 1)
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_nothing_to_read_before_it_is_made(path: Path) -> None:
    assert Database.attach(path) is None
    path.parent.mkdir(parents=True)
    path.touch()
    assert Database.attach(path) is None


@pytest.mark.parametrize("version", [0, FORMAT + 1])
def test_another_version_is_refused(database: Database, path: Path, version: int) -> None:
    database.connection.execute(f"PRAGMA user_version = {version}")
    database.close()
    with pytest.raises(Damaged):
        Database.create(path)
    if version:
        with pytest.raises(Damaged):
            Database.attach(path)


@pytest.mark.parametrize("content", [b"no database at all" * 1000, b"SQLite format 3\0" * 64])
def test_what_is_no_database_is_refused(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(Damaged):
        Database.create(path)
    with pytest.raises((sqlite3.Error, Damaged)) as caught:
        Database.attach(path)
    assert means_damage(caught.value)


def test_a_database_of_somebody_else_is_refused(path: Path) -> None:
    path.parent.mkdir(parents=True)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE mine (x)")
    connection.commit()
    connection.close()
    with pytest.raises(Damaged):
        Database.create(path)


def test_where_there_can_be_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(IndexProblem, match="cannot be kept in"):
        Database.create(tmp_path / "file" / "index" / "a.sqlite3")
    (tmp_path / "a.sqlite3").mkdir()
    with pytest.raises(IndexProblem):
        Database.create(tmp_path / "a.sqlite3")


def test_a_file_that_is_gone_is_noticed(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHECK_S", 0.0)
    assert not database.is_replaced()
    path.rename(path.with_name("away"))
    assert database.is_replaced()
    other = Database.create(path)
    assert database.is_replaced() and not other.is_replaced()
    other.close()
    assert not Database.memory().is_replaced()


def test_errors_that_mean_damage(database: Database, path: Path) -> None:
    database.connection.executemany(
        "INSERT INTO meta VALUES (?, ?)", ((f"name{n}", "x" * 500) for n in range(200))
    )
    database.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises((sqlite3.Error, Damaged)) as caught:
        reader = Database.attach(path)
        assert reader is not None
        reader.connection.execute("SELECT * FROM meta").fetchall()
    assert means_damage(caught.value)
    closed = Database.memory()
    closed.close()
    with pytest.raises(sqlite3.Error) as caught:
        closed.meta("name")
    assert not means_damage(caught.value), "it was only closed"
    assert means_damage(Damaged("x")) and not means_damage(OSError("x"))


def test_errors_that_mean_the_disk_or_others(database: Database, path: Path) -> None:
    database.connection.execute("PRAGMA max_page_count = 1")
    with pytest.raises(sqlite3.Error) as caught:
        database.connection.execute("INSERT INTO meta VALUES ('name', zeroblob(1000000))")
    assert not means_damage(caught.value), "the disk is full"
    database.connection.execute("BEGIN IMMEDIATE")
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    with pytest.raises(sqlite3.Error) as caught:
        other.execute("BEGIN IMMEDIATE")
    assert is_busy(caught.value) and not means_damage(caught.value)
    other.close()


@pytest.mark.parametrize("words", BOTH)
def test_words_of_every_kind(words: Words) -> None:
    database = Database.memory(words)
    terms = ["a.name", "a.snake_case", "b.name", "a.größe", "a.名前", "a.v2", "a._x"]
    words.add(database.connection, [(n, term) for n, term in enumerate(terms)])
    for number, term in enumerate(terms):
        assert words.chunks(database.connection, term, 9) == [number]
    for term in ("a.snake", "a.case", "name", "a.nam", "a", "a.größ"):
        assert words.chunks(database.connection, term, 9) == []
    database.close()


operations = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.lists(st.sampled_from(["a.x", "a.y_z", "b.é"]), min_size=1, max_size=3),
    ),
    max_size=20,
)


@pytest.mark.parametrize("words", BOTH)
@given(steps=operations)
def test_words_come_and_go(words: Words, steps: list[tuple[int, list[str]]]) -> None:
    database = Database.memory(words)
    held: dict[int, list[str]] = {}
    for chunk, terms in steps:
        if chunk in held:
            words.remove(database.connection, [(chunk, " ".join(held.pop(chunk)))])
        else:
            held[chunk] = list(dict.fromkeys(terms))
            words.add(database.connection, [(chunk, " ".join(held[chunk]))])
    for term in ("a.x", "a.y_z", "b.é", "a.none"):
        expected = sorted(chunk for chunk, terms in held.items() if term in terms)
        assert words.chunks(database.connection, term, 9) == expected
        assert words.chunks(database.connection, term, 1) == expected[:1]
    database.close()
