"""Metrics and baselines against their definitions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.evaluation.baselines import most_similar_line, nothing
from beadline.evaluation.metrics import edit_similarity, exact_match, mean, median, share


def test_exact_match_strips():
    assert exact_match(" foo()\n", "foo()")
    assert not exact_match("foo ()", "foo()")


def test_edit_similarity_is_the_indel_ratio():
    # One substitution is two edits: 1 - 2 / (3 + 3).
    assert edit_similarity("abc", "abd") == pytest.approx(2 / 3)
    assert edit_similarity("", "") == 1
    assert edit_similarity("", "abc") == 0


def test_wilson_interval():
    # Newcombe (1998), table I, method 3: 81/263 and 0/20.
    found = share([True] * 81 + [False] * 182)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    none = share([False] * 20)
    assert (none.low, round(none.high, 4)) == (0.0, 0.1611)


@given(st.lists(st.booleans(), max_size=50))
def test_a_share_lies_in_its_interval(hits: list[bool]):
    found = share(hits)
    if hits:
        assert 0 <= found.low <= found.value <= found.high <= 1
    else:
        assert math.isnan(found.value) and found.as_dict()["value"] is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_a_mean_is_reproducible(values: list[float]):
    found = mean(values, resamples=50)
    assert found == mean(values, resamples=50)
    assert found.low <= found.high


def test_median():
    assert median([3, 1, 2]) == 2
    assert median([4, 1, 2, 3]) == 2.5
    assert math.isnan(median([]))


def test_the_baselines():
    assert nothing("anything") == ""
    assert most_similar_line("x.append(one)\ny = 2\nx.append(") == "one)"
    assert most_similar_line("a = 1\nb = 2\nq()\na = 1\n") == "b = 2"
    assert most_similar_line("") == ""
    assert most_similar_line("qqqq\nzzzz(") == ""


@given(st.text(alphabet="ab(\n =", max_size=80))
def test_the_similar_line_is_copied_from_above(prefix: str):
    assert most_similar_line(prefix) in prefix
