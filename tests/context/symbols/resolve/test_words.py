"""Where a text uses a name."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from beadline.context.symbols.resolve.words import uses

CODE = st.text("ab. _$=\n", max_size=40)


def test_members_and_parts_of_words_are_no_uses():
    assert list(uses("a ab ba a.a x.a a_ $a a", "a", 0, 99)) == [22, 8, 0]


def test_only_what_lies_within_is_found():
    assert list(uses("a a a", "a", 1, 4)) == [2]
    assert list(uses("a a", "", 0, 3)) == []


@given(CODE, st.sampled_from(["a", "ab", "aa", "a_b"]), st.integers(0, 40), st.integers(0, 40))
def test_it_finds_what_a_pattern_would(text: str, name: str, start: int, end: int):
    pattern = re.compile(rf"(?<![\w.$]){re.escape(name)}(?![\w$])")
    wanted = [m.start() for m in pattern.finditer(text) if start <= m.start() and m.end() <= end]
    assert list(uses(text, name, start, end)) == wanted[::-1]
