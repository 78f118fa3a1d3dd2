"""Several folders as one: every path is told and understood under its folder's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from beadline.context.index.database import Database
from beadline.context.index.indexer import Indexer
from beadline.context.index.mounts import MountedGraph, mounts
from beadline.context.index.prepare import Span
from beadline.context.index.reader import IndexGraph
from tests.context.index.kit import OPTIONS
from tests.context.retrieval.git import write

CODE = "class {name}:\n    def run_{name}(self, shared_value):\n        return shared_value\n"


def code(name: str) -> str:
    return CODE.format(name=name)


def mounted(*folders: Path) -> MountedGraph:
    made: list[tuple[Path, IndexGraph]] = []
    for folder in folders:
        database = Database.memory()
        Indexer(folder, OPTIONS, database).scan()
        made.append((folder, IndexGraph(folder, lambda database=database: database)))
    return MountedGraph(mounts(made))


@pytest.fixture
def one(tmp_path: Path) -> Path:
    write(tmp_path / "one", {"a.py": code("First"), "pkg/b.py": code("Both"), "go.mod": "m\n"})
    return tmp_path / "one"


@pytest.fixture
def two(tmp_path: Path) -> Path:
    write(tmp_path / "two", {"a.py": code("Second"), "pkg/b.py": code("Both")})
    return tmp_path / "two"


def test_one_folder_alone_has_its_own_paths(one: Path) -> None:
    graph = mounted(one)
    assert graph.path_of(str(one / "pkg" / "b.py")) == "pkg/b.py"
    assert graph.path_of(str(one.parent / "other.py")) == ""
    assert graph.folder("") == ["a.py"] and graph.folder("pkg") == ["pkg/b.py"]
    assert [each.path for each in graph.named("Both", group="python")] == ["pkg/b.py"]


def test_paths_begin_with_the_folder_s_name(one: Path, two: Path) -> None:
    graph = mounted(one, two)
    assert graph.path_of(str(two / "pkg" / "b.py")) == "two/pkg/b.py"
    symbols = graph.file("two/a.py")
    assert symbols is not None and symbols.path == "two/a.py"
    assert [each.name for each in symbols.definitions] == ["Second", "run_Second"]
    assert graph.file("a.py") is None
    assert graph.paths_ending("b.py") == ["one/pkg/b.py", "two/pkg/b.py"]
    assert graph.paths_ending("two/a.py") == ["two/a.py"]
    assert graph.folder("one") == ["one/a.py"] and graph.folder("two/pkg") == ["two/pkg/b.py"]
    assert graph.folder("") == [] and graph.folder("pkg") == []
    found = [each.path for each in graph.named("Both", group="python")]
    assert found == ["one/pkg/b.py", "two/pkg/b.py"]
    hidden = frozenset({"one/pkg/b.py"})
    found = [each.path for each in graph.named("Both", group="python", hidden=hidden)]
    assert found == ["two/pkg/b.py"]
    found = [each.path for each in graph.members("Both", group="python", limit=1)]
    assert found == ["one/pkg/b.py"]
    assert graph.text("one/go.mod") == "m\n" and graph.text("two/go.mod") is None
    assert graph.read("two/a.py") == code("Second")
    assert graph.digest("one/a.py") and graph.digest("none/a.py") is None
    assert len(graph.version) == 4


def test_similar_spans_of_all_folders(one: Path, two: Path) -> None:
    graph = mounted(one, two)
    seen: list[Span] = []

    def accept(span: Span) -> bool:
        seen.append(span)
        return span.path != "one/a.py"

    hits = graph.similar({"shared_value": 1.0}, group="python", limit=9, accept=accept)
    assert [hit.span.path for hit in hits] == ["one/pkg/b.py", "two/a.py", "two/pkg/b.py"]
    assert {span.path for span in seen} == {"one/a.py", *(hit.span.path for hit in hits)}
    few = graph.similar({"shared_value": 1.0}, group="python", limit=1, accept=lambda span: True)
    assert [hit.span.path for hit in few] == ["one/a.py"]
    assert graph.weights({"shared_value": 1.0}, "python").known == {"shared_value"}
    assert not graph.weights({"nowhere": 1.0}, "python").terms


def test_folders_of_one_name(one: Path) -> None:
    write(one.parent / "x" / "one", {"a.py": code("Third")})
    graph = mounted(one, one.parent / "x" / "one")
    assert [mount.prefix for mount in graph.mounted] == ["one/", "one-2/"]
    assert [each.path for each in graph.named("Third", group="python")] == ["one-2/a.py"]


def test_a_folder_inside_of_another_is_told_once(one: Path) -> None:
    graph = mounted(one, one / "pkg")
    assert [each.path for each in graph.named("Both", group="python")] == ["pkg/b.py"]
    assert graph.path_of(str(one / "pkg" / "b.py")) == "pkg/b.py"
    assert graph.path_of(str(one / "a.py")) == "one/a.py"
    assert graph.file("one/pkg/b.py") is None and graph.folder("one/pkg") == []
    assert graph.folder("pkg") == ["pkg/b.py"]
    assert graph.paths_ending("b.py") == ["pkg/b.py"]
    hits = graph.similar({"shared_value": 1.0}, group="python", limit=9, accept=lambda span: True)
    assert sorted(hit.span.path for hit in hits) == ["one/a.py", "pkg/b.py"]


def test_no_folders_at_all() -> None:
    graph = mounted()
    assert graph.path_of("/a.py") == "" and graph.file("a.py") is None
    assert graph.similar({"a": 1.0}, group="python", limit=9, accept=lambda span: True) == []
    assert graph.version == () and graph.text("a") is None and graph.folder("") == []
