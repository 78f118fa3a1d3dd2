"""Anchors stand where typing may have left them."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from beadline.context.window import line_anchor
from beadline.trainer.structured_fim.cursors import draw_anchor
from tests.trainer.structured_fim.texts import sources


@given(
    source=sources(), seed=st.integers(0, 10**6), cursor=st.integers(0, 600),
    most=st.integers(1, 300),
)  # fmt: skip
def test_an_anchor_is_a_line_start_at_most_eight_lines_up_within_its_budget(
    source, seed, cursor, most
):
    text = source[0]
    cursor = min(cursor, len(text))
    start = text.rfind("\n", 0, cursor // 2) + 1
    anchor = draw_anchor(text, cursor, start, most, random.Random(seed))
    assert start <= anchor <= cursor
    assert cursor - anchor <= most
    assert text.count("\n", anchor, cursor) <= 8
    if anchor not in (start, line_anchor(text, cursor, start, most)):
        assert text[anchor - 1] == "\n"


def test_anchors_are_in_the_cursors_line_mostly_and_up_to_eight_above():
    text = "".join(f"line {number}\n" for number in range(40))
    above = [
        text.count("\n", draw_anchor(text, 200, 0, 288, random.Random(seed)), 200)
        for seed in range(600)
    ]
    assert set(above) == set(range(9))
    assert above.count(0) > 150
