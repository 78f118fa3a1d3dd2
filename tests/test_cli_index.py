"""`beadline index`: brings an index up to date, says how it is, makes it anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli import run
from tests.context.retrieval.git import repository, write

ONE = "def first():\n    return 1\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "work", {"one.py": ONE, "sub/two.py": ONE}).resolve()


@pytest.mark.slow
def test_from_nothing_to_an_index_and_anew(root: Path, own_folders: Path) -> None:
    before = run("index", root, "--status", "--json")
    assert before.code == 0
    assert not before.json["complete"] and before.json["files"] == 0
    assert "not indexed yet" in run("index", root, "--status").out
    done = run("index", root / "sub", "--json")
    assert done.code == 0, done.err
    assert done.json["folder"] == str(root) and done.json["files"] == 2
    assert done.json["complete"] and done.json["updated"] and done.json["problem"] == ""
    database = Path(done.json["database"])
    assert database.parent == own_folders / "cache" / "index"
    assert done.json["bytes"] >= database.stat().st_size > 0
    text = run("index", root / "one.py", "--status")
    assert "2 files" in text.out and str(database) in text.out
    assert run("cache", "--json").json["kinds"]["index"]["files"] >= 2
    (root / "one.py").unlink()
    write(root, {"three.py": ONE, "four.py": ONE})
    assert run("index", root, "--status", "--json").json["files"] == 2, "it only looks"
    assert run("index", root, "--json").json["files"] == 3
    inode = database.stat().st_ino
    kept = database.open("rb")  # so that the number is not used again
    anew = run("index", root, "--rebuild", "--json")
    assert anew.json["files"] == 3 and database.stat().st_ino != inode
    kept.close()


def test_a_cache_that_cannot_be_written(root: Path, own_folders: Path) -> None:
    (own_folders / "cache").touch()
    done = run("index", root)
    assert done.code == 0
    assert "2 files" in done.out and "in memory" in done.out and "cannot be kept" in done.out


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    done = run("index", tmp_path / "nothing")
    assert done.code == 2 and "There is no folder" in done.err
    assert run("index", "--status", "--rebuild").code == 2
