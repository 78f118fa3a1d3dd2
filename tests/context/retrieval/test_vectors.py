"""Vectors in a file: found again, never mixed up, and only a cache."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from beadline.context.retrieval import vectors as module
from beadline.context.retrieval.vectors import Vectors, key_of

KEYS = [key_of(name) for name in "abc"]
ROWS = np.eye(3, 4, dtype=np.float32)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "of.vectors"


def nearest(kept: Vectors, row: int) -> bytes:
    return kept.nearest(ROWS[row], KEYS)[0][1]


def filled(file: Path | None, identity: str = "m") -> Vectors:
    kept = Vectors(file, identity)
    kept.add(KEYS, ROWS)
    return kept


def test_the_nearest_comes_first_and_only_of_the_keys_asked_for():
    kept = filled(None)
    assert nearest(kept, 1) == KEYS[1]
    assert kept.nearest(ROWS[1], [KEYS[0], key_of("unknown")]) == [(0.0, KEYS[0])]
    assert kept.nearest(ROWS[1], []) == []


def test_they_are_there_after_a_restart(file: Path):
    first = filled(file)
    more = np.full((1, 4), 0.5, np.float32)
    first.add([key_of("d"), KEYS[0]], np.concatenate([more, more]))
    first.close()
    again = Vectors(file, "m")
    assert len(again) == 4
    assert [nearest(again, row) for row in range(3)] == KEYS
    assert again.nearest(more[0], [key_of("d")])[0][0] == pytest.approx(1.0)
    again.close()


def test_another_model_begins_anew(file: Path):
    filled(file).close()
    other = Vectors(file, "n")
    assert len(other) == 0
    other.add(KEYS[:1], np.ones((1, 2), np.float32))
    other.close()
    assert len(Vectors(file, "n")) == 1


@pytest.mark.parametrize("damage", ["empty", "noise", "header", "repeated"])
def test_a_damaged_file_is_as_good_as_none(file: Path, damage: str):
    filled(file).close()
    data = file.read_bytes()
    start = len(data) - 3 * (16 + 8)
    file.write_bytes(
        {
            "empty": b"",
            "noise": bytes(range(256)) * 9,
            "header": data[: start - 1],
            "repeated": data + data[start:],
        }[damage]
    )
    kept = Vectors(file, "m")
    assert len(kept) == 0
    kept.add(KEYS, ROWS)
    kept.close()
    assert nearest(Vectors(file, "m"), 2) == KEYS[2]


def test_a_record_that_was_cut_short_is_dropped(file: Path):
    filled(file).close()
    file.write_bytes(file.read_bytes()[:-3])
    kept = Vectors(file, "m")
    assert len(kept) == 2
    kept.add(KEYS, ROWS)
    kept.close()
    assert [nearest(Vectors(file, "m"), row) for row in range(3)] == KEYS


def test_a_second_process_reads_and_writes_nothing(file: Path):
    first = filled(file)
    second = Vectors(file, "m")
    assert nearest(second, 1) == KEYS[1]
    before = file.read_bytes()
    second.add([key_of("d")], np.ones((1, 4), np.float32))
    assert key_of("d") in second
    assert file.read_bytes() == before
    first.close()


def test_a_folder_that_cannot_be_made_costs_nothing(tmp_path: Path):
    (tmp_path / "cache").write_text("a file")
    assert len(filled(tmp_path / "cache" / "of.vectors")) == 3


def test_their_number_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MOST", 2)
    kept = filled(None)
    assert len(kept) == 2 and KEYS[2] not in kept
