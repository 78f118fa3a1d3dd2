"""Which files holes are drawn from."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from beadline.errors import InputError
from beadline.evaluation import sources
from beadline.evaluation.sources import (
    is_inside,
    named,
    read_repositories,
    read_repository,
    repository_name,
    served_name,
    some_paths,
    write_tree,
)

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
    with pytest.raises(InputError, match="no file that could be used"):
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


GO = "package a\n\nfunc f() int {\n\treturn 1\n}\n" * 8


def test_other_languages_and_all_of_them(directory: Path):
    (directory / "a.go").write_text(GO, "utf-8")
    (directory / "min.js").write_text("var a=1;" * 100, "utf-8")
    (directory / "stub.pyi").write_text("def f(a: int) -> int: ...\n" * 20, "utf-8")
    files = read_repository(directory, languages=["go"])
    assert [(f.path, f.language) for f in files] == [("a.go", "go")]
    everything = read_repository(directory, languages=[])
    assert [f.path for f in everything] == ["a.go", *USABLE]
    with pytest.raises(InputError, match="--language"):
        read_repository(directory, languages=["rust"])


def test_repositories_of_one_name_are_told_apart(directory: Path, tmp_path: Path):
    twin = tmp_path / "elsewhere" / directory.name
    twin.mkdir(parents=True)
    (twin / "t.py").write_text((directory / "a.py").read_text("utf-8") + "# twin\n", "utf-8")
    assert [name for name, _ in named([directory, twin, directory])] == [
        "owner/things",
        "owner/things#2",
    ]
    files = read_repositories([directory, twin])
    assert {f.repo for f in files} == {"owner/things", "owner/things#2"}
    assert len({(f.repo, f.commit) for f in files}) == 2


def test_a_commit_is_written_out_for_the_search(checkout: Path, bare: Path, tmp_path: Path):
    for number, source in enumerate((checkout, bare)):
        target = tmp_path / f"out{number}"
        target.mkdir()
        write_tree(source, "HEAD", target)
        found = sorted(p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file())
        assert found == sorted(
            ["a.py", "broken.py", "dos.py", "large.py", "latin.py", *USABLE[1:], "tiny.py"]
        )
        assert "changed" not in (target / "a.py").read_text("utf-8")


def test_paths_stay_inside():
    assert is_inside("a/b.py") and is_inside("a..b")
    assert not any(map(is_inside, ("../a", "a/../../b", "/etc/x", "")))


def test_nothing_is_written_outside_of_the_folder(checkout: Path, tmp_path: Path):
    def ask(*arguments: str, stdin: bytes = b"") -> str:
        command = ["git", "-C", str(checkout), *arguments]
        done = subprocess.run(command, input=stdin, check=True, capture_output=True)
        return done.stdout.decode("ascii").strip()

    blob = bytes.fromhex(ask("rev-parse", "HEAD:a.py"))
    inner = ask(
        "hash-object", "-t", "tree", "-w", "--literally", "--stdin",
        stdin=b"100644 evil.py\0" + blob,
    )  # fmt: skip
    outer = ask(
        "hash-object", "-t", "tree", "-w", "--literally", "--stdin",
        stdin=b"40000 ..\0" + bytes.fromhex(inner) + b"100644 good.py\0" + blob,
    )  # fmt: skip
    name = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    commit = ask(*name, "commit-tree", "-m", "evil", outer)
    target = tmp_path / "place" / "out"
    target.mkdir(parents=True)
    write_tree(checkout, commit, target)
    assert [p.name for p in target.parent.rglob("*.py")] == ["good.py"]


def test_what_git_has_is_read_in_parts(checkout: Path, monkeypatch: pytest.MonkeyPatch):
    whole = read_repository(checkout)
    asked: list[bytes] = []

    def counting(command: list[str], stdin: bytes = b"") -> bytes:
        if "cat-file" in command:
            asked.append(stdin)
        return run_git(command, stdin)

    run_git = sources.run_git
    monkeypatch.setattr(sources, "run_git", counting)
    monkeypatch.setattr(sources, "_BATCH_BYTES", len(whole[0].text.encode()) + 10)
    assert read_repository(checkout) == whole
    assert [each.count(b"\n") for each in asked] == [1] * 6


def test_prompts_have_the_name_of_the_folder_that_is_served(
    directory: Path, checkout: Path, bare: Path, tmp_path: Path
):
    assert served_name(checkout) == checkout.name
    assert served_name(directory) == directory.name
    # A bare one is not served: its clone is.
    assert served_name(bare) == repository_name(bare).rpartition("/")[2]
    nested = tmp_path / "owner+things" / "repo"
    (nested / ".git").mkdir(parents=True)
    assert served_name(nested) == "repo"
    assert repository_name(nested) == "owner/things"


def test_some_paths_are_the_same_every_time_and_no_more_than_asked(checkout: Path):
    def everything(name: str, size: int) -> bool:
        return name in USABLE

    assert some_paths(checkout, "HEAD", everything, 9, 1) == frozenset(USABLE)
    drawn = [some_paths(checkout, "HEAD", everything, 2, seed) for seed in range(20)]
    assert all(len(each) == 2 and each < frozenset(USABLE) for each in drawn)
    assert drawn == [some_paths(checkout, "HEAD", everything, 2, seed) for seed in range(20)]
    assert len(set(drawn)) > 1
