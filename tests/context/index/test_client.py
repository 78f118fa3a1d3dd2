"""The index of a workspace: folders that come and go, documents by URI, rules that change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from beadline.context.index import client as module
from beadline.context.index.client import Index, file_of
from beadline.context.types import Document
from beadline.settings import ContextOptions
from tests.context.index.kit import OPTIONS, TIME_OUT, document, until
from tests.context.retrieval.git import repository, write

ONE = "class One:\n    def first(self):\n        return 1\n"
LONG = "".join(f"def step_{n}(value):\n    return value + {n}\n\n\n" for n in range(30))

Make = Callable[..., Index]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "work", {"one.py": ONE, "pkg/long.py": LONG}).resolve()


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Index] = []

    def start(*folders: Path, options: ContextOptions = OPTIONS) -> Index:
        made.append(Index(folders, options, cache_dir=None))
        made[-1].start()
        assert made[-1].ready(TIME_OUT)
        return made[-1]

    yield start
    for index in made:
        index.close()


def named(index: Index, name: str) -> list[str]:
    return [each.path for each in index.overlay.named(name, group="python")]


def buffer(path: Path, text: str) -> Document:
    return document("anything.py", text, key=path.as_uri())


def test_documents_are_files_of_the_workspace(root: Path, make: Make) -> None:
    index = make(root)
    assert index.file_count == 2 and index.progress == (2, 2) and index.problems() == ()
    assert index.open(buffer(root / "one.py", ONE.replace("first", "changed"))) == "one.py"
    assert index.path_of((root / "one.py").as_uri()) == index.path_of(str(root / "one.py"))
    assert index.open(buffer(root.parent / "outside.py", ONE)) == ""
    assert index.open(document("u", ONE, key="untitled:Untitled-1")) == ""
    assert [each.path for each in index.overlay.documents()] == ["one.py"]
    assert index.open(buffer(root / "pkg" / "long.py", LONG)) == "pkg/long.py"
    assert named(index, "changed") == ["one.py"]
    index.closed((root / "one.py").as_uri())
    index.closed("nothing")
    assert named(index, "first") == ["one.py"] and named(index, "changed") == []


def test_a_link_to_a_folder_is_the_folder(root: Path, make: Make) -> None:
    (root.parent / "link").symlink_to(root)
    index = make(root.parent / "link", root)
    assert len(index.folders) == 1
    assert index.path_of(str(root.parent / "link" / "one.py")) == "one.py"


def test_folders_come_and_go(root: Path, make: Make) -> None:
    other = root.parent / "other"
    write(other, {"b.py": "def beside(): ...\n"})
    index = make(root)
    index.open(buffer(root / "one.py", ONE.replace("first", "changed")))
    index.open(buffer(root / "pkg" / "long.py", LONG))
    before = index.folders
    index.set_folders([root, other])
    assert index.folders[0] is before[0], "what is known is kept"
    until(lambda: named(index, "beside") == ["other/b.py"], "the new one is read")
    assert named(index, "changed") == ["work/one.py"]
    assert index.path_of(str(root / "one.py")) == "work/one.py"
    index.set_folders([other])
    assert named(index, "changed") == [] and index.ready(TIME_OUT)
    assert named(index, "beside") == ["b.py"]
    index.set_folders([root])
    assert index.ready(TIME_OUT)
    assert index.folders[0] is not before[0]
    until(lambda: named(index, "changed") == ["one.py"], "and its buffers are open again")
    index.set_folders([])
    assert index.ready(0) and named(index, "first") == [] and index.progress == (0, 0)


def test_new_rules_hold_at_once(root: Path, make: Make) -> None:
    index = make(root)
    before = index.folders
    index.set_options(ContextOptions(prefix_tokens=77))
    assert index.folders is before, "nothing that is indexed depends on it"
    index.set_options(ContextOptions(ignore=("one.py",)))
    assert named(index, "first") == []
    assert index.ready(TIME_OUT)
    until(lambda: named(index, "step_3") == ["pkg/long.py"], "the rest is read again")
    assert named(index, "first") == []


def test_changed_buffers_are_prepared_while_nobody_types(
    root: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUIET_S", 0.01)
    index = make(root)
    index.open(buffer(root / "pkg" / "long.py", LONG + "# end\n"))

    def found() -> bool:
        hits = index.overlay.similar(
            {"step_3": 1.0}, group="python", limit=9, accept=lambda span: True
        )
        return [hit.span.path for hit in hits] == ["pkg/long.py"]

    until(found, "its spans are cut")


def test_files_that_change(root: Path, make: Make) -> None:
    index = make(root)
    write(root, {"one.py": ONE.replace("first", "changed")})
    index.files_changed()
    until(lambda: named(index, "changed") == ["one.py"], "the change is noticed")


def test_before_the_start_and_after_the_end(root: Path) -> None:
    index = Index([root], OPTIONS, cache_dir=None)
    assert not index.ready(0) and named(index, "first") == []
    assert index.open(buffer(root / "one.py", ONE)) == "one.py"
    index.close()
    index.close()
    index.start()
    assert not index.ready(0) and named(index, "first") == []


def test_everything_at_once(root: Path, make: Make) -> None:
    other = root.parent / "other"
    write(other, {"b.py": "def beside(): ...\n"})
    index = make(root)
    failed: list[BaseException] = []
    done = threading.Event()

    def churn() -> None:
        try:
            for n in range(30):
                index.open(buffer(root / "one.py", ONE.replace("first", f"first_{n}")))
                index.files_changed()
                if n % 5 == 0:
                    index.set_folders([root, other] if n % 2 else [root])
                if n % 7 == 0:
                    index.closed((root / "one.py").as_uri())
        except BaseException as exc:
            failed.append(exc)
        finally:
            done.set()

    thread = threading.Thread(target=churn)
    thread.start()
    while not done.is_set():
        named(index, "first")
        index.overlay.similar({"step_3": 1.0}, group="python", limit=9, accept=lambda span: True)
    thread.join(TIME_OUT)
    assert not failed
    index.set_folders([root])
    index.closed((root / "one.py").as_uri())
    assert index.ready(TIME_OUT)
    until(lambda: named(index, "first") == ["one.py"])


@pytest.mark.parametrize(
    "key", ["untitled:Untitled-1", "output://x", "http://h/a.py", "file://h/a"]
)
def test_what_is_no_file(key: str) -> None:
    assert file_of(key) == ""


def test_problems_are_told_when_they_change(root: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file is no folder")
    told: list[str] = []
    index = Index([root], OPTIONS, cache_dir=tmp_path / "cache", tell=told.append)
    index.start()
    try:
        assert index.ready(TIME_OUT)
        until(lambda: told)
        assert told == [index.problems()[0]] and "in memory" in told[0]
        index.set_folders([])
        until(lambda: told[-1] == "")
        assert len(told) == 2
    finally:
        index.close()
