"""Which files are searched: git's word, .gitignore files elsewhere, and what is never one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from beadline.context.retrieval import workspace
from beadline.context.retrieval.workspace import Entry, made_by_machine, read, scan, select
from beadline.settings import ContextOptions
from tests.context.retrieval.git import git, repository, write

CODE = "def function(argument):\n    return argument + 1\n"
OPTIONS = ContextOptions()


def names(folder: Path, options: ContextOptions = OPTIONS) -> list[str]:
    return sorted(entry.name for entry in scan(folder, options))


def plain(folder: Path, files: dict[str, str | bytes]) -> Path:
    write(folder, files)
    return folder


@pytest.fixture(params=[repository, plain], ids=["git", "plain"])
def make(request: pytest.FixtureRequest) -> Callable[[Path, dict[str, str | bytes]], Path]:
    """Makes a workspace with or without git: both must say the same."""
    return request.param


def test_ignore_files_at_every_level(tmp_path: Path, make: Callable):
    root = make(
        tmp_path / "w",
        {
            ".gitignore": "*_local.py\nbuild/\n/top.py\n",
            "a.py": CODE,
            "a_local.py": CODE,
            "top.py": CODE,
            "build/b.py": CODE,
            "sub/.gitignore": "!kept_local.py\n*.rb\n",
            "sub/top.py": CODE,
            "sub/kept_local.py": CODE,
            "sub/other_local.py": CODE,
            "sub/x.rb": "def x\nend\n",
            "sub/deep/y.rb": "def y\nend\n",
            "z.rb": "def z\nend\n",
        },
    )
    assert names(root) == ["a.py", "sub/kept_local.py", "sub/top.py", "z.rb"]


def test_what_is_not_committed_yet_is_there_and_what_is_deleted_is_not(tmp_path: Path):
    root = repository(tmp_path / "w", {"a.py": CODE, "gone.py": CODE, "sub/b.py": CODE})
    write(root, {"new.py": CODE})
    (root / "gone.py").unlink()
    assert names(root) == ["a.py", "new.py", "sub/b.py"]
    assert names(root / "sub") == ["b.py"], "a folder inside a repository"


def test_repositories_inside_are_read_by_their_own_rules(tmp_path: Path, make: Callable):
    root = make(tmp_path / "w", {"a.py": CODE})
    repository(root / "inner", {".gitignore": "x.py\n", "b.py": CODE, "x.py": CODE})
    repository(root / "inner" / "most", {"c.py": CODE})
    assert names(root) == ["a.py", "inner/b.py", "inner/most/c.py"]


def test_a_folder_that_the_repository_around_it_ignores(tmp_path: Path):
    root = repository(tmp_path / "w", {".gitignore": "scratch/\n"})
    write(root / "scratch", {"a.py": CODE})
    assert names(root) == []
    assert names(root / "scratch") == ["a.py"]


def test_links_are_not_followed(tmp_path: Path, make: Callable):
    write(tmp_path / "outside", {"secret.py": CODE, "sub/other.py": CODE})
    root = make(tmp_path / "w", {"a.py": CODE, "sub/b.py": CODE})
    (root / "link.py").symlink_to(tmp_path / "outside" / "secret.py")
    (root / "inner.py").symlink_to(root / "a.py")
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "sub" / "loop").symlink_to(root)
    (root / "dangling.py").symlink_to(root / "nothing")
    assert names(root) == ["a.py", "sub/b.py"]


def test_a_folder_that_became_a_link_after_it_was_committed(tmp_path: Path):
    write(tmp_path / "outside", {"b.py": CODE})
    root = repository(tmp_path / "w", {"a.py": CODE, "sub/b.py": CODE})
    (root / "sub" / "b.py").unlink()
    (root / "sub").rmdir()
    (root / "sub").symlink_to(tmp_path / "outside")
    assert names(root) == ["a.py"]


def test_kinds_of_files_that_are_left_out(tmp_path: Path, make: Callable):
    left_out = {
        "node_modules/m/index.js": "let a = 1;\n",
        "src/vendor/v.go": "package v\n",
        "third_party/t.c": "int a;\n",
        ".hidden/h.py": CODE,
        ".eslintrc.js": "module.exports = {};\n",
        "package-lock.json": "{}\n",
        "yarn.lock": "a\n",
        "jquery.min.js": "var a;\n",
        "api_pb2.py": CODE,
        "types.generated.ts": "let a;\n",
        "image.png": b"\x89PNG\0",
        "notes.unknownsuffix": "text\n",
        "credentials.yaml": "a: b\n",
        "prod.env": "A=b\n",
        "secrets.toml": "a = 1\n",
        "huge.py": "x = 1\n" * 40_000,
    }
    root = make(tmp_path / "w", {"a.py": CODE, **left_out})
    assert names(root) == ["a.py"]


def test_empty_files_are_files(tmp_path: Path, make: Callable):
    root = make(tmp_path / "w", {"pkg/__init__.py": "", "pkg/a.py": CODE})
    assert names(root) == ["pkg/__init__.py", "pkg/a.py"]


def test_patterns_of_the_options(tmp_path: Path, make: Callable):
    root = make(tmp_path / "w", {"a.py": CODE, "b.py": CODE, "docs/c.py": CODE})
    assert names(root, ContextOptions(ignore=("docs/", "b.*", "[", "!"))) == ["a.py"]
    assert names(root, ContextOptions(max_file_bytes=1024, ignore=())) == [
        "a.py", "b.py", "docs/c.py"
    ]  # fmt: skip


def test_an_ignore_file_that_is_a_link_or_a_pipe_is_none(tmp_path: Path):
    write(tmp_path, {"rules": "*.py\n", "w/a.py": CODE, "w/sub/b.py": CODE})
    (tmp_path / "w" / ".gitignore").symlink_to(tmp_path / "rules")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "w" / "sub" / ".gitignore")
        os.mkfifo(tmp_path / "w" / "sub" / "pipe.py")
    assert names(tmp_path / "w") == ["a.py", "sub/b.py"]


def test_a_folder_that_is_not_there_or_may_not_be_read(tmp_path: Path):
    assert names(tmp_path / "nothing") == []
    write(tmp_path / "w", {"a.py": CODE, "shut/b.py": CODE})
    (tmp_path / "w" / "shut").chmod(0)
    try:
        readable = os.access(tmp_path / "w" / "shut", os.R_OK)  # root may read everything
        assert names(tmp_path / "w") == (["a.py", "shut/b.py"] if readable else ["a.py"])
    finally:
        (tmp_path / "w" / "shut").chmod(0o700)


def test_file_names_of_every_kind(tmp_path: Path, make: Callable):
    root = make(tmp_path / "w", {"ä b'\"\n.py": CODE, "-x.py": CODE, "变.py": CODE})
    assert names(root) == sorted(["ä b'\"\n.py", "-x.py", "变.py"])


def test_the_repository_s_own_configuration_runs_nothing(tmp_path: Path):
    root = repository(tmp_path / "w", {"a.py": CODE})
    trap = tmp_path / "trap"
    script = root / "monitor"
    script.write_text(f"#!/bin/sh\ntouch '{trap}'\n")
    script.chmod(0o755)
    for key in ("core.fsmonitor", "core.editor", "core.sshCommand", "core.pager"):
        git(root, "config", key, str(script))
    (root / ".git" / "hooks").mkdir(exist_ok=True)
    for hook in ("post-index-change", "fsmonitor-watchman"):
        (root / ".git" / "hooks" / hook).symlink_to(script)
    os.utime(root / "a.py", (1, 1))  # the index has something to refresh
    assert "a.py" in names(root)
    assert not trap.exists()


def test_a_configured_work_tree_elsewhere_gives_nothing_of_it(tmp_path: Path):
    write(tmp_path / "private", {"diary.py": CODE})
    root = repository(tmp_path / "w", {"a.py": CODE})
    git(root, "config", "core.worktree", str(tmp_path / "private"))
    assert "diary.py" not in "".join(names(root))


def test_without_git_the_ignore_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    root = repository(tmp_path / "w", {".gitignore": "b.py\n", "a.py": CODE, "b.py": CODE})
    monkeypatch.setenv("PATH", str(tmp_path))
    assert names(root) == ["a.py"]


def test_a_scan_that_is_not_wanted_any_more_ends(tmp_path: Path, make: Callable):
    root = make(tmp_path / "w", {f"f{i}.py": CODE for i in range(20)})
    asked = iter([False] * 5 + [True] * 1000)
    assert len(scan(root, OPTIONS, stopped=lambda: next(asked))) < 20


def entry(root: Path, name: str) -> Entry:
    (found,) = [e for e in scan(root, OPTIONS) if e.name == name]
    return found


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\x00a",
        b"a = '\xe9'\n",
        b"a = 1\n\0\n",
        b"// Code generated by protoc-gen-go. DO NOT EDIT.\npackage a\n",
        b"# This file was automatically generated by a tool\nx = 1\n",
        b"var a=1;" * 200,
    ],
)
def test_files_that_are_listed_but_hold_no_code(tmp_path: Path, content: bytes):
    write(tmp_path, {"a.py": content})
    assert read(entry(tmp_path, "a.py"), OPTIONS) is None


def test_reading(tmp_path: Path):
    write(tmp_path, {"a.py": b"\xef\xbb\xbfa = 1\r\nb = 2\r\n", "tool": "#!/bin/bash\necho a\n"})
    document = read(entry(tmp_path, "a.py"), OPTIONS)
    assert document is not None and document.text == "a = 1\nb = 2\n"
    tool = read(entry(tmp_path, "tool"), OPTIONS)
    assert tool is not None and tool.language == "shellscript"


def test_a_file_that_vanished_or_became_a_link_since_the_scan(tmp_path: Path):
    write(tmp_path, {"a.py": CODE, "b.py": CODE})
    gone, linked = entry(tmp_path, "a.py"), entry(tmp_path, "b.py")
    (tmp_path / "a.py").unlink()
    assert workspace.stamp_of(gone.path) is None
    assert read(gone, OPTIONS) is None
    (tmp_path / "b.py").unlink()
    (tmp_path / "b.py").symlink_to("/etc/passwd")
    assert workspace.stamp_of(linked.path) is None


def test_too_many_files():
    entries = [
        Entry("/w/a.json", "a.json", "json", 1, 9),
        Entry("/w/old.py", "old.py", "python", 1, 1),
        Entry("/w/new.py", "new.py", "python", 1, 5),
        Entry("/w/open.json", "open.json", "json", 1, 1),
    ]
    chosen = select(entries, 2, lambda path: path == "/w/open.json")
    assert [e.name for e in chosen] == ["open.json", "new.py"]
    assert select(entries, 4, lambda path: False) == entries


def test_code_that_only_speaks_of_generating_was_written_by_hand():
    assert not made_by_machine('"""Ids are generated by the database."""\nx = 1\n')


def test_ignore_files_of_our_own(tmp_path: Path, make: Callable):
    """They hold for what git knows too, at every level, and bring back nothing git ignores."""
    root = make(
        tmp_path / "w",
        {
            ".gitignore": "git_ignored.py\n",
            ".beadlineignore": "generated/\n*_big.py\n!git_ignored.py\n",
            "a.py": CODE,
            "a_big.py": CODE,
            "git_ignored.py": CODE,
            "generated/deep/b.py": CODE,
            "sub/.beadlineignore": "!kept_big.py\n/here.py\n",
            "sub/kept_big.py": CODE,
            "sub/other_big.py": CODE,
            "sub/here.py": CODE,
            "sub/deep/here.py": CODE,
        },
    )
    assert names(root) == ["a.py", "sub/deep/here.py", "sub/kept_big.py"]


def test_an_ignore_file_of_our_own_that_is_a_link_is_none(tmp_path: Path):
    write(tmp_path, {"rules": "*.py\n", "w/a.py": CODE})
    (tmp_path / "w" / ".beadlineignore").symlink_to(tmp_path / "rules")
    assert names(tmp_path / "w") == ["a.py"]
