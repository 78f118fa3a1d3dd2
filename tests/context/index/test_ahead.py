"""A first scan with helpers: the same index, whatever becomes of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any, NoReturn

import pytest

from beadline.context.index import ahead
from beadline.context.index.database import Database
from beadline.context.index.indexer import Indexer
from tests.context.index.kit import OPTIONS, contents, scanned, sound
from tests.context.retrieval.git import repository, write

FILES = 2 * ahead.LEAST_FILES


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        f"pkg_{n % 5}/é_{n}.py": f"import os\n\n\ndef step_{n}(value):\n    return value + {n}\n"
        for n in range(FILES)
    }
    files |= {
        "pkg_0/__init__.py": "",
        "shape.ts": "export class Shape {\n  area(): number { return 1 }\n}\n",
    }
    files |= {"table.py": "x = '" + "a" * 30_000 + "'\n"}
    root = repository(tmp_path / "work", files)
    for file in root.rglob("*.*"):
        os.utime(file, (1e9, 1e9))  # what has just changed is read again by the next scan
    return root


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The helpers that are started."""
    processes: list[subprocess.Popen[bytes]] = []
    start = ahead.start

    def noted(command: list[str]) -> subprocess.Popen[bytes]:
        processes.append(process := start(command))
        return process

    monkeypatch.setattr(ahead, "start", noted)
    return processes


def with_helpers(root: Path, **more: Any) -> tuple[Indexer, Database]:
    database = Database.memory()
    return Indexer(root, OPTIONS, database, helpers=2, **more), database


def test_it_is_the_index_of_one_process(root: Path, started: list[subprocess.Popen[bytes]]) -> None:
    told: list[tuple[int, int]] = []
    indexer, database = with_helpers(root, progress=lambda done, of: told.append((done, of)))
    assert indexer.scan()
    sound(database)
    assert contents(database) == contents(scanned(root))
    total = len(contents(database)["files"])
    assert total == FILES + 3 and told == [(done, total) for done in range(total + 1)]
    assert len(started) == 2 and all(each.poll() is not None for each in started)


@pytest.mark.slow
def test_few_files_need_no_help(root: Path, started: list[subprocess.Popen[bytes]]) -> None:
    indexer, database = with_helpers(root)
    assert indexer.scan()
    del started[:]
    write(root, {"pkg_0/é_0.py": "def other():\n    pass\n"})
    assert indexer.scan() and not started
    assert contents(database) == contents(scanned(root))


@pytest.mark.slow
def test_helpers_that_die_are_done_without(
    root: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    def kill(done: int, of: int) -> None:
        if done == 20:
            started[0].kill()

    indexer, database = with_helpers(root, progress=kill)
    assert indexer.scan()
    assert contents(database) == contents(scanned(root))


def test_helpers_that_never_live_are_done_without(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "command", lambda: ["git", "--version"])
    indexer, database = with_helpers(root)
    assert indexer.scan()
    assert contents(database) == contents(scanned(root))


def test_where_no_process_can_be_started_nobody_helps(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(command: list[str]) -> NoReturn:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(ahead, "start", refused)
    indexer, database = with_helpers(root)
    assert indexer.scan()
    assert contents(database) == contents(scanned(root))


@pytest.mark.slow
def test_a_scan_that_is_stopped_ends_them(
    root: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    done: list[int] = []
    indexer, database = with_helpers(
        root, progress=lambda n, of: done.append(n), stopped=lambda: len(done) > 5
    )
    assert not indexer.scan()
    assert started and all(each.poll() is not None for each in started)
    sound(database)
    assert Indexer(root, OPTIONS, database).scan()
    assert contents(database) == contents(scanned(root))


def test_what_a_process_died_of_is_asked_of_no_helper(root: Path) -> None:
    avoided = frozenset({"pkg_1/é_1.py"})
    indexer, database = with_helpers(root, avoided=avoided)
    assert indexer.scan()
    alone = Database.memory()
    assert Indexer(root, OPTIONS, alone, avoided=avoided).scan()
    assert contents(database) == contents(alone)
