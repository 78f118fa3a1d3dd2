"""Files of saved states: what is damaged, foreign or too large is never given to llama.cpp."""

from __future__ import annotations

import os
import stat
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beadline.engine.llama.state import _SIZES, MAGIC, Header, StateFiles, digest

IDENTITY = digest("model", "library")
posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and owners of POSIX")
PAYLOAD = bytes(range(256)) * 8


def header_of(key: str, payload: bytes, *, identity: str = IDENTITY) -> Header:
    return Header(
        identity=identity,
        key=digest(key),
        tokens=[len(key), 2, 70_000],
        payload_bytes=len(payload),
        payload_checksum=zlib.crc32(payload),
        tokens_per_s=123.5,
    )


def never() -> bool:
    return False


class Folder:
    """A folder of states, and the shortest way to write one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def files(self, *, identity: str = IDENTITY, limit: int = 1 << 20) -> StateFiles:
        return StateFiles(self.path, identity=identity, limit=limit)

    def write(
        self,
        key: str,
        payload: bytes = PAYLOAD,
        *,
        identity: str = IDENTITY,
        limit: int = 1 << 20,
        used: float = 1e9,
        must_stop: Callable[[], bool] = never,
    ) -> bool:
        header = header_of(key, payload, identity=identity)
        files = self.files(identity=identity, limit=limit)
        return files.write(header, memoryview(payload), used=used, must_stop=must_stop)

    def read(self, key: str) -> bytearray | None:
        found = self.files().find()
        header = found.get(digest(key))
        return self.files().read(digest(key), header) if header else None

    @property
    def names(self) -> list[str]:
        return sorted(os.listdir(self.path))

    @property
    def only(self) -> Path:
        (name,) = self.names
        return self.path / name

    @property
    def size(self) -> int:
        return sum((self.path / name).stat().st_size for name in self.names)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "cache" / "state")


def test_what_was_written_is_read(folder: Folder) -> None:
    assert folder.write("a.py")
    assert folder.files().find() == {digest("a.py"): header_of("a.py", PAYLOAD)}
    assert folder.read("a.py") == PAYLOAD
    assert folder.write("a.py", b"newer")
    assert folder.read("a.py") == b"newer"
    assert len(folder.names) == 1


@posix
def test_the_files_are_the_users_alone_and_names_say_nothing(folder: Folder) -> None:
    folder.write("secret project.py")
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.only.stat().st_mode) == 0o600
    assert "secret" not in folder.only.name
    assert b"secret" not in folder.only.read_bytes()


def test_other_models_and_parameters_do_not_see_it(folder: Folder) -> None:
    folder.write("a.py")
    other = folder.files(identity=digest("another model"))
    assert other.find() == {}
    assert other.read(digest("a.py"), header_of("a.py", PAYLOAD)) is None
    assert folder.read("a.py") == PAYLOAD


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_changed_byte_goes_unnoticed(folder: Folder, data: st.DataObject) -> None:
    folder.write("a.py")
    content = bytearray(folder.only.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    folder.only.write_bytes(content)
    assert folder.read("a.py") is None
    assert folder.names == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(change=st.one_of(st.integers(-len(PAYLOAD) - 200, -1), st.integers(1, 300)))
def test_no_missing_or_further_byte_goes_unnoticed(folder: Folder, change: int) -> None:
    folder.write("a.py")
    content = folder.only.read_bytes()
    folder.only.write_bytes(content[:change] if change < 0 else content + bytes(change))
    assert folder.read("a.py") is None
    assert folder.names == []


@posix
@pytest.mark.parametrize("mode", [0o644, 0o660, 0o602])
def test_files_that_others_can_read_or_write_are_not_believed(folder: Folder, mode: int) -> None:
    folder.write("a.py")
    folder.only.chmod(mode)
    assert folder.read("a.py") is None
    assert folder.names == []


@posix
def test_links_and_pipes_in_its_place_are_not_followed(folder: Folder, tmp_path: Path) -> None:
    folder.write("a.py")
    elsewhere = tmp_path / "elsewhere"
    path = folder.only
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert folder.read("a.py") is None
    assert elsewhere.exists()
    os.mkfifo(path)
    assert folder.read("a.py") is None
    path.mkdir()
    assert folder.read("a.py") is None
    assert path.is_dir()


@posix
def test_a_folder_of_others_is_not_used(folder: Folder, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    folder.path.parent.mkdir()
    folder.path.symlink_to(theirs)
    assert not folder.write("a.py")
    assert os.listdir(theirs) == []
    folder.path.unlink()
    assert folder.write("a.py")
    folder.path.chmod(0o755)
    assert folder.files().find() == {}
    # It is ours, so it can be mended.
    assert folder.write("b.py")
    assert folder.read("a.py") == folder.read("b.py") == PAYLOAD


def test_a_file_that_is_replaced_meanwhile_is_not_mixed_up(folder: Folder) -> None:
    folder.write("a.py")
    files = folder.files()
    known = files.find()[digest("a.py")]
    folder.write("a.py", b"by another process")
    assert files.read(digest("a.py"), known) is None
    assert folder.read("a.py") == b"by another process"
    folder.only.unlink()
    assert files.read(digest("a.py"), known) is None
    assert not files.touch(digest("a.py"), 1e9)


def test_the_least_recently_used_go_when_there_is_no_room(folder: Folder) -> None:
    folder.write("x.py")
    limit = 3 * folder.size + 50
    for age, key in enumerate(("c.py", "a.py", "b.py")):
        assert folder.write(key, limit=limit, used=1e9 + 1 + age)
    assert folder.size <= limit
    assert folder.read("x.py") is None
    # What was used later does not go for what was used earlier.
    assert not folder.write("old.py", limit=limit, used=1e9)
    folder.files().touch(digest("c.py"), 1e9 + 9)
    assert folder.write("d.py", limit=limit, used=1e9 + 8)
    assert [key for key in ("a.py", "b.py", "c.py", "d.py") if folder.read(key)] == [
        "b.py", "c.py", "d.py",
    ]  # fmt: skip


def test_states_of_other_models_count_too(folder: Folder) -> None:
    other = digest("another model")
    folder.write("a.py", identity=other, used=1e9)
    limit = folder.size + 100
    assert folder.write("a.py", limit=limit, used=1e9 + 1)
    assert folder.size <= limit
    assert folder.read("a.py") == PAYLOAD


def test_what_is_larger_than_the_limit_removes_nothing(folder: Folder) -> None:
    folder.write("a.py")
    assert not folder.write("b.py", limit=len(PAYLOAD), used=2e9)
    assert folder.read("a.py") == PAYLOAD


def test_what_would_not_make_enough_room_stays(folder: Folder) -> None:
    for age, key in enumerate(("a.py", "b.py", "c.py")):
        folder.write(key, used=1e9 + age)
    limit = folder.size + 50
    # Without the only older one there would still be no room.
    assert not folder.write("d.py", 2 * PAYLOAD, limit=limit, used=1e9 + 0.5)
    assert not folder.write("c.py", 3 * PAYLOAD, limit=limit, used=1e9 + 0.5)
    assert all(folder.read(key) == PAYLOAD for key in ("a.py", "b.py", "c.py"))
    # A file that is replaced counts as room.
    assert folder.write("a.py", PAYLOAD[:-1] + b"!", limit=limit, used=1e9)
    assert folder.write("c.py", 2 * PAYLOAD, limit=limit, used=1e9 + 9)
    assert [folder.read(key) for key in ("a.py", "b.py", "c.py")] == [None, PAYLOAD, 2 * PAYLOAD]


def test_what_cannot_be_written_leaves_what_was_there(folder: Folder) -> None:
    folder.write("a.py")
    assert not folder.write("a.py", b"newer", must_stop=lambda: True)
    assert folder.read("a.py") == PAYLOAD


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b'{"identity": "i", "key": "k", "tokens_per_s": 1' + b"0" * 400 + b"}",
        b'{"identity": "i", "key": "k", "tokens_per_s": "fast"}',
        b"[]",
        b"null",
        b"\xff",
    ],
    ids=["deep", "huge", "words", "array", "null", "no text"],
)
def test_a_whole_file_with_another_header_is_removed(folder: Folder, line: bytes) -> None:
    folder.write("a.py")
    body = line + b"\n"
    folder.only.write_bytes(MAGIC + _SIZES.pack(len(body), 0, zlib.crc32(body), 0) + body)
    assert folder.files().find() == {}
    assert folder.names == []


def test_trim_removes_what_others_wrote_beyond_the_limit(folder: Folder) -> None:
    folder.write("a.py", used=1e9)
    size = folder.size
    folder.write("b.py", used=1e9 + 1)
    folder.files(limit=size).trim()
    assert folder.read("a.py") is None
    assert folder.read("b.py") == PAYLOAD


def test_nothing_is_left_of_what_had_no_time(folder: Folder) -> None:
    assert not folder.write("a.py", must_stop=lambda: True)
    assert folder.names == []


def test_nothing_is_left_of_what_the_system_refused(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        assert not folder.write("a.py")
    assert folder.names == []
    folder.path.rmdir()
    folder.path.write_text("a file is in the way")
    assert not folder.write("a.py")
    assert folder.files().find() == {}


def test_abandoned_files_are_removed_and_foreign_ones_stay(folder: Folder) -> None:
    folder.write("a.py")
    for name in (".saving-abc123.state", ".saving-new.state", "notes.txt", "x.state"):
        (folder.path / name).write_text("x")
    os.utime(folder.path / ".saving-abc123.state", (1e9, 1e9))
    assert list(folder.files().find()) == [digest("a.py")]
    folder.files(limit=0).trim()
    assert folder.names == ["notes.txt", "x.state"]
