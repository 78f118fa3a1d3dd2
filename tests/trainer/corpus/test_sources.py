"""Sources of files: commits, folders; and what is told where there is none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from beadline.errors import InputError
from beadline.trainer.corpus.sources import Folder, Repository, Several, Source, open_source
from tests.context.retrieval.git import git, repository, write

FILES = {"a.py": "a = 1\n", "sub/b.go": "package b\n", ".beadlineignore": "x/\n", "n.bin": b"\0"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return repository(tmp_path / "things", FILES)


def texts(source: Source) -> dict[str, bytes | None]:
    return {each.path: content for each, content in source.read(source.files())}


def test_a_commit_is_read_whatever_lies_in_the_work_tree(checkout: Path):
    write(checkout, {"a.py": "changed = 1\n", "new.py": "new = 1\n"})
    (checkout / "sub" / "b.go").unlink()
    source = open_source(checkout)
    assert isinstance(source, Repository)
    assert texts(source) == {
        path: content.encode() if isinstance(content, str) else content
        for path, content in FILES.items()
    }
    assert source.rules() == {".beadlineignore": "x/\n"}
    assert (source.name, len(source.revision), source.foreign) == ("things", 40, False)
    assert list(source.notes) == []


def test_links_and_submodules_are_no_files(checkout: Path, tmp_path: Path):
    (checkout / "link.py").symlink_to("a.py")
    inner = repository(tmp_path / "inner", {"i.py": "i = 1\n"})
    git(checkout, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner))
    git(checkout, "add", "-A")
    git(checkout, "commit", "-q", "-m", "more")
    assert set(texts(open_source(checkout))) == {*FILES, ".gitmodules"}


def test_an_older_commit_a_bare_clone_and_a_detached_head(checkout: Path, tmp_path: Path):
    write(checkout, {"later.py": "later = 1\n"})
    git(checkout, "add", "-A")
    git(checkout, "commit", "-q", "-m", "later")
    git(tmp_path, "clone", "-q", "--bare", str(checkout), "things.git")
    bare = open_source(tmp_path / "things.git")
    assert texts(bare)["later.py"] == b"later = 1\n"
    assert "later.py" not in texts(open_source(checkout, "HEAD~1"))
    assert not Repository(checkout, "HEAD~1").detached
    git(checkout, "checkout", "-q", "--detach", "HEAD~1")
    source = open_source(checkout)
    assert "later.py" not in texts(source)
    assert any("detached" in note for note in source.notes)


def test_a_shallow_clone_is_told(checkout: Path, tmp_path: Path):
    git(checkout, "commit", "-q", "--allow-empty", "-m", "second")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{checkout}", "shallow")
    source = Repository(tmp_path / "shallow")
    assert source.shallow
    assert "shallow" in source.notes[0]
    assert set(texts(source)) == set(FILES)


def test_an_absent_object_is_told_and_left_out(checkout: Path):
    command = ["git", "-C", str(checkout), "rev-parse", "HEAD:a.py"]
    blob = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    (checkout / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    source = open_source(checkout)
    assert texts(source)["a.py"] is None
    assert texts(source)["sub/b.go"] == b"package b\n"


def test_what_cannot_be_read_is_told(checkout: Path, tmp_path: Path):
    with pytest.raises(InputError, match="does not exist"):
        open_source(tmp_path / "nowhere")
    with pytest.raises(InputError, match="not a directory"):
        open_source(checkout / "a.py")
    with pytest.raises(InputError, match="no commit v9") as told:
        open_source(checkout, "v9")
    assert "git log" in told.value.hint
    with pytest.raises(InputError, match="lies inside the repository") as told:
        open_source(checkout / "sub")
    assert "--include '/sub/'" in told.value.hint
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "-q", ".")
    with pytest.raises(InputError, match="no commits yet"):
        open_source(empty)
    unknown = "1" * 40
    with pytest.raises(InputError, match=f"no commit {unknown}"):
        open_source(checkout, unknown)
    for each in (checkout / ".git" / "objects").rglob("*"):
        if each.is_file():
            each.unlink()
    with pytest.raises(InputError, match=r"damaged: HEAD is .* missing") as told:
        open_source(checkout)
    assert "git fsck" in told.value.hint


def test_names_are_those_that_a_server_gives(tmp_path: Path):
    for name in ("repo", "my+tool", "x.git"):
        (tmp_path / name).mkdir()
        assert open_source(repository(tmp_path / name, {"a.py": "a = 1\n"})).name == name
    git(tmp_path, "clone", "-q", "--bare", str(tmp_path / "repo"), "owner+tool")
    assert open_source(tmp_path / "owner+tool").name == "tool"
    assert open_source(tmp_path / "repo" / ".git").name == "repo"


def test_a_folder_without_git(tmp_path: Path):
    write(tmp_path, {**FILES, "x/c.py": "c = 1\n", ".gitignore": "skipped.py\n", "skipped.py": ""})
    source = open_source(tmp_path)
    assert isinstance(source, Folder)
    assert set(texts(source)) == {"a.py", "sub/b.go"}
    assert "later commits" in source.notes[0]
    before = source.revision
    assert Folder(tmp_path).revision == before
    write(tmp_path, {"a.py": "a = 12345\n"})
    assert Folder(tmp_path).revision != before


def test_several_sources_keep_their_names(checkout: Path, tmp_path: Path):
    other = repository(tmp_path / "others", {"a.py": "other = 1\n"})
    both = Several("both", [open_source(checkout), open_source(other)])
    read = {(each.repo, each.path): content for each, content in both.read(both.files())}
    assert read["things", "a.py"] == b"a = 1\n"
    assert read["others", "a.py"] == b"other = 1\n"
    assert not both.foreign
