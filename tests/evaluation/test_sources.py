"""Which files holes are drawn from."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from beadline.errors import InputError
from beadline.evaluation.sources import read_repository, repository_name

USABLE = ["a.py", "pkg/b.py", "pkg/c.py"]


def test_a_directory(directory: Path):
    files = read_repository(directory)
    assert [f.path for f in files] == USABLE
    assert {f.repo for f in files} == {"owner/things"}
    assert files[0].commit.startswith("dir:")


def test_git_reads_the_commit_not_the_work_tree(checkout: Path, bare: Path):
    from_checkout, from_bare = read_repository(checkout), read_repository(bare)
    assert [f.path for f in from_checkout] == USABLE
    assert from_checkout == from_bare
    assert "changed" not in from_checkout[0].text
    assert len(from_checkout[0].commit) == 40


def test_what_cannot_be_read_is_told(tmp_path: Path, checkout: Path):
    with pytest.raises(InputError, match="not a directory"):
        read_repository(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no Python file"):
        read_repository(tmp_path / "empty")
    with pytest.raises(InputError, match="git failed"):
        read_repository(checkout, commit="no-such-commit")


@pytest.mark.parametrize(
    ("path", "name"),
    [("x/owner+name/repo", "owner/name"), ("x/name/.git", "name"), ("x/name.git", "name")],
)
def test_the_name_of_a_repository(path: str, name: str):
    assert repository_name(Path(path)) == name


def test_an_object_that_is_absent_is_left_out(checkout: Path):
    command = ["git", "-C", str(checkout), "rev-parse", "HEAD:a.py"]
    blob = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    (checkout / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    assert [f.path for f in read_repository(checkout)] == USABLE[1:]
