"""What commits wrote, of real repositories and of patches."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.evaluation.history import (
    Change,
    Commit,
    Runs,
    change,
    changed,
    length,
    parse,
    trunk,
)
from beadline.evaluation.sources import git_command
from tests.evaluation.conftest import git
from tests.evaluation.histories import History


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "things")


def command(history: History) -> list[str]:
    found = git_command(history.root)
    assert found is not None
    return found


def test_the_trunk_is_the_first_parents_newest_first(history: History):
    first = history.commit({"a.py": "a = 1\n"})
    git("checkout", "-q", "-b", "side", cwd=history.root)
    history.commit({"b.py": "b = 1\n"})
    git("checkout", "-q", "main", cwd=history.root)
    second = history.commit({"a.py": "a = 2\n"})
    git("merge", "-q", "--no-ff", "-m", "merged", "side", cwd=history.root)
    merge = history.head
    assert trunk(command(history), merge, 10) == [Commit(merge, second), Commit(second, first)]
    assert trunk(command(history), merge, 1) == [Commit(merge, second)]
    assert length(command(history), merge) == 3
    merged = change(command(history), Commit(merge, second))
    assert merged.added == {"b.py": {0: "b = 1"}}, "all that the branch wrote"


def test_a_shallow_clone_ends_where_its_history_does(history: History, tmp_path: Path):
    for number in range(4):
        history.commit({"a.py": f"a = {number}\n"})
    clone = tmp_path / "clone"
    git("clone", "-q", "--depth", "2", f"file://{history.root}", clone, cwd=tmp_path)
    shallow = git_command(clone)
    assert shallow is not None
    assert len(trunk(shallow, "HEAD", 10)) == 1


def test_what_a_commit_added_and_took_away(history: History):
    old = history.commit({"a.py": "one = 1\nsecond_line = 2\nthree = 3\n", "my b.py": "b = 1\n"})
    new = history.commit({"a.py": "one = 1\nthree = 3\nfour = 4\n-- five\n", "my b.py": "b = 2"})
    found = change(command(history), Commit(new, old))
    assert found.added == {"a.py": {2: "four = 4", 3: "-- five"}, "my b.py": {0: "b = 2"}}
    assert found.removed == {"second_line = 2"}, "short lines tell nothing"


def test_lines_that_look_like_a_patch_are_lines():
    patch = b"""diff --git a/x.py b/x.py
--- a/x.py
+++ b/x.py
@@ -3,2 +3,3 @@ def f():
--- a/other_file.py
-@@ -1 +1 @@
+++ b/other_file.py
+@@ -1,9 +1,9 @@
+plain
\\ No newline at end of file
"""
    found = parse(patch)
    assert found.added == {"x.py": {2: "++ b/other_file.py", 3: "@@ -1,9 +1,9 @@", 4: "plain"}}
    assert found.removed == {"-- a/other_file.py"}


def test_the_users_configuration_changes_nothing(history: History):
    old = history.commit({"a.py": "one = 1\n"})
    new = history.commit({"a.py": "one = 1\ntwo = 2\n"})
    for key, value in (("diff.noprefix", "true"), ("diff.context", "9"), ("color.ui", "always")):
        git("config", key, value, cwd=history.root)
    assert change(command(history), Commit(new, old)).added == {"a.py": {1: "two = 2"}}


def test_what_is_moved_or_brought_back_is_not_fresh():
    found = Change({"a.py": {0: "x = compute_all()", 1: "return x", 4: "y = something_new()"}})
    fresh = found.fresh("a.py", {"x = compute_all()", "return x"})
    assert fresh.hold(1, 1) and fresh.hold(4, 4), "short lines say nothing of where they are from"
    assert not fresh.hold(0, 0) and not fresh.hold(1, 4)
    assert len(found.fresh("b.py", set())) == 0


def test_huge_commits_are_passed_over(history: History):
    old = history.commit({"a.py": "a = 1\n"})
    new = history.commit({f"f{number}.py": "x = 1\n" for number in range(101)})
    assert change(command(history), Commit(new, old)) == Change()


def test_what_differs_between_commits_in_either_direction(history: History):
    old = history.commit({"a.py": "a = 1\n", "gone.py": "g = 1\n", "same.py": "s = 1\n"})
    (history.root / "link.py").symlink_to("a.py")
    new = history.commit({"a.py": "a = 2\n", "gone.py": None, "new.py": "n = 1\n", "x.bin": "x"})
    source = command(history)
    there = dict(changed(source, old, new, lambda path: path.endswith(".py")))
    assert there == {"a.py": b"a = 2\n", "gone.py": None, "new.py": b"n = 1\n", "link.py": None}
    back = dict(changed(source, new, old, lambda path: path.endswith(".py")))
    assert back == {"a.py": b"a = 1\n", "gone.py": b"g = 1\n", "new.py": None, "link.py": None}
    assert not dict(changed(source, old, old, lambda path: True))


@given(st.sets(st.integers(0, 30)), st.integers(0, 30), st.integers(0, 5))
def test_runs_hold_what_is_in_them(numbers: set[int], first: int, more: int):
    runs = Runs(sorted(numbers))
    assert runs.hold(first, first + more) == all(
        number in numbers for number in range(first, first + more + 1)
    )
    assert len(runs) == len(numbers)
