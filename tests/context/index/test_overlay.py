"""Unsaved buffers over an index: as if they were saved, and nothing of what is not searched."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.index.cuts import Cuts
from beadline.context.index.database import Database
from beadline.context.index.indexer import Indexer
from beadline.context.index.overlay import Overlay
from beadline.context.index.prepare import Preparer, Span
from beadline.context.index.reader import IndexGraph
from beadline.context.syntax import SyntaxTrees
from tests.context.index.kit import OPTIONS, document
from tests.context.retrieval.git import repository, write

ONE = "class One:\n    def first(self):\n        return 1\n"
TWO = "def second():\n    return One().first()\n"
LONG = "".join(f"def step_{n}(value):\n    return value + {n}\n\n\n" for n in range(30))
QUERY = {"step_3": 1.0, "step_25": 1.0, "typed_here": 1.0}


class Files:
    """A folder, its index, and buffers over it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database = Database.memory()
        self.indexer = Indexer(root, OPTIONS, self.database)
        self.indexer.scan()
        self.overlay = Overlay(IndexGraph(root, lambda: self.database))

    def open(self, path: str, text: str) -> None:
        self.overlay.open(path, document(path, text, key=f"file:///{path}"))

    def named(self, name: str) -> list[str]:
        return [each.path for each in self.overlay.named(name, group="python")]

    def similar(self) -> list[str]:
        """The texts found."""
        hits = self.overlay.similar(QUERY, group="python", limit=9, accept=lambda span: True)
        found: list[str] = []
        for hit in hits:
            text = self.overlay.read(hit.span.path)
            assert text is not None
            found.append(text[hit.span.start : hit.span.end])
        return found


@pytest.fixture
def files(tmp_path: Path) -> Files:
    texts = {"one.py": ONE, "two.py": TWO, "long.py": LONG, ".gitignore": "local.py\n"}
    return Files(repository(tmp_path / "w", texts))


def test_a_buffer_answers_for_its_file(files: Files) -> None:
    files.open("one.py", ONE.replace("first", "changed"))
    files.open("two.py", TWO)
    assert files.named("changed") == ["one.py"] and files.named("first") == []
    members = files.overlay.members("One", group="python")
    assert [each.definition.name for each in members] == ["changed"]
    whole = files.overlay.file("one.py")
    assert whole is not None and whole.definitions[1].name == "changed"
    assert files.overlay.read("one.py") == ONE.replace("first", "changed")
    assert files.overlay.text("one.py") == ONE.replace("first", "changed")
    assert list(files.overlay.folder("")) == ["long.py", "one.py", "two.py"]
    assert list(files.overlay.paths_ending("one.py")) == ["one.py"]
    files.overlay.closed("one.py")
    files.overlay.closed("one.py")
    assert files.named("first") == ["one.py"] and files.named("changed") == []
    assert files.overlay.read("one.py") == ONE


def test_what_is_known_of_a_buffer_is_what_was_read_of_it(files: Files) -> None:
    saved, changed = document("one.py", ONE), document("one.py", ONE.replace("first", "changed"))
    closed = files.overlay.known(saved)
    assert closed is not None and closed.text == ONE
    assert files.overlay.known(changed) is None, "nobody has read that"
    files.open("one.py", ONE)
    same = files.overlay.known(saved)
    assert same is not None and same.symbols == closed.symbols
    files.open("one.py", changed.text)
    assert files.overlay.known(changed) is None
    files.overlay.symbols(replace(changed, key="file:///one.py"))
    read = files.overlay.known(changed)
    assert read is not None and read.text == changed.text
    files.open("one.py", changed.text + "# typed")
    typed = files.overlay.known(document("one.py", changed.text + "# typed"))
    assert typed is not None and typed.text == changed.text
    assert files.overlay.known(document("local.py", "x = 1\n")) is None


def test_the_buffer_used_last_is_read_when_it_is_asked_for(files: Files) -> None:
    text = ONE.replace("first", "changed")
    files.open("one.py", text)
    assert files.named("first") == [], "the version of the index is hidden"
    assert files.named("changed") == [], "it is typed in just now"
    opened = document("one.py", text)
    symbols = files.overlay.symbols(opened, SyntaxTrees().parse(opened))
    assert [each.name for each in symbols.definitions] == ["One", "changed"]
    assert files.overlay.symbols(opened) is symbols
    assert files.overlay.file("one.py") is symbols
    assert files.named("changed") == ["one.py"]


def test_symbols_of_another_text_than_the_buffer_s(files: Files) -> None:
    files.open("one.py", ONE)
    other = files.overlay.symbols(document("one.py", TWO))
    assert [each.name for each in other.definitions] == ["second"]
    assert files.named("first") == ["one.py"]
    new = files.overlay.symbols(document("not/saved.py", TWO))
    assert new.path == "not/saved.py" and len(new.definitions) == 1


def test_a_buffer_that_says_what_the_index_says_is_none(files: Files) -> None:
    whole = files.overlay.file("one.py")
    files.open("one.py", ONE)
    assert files.overlay.file("one.py") is whole
    changed = ONE.replace("first", "changed")
    files.open("one.py", changed)
    write(files.root, {"one.py": changed})
    files.indexer.update([str(files.root / "one.py")])
    files.open("two.py", TWO)
    assert files.named("changed") == ["one.py"]
    assert not files.overlay.settle(), "there is nothing to prepare"


def test_what_is_not_searched_stays_out(files: Files) -> None:
    write(files.root, {"local.py": TWO})
    files.indexer.scan()
    for path in ("local.py", "new.py"):
        files.open(path, "def unsaved():\n    return 1\n")
    files.open("one.py", "# @generated\n" + ONE.replace("first", "unsaved"))
    assert files.named("unsaved") == []
    assert files.overlay.read("local.py") is None and files.overlay.read("new.py") is None
    assert files.overlay.read("one.py") is None and files.overlay.file("one.py") is None
    assert files.overlay.documents() == []
    assert files.overlay.text("new.py") is not None, "a configuration may be new"


def test_open_documents_most_recently_used_first(files: Files) -> None:
    for path, text in (("one.py", ONE), ("two.py", TWO), ("long.py", LONG), ("one.py", ONE)):
        files.open(path, text)
    assert [each.path for each in files.overlay.documents()] == ["one.py", "long.py", "two.py"]
    files.overlay.closed("long.py")
    assert [each.path for each in files.overlay.documents()] == ["one.py", "two.py"]
    assert files.overlay.documents()[0].key == "file:///one.py"


def test_spans_of_a_buffer_move_with_its_text(files: Files) -> None:
    def holds(*names: str) -> bool:
        found = "".join(files.similar())
        return all(f"def {name}(" in found for name in names)

    assert holds("step_3", "step_25")
    files.open("long.py", LONG + "# end\n")
    assert not files.similar(), "it has not been prepared yet, and the index is out of date"
    assert files.overlay.settle()
    assert not files.overlay.settle()
    assert holds("step_3", "step_25")
    at = LONG.index("def step_12")
    files.open("long.py", LONG[:at] + "typed_here = 1\n\n\n" + LONG[at:] + "# end\n")
    assert holds("step_3", "step_25")
    assert "typed_here" not in "".join(files.similar())
    assert files.overlay.settle()
    assert "typed_here" in "".join(files.similar())
    files.overlay.closed("long.py")
    assert holds("step_3", "step_25")


def test_other_groups_and_what_is_not_accepted(files: Files) -> None:
    files.open("long.py", LONG + "# end\n")
    files.overlay.settle()
    overlay = files.overlay
    assert not overlay.similar(QUERY, group="java", limit=9, accept=lambda span: True)
    assert not overlay.similar(QUERY, group="python", limit=9, accept=lambda span: False)
    assert len(overlay.similar(QUERY, group="python", limit=1, accept=lambda span: True)) == 1


parts = st.lists(st.sampled_from(["def a():\n    pass\n", "\n", "x = 1\n", "# é\n"]), max_size=30)


@given(before=parts, after=parts)
def test_moved_spans_are_lines_of_the_newest_text(before: list[str], after: list[str]) -> None:
    old, new = "".join(before), "".join(after)
    cuts = Preparer().cut(document("a.py", old))
    end = -1
    moved = Cuts(old, cuts).spans(new)
    for cut, span in zip(cuts, moved, strict=True):
        if span is None:
            continue
        assert new[span.start : span.end] == old[cut.span.start : cut.span.end]
        assert span.start == 0 or new[span.start - 1] == "\n"
        assert new[span.end : span.end + 1] in ("", "\n")
        if span.joins:
            assert end >= 0 and not new[end : span.start].strip("\n")
        assert span.start > end
        end = span.end
    if old == new:
        assert moved == [cut.span for cut in cuts]


def test_asking_while_buffers_change(files: Files) -> None:
    failed: list[BaseException] = []
    done = threading.Event()

    def churn() -> None:
        try:
            for n in range(60):
                files.open("long.py", LONG.replace("step_3", f"step_3{n}"))
                files.open("one.py", ONE.replace("first", f"first_{n}"))
                files.overlay.settle()
                if n % 7 == 0:
                    files.overlay.closed("long.py")
        except BaseException as exc:
            failed.append(exc)
        finally:
            done.set()

    thread = threading.Thread(target=churn)
    thread.start()
    while not done.is_set():
        files.named("first_1")
        for hit in files.overlay.similar(QUERY, group="python", limit=9, accept=lambda s: True):
            assert isinstance(hit.span, Span)
    thread.join()
    assert not failed
