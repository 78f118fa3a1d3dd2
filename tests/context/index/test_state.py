"""Whatever happens to a folder, its index ends as one that is built from scratch.

Two servers' indexers take turns, as when one of them goes; what changed is told to one of them, or
nobody sees it and a scan has to find it.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from beadline.context.index.database import Database
from beadline.context.index.indexer import Indexer
from beadline.context.index.overlay import Overlay
from beadline.context.index.reader import IndexGraph
from tests.context.index.kit import OPTIONS, contents, document, scanned, sound
from tests.context.retrieval.git import git, repository
from tests.examples import examples

names = st.sampled_from(
    ["a.py", "b.py", "pkg/a.py", "pkg/deep/c.py", "pkg/d.js", "other/A.java", "x.md", "ignored.py"]
)
bodies = st.lists(
    st.sampled_from(
        [
            "def first(x):\n    return second(x)\n\n\n",
            "class One:\n    def first(self):\n        self.value = 1\n\n\n",
            "import pkg.a\n",
            "second = 3\n",
            "# Überschrift 見出し\n",
            "function first(a) { return a; }\n",
            "# @generated\n",
        ]
    ),
    max_size=6,
).map("".join)


class Workspace(RuleBasedStateMachine):
    """Edits, renames, deletions, branches, buffers; two indexers of one database."""

    @initialize()
    def begin(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="beadline-test-")).resolve()
        self.root = repository(self.home / "w", {".gitignore": "ignored.py\n", "a.py": "x = 1\n"})
        git(self.root, "checkout", "-q", "-b", "start")
        git(self.root, "branch", "side")
        self.path = self.home / "index.sqlite3"
        self.servers = [self.server(), self.server()]
        self.reader = IndexGraph(self.root, lambda: Database.attach(self.path))
        self.overlay = Overlay(self.reader)
        self.turn = 0
        self.unseen: set[str] = set()
        """What changed and was told to nobody yet."""
        self.buffers: dict[str, str] = {}
        self.indexer.scan()

    def server(self) -> tuple[Database, Indexer]:
        database = Database.create(self.path)
        return database, Indexer(self.root, OPTIONS, database)

    @property
    def indexer(self) -> Indexer:
        return self.servers[self.turn][1]

    def put(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        self.unseen.add(str(path))

    @rule(name=names, text=bodies)
    def edit(self, name: str, text: str) -> None:
        self.put(name, text)

    @rule(name=names)
    def delete(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)
        self.unseen.add(str(self.root / name))

    @rule(name=names, other=names)
    def rename(self, name: str, other: str) -> None:
        if (self.root / name).is_file():
            (self.root / other).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).replace(self.root / other)
            self.unseen |= {str(self.root / name), str(self.root / other)}

    @rule()
    def move_a_folder(self) -> None:
        if (self.root / "pkg").is_dir() and not (self.root / "moved").exists():
            (self.root / "pkg").rename(self.root / "moved")
            self.unseen |= {str(self.root / "pkg"), str(self.root / "moved")}

    @rule(branch=st.sampled_from(["start", "side"]))
    def switch_the_branch(self, branch: str) -> None:
        git(self.root, "add", "-A")
        git(self.root, "commit", "-q", "--allow-empty", "-m", "all")
        before = self.files()
        git(self.root, "checkout", "-q", branch)
        after = self.files()
        self.unseen |= {
            path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
        }

    def files(self) -> dict[str, bytes]:
        return {
            str(path): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and ".git" not in path.relative_to(self.root).parts
        }

    @rule(rules=st.sampled_from(["", "pkg/\n", "*.py\n!a.py\n"]))
    def ignore(self, rules: str) -> None:
        self.put(".beadlineignore", rules)

    @precondition(lambda self: self.unseen)
    @rule()
    def tell(self) -> None:
        told, self.unseen = self.unseen, set()
        if self.indexer.update(told):
            self.indexer.scan()

    @rule()
    def scan(self) -> None:
        self.indexer.scan()
        self.unseen.clear()

    @rule()
    def the_other_takes_over(self) -> None:
        self.turn = 1 - self.turn
        self.servers[self.turn][0].close()
        self.servers[self.turn] = self.server()
        # Who takes over looks at everything first.
        self.indexer.scan()
        self.unseen.clear()

    @rule(name=names, text=bodies)
    def type_in_a_buffer(self, name: str, text: str) -> None:
        self.overlay.open(name, document(name, text))
        self.buffers[name] = text

    @rule(name=names)
    def close_a_buffer(self, name: str) -> None:
        self.overlay.closed(name)
        self.buffers.pop(name, None)

    @invariant()
    def the_index_is_sound(self) -> None:
        sound(self.servers[self.turn][0])

    @invariant()
    def what_is_read_is_what_is_there(self) -> None:
        for name in ("a.py", "pkg/a.py", "ignored.py"):
            text = self.overlay.read(name)
            path = self.root / name
            if text is not None:
                there = path.read_text("utf-8") if path.is_file() else None
                assert text == self.buffers.get(name, there)

    def teardown(self) -> None:
        if not hasattr(self, "buffers"):
            return
        try:
            if self.unseen and self.indexer.update(self.unseen):
                self.indexer.scan()
            assert contents(self.servers[self.turn][0]) == contents(scanned(self.root))
            self.buffers_answer_as_if_they_were_saved()
        finally:
            self.reader.close()
            for database, _ in self.servers:
                database.close()
            shutil.rmtree(self.home)

    def buffers_answer_as_if_they_were_saved(self) -> None:
        searched = {
            name: text
            for name, text in self.buffers.items()
            if self.reader.digest(name) is not None
        }
        for name, text in searched.items():
            (self.root / name).write_text(text, "utf-8")
            self.overlay.symbols(document(name, text))
        database = scanned(self.root)
        saved = IndexGraph(self.root, lambda: database)
        for name in ("first", "second", "One"):
            for group in ("python", "javascript", "java"):
                mine = self.overlay.named(name, group=group, limit=1000)
                expected = saved.named(name, group=group, limit=1000)
                assert {(each.path, each.definition) for each in mine} == {
                    (each.path, each.definition) for each in expected
                }


TestWorkspace = pytest.mark.slow(Workspace.TestCase)
TestWorkspace.settings = examples(40, stateful_step_count=25)
