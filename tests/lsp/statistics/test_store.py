"""The statistics file: its rights, several writers, damage, locks."""

from __future__ import annotations

import datetime
import os
import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from beadline.errors import FileError, SettingsError
from beadline.lsp.statistics import database
from beadline.lsp.statistics.recorder import Labels
from beadline.lsp.statistics.store import Store
from beadline.settings import StatisticsOptions

LABELS = Labels("python", "nano")
DAY = "2026-03-01"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The usual place."""
    monkeypatch.setenv("BEADLINE_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data" / "statistics.sqlite3"


class Told(list[str]):
    def __call__(self, message: str) -> None:
        self.append(message)


def store(path: Path, told: Told | None = None) -> Store:
    return Store(
        path,
        told if told is not None else Told(),
        today=lambda: datetime.date.fromisoformat(DAY),
        batch_seconds=0.0,
    )


def test_counts_add_up(path: Path) -> None:
    for _ in range(2):
        writer = store(path)
        writer.count(LABELS, {"shown": 1, "kept": 0.5})
        writer.count(LABELS, {"shown": 2})
        writer.count(Labels("go", "nano"), {"shown": 1})
        writer.close()
    assert sorted(database.read(path)) == [
        (DAY, "go", "nano", "shown", 2),
        (DAY, "python", "nano", "kept", 1.0),
        (DAY, "python", "nano", "shown", 6),
    ]


def test_the_days_that_are_read(path: Path) -> None:
    with closing(database.connect(path)) as connection:
        rows = [(f"2026-03-0{n}", "go", "m", "shown", 1.0) for n in range(1, 5)]
        database.add(connection, rows)
    assert [row[0] for row in database.read(path, "2026-03-03")] == ["2026-03-03", "2026-03-04"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes of files are POSIX's")
def test_only_the_user_may_read_it(path: Path) -> None:
    path.parent.mkdir()
    path.touch(0o644)
    with closing(database.connect(path)) as connection:
        database.add(connection, [(DAY, "go", "m", "shown", 1.0)])
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_several_servers_at_once(path: Path) -> None:
    writers = [store(path) for _ in range(4)]

    def work(writer: Store) -> None:
        for _ in range(50):
            writer.count(LABELS, {"shown": 1})
        writer.close()

    threads = [threading.Thread(target=work, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for writer in writers:
        assert writer._thread is not None
        writer._thread.join()
    assert database.read(path) == [(DAY, "python", "nano", "shown", 200.0)]


@pytest.mark.parametrize("content", [b"no database at all" * 100, None], ids=["other", "broken"])
def test_a_damaged_file_is_set_aside_and_told_once(path: Path, content: bytes | None) -> None:
    path.parent.mkdir()
    if content is None:
        with closing(database.connect(path)) as connection:
            database.add(connection, [(DAY, "go", "m", f"name {n}" * 50, 1.0) for n in range(500)])
        data = bytearray(path.read_bytes())
        data[4096:] = os.urandom(len(data) - 4096)
        content = bytes(data)
    path.write_bytes(content)
    told = Told()
    writer = store(path, told)
    writer.count(LABELS, {"shown": 1})
    writer.close()
    assert database.read(path) == [(DAY, "python", "nano", "shown", 1.0)]
    assert path.with_name(path.name + ".damaged").read_bytes() == content
    (message,) = told
    assert "damaged" in message


@pytest.mark.parametrize("kind", ["text", "database", "folder"])
def test_a_file_of_something_else_is_left_alone(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "precious"
    if kind == "text":
        file.write_text("root:x:0:0\n")
        file.chmod(0o644)
    elif kind == "database":
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE mine (x)")
    else:
        file.mkdir()
    before = file.read_bytes() if file.is_file() else b"", file.stat().st_mode
    told = Told()
    writer = store(file, told)
    writer.count(LABELS, {"shown": 1})
    writer.close()
    for use in (database.read, database.clear):
        with pytest.raises(FileError, match="left alone"):
            use(file)
    assert (file.read_bytes() if file.is_file() else b"", file.stat().st_mode) == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["precious"]
    (message,) = told
    assert "left alone" in message


def test_a_locked_file_costs_nothing_but_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.0)
    told, tried = Told(), threading.Event()

    class Heard(Told):
        def __call__(self, message: str) -> None:
            told(message)
            tried.set()

    with closing(database.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        writer = store(path, Heard())
        writer.count(LABELS, {"shown": 1})
        assert tried.wait(60)
        writer.count(LABELS, {"shown": 1})
        other.execute("ROLLBACK")
    writer.close()
    assert database.read(path) == [(DAY, "python", "nano", "shown", 2.0)]
    (message,) = told
    assert "locked" in message


def test_what_cannot_be_a_file_is_told_once(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    told = Told()
    writer = store(blocked / "statistics.sqlite3", told)
    for _ in range(3):
        writer.count(LABELS, {"shown": 1})
    writer.close()
    (message,) = told
    assert "No statistics are recorded" in message


def test_a_file_of_a_newer_version_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    told = Told()
    writer = store(path, told)
    writer.count(LABELS, {"shown": 1})
    writer.close()
    assert path.read_bytes() == before
    assert "newer version" in told[0]
    with pytest.raises(FileError, match="newer version"):
        database.read(path)


def test_nothing_is_made_before_there_is_something_to_count(path: Path) -> None:
    store(path).close()
    assert not path.parent.exists()
    assert database.read(path) == []
    database.clear(path)
    assert not path.parent.exists()


def test_clearing_leaves_nothing_behind_and_open_writers_go_on(path: Path) -> None:
    with closing(database.connect(path)) as writer:
        database.add(writer, [(DAY, "a-language", "a-model", "shown", 1.0)])
        database.clear(path)
        assert database.read(path) == []
        for file in path.parent.iterdir():
            assert b"a-language" not in file.read_bytes()
        database.add(writer, [(DAY, "go", "m", "shown", 1.0)])
    assert database.read(path) == [(DAY, "go", "m", "shown", 1.0)]


def test_clearing_a_damaged_file_removes_it(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(FileError, match="--clear"):
        database.read(path)
    database.clear(path)
    assert database.read(path) == []


def test_where_it_is(own_folders: Path, tmp_path: Path) -> None:
    assert database.location(StatisticsOptions()) == own_folders / "data" / "statistics.sqlite3"
    named = StatisticsOptions(file=str(tmp_path / "x"))
    assert database.location(named) == tmp_path / "x"
    with pytest.raises(SettingsError, match="full path"):
        database.location(StatisticsOptions(file="~nobody-of-this-name/x"))
