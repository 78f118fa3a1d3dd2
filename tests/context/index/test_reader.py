"""What an index answers is what a graph in memory answers, and nothing when it is damaged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from beadline.context.index import database as databases
from beadline.context.index import reader as module
from beadline.context.index.database import Database, PlainWords
from beadline.context.index.indexer import Indexer
from beadline.context.index.prepare import Preparer, Span
from beadline.context.index.reader import IndexGraph
from beadline.context.retrieval import workspace
from beadline.context.symbols.graph import MemoryGraph
from tests.context.index.kit import OPTIONS, contents
from tests.context.retrieval.git import write

QUEUE = '''class JobQueue:
    """Jobs that wait."""

    def enqueue_job(self, job, priority):
        self.waiting_jobs.append((priority, job))
        self.notify_workers(job)
'''
OTHER = "".join(f"def other_{n}(value_{n}):\n    return value_{n} * {n}\n\n\n" for n in range(40))
FILES = {
    "queues.py": QUEUE,
    "pkg/queues.py": "from .. import queues\n\n\ndef enqueue_job():\n    return 1\n",
    "pkg/deep/util.py": OTHER,
    "pkg/deep/queues.js": "export function enqueue_job(a) { return a; }\n",
    "Main.java": "package org.example;\n\npublic class Main {\n  int size() { return 1; }\n}\n",
    "other/Main.java": "package org.example;\n\nclass Other {\n  Main main;\n}\n",
    "tool.go": "package tool\n\ntype Tool struct{}\n\nfunc (t *Tool) Run() {}\n",
    "größe.py": "def größe():\n    return 1\n",
}
PATHS = sorted(FILES)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path / "w", FILES)
    return tmp_path / "w"


@pytest.fixture
def database(root: Path) -> Database:
    made = Database.memory()
    assert Indexer(root, OPTIONS, made).scan()
    return made


@pytest.fixture
def graph(root: Path, database: Database) -> IndexGraph:
    return IndexGraph(root, lambda: database)


@pytest.fixture
def expected(root: Path) -> MemoryGraph:
    preparer = Preparer()
    documents = (workspace.read(entry, OPTIONS) for entry in workspace.scan(root, OPTIONS))
    return MemoryGraph(preparer.symbols(each) for each in documents if each is not None)


def everything(*_: object) -> bool:
    return True


def test_every_answer_of_the_graph(graph: IndexGraph, expected: MemoryGraph) -> None:
    for path in (*PATHS, "none.py", "pkg", "\ud800"):
        assert graph.file(path) == expected.file(path)
    for path in PATHS:
        parts = path.split("/")
        for at in range(len(parts)):
            suffix = "/".join(parts[at:])
            assert graph.paths_ending(suffix) == expected.paths_ending(suffix)
    for suffix in ("ueues.py", "none.py", "", "/queues.py", "deep"):
        assert graph.paths_ending(suffix) == expected.paths_ending(suffix)
    for folder in ("", "pkg", "pkg/deep", "none"):
        assert graph.folder(folder) == list(expected.folder(folder))
    for package, language in [("org.example", "java"), ("tool", "go"), ("tool", "java"), ("", "")]:
        assert graph.package(package, language) == list(expected.package(package, language))
    names = {
        each.name
        for path in PATHS
        if (file := expected.file(path)) is not None
        for each in file.definitions
    }
    assert {"JobQueue", "enqueue_job", "size", "größe"} <= names
    for group in ("python", "javascript", "java", "go", "none"):
        for name in (*names, "none", "\ud800"):
            assert graph.named(name, group=group) == list(expected.named(name, group=group))
            assert graph.members(name, group=group) == list(expected.members(name, group=group))


def test_limits(graph: IndexGraph) -> None:
    first = graph.named("enqueue_job", group="python", limit=1)
    assert len(first) == 1
    assert len(graph.named("enqueue_job", group="python", limit=2)) == 2
    hidden = frozenset({"queues.py"})
    found = graph.named("enqueue_job", group="python", limit=1, hidden=hidden)
    assert [each.path for each in found] == ["pkg/queues.py"]


def test_similar_spans(graph: IndexGraph) -> None:
    query = {"enqueue_job": 1.0, "waiting_jobs": 0.5, "value_3": 0.2, "nowhere": 1.0}
    hits = graph.similar(query, group="python", limit=9, accept=everything)
    assert hits[0].span == Span("queues.py", 0, len(QUEUE) - 1, False)
    assert {hit.span.path for hit in hits} == {"queues.py", "pkg/queues.py", "pkg/deep/util.py"}
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert hits[-1].score > 0
    (util,) = (hit for hit in hits if hit.span.path == "pkg/deep/util.py")
    assert util.following is not None and util.following.start > util.span.end
    assert util.following.path == util.span.path
    assert hits[0].following is None, "it is the last one of its file"
    assert graph.similar(query, group="python", limit=1, accept=everything) == hits[:1]
    others = graph.similar(query, group="javascript", limit=9, accept=everything)
    assert [hit.span.path for hit in others] == ["pkg/deep/queues.js"]
    left = graph.similar(
        query, group="python", limit=9, accept=lambda span: span.path != "queues.py",
        hidden=frozenset({"pkg/queues.py"}),
    )  # fmt: skip
    assert [hit.span.path for hit in left] == ["pkg/deep/util.py"]
    for nothing in ({}, {"nowhere": 1.0}):
        assert graph.similar(nothing, group="python", limit=9, accept=everything) == []


def test_without_fts5_the_same_spans_are_found(root: Path, graph: IndexGraph) -> None:
    database = Database.memory(PlainWords())
    Indexer(root, OPTIONS, database).scan()
    plain = IndexGraph(root, lambda: database)
    query = {"enqueue_job": 1.0, "waiting_jobs": 0.5, "value_3": 0.2}
    assert plain.similar(query, group="python", limit=9, accept=everything) == graph.similar(
        query, group="python", limit=9, accept=everything
    )


def test_a_term_of_most_chunks_says_nothing(tmp_path: Path) -> None:
    files = {f"f{n}.py": f"def shared(self):\n    return only_{n}\n" for n in range(60)}
    write(tmp_path, files)
    database = Database.memory()
    Indexer(tmp_path, OPTIONS, database).scan()
    graph = IndexGraph(tmp_path, lambda: database)
    assert graph.similar({"shared": 1.0}, group="python", limit=9, accept=everything) == []
    weights = graph.weights({"shared": 1.0, "only_7": 1.0, "nowhere": 1.0}, "python")
    assert weights.rare == ("only_7",)
    assert weights.known == {"shared", "only_7"}
    (hit,) = graph.similar({"only_7": 1.0}, group="python", limit=9, accept=everything)
    assert hit.span.path == "f7.py"


def test_files_that_are_read(root: Path, database: Database, graph: IndexGraph) -> None:
    write(root, {"crlf.py": b"\xef\xbb\xbfdef f():\r\n    return 1\r\n"})
    Indexer(root, OPTIONS, database).scan()
    assert graph.read("crlf.py") == "def f():\n    return 1\n"
    assert graph.read("queues.py") == QUEUE
    assert graph.read("none.py") is None
    write(root, {"queues.py": QUEUE + "\n"})
    assert graph.read("queues.py") is None, "what is known of it holds no more"
    assert graph.text("queues.py") == QUEUE + "\n"
    (root / "queues.py").unlink()
    assert graph.text("queues.py") is None


def test_configuration_files(root: Path, graph: IndexGraph) -> None:
    write(root, {"go.mod": "module x\n", ".env": "A=b\n", "big.json": "1" * 300_000})
    write(root.parent, {"outside.toml": "x = 1\n"})
    (root / "link.toml").symlink_to(root.parent / "outside.toml")
    (root / "away").symlink_to(root.parent)
    assert graph.text("go.mod") == "module x\n"
    for path in (
        ".env", "big.json", "link.toml", "away/outside.toml", "../outside.toml", "none.toml",
        str(root.parent / "outside.toml"), "", "pkg", "a\0b", "pkg/../go.mod", "./go.mod",
    ):  # fmt: skip
        assert graph.text(path) is None, path


def test_it_follows_what_is_written(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite3"
    writer = Database.create(path)
    indexer = Indexer(root, OPTIONS, writer)
    graph = IndexGraph(root, lambda: Database.attach(path))
    assert graph.named("größe", group="python") == [] and not graph.complete()
    indexer.scan()
    before = graph.version
    assert len(graph.named("größe", group="python")) == 1 and graph.complete()
    assert graph.count() == len(FILES)
    write(root, {"größe.py": "def länge():\n    return 1\n"})
    indexer.update([str(root / "größe.py")])
    assert graph.version != before
    assert graph.named("größe", group="python") == []
    assert [each.path for each in graph.named("länge", group="python")] == ["größe.py"]
    writer.close()
    graph.close()
    assert graph.file("queues.py") is not None, "it opens again by itself"
    graph.close()


def test_a_database_that_comes_goes_and_comes_again(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_RETRY_S", 0.0)
    monkeypatch.setattr(databases, "_CHECK_S", 0.0)
    path = tmp_path / "index.sqlite3"
    graph = IndexGraph(root, lambda: Database.attach(path))
    assert graph.file("queues.py") is None and graph.version[1] == -1
    for _ in range(2):
        writer = Database.create(path)
        Indexer(root, OPTIONS, writer).scan()
        assert graph.file("queues.py") is not None
        writer.close()
        for beside in tmp_path.glob("index.sqlite3*"):
            beside.unlink()
        assert graph.file("queues.py") is None
    assert graph.damage == ""


@pytest.mark.parametrize("spoil", ["pages", "blobs", "tables", "numbers"])
def test_damage_is_an_empty_answer_and_noted(root: Path, tmp_path: Path, spoil: str) -> None:
    path = tmp_path / "index.sqlite3"
    writer = Database.create(path, log=False)
    Indexer(root, OPTIONS, writer).scan()
    if spoil == "blobs":
        writer.connection.execute("UPDATE content SET symbols = x'00', terms = 7")
    elif spoil == "tables":
        writer.connection.execute("DROP TABLE content")
    elif spoil == "numbers":
        writer.connection.execute("UPDATE named SET position = 10000")
    writer.close()
    if spoil == "pages":
        content = path.read_bytes()
        path.write_bytes(content[:100] + os.urandom(len(content) - 100))
    graph = IndexGraph(root, lambda: Database.attach(path))
    for _ in range(2):
        if spoil != "numbers":
            assert graph.file("queues.py") is None
        assert graph.named("JobQueue", group="python") == []
        graph.similar({"enqueue_job": 1.0}, group="python", limit=9, accept=everything)
    assert graph.damage
    graph.close()


def test_who_writes_just_now_is_waited_for_a_moment_at_most(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite3"
    writer = Database.create(path, log=False)
    Indexer(root, OPTIONS, writer).scan()
    graph = IndexGraph(root, lambda: Database.attach(path))
    assert graph.file("queues.py") is not None
    writer.connection.execute("BEGIN EXCLUSIVE")
    assert graph.file("pkg/queues.py") is None
    writer.connection.execute("ROLLBACK")
    assert graph.file("pkg/queues.py") is not None
    assert graph.damage == ""
    graph.close()
    writer.close()


def test_what_is_unpacked_is_bounded(
    root: Path, graph: IndexGraph, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_KEPT_BYTES", 1)
    for path in (*PATHS, *PATHS):
        assert graph.file(path) is not None
    assert len(graph._files) == 1
    assert contents(database)["files"]
