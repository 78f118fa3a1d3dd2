"""Prompt lookup: what followed the longest, latest match, and never a token that is no text."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.llama.drafts import CHANCES, LONGEST_MATCH, PromptLookup

CONTROL = 3
TOKENS = st.lists(st.integers(0, 4), max_size=40)


def lookup(tokens: list[int]) -> PromptLookup:
    found = PromptLookup(10, {CONTROL})
    found.begin(tokens)
    return found


def by_hand(tokens: list[int], most: int) -> list[int]:
    """The same, place by place."""
    best, place = 0, 0
    for start in range(1, len(tokens)):
        length = 0
        while (
            length < min(start, LONGEST_MATCH)
            and tokens[start - 1 - length] == tokens[-1 - length] != CONTROL
        ):
            length += 1
        if length and length >= best:
            best, place = length, start
    following = tokens[place : place + most] if best else []
    return following[: following.index(CONTROL)] if CONTROL in following else following


def test_what_followed_before_is_proposed() -> None:
    assert lookup([1, 2, 4, 0, 1, 2]).propose(8) == [4, 0, 1, 2]
    assert lookup([1, 2, 4, 0, 1, 2]).propose(2) == [4, 0]
    assert lookup([1, 2, 4, 1, 2, 0, 1, 2]).propose(1) == [0]
    assert lookup([0, 1, 2, 4, 1, 1, 2, 0, 0, 1, 2]).propose(1) == [4]


def test_nothing_to_go_by() -> None:
    assert lookup([]).propose(8) == lookup([1]).propose(8) == lookup([1, 2]).propose(8) == []


def test_control_tokens_match_nothing_and_are_not_proposed() -> None:
    assert lookup([1, 2, CONTROL, 1, 2]).propose(8) == []
    assert lookup([CONTROL, 1, CONTROL]).propose(8) == []


def test_a_longer_match_is_surer() -> None:
    chances = []
    for length in range(1, LONGEST_MATCH + 2):
        found = PromptLookup(40, ())
        found.begin([*range(20 - length, 21), 30, *range(20 - length, 20)])
        assert found.propose(1) == [20]
        chances.append(found.chance)
    assert chances == sorted(chances)
    assert set(chances) == set(CHANCES.values())


@given(tokens=TOKENS, cuts=st.lists(st.integers(0, 40)), most=st.integers(1, 10))
def test_growing_gives_what_a_new_index_gives(
    tokens: list[int], cuts: list[int], most: int
) -> None:
    ends = sorted({min(cut, len(tokens)) for cut in cuts} | {len(tokens)})
    grown = lookup([4, 4, 4])
    grown.begin(tokens[: ends[0]])
    for start, end in pairwise(ends):
        grown.append(tokens[start:end])
    assert grown.propose(most) == lookup(tokens).propose(most) == by_hand(tokens, most)


def test_a_long_generation_outgrows_the_prompt() -> None:
    found = lookup([1])
    for token in [0, 1, 2] * 700:
        found.append([token])
    assert found.propose(4) == [0, 1, 2]
