"""Scripts of keys: applied to the old text they give the new one, however texts differ."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.bench.commits import Folder, read_commits
from beadline.bench.edits import KEYS, Event, Kind, apply, script
from beadline.errors import InputError

LINES = st.sampled_from(
    [
        "",
        "    ",
        "def f(x):",
        "    return x",
        "        deep(",
        "\tif y {",
        "é = 'ü'\x0c",
        "}",
        "# a",
    ]
)
TEXTS = st.builds(
    lambda lines, last: "\n".join(lines) + last,
    st.lists(LINES, max_size=12),
    st.sampled_from(["", "\n"]),
)


def played(old: str, new: str) -> tuple[str, list[Event]]:
    """The text after every key, checked on the way."""
    text, events = old, script(old, new)
    for event in events:
        assert 0 <= event.start <= event.end <= len(text)
        text = apply(text, event)
        if event.rest is not None:
            assert text[: event.cursor] + event.rest == new[: event.cursor + len(event.rest)]
    return text, events


@given(TEXTS, TEXTS)
def test_the_keys_of_a_change_give_the_new_text(old: str, new: str) -> None:
    text, events = played(old, new)
    assert text == new
    assert all(len(event.text) == 1 for event in events if event.kind is Kind.TYPE)
    hunks = [event.hunk for event in events]
    assert hunks == sorted(hunks)


def test_whole_lines_begin_with_enter_and_get_the_indentation_of_the_editor() -> None:
    old = "def f(x):\n    if x:\n        return 1\n"
    new = "def f(x):\n    if x:\n        return 1\n    for y in x:\n        pass\n\n    z()\n"
    _, events = played(old, new)
    assert events[0] == Event(Kind.JUMP, len(old) - 1, len(old) - 1, "", None, 0)
    enters = [event for event in events if event.kind is Kind.ENTER]
    assert [event.text for event in enters] == [
        "\n        ",
        "\n        ",
        "\n        ",
        "\n        ",
    ]
    # The first is a level too deep, the second right, the third of an empty line.
    assert [event.rest is None for event in enters] == [True, False, True, True]
    (first, second) = (event for event in events if event.kind is Kind.BACKSPACE)
    assert first.end - first.start == 4 and first.rest is not None
    assert first.rest.startswith("for y in x:\n")
    assert second.rest == "z()"


def test_a_word_is_changed_in_place() -> None:
    _, events = played("a = first(1)\n", "a = second(1)\n")
    assert [event.kind for event in events[:2]] == [Kind.JUMP, Kind.DELETE]
    assert "".join(event.text for event in events if event.kind in KEYS) == "second"


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    # The same commits every time, down to their names: plans are drawn by these.
    day = "2024-01-01T00:00:00Z"
    dates = {**os.environ, "GIT_AUTHOR_DATE": day, "GIT_COMMITTER_DATE": day}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=dates)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Three commits: two files, both changed, and one of them changed and the other removed."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    texts = [
        {"a.py": "x = 1\n", "b.py": "y = 1\n", "notes.txt": "one\n", "vendor/c.py": "z = 1\n"},
        {"a.py": "x = 1\nxx = 2\n", "b.py": "y = 22\n", "notes.txt": "two\n", "vendor/c.py": "z\n"},
        {"a.py": "xx = 3\n", "b.py": None, "d.py": "new\n"},
    ]
    for number, files in enumerate(texts):
        for name, text in files.items():
            file = folder / name
            file.parent.mkdir(exist_ok=True)
            if text is None:
                file.unlink()
            else:
                file.write_text(text)
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", str(number))
    return folder


def test_commits_are_read_and_replay(repository: Path, tmp_path: Path) -> None:
    commits = read_commits(repository, last=10)
    assert [[change.path for change in commit.changes] for commit in commits] == [
        ["a.py", "b.py"], ["a.py"]
    ]  # fmt: skip
    target = tmp_path / "tree"
    target.mkdir()
    folder = Folder(repository, target)
    for commit in commits:
        folder.check_out(commit.parent)
        for change in commit.changes:
            assert (target / change.path).read_text() == change.old
            text, _ = played(change.old, change.new)
            assert (
                text == change.new == git(repository, "show", f"{commit.id}:{change.path}") + "\n"
            )
            folder.write(change.path, text)
    folder.check_out(commits[-1].id)
    files = {file.relative_to(target).as_posix() for file in target.rglob("*") if file.is_file()}
    assert "b.py" not in files and {"a.py", "d.py"} <= files
    # What was written in between is undone, though git sees no difference.
    folder.write("d.py", "other\n")
    folder.check_out(commits[-1].id)
    assert (target / "d.py").read_text() == "new\n"


def test_what_is_no_repository_is_told(tmp_path: Path, repository: Path) -> None:
    with pytest.raises(InputError, match="not a git repository"):
        read_commits(tmp_path, last=1)
    with pytest.raises(InputError, match="changed no source file"):
        read_commits(repository, last=1, languages=["rust"])
