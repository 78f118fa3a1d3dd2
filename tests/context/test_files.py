from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beadline.context import files, languages
from beadline.errors import FileError

LIMIT = 10_000


def test_a_document_knows_its_place(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    path = tmp_path / "pkg" / "mod.py"
    path.parent.mkdir()
    path.write_bytes(b"x = 1\r\ny = 2\n")
    document = files.read_document(path, max_bytes=LIMIT).document
    assert document.text == "x = 1\ny = 2\n"
    assert document.path == "pkg/mod.py"
    assert document.key == str(path)
    assert document.language == "python"
    assert document.repo == tmp_path.name


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50), st.booleans())
def test_what_is_read_can_be_written_back(tmp_path: Path, text: str, bom: bool) -> None:
    raw = (b"\xef\xbb\xbf" if bom else b"") + text.encode()
    path = tmp_path / "a.py"
    path.write_bytes(raw)
    loaded = files.read_document(path, max_bytes=LIMIT)
    assert loaded.encode() == raw
    assert bom is False or loaded.bom


def _message(path: Path) -> str:
    with pytest.raises(FileError) as caught:
        files.read_document(path, max_bytes=LIMIT)
    assert caught.value.hint
    return caught.value.message


def test_each_bad_file_has_its_message(tmp_path: Path) -> None:
    large, binary, broken = tmp_path / "large.py", tmp_path / "b.py", tmp_path / "broken.py"
    large.write_bytes(b"x" * (LIMIT + 1))
    binary.write_bytes(b"\x7fELF\0\0")
    broken.write_bytes(b"\xef\xbb\xbfab\xff")
    assert _message(tmp_path / "none.py") == f"There is no file {tmp_path / 'none.py'}."
    assert _message(large / "below.py").startswith(f"{large / 'below.py'} cannot be read")
    assert _message(tmp_path) == f"{tmp_path} is a directory."
    assert _message(large) == f"{large} is too large: 10,001 bytes, the limit is 10,000."
    assert _message(binary) == f"{binary} is a binary file."
    assert _message(broken) == f"{broken} is not valid UTF-8: byte 0xff at offset 5."
    assert "cannot be read" in _message(Path("nul\0.py"))


def test_a_device_is_refused_instead_of_read() -> None:
    assert "not a regular file" in _message(Path(os.devnull))


def test_the_root_is_the_nearest_repository_else_the_parent(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert files.find_root(inner / "x.py") == inner
    (tmp_path / "a" / ".git").write_text("gitdir: elsewhere")
    assert files.find_root(inner / "x.py") == tmp_path / "a"


@pytest.mark.parametrize(
    ("path", "patterns", "ignored"),
    [
        ("build/x.py", ["build/"], True),
        ("src/build.py", ["build/"], False),
        ("a/b/x.min.js", ["*.min.js"], True),
        ("keep.log", ["*.log", "!keep.log"], False),
        ("x.py", [], False),
        ("x.py", ["!", "\\", "x.py"], True),
        ("../x.py", ["x.py"], False),
    ],
)
def test_ignore_patterns_are_those_of_git(
    tmp_path: Path, path: str, patterns: list[str], ignored: bool
) -> None:
    target = Path(os.path.normpath(tmp_path / path))
    assert files.is_ignored(target, tmp_path, patterns) is ignored


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a/b.py", "python"),
        ("A.PYI", "python"),
        ("C:\\x\\y.ts", "typescript"),
        ("Makefile", "makefile"),
        ("a.unknown", "plaintext"),
        (".py", "plaintext"),
        ("", "plaintext"),
    ],
)
def test_languages_go_by_name(path: str, language: str) -> None:
    assert languages.language_of(path) == language


def test_unknown_languages_are_plain_text_and_aliases_are_known() -> None:
    assert languages.get("brainfuck").id == "plaintext"
    assert languages.get("Python").has_tree
    assert languages.get("c++").id == "cpp"
