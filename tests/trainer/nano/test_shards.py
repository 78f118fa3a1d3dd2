"""Samples that travel: what was drawn comes out of the file as it went in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.errors import InputError
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.nano import shards
from beadline.trainer.nano.shards import Record, Shard
from tests.examples import examples

FILES = [
    CorpusFile.of("a.py", "python", "x = 1\n", "r"),
    CorpusFile.of("b.py", "python", "ü", "r"),
]
TEXT = st.text(max_size=20)
PIECES = st.lists(
    st.tuples(TEXT, TEXT) | st.tuples(st.integers(0, 9), st.integers(0, 99), st.integers(0, 99))
)
NUMBER = st.integers(0, 10**7)
RECORDS = st.builds(
    Record, TEXT, TEXT, st.integers(0, 4), st.booleans(), TEXT, NUMBER, NUMBER, NUMBER, NUMBER,
    NUMBER, NUMBER, PIECES.map(tuple), st.booleans(),
)  # fmt: skip


@given(RECORDS)
@examples(100)
def test_a_record_comes_back_from_its_line(record: Record):
    assert Record.of(json.loads(record.as_line())) == record


def test_a_shard_comes_back_from_its_file(tmp_path: Path):
    path = tmp_path / "s" / "r-00.xz"
    records = [Record("node", "main", 0, pieces=(("a\u2028b.py", "\ud800"), (0, 1, 2)))]
    shards.write(path, "r", FILES, records)
    assert shards.read(path) == Shard("r", FILES, records)
    assert shards.shards_of(tmp_path / "s") == [path]


def test_what_is_no_shard(tmp_path: Path):
    path = tmp_path / "r.xz"
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match="no shard"):
        shards.read(path)
    shards.write(path, "r", FILES, [])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError):
        shards.read(path)


def test_pieces_name_their_texts():
    shard = Shard("r", FILES, [])
    record = Record("node", "main", 0, pieces=((0, 0, 1), ("z.py", "def z(): ...\n")))
    first, second = shard.pieces(record)
    assert (first.path, first.text) == ("a.py", "x")
    assert (second.path, second.text) == ("z.py", "def z(): ...\n")


def test_parts_hold_no_more_than_they_may(tmp_path: Path):
    paths = []
    for number, size in enumerate((30, 40, 30, 200, 10)):
        paths.append(tmp_path / f"{number}")
        paths[-1].write_bytes(b"x" * size)
    found = [[path.name for path in group] for group in shards.parts(paths, 100)]
    assert found == [["0", "1", "2"], ["3"], ["4"]]
