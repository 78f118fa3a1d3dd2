"""What of a workspace may be known beyond its files: no private file, no line with a secret."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.texts import Files, parts_of, slashed
from beadline.context.types import Document
from beadline.settings import ContextOptions

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
SECRET = f'API_TOKEN = "{TOKEN}"\n'


def files_in(folder: Path, contents: dict[str, str], **options) -> Files:
    for name, text in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Files(folder, replace(ContextOptions(), **options))


def names(found: Files) -> set[str]:
    return {found.name(path) for path in found.scan(stopped=lambda: False) or ()}


def test_what_is_private_is_not_there(tmp_path: Path) -> None:
    contents: dict[str, str] = dict.fromkeys(
        ("a.py", "src/b.py", ".env", "secrets.py", "private/c.py", "vendor/d.py", "id_rsa"),
        "x = 1\n",
    )
    found = files_in(tmp_path, contents, ignore=("private/",))
    assert names(found) == {"a.py", "src/b.py"}


def test_a_files_version_changes_with_it(tmp_path: Path) -> None:
    found = files_in(tmp_path, {"a.py": "x = 1\n", "b.py": "y = 1\n"})
    before = found.scan(stopped=lambda: False)
    (tmp_path / "a.py").write_text("x = 1234\n")
    after = found.scan(stopped=lambda: False)
    assert before is not None and after is not None
    changed = {found.name(path) for path in after if after[path] != before[path]}
    assert changed == {"a.py"}
    assert [found.read(path) for path in sorted(after)] == [("x = 1234\n",), ("y = 1\n",)]


class FakeListing:
    """What an index says of a folder."""

    def __init__(self, version: int, files: dict[str, tuple[str, str]]) -> None:
        self.version = (version,)
        self._files = files

    def files(self) -> dict[str, tuple[str, str]]:
        return self._files


def test_with_an_index_the_files_are_those_that_it_lists(tmp_path: Path) -> None:
    files_in(tmp_path, {"src/a.py": "x = 1\n", "b.py": "y = 1\n"})
    told: list[FakeListing] = []
    found = Files(tmp_path, ContextOptions(), lambda folder: told[-1] if told else None)
    assert found.listed() is None and found.scan(stopped=lambda: False) is None
    told.append(FakeListing(1, {"src/a.py": ("python", "00")}))
    before = found.scan(stopped=lambda: False)
    assert before is not None and found.listed() == (1,)
    (path,) = before
    assert (found.name(path), found.read(path)) == ("src/a.py", ("x = 1\n",))
    assert found.lists(path) and not found.lists(slashed(str(found.folder / "b.py")))
    told.append(FakeListing(2, {"src/a.py": ("python", "01")}))
    after = found.scan(stopped=lambda: False)
    assert after is not None and after[path] != before[path] and found.listed() == (2,)


def test_a_file_that_went_away_cannot_be_read(tmp_path: Path) -> None:
    found = files_in(tmp_path, {"a.py": "x = 1\n"})
    (path,) = found.scan(stopped=lambda: False) or {}
    (tmp_path / "a.py").unlink()
    assert found.read(path) is None


@pytest.mark.parametrize("name", [".env", "secrets.py", "private/c.py", "a.bin", "d.py"])
def test_a_buffer_is_as_private_as_its_file(tmp_path: Path, name: str) -> None:
    found = files_in(tmp_path, {name: "x = 1\n", ".gitignore": "/d.py\n"}, ignore=("private/",))
    found.scan(stopped=lambda: False)
    path = slashed(str(found.folder / name))
    assert found.parts(path, Document(path, name, "python", "x = 1\n")) == ()


def test_a_buffer_is_known_as_it_is(tmp_path: Path) -> None:
    found = files_in(tmp_path, {"a.py": "old = 1\n"})
    path = slashed(str(found.folder / "a.py"))
    assert found.parts(path, Document(path, "a.py", "python", "x = 1\n")) == ()  # not scanned yet
    found.scan(stopped=lambda: False)
    document = Document(path, "a.py", "python", f"new = 2\n{SECRET}rest = 3\n")
    assert found.parts(path, document) == ("new = 2\n", "rest = 3\n")
    assert found.parts(slashed(str(tmp_path.parent / "b.py")), document) == ()


def test_lines_with_secrets_are_left_out() -> None:
    assert parts_of("") == ()
    assert parts_of("a = 1\nb = 2\n") == ("a = 1\nb = 2\n",)
    assert parts_of(SECRET) == ()
    assert parts_of(f"a = 1\n{SECRET}b = 2") == ("a = 1\n", "b = 2")
    key = "-----BEGIN PRIVATE KEY-----\nMIIB\nMIIB\n-----END PRIVATE KEY-----\n"
    assert parts_of(f"a = '''\n{key}'''\n") == ("a = '''\n", "'''\n")


@given(
    lines=st.lists(st.sampled_from(["x = 1\n", "\n", SECRET, f"# {TOKEN} {TOKEN}\n"]), max_size=12)
)
def test_nothing_but_secrets_is_left_out(lines: list[str]) -> None:
    parts = parts_of("".join(lines))
    assert "".join(parts) == "".join(line for line in lines if TOKEN not in line)
    assert all(parts)
