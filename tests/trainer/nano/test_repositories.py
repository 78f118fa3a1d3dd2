"""The list of repositories, and where clones are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from beadline.errors import InputError
from beadline.trainer.nano.repositories import Public, find, located, read
from tests.context.retrieval.git import git, repository
from tests.trainer.nano.kit import LIST

ROOT = Path(__file__).resolve().parents[3]


def test_the_sections_of_a_list(tmp_path: Path):
    path = tmp_path / "list.txt"
    path.write_text(LIST, "utf-8")
    listing = read(path)
    assert listing.training == ["ada/tools", "grace/web", "far/away"]
    assert listing.unseen == ["held/out"]


def test_our_own_list_can_be_read_and_its_sections_do_not_overlap():
    listing = read(ROOT / "docs" / "repositories.txt")
    assert "pallets/flask" in listing.training
    assert {"aio-libs/aiohttp", "pytest-dev/pytest", "DaveGamble/cJSON"} <= set(listing.unseen)
    assert set(listing.training).isdisjoint(listing.unseen)
    names = [name.rpartition("/")[2] for name in listing.training]
    assert len(set(names)) == len(names), "prompts name a repository by its folder"


@pytest.mark.parametrize("text", ["", "## OTHER\na/b\n", "a/b\n## TRAINING\n", "## TRAINING\nno\n"])
def test_what_is_no_list(tmp_path: Path, text: str):
    path = tmp_path / "list.txt"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError):
        read(path)


def test_clones_are_found_by_several_names(tmp_path: Path):
    plain = repository(tmp_path / "a" / "owner+one", {"x.py": "x = 1\n"})
    nested = repository(tmp_path / "a" / "owner" / "two", {"x.py": "x = 1\n"})
    (tmp_path / "b" / "owner+three").mkdir(parents=True)
    git(tmp_path, "clone", "-q", "--bare", str(plain), str(tmp_path / "b" / "owner+three" / "repo"))
    folders = [tmp_path / "a", tmp_path / "b"]
    assert find(folders, "owner/one") == plain
    assert find(folders, "owner/two") == nested
    there, missing = located(["owner/three", "owner/four"], folders)
    assert list(there) == ["owner/three"] and missing == ["owner/four"]
    source = Public(there["owner/three"], "owner/three")
    assert (source.name, source.full_name, source.foreign) == ("three", "owner/three", True)
