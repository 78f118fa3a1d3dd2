"""Places come in the order of what is read there, however many rounds that takes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.cache_model.array import DEPTH, build, suffix_order
from tests.engine.cache_model.by_hand import index_of, text

STREAMS = st.lists(st.integers(0, 3), min_size=1, max_size=80)
REPEATS = st.builds(
    lambda part, times, rest: part * times + rest,
    st.lists(st.integers(0, 2), min_size=1, max_size=4),
    st.integers(1, 40),
    st.lists(st.integers(0, 2), max_size=3),
)


@given(
    stream=STREAMS | REPEATS,
    largest=st.sampled_from([3, 1 << 15, 1 << 20, 1 << 40]),
    depth=st.sampled_from([1, 2, 5, DEPTH]),
)
def test_places_come_in_the_order_of_what_is_read_there(
    stream: list[int], largest: int, depth: int
) -> None:
    order = suffix_order(np.array(stream, dtype=np.int64), largest, depth=depth).tolist()
    assert sorted(order) == list(range(len(stream)))
    read = [stream[place : place + depth] for place in order]
    assert read == sorted(read)


def test_one_file_is_kept_as_it_is() -> None:
    index = index_of({"a.py": [7, 900_000, 7, 3]})
    (span,) = index.spans
    assert index.tokens(span).tolist() == [7, 900_000, 7, 3]


@given(
    files=st.dictionaries(
        st.sampled_from(["a.py", "b/a.py", "b/c/a.py", "b-c/a.py", "b.py", "c/a.py"]),
        st.lists(st.integers(0, 5), max_size=12),
        max_size=6,
    )
)
def test_files_are_kept_and_folders_stand_together(files: dict[str, list[int]]) -> None:
    index = index_of(files)
    assert {span.path: index.tokens(span).tolist() for span in index.spans} == files
    for folder in ("b", "b/c", "c", "d"):
        start, end = index.places_below(folder)
        inside = {s.path for s in index.spans if s.start >= start and s.end <= end and start < end}
        empty = {path for path, tokens in files.items() if not tokens}
        assert inside - empty == {p for p in files if p.startswith(f"{folder}/")} - empty


def test_nothing_at_all_is_an_index_too() -> None:
    index = index_of({})
    assert len(index) == 1
    assert index.longest(index.code(5)) == (0, 0, 0)


def test_many_different_tokens_take_three_bytes() -> None:
    tokens = [*range(70_000), 4, 5]
    built = build([text("a.py", tokens)])
    assert built.width == 3
    size = len(built.codes) + built.order.nbytes + built.following.nbytes
    assert size <= 11 * len(built.order)
    index = index_of({"a.py": tokens})
    assert index.tokens(index.spans[0]).tolist() == tokens


@pytest.mark.parametrize("count", [2_000, 20_000])
def test_few_different_tokens_take_eight_bytes(count: int) -> None:
    rng = np.random.default_rng(0)
    built = build([text("a.py", rng.integers(0, 500, count).tolist())])
    arrays = (built.order, built.following, built.alphabet, built.firsts)
    assert len(built.codes) + sum(array.nbytes for array in arrays) <= 8 * count + 5_000
