"""Changes are told by the system, and what cannot be watched is told once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import watchfiles

from beadline.context.index.database import Database
from beadline.context.index.keeper import Keeper
from beadline.context.index.reader import IndexGraph
from beadline.context.index.watch import Watcher
from tests.context.index.kit import OPTIONS, TIME_OUT, contents, scanned, until
from tests.context.retrieval.git import repository, write

ONE = "def first():\n    return 1\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "work", {"one.py": ONE, "sub/two.py": ONE}).resolve()


@pytest.fixture
def seen() -> set[str]:
    return set()


@pytest.fixture
def failures() -> list[str]:
    return []


@pytest.fixture
def watcher(root: Path, seen: set[str], failures: list[str]) -> Iterator[Watcher]:
    made = Watcher(root, seen.update, failures.append)
    yield made
    made.close()


def keeps_telling(root: Path, name: str, seen: set[str]) -> None:
    """The first change may come before the system watches."""

    def told() -> bool:
        write(root, {name: ONE})
        return str(root / name) in seen

    until(told, f"{name} is told")


def test_changes_are_told(root: Path, watcher: Watcher, seen: set[str]) -> None:
    assert watcher.cover({"sub"})
    assert not watcher.cover({"sub", ""}), "they are the same folders"
    keeps_telling(root, "one.py", seen)
    keeps_telling(root, "sub/two.py", seen)
    (root / "sub" / "two.py").unlink()
    seen.clear()
    keeps_telling(root, "sub/three.py", seen)
    write(root, {"new/deep.py": ONE})
    until(lambda: str(root / "new") in seen or str(root / "new/deep.py") in seen, "a new folder")
    watcher.cover({"sub", "new"})
    keeps_telling(root, "new/more.py", seen)
    watcher.close()
    assert not watcher.cover({""})


def test_a_folder_that_goes_does_not_end_it(root: Path, watcher: Watcher, seen: set[str]) -> None:
    watcher.cover({"sub", "gone/deep"})
    keeps_telling(root, "sub/two.py", seen)
    assert watcher.works


@pytest.mark.parametrize(
    "error", [OSError("limit reached"), RuntimeError("inotify"), ImportError("no library")]
)
def test_what_cannot_be_watched_is_told_once(
    watcher: Watcher, failures: list[str], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(watchfiles, "watch", fails)
    assert watcher.cover({"sub"})
    until(lambda: failures, "it is told")
    assert not watcher.works and not watcher.cover({"other"})
    assert len(failures) == 1 and "noticed late" in failures[0]


Keep = Callable[[], tuple[Keeper, Database, list[dict]]]


@pytest.fixture
def keep(root: Path) -> Iterator[Keep]:
    running: list[tuple[Keeper, threading.Thread]] = []

    def start() -> tuple[Keeper, Database, list[dict]]:
        told: list[dict] = []
        keeper = Keeper(root, OPTIONS, told.append)
        database = Database.memory()
        thread = threading.Thread(target=keeper.run, args=(database,))
        running.append((keeper, thread))
        thread.start()
        until(lambda: {"op": "scanned", "files": 2} in told, "the first scan")
        return keeper, database, told

    yield start
    for keeper, thread in running:
        keeper.close()
        thread.join(TIME_OUT)
        assert not thread.is_alive()


@pytest.mark.slow
def test_an_index_follows_its_folder_by_itself(root: Path, keep: Keep) -> None:
    _, database, told = keep()
    assert {"op": "progress", "done": 2, "of": 2} in told
    graph = IndexGraph(root, lambda: database)

    def named(name: str) -> list[str]:
        return [each.path for each in graph.named(name, group="python")]

    write(root, {"one.py": ONE.replace("first", "changed")})
    until(lambda: named("changed") == ["one.py"], "an edit")
    write(root, {"fresh/deep/new.py": ONE.replace("first", "fresh")})
    until(lambda: named("fresh") == ["fresh/deep/new.py"], "a new folder")
    (root / "sub").rename(root / "moved")
    until(lambda: named("first") == ["moved/two.py"], "a renamed folder")
    (root / "one.py").unlink()
    until(lambda: named("changed") == [], "a deletion")
    write(root, {".beadlineignore": "fresh/\n"})
    until(lambda: named("fresh") == [], "new rules")
    until(lambda: contents(database) == contents(scanned(root)), "it is that of the folder")


def test_where_nothing_is_watched_it_looks_when_it_is_asked(
    root: Path, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError("limit reached")

    monkeypatch.setattr(watchfiles, "watch", fails)
    keeper, database, told = keep()
    until(lambda: any(each["op"] == "note" for each in told), "the user is told")
    graph = IndexGraph(root, lambda: database)
    write(root, {"one.py": ONE.replace("first", "changed")})
    keeper.look_again()
    until(lambda: graph.named("changed", group="python"), "a scan finds it")


def test_it_ends_when_the_index_is_not_its_own_any_more(root: Path) -> None:
    own = threading.Event()
    own.set()
    told: list[dict] = []
    database = Database.memory()
    keeper = Keeper(root, OPTIONS, told.append, usable=own.is_set)
    thread = threading.Thread(target=keeper.run, args=(database,))
    thread.start()
    until(lambda: {"op": "scanned", "files": 2} in told, "the first scan")
    own.clear()
    thread.join(TIME_OUT)
    assert not thread.is_alive() and not keeper.closed
