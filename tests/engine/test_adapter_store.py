"""The user's adapters: kept whole and private, active only where they won, chosen by folder."""

from __future__ import annotations

import dataclasses
import os
import stat
import sys
from pathlib import Path

import pytest

from beadline.engine.adapter_store import ADAPTER_FILE, MANIFEST_FILE, AdapterStore, Choice
from beadline.engine.adapters import Base, Manifest, file_digest
from beadline.errors import AdapterError

BASE = Base("w", "t", "nano", "beadline", "anchored")
OTHER = dataclasses.replace(BASE, weights="x", name="big")
posix = pytest.mark.skipif(sys.platform == "win32", reason="mode bits")


@pytest.fixture
def store(tmp_path: Path) -> AdapterStore:
    return AdapterStore(tmp_path / "adapters")


def keep(store: AdapterStore, name: str, *, text: bytes = b"lora", **changes: object) -> str:
    """An adapter that won, in the store."""
    file = store.folder.parent / "made.gguf"
    file.write_bytes(text + name.encode())
    manifest = Manifest(name, BASE, "/r", "c", "2026-11-21T08:00:00+00:00", file_digest(file), True)
    stored = store.keep(dataclasses.replace(manifest, **changes), file, {"report.md": b"# Won"})
    assert not stored.active
    return name


def chosen(store: AdapterStore, *folders: str, base: Base = BASE) -> Choice:
    return store.choose(folders, lambda: base)


def test_an_empty_store_has_nothing(store: AdapterStore) -> None:
    assert store.all() == []
    assert store.version() is None
    assert chosen(store, "/r") == Choice()
    with pytest.raises(AdapterError, match="no adapter named"):
        store.get("a")


def test_what_is_kept_is_there_and_not_active(store: AdapterStore) -> None:
    keep(store, "a")
    stored = store.get("a")
    assert stored.manifest is not None
    assert (stored.manifest.repository, stored.active, stored.problem) == ("/r", False, "")
    assert stored.path.read_bytes() == b"loraa"
    assert stored.report.read_text() == "# Won"
    assert [each.name for each in store.all()] == ["a"]
    assert [path.name for path in store.folder.iterdir()] == ["a"]


@posix
def test_everything_is_the_users_alone(store: AdapterStore) -> None:
    keep(store, "a")
    store.activate("a")
    for path in (store.folder, *store.folder.rglob("*")):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_an_active_one_serves_its_repository_and_no_other(store: AdapterStore) -> None:
    keep(store, "a", scale=0.8)
    before = store.version()
    store.activate("a")
    assert store.version() != before
    assert chosen(store, "/r/deep", "/r") == Choice(store.get("a").path, "a", 0.8)
    assert chosen(store, "/q", "/") == Choice()
    assert store.deactivate("a")
    assert not store.deactivate("a")
    assert chosen(store, "/r") == Choice()


def test_the_model_is_only_looked_at_where_something_is_active(store: AdapterStore) -> None:
    keep(store, "a")
    store.activate("a")

    def look() -> Base:
        raise AssertionError("nobody asked")

    assert store.choose(("/q",), look) == Choice()


def test_the_innermost_repository_wins(store: AdapterStore) -> None:
    for name, repository in (("outer", "/r"), ("inner", "/r/inner")):
        store.activate(keep(store, name, repository=repository))
    assert chosen(store, "/r/inner", "/r").name == "inner"
    assert chosen(store, "/r").name == "outer"


def test_one_a_repository_and_model(store: AdapterStore) -> None:
    for name, base in (("a", BASE), ("b", BASE), ("c", OTHER)):
        store.activate(keep(store, name, base=base))
    assert [each.name for each in store.all() if each.active] == ["b", "c"]
    assert chosen(store, "/r").name == "b"
    assert chosen(store, "/r", base=OTHER).name == "c"


def test_for_another_model_the_reason_is_told(store: AdapterStore) -> None:
    store.activate(keep(store, "a"))
    choice = chosen(store, "/r", base=OTHER)
    assert choice.path is None
    assert "made for another model (nano): train again" in choice.refused


def test_one_that_did_not_win_cannot_be_activated(store: AdapterStore) -> None:
    keep(store, "a", passed=False, verdict="Not enough evidence: 12 holes.")
    with pytest.raises(AdapterError, match="Not enough evidence: 12 holes"):
        store.activate("a")
    assert chosen(store, "/r") == Choice()


def test_a_file_that_was_not_measured_is_neither_kept_nor_used(store: AdapterStore) -> None:
    with pytest.raises(AdapterError, match="not the adapter that was measured"):
        keep(store, "a", digest="0" * 64)
    assert store.all() == []
    store.activate(keep(store, "b"))
    with store.get("b").path.open("ab") as file:
        file.write(b"more")
    assert "not the one that was measured" in chosen(store, "/r").refused
    with pytest.raises(AdapterError, match="not the one that was measured"):
        store.activate("b")


def test_removed_is_gone_and_a_new_one_of_its_name_is_not_active(store: AdapterStore) -> None:
    store.activate(keep(store, "a"))
    store.remove("a")
    assert store.all() == []
    assert chosen(store, "/r") == Choice()
    keep(store, "a")
    assert chosen(store, "/r") == Choice()
    store.activate("a")
    keep(store, "a", text=b"newer")
    assert not store.get("a").active
    assert store.get("a").path.read_bytes() == b"newera"
    with pytest.raises(AdapterError):
        store.remove("b")


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/b", ".hidden", "-x", "a" * 200])
def test_names_lead_nowhere_else(store: AdapterStore, name: str) -> None:
    keep(store, "a")
    for act in (store.get, store.activate, store.deactivate, store.remove):
        with pytest.raises(AdapterError):
            act(name)
    with pytest.raises(AdapterError, match="no name for an adapter"):
        keep(store, name)
    assert [path.name for path in store.folder.iterdir()] == ["a"]


@pytest.mark.parametrize("damage", ["manifest", "no manifest", "no file", "another's manifest"])
def test_damage_is_told_and_not_used(store: AdapterStore, damage: str) -> None:
    store.activate(keep(store, "a"))
    keep(store, "b")
    folder = store.folder / "a"
    if damage == "manifest":
        (folder / MANIFEST_FILE).write_text("{")
    elif damage == "no manifest":
        (folder / MANIFEST_FILE).unlink()
    elif damage == "no file":
        (folder / ADAPTER_FILE).unlink()
    else:
        other = store.folder / "b" / MANIFEST_FILE
        (folder / MANIFEST_FILE).write_bytes(other.read_bytes())
    stored = store.get("a")
    assert stored.problem
    assert stored.manifest is None
    assert chosen(store, "/r") == Choice()
    with pytest.raises(AdapterError, match="cannot be used"):
        store.activate("a")
    store.activate("b")
    store.remove("a")
    assert [each.name for each in store.all()] == ["b"]


@posix
@pytest.mark.parametrize("what", ["folder", MANIFEST_FILE, ADAPTER_FILE, "active.json"])
def test_what_others_could_have_written_is_not_used(store: AdapterStore, what: str) -> None:
    store.activate(keep(store, "a"))
    target = {
        "folder": store.folder / "a", "active.json": store.folder / "active.json",
    }.get(what, store.folder / "a" / what)  # fmt: skip
    target.chmod(0o777)
    assert chosen(store, "/r") == Choice()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"active": 3}', '{"active": [3, null, "../a"]}'])
def test_a_damaged_list_of_active_ones_is_an_empty_one(store: AdapterStore, text: str) -> None:
    store.activate(keep(store, "a"))
    (store.folder / "active.json").write_text(text)
    assert chosen(store, "/r") == Choice()
    store.activate("a")
    assert chosen(store, "/r").name == "a"


def test_leftovers_of_killed_processes_go(store: AdapterStore) -> None:
    keep(store, "a")
    old, new = store.folder / ".making-old", store.folder / ".making-new"
    for folder in (old, new):
        folder.mkdir(mode=0o700)
        (folder / ADAPTER_FILE).write_bytes(b"private")
    os.utime(old, (0, 0))
    keep(store, "b")
    assert not old.exists()
    assert new.exists()
    assert [each.name for each in store.all()] == ["a", "b"]


def test_names_are_made_of_any_folder(store: AdapterStore, tmp_path: Path) -> None:
    for folder in ("plain", "with blank", "ünïcode", "..dots", "-", "a" * 200):
        name = store.new_name(tmp_path / folder, "0123456789abcdef" * 4)
        assert keep(store, name) == name
