"""A store keeps what was built, and is as good as empty when it is not what was written."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from beadline.engine.cache_model.array import build
from beadline.engine.cache_model.builder import commit
from beadline.engine.cache_model.search import Lookup
from beadline.engine.cache_model.store import POINTER, Current, Store, folder_of, trim
from beadline.errors import FileError
from tests.engine.cache_model.by_hand import text

FILES = {"src/a.py": [5, 70_000, 5, 6, 70_000, 7], "src/b.py": [], "c.py": [6, 70_000]}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(folder_of(tmp_path, "model", "/a/workspace"))


def put(store: Store, files: dict[str, list[int]], version: str = "1") -> None:
    commit(store, {path: text(path, tokens, version) for path, tokens in files.items()}, set())


def test_what_is_kept_is_there_again(store: Store) -> None:
    put(store, FILES)
    arrays = store.arrays()
    assert arrays.versions() == dict.fromkeys(FILES, "1")
    assert arrays.base is not None
    kept = {span.path: arrays.base.tokens(span).tolist() for span in arrays.base.spans}
    assert kept == FILES
    lookup = Lookup(arrays.base)
    for token in (6, 70_000):
        lookup.append(token)
    assert lookup.longest == 2
    low, high = lookup.range_of(2)
    following = {arrays.base.token(code) for code in arrays.base.following[low:high].tolist()}
    assert 7 in following


def test_a_change_is_there_for_who_looks_again(store: Store) -> None:
    put(store, FILES)
    before = store.stamp()
    put(store, {"c.py": [9, 9]}, "2")
    assert store.stamp() != before
    assert store.arrays().versions() == {"src/a.py": "1", "src/b.py": "1", "c.py": "2"}
    commit(store, {}, {"src/a.py"})
    assert store.arrays().versions().keys() == {"src/b.py", "c.py"}


def test_what_was_mapped_before_stays_readable(store: Store) -> None:
    put(store, FILES)
    before = store.arrays().base
    put(store, {"c.py": [9, 9]}, "2")
    assert before is not None
    assert {s.path: before.tokens(s).tolist() for s in before.spans} == FILES
    # The arrays that nobody points to are gone from the folder.
    if sys.platform != "win32":
        assert len(list(store.folder.glob("*.array"))) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no modes there")
def test_nobody_else_may_read_it(store: Store) -> None:
    put(store, FILES)
    for path in (store.folder, *store.folder.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize("kept", [0, 3, 20, 100, -1])
def test_a_damaged_array_is_none(store: Store, kept: int) -> None:
    put(store, FILES)
    (array,) = store.folder.glob("*.array")
    array.write_bytes(array.read_bytes()[:kept])
    assert store.arrays().versions() == {}
    put(store, FILES, "2")
    assert store.arrays().versions() == dict.fromkeys(FILES, "2")


@pytest.mark.parametrize("content", ["", "[]", "{}", "nothing", '{"format": 99}'])
def test_a_damaged_pointer_points_nowhere(store: Store, content: str) -> None:
    put(store, FILES)
    (store.folder / POINTER).write_text(content)
    assert store.current() == Current()


def test_a_pointer_does_not_lead_out_of_the_folder(store: Store, tmp_path: Path) -> None:
    put(store, FILES)
    values = json.loads((store.folder / POINTER).read_text())
    array = store.folder / values["base"]
    array.rename(store.folder.parent / "other.array")
    (store.folder / POINTER).write_text(json.dumps({**values, "base": "../other.array"}))
    assert store.arrays().versions() == {}


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(FileError):
        Store(tmp_path / "file" / "below").add(build([]))


def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    stores = [Store(folder_of(tmp_path, "model", name)) for name in "abc"]
    for store in stores:
        put(store, {"a.py": list(range(2000))})
    size = sum(file.stat().st_size for file in stores[0].folder.iterdir())
    trim(tmp_path, 10 * size, stores[0].folder)
    assert all(store.arrays().versions() for store in stores)
    trim(tmp_path, 0, stores[0].folder)
    assert [bool(store.arrays().versions()) for store in stores] == [True, False, False]
