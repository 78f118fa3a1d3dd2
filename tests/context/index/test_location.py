"""Where indexes lie: what tells them apart, which are removed, and which disks are others'."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from beadline.context.index.location import NAME, Place, on_network, place_of, prune
from beadline.context.index.lock import FileLock
from beadline.settings import ContextOptions

OPTIONS = ContextOptions()


def test_a_place_is_of_a_real_folder_and_of_what_is_indexed(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "w")
    cache = tmp_path / "cache"
    place = place_of(tmp_path / "w", OPTIONS, cache)
    assert place == place_of(tmp_path / "link", OPTIONS, cache)
    assert place == place_of(tmp_path / "w", ContextOptions(prefix_tokens=77), cache)
    others = [
        place_of(tmp_path, OPTIONS, cache),
        place_of(tmp_path / "w", ContextOptions(ignore=("a",)), cache),
        place_of(tmp_path / "w", ContextOptions(max_files=7), cache),
        place_of(tmp_path / "w", ContextOptions(max_file_bytes=2000), cache),
    ]
    assert len({place, *others}) == 5
    for each in (place, *others):
        assert each.database.parent == cache / "index"
        assert re.fullmatch(NAME, each.database.name) and re.fullmatch(NAME, each.lock.name)


def test_the_users_languages_are_part_of_it(own_folders: Path, tmp_path: Path) -> None:
    before = place_of(tmp_path, OPTIONS, tmp_path)
    folder = own_folders / "languages"
    folder.mkdir()
    (folder / "mine.toml").write_text('id = "mine"\nname = "Mine"\n')
    assert place_of(tmp_path, OPTIONS, tmp_path) != before


def test_what_is_removed(tmp_path: Path) -> None:
    place = Place(tmp_path / "a.sqlite3", tmp_path / "a.lock")
    for suffix in ("", "-wal", "-shm", "-journal", "-other"):
        (tmp_path / f"a.sqlite3{suffix}").touch()
    place.discard()
    place.discard()
    assert [path.name for path in tmp_path.iterdir()] == ["a.sqlite3-other"]


def test_indexes_that_nobody_writes_go_after_a_while(tmp_path: Path) -> None:
    for name in ("old", "used", "new"):
        (tmp_path / f"{name}.lock").touch()
        (tmp_path / f"{name}.sqlite3").touch()
    for name in ("old", "used"):
        os.utime(tmp_path / f"{name}.lock", (1e9, 1e9))
    used = FileLock.attempt(tmp_path / "used.lock")
    assert used is not None
    with used:
        prune(tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {f"{name}.{kind}" for name in ("used", "new") for kind in ("lock", "sqlite3")}
    prune(tmp_path / "nothing")


@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
@pytest.mark.parametrize(
    ("path", "network"),
    [("/home/me/x", True), ("/home/me", True), ("/home/meg", False), ("/", False),
     ("/home/me/local/x", False), ("/mnt/a b/c", True)],
)  # fmt: skip
def test_disks_of_other_machines(path: str, network: bool) -> None:
    mounts = [
        "/dev/sda1 / ext4 rw 0 0",
        "server:/home /home/me nfs4 rw 0 0",
        "/dev/sda2 /home/me/local ext4 rw 0 0",
        "//server/share /mnt/a\\040b cifs rw 0 0",
        "nonsense",
        "",
    ]
    assert on_network(Path(path), mounts) is network


def test_this_disk_can_be_asked(tmp_path: Path) -> None:
    assert on_network(tmp_path) in (True, False)
