"""Rows on disk: whole samples, resumable group by group; general code among them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.errors import BeadlineError
from beadline.trainer.corpus.sources import Listed
from beadline.trainer.finetune import rows
from beadline.trainer.finetune.batch import samples_of
from beadline.trainer.finetune.replay import Mixed, Part
from beadline.trainer.samples.packing import GROUP
from beadline.trainer.samples.tokens import Sample
from tests.examples import examples
from tests.trainer.finetune import kit


class Numbered:
    """Sample k by k alone; remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def batch(self, numbers: Sequence[int]) -> list[Sample]:
        self.asked += numbers
        drawn = (random.Random(k) for k in numbers)
        return [kit.sample(rng, rng.randint(5, 40)) for rng in drawn]


FORM = rows.Form(row_tokens=64, pad=0, seed=1)


def written(folder: Path, samples: Numbered, count: int) -> rows.StoredRows:
    return rows.write(samples, count, folder, FORM)


def test_every_sample_is_in_some_row_whole(tmp_path: Path) -> None:
    count = 2 * GROUP + 10
    stored = written(tmp_path / "rows", Numbered(), count)
    found = samples_of([stored[number] for number in range(len(stored))])
    expected = Numbered().batch(range(count))
    assert sorted(tuple(s.ids) for s in found) == sorted(tuple(s.ids) for s in expected)
    assert stored.padding < 0.15
    with pytest.raises(IndexError):
        stored[len(stored)]


def test_an_interrupted_writing_goes_on_with_the_next_group(tmp_path: Path) -> None:
    count = (rows.AT_ONCE + 2) * GROUP
    whole = written(tmp_path / "whole", Numbered(), count)

    def stop(done: int, of: int) -> None:
        if done < of:
            raise KeyboardInterrupt

    cut = tmp_path / "cut"
    with pytest.raises(KeyboardInterrupt):
        rows.write(Numbered(), count, cut, FORM, progress=stop)
    with pytest.raises(BeadlineError, match="not complete"):
        rows.StoredRows(cut)
    second = Numbered()
    again = written(cut, second, count)
    assert second.asked == list(range(rows.AT_ONCE * GROUP, count))
    assert len(again) == len(whole)
    assert all(kit.equal(again[number], whole[number]) for number in range(len(whole)))
    third = Numbered()
    assert len(written(cut, third, count)) == len(whole)
    assert not third.asked


def test_a_lost_shard_is_told(tmp_path: Path) -> None:
    written(tmp_path / "rows", Numbered(), 2 * GROUP)
    (tmp_path / "rows" / "rows-000001.npy").unlink()
    with pytest.raises(BeadlineError, match="missing"):
        rows.StoredRows(tmp_path / "rows")


class Kind:
    """Samples that say where they are from, and their number."""

    def __init__(self, mark: int) -> None:
        self.mark = mark

    def batch(self, numbers: Sequence[int]) -> list[Sample]:
        made = [kit.sample(random.Random(0), 2) for _ in numbers]
        for sample, k in zip(made, numbers, strict=True):
            sample.ids[:] = (self.mark, k)
        return made


@given(share=st.floats(0, 0.9), count=st.integers(0, 300))
@examples(100)
def test_a_mixture_takes_both_in_their_order_and_proportion(share: float, count: int) -> None:
    mixed = Mixed(Kind(0), Kind(1), share)
    seen = [tuple(each.ids.tolist()) for each in mixed.batch(range(count))]
    own = [number for mark, number in seen if mark == 0]
    general = [number for mark, number in seen if mark == 1]
    assert own == list(range(len(own)))
    assert general == list(range(len(general)))
    assert abs(len(general) - share * count) <= 1
    # The same whatever was drawn before.
    fresh = Mixed(Kind(0), Kind(1), share)
    backwards = fresh.batch(list(reversed(range(count))))
    assert [tuple(each.ids.tolist()) for each in backwards] == seen[::-1]


class Tree:
    """A source of empty files of some sizes."""

    name, revision, foreign, notes = "tree", "1", True, ()

    def __init__(self, sizes: dict[str, int]) -> None:
        self._files = [Listed(path, size, path, "r") for path, size in sizes.items()]

    def files(self):
        return self._files

    def rules(self):
        return {}

    def read(self, files):
        return ((each, b"") for each in files)


def test_a_part_of_a_source_is_the_same_every_time_and_as_large_as_was_asked() -> None:
    source = Tree({f"{folder}/{at}.py": 100 for folder in "abcdef" for at in range(50)})
    part = Part(source, 5000, seed=1)
    chosen = part.files()
    assert len(chosen) == 50
    assert {file.path[0] for file in chosen} == set("abcdef")
    assert chosen == Part(source, 5000, seed=1).files()
    assert chosen != Part(source, 5000, seed=2).files()
    assert len(Part(source, 10**9, seed=1).files()) == 300


def test_rows_hold_what_the_loop_needs(tmp_path: Path) -> None:
    stored = written(tmp_path / "rows", Numbered(), 20)
    row = stored[0]
    assert {row.ids.dtype, row.labels.dtype, row.segments.dtype} == {np.dtype(np.int32)}
    assert len(row.ids) == 64
