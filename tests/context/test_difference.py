"""Where two texts differ: the shortest single span, for characters and for bytes."""

from __future__ import annotations

from typing import AnyStr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.difference import changed_span

TEXTS = st.text("ab\né", max_size=30)


def check(old: AnyStr, new: AnyStr) -> None:
    start, old_end, end = changed_span(old, new)
    assert 0 <= start <= min(old_end, end)
    assert old[:start] + new[start:end] + old[old_end:] == new
    went, came = old[start:old_end], new[start:end]
    assert went[:1] != came[:1] or not went  # the common start goes no further
    assert went[-1:] != came[-1:] or not went  # nor does the common end


@given(TEXTS, TEXTS)
def test_any_two_texts(old: str, new: str) -> None:
    check(old, new)
    check(old.encode(), new.encode())


@given(TEXTS, st.data())
def test_an_edit_is_no_larger_than_it_was(old: str, data: st.DataObject) -> None:
    a, b = sorted(data.draw(st.tuples(*[st.integers(0, len(old))] * 2)))
    text = data.draw(TEXTS)
    start, old_end, end = changed_span(old, old[:a] + text + old[b:])
    assert old_end - start <= b - a
    assert end - start <= len(text)


@pytest.mark.parametrize(
    ("old", "new", "span"),
    [
        ("", "", (0, 0, 0)),
        ("ab", "ab", (2, 2, 2)),
        ("aa", "aaa", (2, 2, 3)),
        ("aaa", "aa", (2, 3, 2)),
        ("abc", "axc", (1, 2, 2)),
    ],
)
def test_the_common_start_comes_first(old: str, new: str, span: tuple[int, int, int]) -> None:
    assert changed_span(old, new) == span
    assert changed_span(old.encode(), new.encode()) == span


def test_long_texts() -> None:
    old = "".join(f"line {n}\n" for n in range(20_000))
    assert changed_span(old, old[:70_001] + "x" + old[70_001:]) == (70_001, 70_001, 70_002)
