"""Rows hold whole samples apart from each other, and hardly any padding."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.trainer.samples.packing import PADDING, Row, pack, row_of
from beadline.trainer.samples.tokens import IGNORED, Sample
from tests.examples import examples
from tests.trainer.samples import kit

LENGTH = 64


def sample(number: int, length: int, *, plain: bool = False) -> Sample:
    """Tokens that say which sample they are of and where."""
    ids = np.arange(length, dtype=np.int32) + 1000 * (number + 1)
    labels = ids.copy()
    labels[: max(1, length // 2)] = IGNORED
    return Sample(ids, labels, "left_to_right" if plain else "node", plain)


def parts(row: Row) -> list[list[int]]:
    return [
        row.ids[row.segments == number].tolist() for number in range(int(row.segments.max()) + 1)
    ]


lengths = st.lists(st.tuples(st.integers(1, LENGTH), st.booleans()), min_size=1, max_size=60)


@given(lengths=lengths, seed=st.text(max_size=3))
@examples(200)
def test_every_sample_is_in_one_row_whole_and_plain_text_in_order(lengths, seed):
    samples = [sample(at, length, plain=plain) for at, (length, plain) in enumerate(lengths)]
    rows = pack(samples, LENGTH, pad=0, seed=seed)
    found = [tuple(part) for row in rows for part in parts(row)]
    holes = Counter(tuple(s.ids.tolist()) for s in samples if not s.is_plain)
    assert holes <= Counter(found)
    for each in (s for s in samples if s.is_plain):
        own = sorted(part for part in found if part[0] // 1000 == each.ids[0] // 1000)
        tokens = [token for part in own for token in part]
        # Parts follow one another; less than a part's least length may be missing at the end.
        assert tokens == each.ids[: len(tokens)].tolist()
        assert len(each) - len(tokens) < 16
        assert tokens
    assert sum(map(len, found)) == sum(len(row.ids) - row.padding for row in rows)


@given(lengths=lengths)
def test_rows_are_as_they_are_read(lengths):
    samples = [sample(at, length, plain=plain) for at, (length, plain) in enumerate(lengths)]
    for row in pack(samples, LENGTH, pad=7, seed="s"):
        for array in (row.ids, row.labels, row.positions, row.segments, row.wholes):
            assert array.shape == (LENGTH,)
            assert array.dtype == np.int32
        numbers = row.segments[row.segments != PADDING]
        assert numbers.tolist() == sorted(numbers.tolist())
        for number in set(row.segments.tolist()):
            chosen = row.segments == number
            assert row.positions[chosen].tolist() == list(range(chosen.sum()))
            assert row.labels[chosen][0] == IGNORED
        kept = row.labels != IGNORED
        assert np.array_equal(row.labels[kept], row.ids[kept])
        learned = {int(s.ids[0]) // 1000: s.whole for s in samples}
        assert all(
            whole == learned[int(token) // 1000]
            for token, whole in zip(row.ids[kept], row.wholes[kept], strict=True)
        )
        padding = row.segments == PADDING
        assert set(row.ids[padding].tolist()) <= {7}
        assert not kept[padding].any()
        # All of it stands behind the samples.
        assert not padding[: LENGTH - row.padding].any()


def test_rows_are_the_same_again_and_in_another_order_by_another_seed():
    samples = [sample(at, 5 + at % 50) for at in range(80)]
    one, again, other = (
        [tuple(row.ids.tolist()) for row in pack(samples, LENGTH, pad=0, seed=seed)]
        for seed in ("a", "a", "b")
    )
    assert one == again
    assert one != other
    assert sorted(one) == sorted(other)


def test_real_samples_leave_hardly_any_padding(texts, tokenizer):
    stream = kit.stream(texts[2:], tokenizer)
    rows = pack(stream.batch(range(256)), 2 * kit.SMALL.sample_tokens, pad=0, seed="s")
    assert sum(row.padding for row in rows) <= 0.05 * sum(len(row.ids) for row in rows)


def test_a_sample_by_itself_is_a_row_too():
    row = row_of([sample(0, 5)], 8, pad=9)
    assert row.ids.tolist() == [1000, 1001, 1002, 1003, 1004, 9, 9, 9]
    assert row.padding == 3


def test_a_sample_longer_than_a_row_is_told():
    with pytest.raises(ValueError, match="row of 64"):
        pack([sample(0, 65)], LENGTH, pad=0, seed="s")
