"""One folder's index and the process that keeps it: elections, deaths, damage, places that refuse.

Real processes. Nothing of this may end in an error for whoever asks the index meanwhile.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from beadline import settings
from beadline.context.index import database as databases
from beadline.context.index import folder as module
from beadline.context.index import reader
from beadline.context.index.database import Database
from beadline.context.index.folder import FolderIndex
from beadline.context.index.location import Place
from beadline.context.index.process import Order, command
from beadline.settings import ContextOptions
from tests.context.index.kit import OPTIONS, TIME_OUT, contents, scanned, until
from tests.context.retrieval.git import repository, write

ONE = "class One:\n    def first(self):\n        return 1\n"
TWO = "def second():\n    return One().first()\n"

Make = Callable[..., FolderIndex]


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "_CHECK_S", 0.0)
    monkeypatch.setattr(reader, "_RETRY_S", 0.0)
    monkeypatch.setattr(module, "FIRST_DELAY_S", 0.01)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {"one.py": ONE, "two.py": TWO, **{f"f{n}.py": f"def f{n}(): ...\n" for n in range(40)}}
    return repository(tmp_path / "work", files).resolve()


@pytest.fixture
def make(root: Path) -> Iterator[Make]:
    made: list[FolderIndex] = []

    def start(
        cache: Path | None = None,
        *,
        wait: bool = True,
        options: ContextOptions = OPTIONS,
        program: Sequence[str] | None = None,
    ) -> FolderIndex:
        cache = cache or settings.user_cache_dir()
        made.append(FolderIndex(root, options, cache, program=program))
        made[-1].start()
        if wait:
            assert made[-1].ready(TIME_OUT), made[-1].problem
        return made[-1]

    yield start
    for index in made:
        index.close()


def named(index: FolderIndex, name: str) -> list[str]:
    return [each.path for each in index.graph.named(name, group="python")]


def place(index: FolderIndex) -> Place:
    assert index.place is not None
    return index.place


def ends_as_built_from_scratch(index: FolderIndex) -> None:
    """Its database, once it is up to date, holds what a new one would hold."""

    def same() -> bool:
        index.look_again()
        index.mend()
        try:
            database = Database.attach(place(index).database)
            if database is None:
                return False
            with closing(database.connection):
                return contents(database) == contents(scanned(index.folder))
        except (sqlite3.Error, databases.Damaged, KeyError, AssertionError):
            return False  # between two of its transactions

    until(same, "the index is that of the folder")


def test_a_folder_is_indexed_by_a_process_of_its_own(root: Path, make: Make) -> None:
    index = make()
    assert index.pid not in (None, os.getpid()) and not index.in_memory and not index.follows
    assert named(index, "first") == ["one.py"]
    assert index.graph.count() == 42 and index.problem == ""
    assert index.progress == (42, 42)
    write(root, {"one.py": ONE.replace("first", "changed"), "new.py": "def fresh(): ...\n"})

    def seen() -> bool:
        index.look_again()
        return named(index, "changed") == ["one.py"] and named(index, "fresh") == ["new.py"]

    until(seen, "changes are noticed")
    index.close()
    index.close()
    again = make()
    assert named(again, "changed") == ["one.py"]


def test_without_a_place_it_is_kept_in_memory(root: Path) -> None:
    index = FolderIndex(root, OPTIONS, None)
    assert not index.ready(0)
    index.start()
    index.start()
    try:
        assert index.ready(TIME_OUT)
        assert index.in_memory and index.pid is None and index.problem == ""
        assert named(index, "first") == ["one.py"]
        (root / "one.py").unlink()
        index.look_again()
        until(lambda: named(index, "first") == [], "it goes on looking")
    finally:
        index.close()
    assert not index.ready(0) and named(index, "second") == []


def test_the_user_may_want_no_file(make: Make) -> None:
    index = make(options=ContextOptions(save_index=False))
    assert index.in_memory and not settings.user_cache_dir().exists()


def test_a_place_that_refuses(tmp_path: Path, make: Make) -> None:
    """A cache directory that is a file stands for one that is read-only: root may write all."""
    (tmp_path / "cache").touch()
    index = make(tmp_path / "cache")
    assert index.in_memory and named(index, "first") == ["one.py"]
    assert "cannot be kept in" in index.problem and "in memory" in index.problem
    assert "\n" not in index.problem


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
@pytest.mark.slow
def test_a_full_disk(make: Make, root: Path) -> None:
    """A process that may write no file beyond 20,000 bytes."""
    limited = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); "
        "import sys; sys.path.append(sys.argv[1]); "
        "from beadline.context.index.process import main; main()"
    )
    program = [*command()[:3], limited, command()[4]]
    index = make(program=program)
    until(lambda: index.in_memory, "it gives up the file")
    assert index.ready(TIME_OUT)
    assert named(index, "first") == ["one.py"] and index.problem
    left = place(index).database
    assert not left.exists(), "what is of no use takes no room"


@pytest.mark.slow
def test_two_servers_one_writes_and_the_other_takes_over(root: Path, make: Make) -> None:
    first = make()
    second = make()
    until(lambda: second.follows, "the second one waits")
    assert named(second, "first") == ["one.py"]
    write(root, {"one.py": ONE.replace("first", "changed")})
    first.look_again()
    until(lambda: named(second, "changed") == ["one.py"], "it reads what the first one writes")
    first.close()
    until(lambda: not second.follows, "it takes over")
    write(root, {"one.py": ONE})
    second.look_again()
    until(lambda: named(second, "first") == ["one.py"], "and writes")
    ends_as_built_from_scratch(second)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.slow
def test_killed_at_any_moment(root: Path, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two servers; whoever writes dies again and again while files change."""
    monkeypatch.setattr(module, "MOST_CRASHES", 1000)
    chance = random.Random(5)
    servers = [make(wait=False), make(wait=False)]
    for turn in range(12):
        names = [f"f{n}.py" for n in chance.sample(range(40), 10)]
        write(root, {name: f"def g{turn}():\n    return {turn}\n" for name in names})
        for index in servers:
            index.look_again()
            named(index, "first")
            pid = index.pid
            if pid is not None and not index.follows and chance.random() < 0.7:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        until(lambda: any(index.pid is not None for index in servers), "another one is started")
        if turn % 4 == 3:
            until(lambda: named(servers[0], "first") == ["one.py"], "it answers")
    ends_as_built_from_scratch(servers[0])


@pytest.mark.slow
@pytest.mark.parametrize("what", ["deleted", "garbage", "pages", "version", "emptied"])
def test_a_database_that_is_deleted_or_spoiled(root: Path, make: Make, what: str) -> None:
    index = make()
    database = place(index).database
    if what == "deleted":
        place(index).discard()
    elif what == "garbage":
        database.write_bytes(os.urandom(database.stat().st_size))
    elif what == "pages":
        with database.open("r+b") as file:
            file.seek(4096)
            file.write(os.urandom(8 * 4096))
    elif what == "version":
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA user_version = 99")
    else:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("DROP TABLE content")
    index.graph.close()  # what is in its cache would answer for a while
    for _ in range(3):
        index.graph.file("one.py")
        index.graph.similar({"first": 1.0}, group="python", limit=9, accept=lambda span: True)
        index.graph.members("One", group="python")
    write(root, {"one.py": ONE.replace("first", "changed")})

    def mended() -> bool:
        index.mend()
        index.look_again()
        return named(index, "changed") == ["one.py"]

    until(mended, "it is made anew")
    ends_as_built_from_scratch(index)
    assert index.problem == ""


@pytest.mark.slow
def test_a_process_that_always_dies_is_given_up(make: Make) -> None:
    index = make(wait=False, program=[sys.executable, "-c", "import sys; sys.exit(3)"])
    until(lambda: index.gave_up, "it is given up")
    assert "ended 6 times, with code 3" in index.problem
    assert named(index, "first") == [] and not index.ready(0)


@pytest.mark.slow
def test_a_file_that_the_process_dies_of_is_left_out(make: Make, root: Path) -> None:
    """A parser that crashes takes a process with it, and the next one is told to be careful."""
    deadly = (
        "import os, sys; sys.path.append(sys.argv[1]); "
        "from beadline.context.retrieval import workspace; read = workspace.read\n"
        "def dies(entry, options):\n"
        "    if entry.name == 'two.py':\n"
        "        os._exit(9)\n"
        "    return read(entry, options)\n"
        "workspace.read = dies\n"
        "from beadline.context.index.process import main; main()"
    )
    index = make(program=[*command()[:3], deadly, command()[4]])
    assert named(index, "first") == ["one.py"] and named(index, "second") == []
    assert index.problem == "" and not index.in_memory


def test_a_program_that_is_not_there(make: Make) -> None:
    index = make(program=["/nothing/at/all"])
    assert index.in_memory and named(index, "first") == ["one.py"]
    assert "could not be started" in index.problem


def test_the_process_ends_with_its_input(root: Path, tmp_path: Path) -> None:
    """Also while it waits for another one to end."""
    taken = Place(tmp_path / "i" / "a.sqlite3", tmp_path / "i" / "a.lock")
    order = Order.of(root, taken, OPTIONS)
    started: list[subprocess.Popen[bytes]] = []
    for expected in ("elected", "waiting"):
        process = subprocess.Popen(command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(order.line())
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["op"] == expected
    for process in reversed(started):
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        assert process.wait(TIME_OUT) == 0
        process.stdout.close()
