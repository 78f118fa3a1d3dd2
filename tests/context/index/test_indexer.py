"""An index of a real folder: what a scan and single changes make of it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from beadline.context.index import indexer as module
from beadline.context.index.database import Database
from beadline.context.index.indexer import Indexer, Limits
from beadline.context.index.reader import IndexGraph
from beadline.settings import ContextOptions
from tests.context.index.kit import OPTIONS, contents, scanned, sound
from tests.context.retrieval.git import git, repository, write

ONE = "import two\n\n\nclass One:\n    def first(self, value):\n        return two.second(value)\n"
TWO = "def second(value):\n    return value + 1\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {"one.py": ONE, "pkg/two.py": TWO, "notes.md": "# Notes\n"}
    return repository(tmp_path / "work", files)


def named(database: Database, root: Path, name: str) -> list[str]:
    found = IndexGraph(root, lambda: database).named(name, group="python")
    return [each.path for each in found]


def test_a_scan_reads_every_file(root: Path) -> None:
    database = scanned(root)
    sound(database)
    assert set(contents(database)["files"]) == {"one.py", "pkg/two.py", "notes.md"}
    assert named(database, root, "first") == ["one.py"]


def test_a_package_with_an_empty_file_is_one(root: Path) -> None:
    write(root, {"pkg/__init__.py": ""})
    database = Database.memory()
    indexer = Indexer(root, OPTIONS, database)
    indexer.scan()
    assert "pkg/__init__.py" in contents(database)["files"]
    write(root, {"pkg/two.py": ""})
    assert not indexer.update([str(root / "pkg" / "two.py")])
    assert contents(database) == contents(scanned(root))


def test_a_second_scan_changes_nothing(root: Path) -> None:
    database = Database.memory()
    indexer = Indexer(root, OPTIONS, database)
    assert indexer.scan()
    before = contents(database)
    numbers = database.connection.execute("SELECT id FROM file ORDER BY id").fetchall()
    assert indexer.scan()
    assert contents(database) == before
    again = database.connection.execute("SELECT id FROM file ORDER BY id").fetchall()
    assert again == numbers, "no file was put in anew"


def test_changes_that_are_told(root: Path) -> None:
    database = Database.memory()
    indexer = Indexer(root, OPTIONS, database)
    indexer.scan()
    write(root, {"one.py": ONE.replace("first", "changed")})
    assert not indexer.update([str(root / "one.py")])
    assert named(database, root, "changed") == ["one.py"]
    (root / "pkg" / "two.py").unlink()
    assert not indexer.update([str(root / "pkg" / "two.py"), str(root / "pkg" / "two.py")])
    assert named(database, root, "second") == []
    sound(database)
    assert contents(database) == contents(scanned(root))


@pytest.mark.parametrize(
    ("prepare", "paths"),
    [
        (lambda root: write(root, {"new.py": TWO}), ["new.py"]),
        (lambda root: write(root, {"fresh/new.py": TWO}), ["fresh"]),
        (lambda root: (root / "pkg").rename(root / "moved"), ["pkg", "moved"]),
        (lambda root: write(root, {".gitignore": "*.md\n"}), [".gitignore"]),
        (lambda root: write(root, {"pkg/.beadlineignore": "two.py\n"}), ["pkg/.beadlineignore"]),
        (lambda root: git(root, "mv", "one.py", "renamed.py"), ["one.py", "renamed.py"]),
    ],
)  # fmt: skip
def test_what_needs_a_scan_asks_for_one(
    root: Path, prepare: Callable[[Path], object], paths: list[str]
) -> None:
    database = Database.memory()
    indexer = Indexer(root, OPTIONS, database)
    indexer.scan()
    prepare(root)
    assert indexer.update([str(root / path) for path in paths])
    indexer.scan()
    sound(database)
    assert contents(database) == contents(scanned(root))


def test_what_is_not_searched_asks_for_one_scan_at_most(root: Path) -> None:
    write(root, {".gitignore": "built.py\n"})
    database = Database.memory()
    indexer = Indexer(root, OPTIONS, database)
    indexer.scan()
    write(root, {"built.py": TWO, "x.pyc": "x", "note.swp": "x"})
    outside = root.parent / "outside.py"
    outside.write_text(TWO)
    for name in ("x.pyc", "note.swp", ".", "../outside.py", "node_modules/a.js"):
        assert not indexer.update([str(root / name)]), name
    assert indexer.update([str(root / "built.py")])
    indexer.scan()
    assert not indexer.update([str(root / "built.py")])
    write(root, {".gitignore": ""})
    assert indexer.update([str(root / ".gitignore")])
    indexer.scan()
    assert named(database, root, "second") == ["built.py", "pkg/two.py"]


def test_a_file_that_changes_and_keeps_its_time(root: Path) -> None:
    database = Database.memory()
    indexer = Indexer(root, OPTIONS, database)
    indexer.scan()
    status = (root / "one.py").stat()
    write(root, {"one.py": ONE.replace("first", "third")})
    os.utime(root / "one.py", ns=(status.st_atime_ns, status.st_mtime_ns))
    indexer.scan()
    assert named(database, root, "third") == ["one.py"]


def test_a_file_that_is_old_is_not_read_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (root / "one.py", root / "pkg" / "two.py", root / "notes.md"):
        os.utime(path, (1e9, 1e9))
    database = Database.memory()
    indexer = Indexer(root, OPTIONS, database)
    indexer.scan()
    monkeypatch.setattr(module.workspace, "read", None)
    assert indexer.scan()


def test_a_file_that_was_touched_keeps_its_number(root: Path) -> None:
    database = Database.memory()
    indexer = Indexer(root, OPTIONS, database)
    indexer.scan()
    before = database.connection.execute("SELECT id, digest FROM file ORDER BY id").fetchall()
    os.utime(root / "one.py", (1e9, 1e9))
    indexer.update([str(root / "one.py")])
    after = database.connection.execute("SELECT id, digest FROM file ORDER BY id").fetchall()
    assert after == before
    stamps = dict(database.connection.execute("SELECT path, modified_ns FROM file").fetchall())
    assert stamps["one.py"] == 10**18


def test_a_file_that_grows_too_large_or_machine_made(root: Path) -> None:
    database = Database.memory()
    indexer = Indexer(root, OPTIONS, database)
    indexer.scan()
    write(root, {"one.py": "# @generated\n" + ONE, "pkg/two.py": TWO * 10_000})
    indexer.update([str(root / "one.py"), str(root / "pkg" / "two.py")])
    assert named(database, root, "first") == named(database, root, "second") == []
    assert contents(database) == contents(scanned(root))
    sound(database)


def test_what_a_process_died_of_is_not_read(root: Path) -> None:
    read: list[str] = []
    database = Database.memory()
    indexer = Indexer(root, OPTIONS, database, reading=read.append, avoided=frozenset({"one.py"}))
    indexer.scan()
    assert sorted(read) == ["notes.md", "pkg/two.py"]
    assert named(database, root, "first") == []
    assert named(database, root, "second") == ["pkg/two.py"]


def test_limits_of_an_index_in_memory(root: Path) -> None:
    database = Database.memory()
    limits = Limits(characters=len(ONE) + 1)
    os.utime(root / "one.py", (2**31, 2**31))
    indexer = Indexer(root, OPTIONS, database, limits=limits)
    indexer.scan()
    assert named(database, root, "first") == ["one.py"]
    assert named(database, root, "second") == []
    (root / "one.py").unlink()
    indexer.update([str(root / "one.py")])
    write(root, {"pkg/two.py": TWO + "\n"})
    indexer.update([str(root / "pkg" / "two.py")])
    assert named(database, root, "second") == ["pkg/two.py"]


def test_the_number_of_files_is_bounded(root: Path) -> None:
    database = scanned(root, ContextOptions(max_files=2))
    assert set(contents(database)["files"]) == {"one.py", "pkg/two.py"}, "code before prose"


def test_a_name_that_is_no_text(root: Path) -> None:
    try:
        (root / os.fsdecode(b"caf\xe9.py")).write_text(TWO)
    except OSError:  # a file system that takes Unicode alone
        return
    assert set(contents(scanned(root))["files"]) == {"one.py", "pkg/two.py", "notes.md"}


def test_progress_is_told_and_a_scan_can_be_stopped(root: Path) -> None:
    told: list[tuple[int, int]] = []
    database = Database.memory()
    indexer = Indexer(
        root, OPTIONS, database,
        progress=lambda done, of: told.append((done, of)), stopped=lambda: len(told) > 1,
    )  # fmt: skip
    assert not indexer.scan()
    assert told == [(0, 3), (1, 3)]
    sound(database)
    assert database.meta("complete") is None
    whole = Indexer(root, OPTIONS, database)
    assert whole.scan() and len(whole) == 3
    assert database.meta("complete") is not None
    assert contents(database) == contents(scanned(root))


def test_an_error_in_the_middle_leaves_what_was_there(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database.memory()
    indexer = Indexer(root, OPTIONS, database)
    indexer.scan()
    before = contents(database)
    write(root, {"one.py": TWO, "pkg/two.py": ONE})

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(type(database.words), "add", full)
        with pytest.raises(sqlite3.OperationalError):
            indexer.scan()
    assert contents(database) == before
    sound(database)
    indexer.scan()
    assert contents(database) == contents(scanned(root))


def test_each_language_is_put_where_it_belongs(tmp_path: Path) -> None:
    root = tmp_path / "w"
    write(
        root,
        {
            "main.go": "package main\n\nfunc Run() {}\n",
            "run": "#!/usr/bin/env python\ndef run():\n    pass\n",
            "a.unknown": "x\n",
        },
    )
    database = scanned(root)
    files = contents(database)["files"]
    assert {path: (said[2], said[3]) for path, said in files.items()} == {
        "main.go": ("go", "main"),
        "run": ("python", ""),
    }
