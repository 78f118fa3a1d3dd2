"""`beadline cache`: what lies there is told, and nothing is removed but our own files."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli import run

OURS = {
    "state": f"state/{'0' * 16}-{'a' * 32}.state",
    "probe": "llama-probe.json",
    "index": f"index/{'0' * 32}.sqlite3-wal",
    "cache-model": f"cache-model/{'0' * 40}/tmp1234abcd.array",
    "models": "bench/models/random-tiny-f16-0123abcd-1.gguf",
    "training": "training/mine-01234567/0123456789abcdef/run/checkpoint/weights.safetensors",
    "results": f"evaluation/{'0' * 16}.jsonl",
}
OTHERS = (
    "notes.txt",
    "state/notes.txt",
    "state/deep/er/x.state",
    f"{'0' * 16}-{'a' * 32}.state",
    "bench/models/my-own.gguf",
    "evaluation/mine.json",
)


@pytest.fixture
def cache(own_folders: Path) -> Path:
    """The cache directory, with a file of every kind and some that are not ours."""
    folder = own_folders / "cache"
    for name in (*OURS.values(), *OTHERS):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1_500_000)
    return folder


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_lies_there(cache: Path) -> None:
    done = run("cache")
    assert done.code == 0
    assert str(cache) in done.out
    for name in OURS:
        assert any(line.split()[:4] == [name, "1", "1.5", "MB"] for line in done.out.splitlines())
    assert f"{len(OTHERS)} other files" in done.out
    assert run("cache", "--json").json == {
        "folder": str(cache),
        "kinds": {name: {"files": 1, "bytes": 1_500_000} for name in OURS},
        "other_files": len(OTHERS),
    }
    assert files(cache) == {*OURS.values(), *OTHERS}


def test_clear_removes_what_is_made_again(cache: Path) -> None:
    done = run("cache", "clear")
    assert done.code == 0
    assert "removed 1 files of state, 1.5 MB" in done.out
    assert files(cache) == {OURS["results"], OURS["training"], *OTHERS}
    assert "nothing to remove" in run("cache", "clear").out


def test_clear_removes_what_is_named(cache: Path) -> None:
    assert run("cache", "clear", "results", "state", "--json").json["removed"] == {
        "state": 1,
        "results": 1,
    }
    left = {OURS[name] for name in ("probe", "index", "cache-model", "models", "training")}
    assert files(cache) == {*left, *OTHERS}


def test_a_kind_that_there_is_not(cache: Path) -> None:
    done = run("cache", "clear", "everything")
    assert done.code == 2
    assert "'everything'" in done.err
    assert "state, probe" in done.err
    assert files(cache) == {*OURS.values(), *OTHERS}


def test_no_cache_directory(own_folders: Path) -> None:
    assert run("cache").code == 0
    assert "nothing to remove" in run("cache", "clear").out


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_lead_nowhere(cache: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    theirs = elsewhere / Path(OURS["state"]).name
    theirs.write_text("theirs")
    own = cache / OURS["state"]
    own.unlink()
    own.symlink_to(theirs)
    assert run("cache", "clear").code == 0
    assert theirs.exists()
    assert own.is_symlink()
    for path in (cache / "state").rglob("*"):
        if path.is_file() or path.is_symlink():
            path.unlink()
    (cache / "state" / "deep" / "er").rmdir()
    (cache / "state" / "deep").rmdir()
    (cache / "state").rmdir()
    (cache / "state").symlink_to(elsewhere)
    run("cache", "clear")
    assert theirs.exists()
