"""Files and index of one commit after another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from beadline.context.types import Document
from beadline.evaluation.versions import Versions, versions
from beadline.settings import ContextOptions
from tests.evaluation.histories import History

SHAPE = "def area_of_{name}(width, height):\n    return width * height * {name}_factor\n"
FIRST = {"shapes.py": SHAPE.format(name="circle"), "user.py": "import shapes\n"}
USER = "from shapes import area_of_circle\n\nprint(area_of_\n"


class Repository:
    """Three versions of a few files."""

    def __init__(self, root: Path) -> None:
        self.history = History(root)
        self.first = self.history.commit(FIRST | {"notes.bin": b"\0" * 100})
        self.second = self.history.commit(
            {"shapes.py": SHAPE.format(name="square"), "more/deep.py": SHAPE.format(name="cube")}
        )
        # A folder becomes a file, and a file is gone.
        self.third = self.history.commit({"more/deep.py": None})
        self.third = self.history.commit(
            {"more.py": SHAPE.format(name="cone"), "user.py": None, "more": "no code\n"}
        )


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "shapes")


@pytest.fixture
def files(repository: Repository) -> Iterator[Versions]:
    with versions(repository.history.root, repository.first, ContextOptions()) as found:
        yield found


def on_disk(files: Versions) -> dict[str, str]:
    return {
        file.relative_to(files.folder).as_posix(): file.read_text("utf-8")
        for file in files.folder.rglob("*.py")
    }


def searched(files: Versions, text: str = USER, path: str = "user.py") -> str:
    """The snippets for a cursor at the end of a text's last line."""
    document = Document((files.folder / path).as_uri(), path, "python", text, repo="shapes")
    files.open(document)
    snippets = files.search(document, len(text) - 1, max_chars=10_000)
    files.closed(document.key)
    return "".join(snippet.text for snippet in snippets)


def test_the_files_are_those_of_the_commit(repository: Repository, files: Versions):
    assert on_disk(files) == FIRST
    assert "def area_of_circle" in searched(files)
    files.at(repository.second)
    assert sorted(on_disk(files)) == ["more/deep.py", "shapes.py", "user.py"]
    found = searched(files, USER.replace("circle", "square"))
    assert "def area_of_square" in found
    assert "def area_of_circle" not in found + searched(files)
    files.at(repository.third)
    assert sorted(on_disk(files)) == ["more.py", "shapes.py"]
    files.at(repository.first)
    assert on_disk(files) == FIRST
    assert "def area_of_square" not in searched(files)


def test_a_file_is_another_one_for_a_while(repository: Repository, files: Versions):
    text = SHAPE.format(name="triangle")
    files.replace(files.folder, "shapes.py", text)
    assert "def area_of_circle" not in searched(files)
    files.replace(files.folder, "shapes.py", None)
    assert "def area_of_circle" in searched(files)
    files.replace(files.folder, "new/one.py", text)
    files.replace(files.folder, "new/one.py", None)
    assert not (files.folder / "new").exists()
    files.at(repository.second)
    assert "new/one.py" not in on_disk(files)


def test_a_completer_that_ends_does_not_end_it(files: Versions):
    files.close()
    assert files.ready(0.0)
    assert "def area_of_circle" in searched(files)


def test_the_folder_is_gone_at_the_end(repository: Repository):
    with versions(repository.history.root, "HEAD", ContextOptions()) as found:
        folder = found.folder
    assert not folder.exists()
