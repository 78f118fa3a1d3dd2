from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beadline.context.positions import LineIndex, Newlines
from beadline.errors import PositionError

TEXT = st.text(
    st.one_of(
        st.sampled_from(["\n", "\r", "\x0c", "\u2028", "\x85", "\t", "é", "漢", "😀", "\u0301"]),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=60,
)


@given(TEXT)
def test_every_offset_survives_the_round_trip(text: str) -> None:
    plain = text.replace("\r", "\n")
    index, lines = LineIndex(plain), plain.split("\n")
    for offset in range(len(plain) + 1):
        line, column = index.position(offset)
        assert index.offset(line, column) == offset
        assert plain[:offset] == "\n".join([*lines[:line], lines[line][:column]])


@given(TEXT, st.integers(-5, 70))
def test_offsets_outside_the_text_are_clamped(text: str, offset: int) -> None:
    plain = text.replace("\r", "\n")
    inside = max(0, min(offset, len(plain)))
    assert LineIndex(plain).position(offset) == LineIndex(plain).position(inside)


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        (2, 0, "Line 3 is outside the file, which has 2 lines."),
        (0, 4, "Column 5 is outside line 1, which has 3 characters."),
        (1, 1, "Column 2 is outside line 2, which has 0 characters."),
        (-1, 0, "Lines and columns count from 1."),
        (0, -1, "Lines and columns count from 1."),
    ],
)
def test_the_command_line_is_told_what_the_file_has(line: int, column: int, message: str) -> None:
    with pytest.raises(PositionError) as caught:
        LineIndex("a漢c\n").offset(line, column)
    assert caught.value.message == message
    assert caught.value.hint


def test_one_past_the_last_column_is_the_line_end() -> None:
    assert LineIndex("abc\nd").offset(0, 3) == 3


@given(TEXT)
@example("\r\r\n\n\r")
def test_normalising_newlines_can_be_undone(text: str) -> None:
    plain, newlines = Newlines.normalise(text)
    assert "\r" not in plain
    assert newlines.undo(plain) == text
    assert Newlines.normalise(plain)[0] == plain


@pytest.mark.parametrize(
    ("text", "offset", "restored"),
    [
        ("a\r\nb\nc", 0, "x\r\ny"),
        ("a\r\nb\nc", 3, "x\ny"),
        ("a\rb\nc", 1, "x\ry"),
        ("a\r\nb\r\nc", 4, "x\r\ny"),  # the last line has no end: the dominant one
        ("a\r\nb\nc\n\nd", 8, "x\ny"),
        ("", 0, "x\ny"),
        ("a", 1, "x\ny"),
    ],
)
def test_inserted_text_gets_the_line_end_of_its_line(text: str, offset: int, restored: str) -> None:
    _, newlines = Newlines.normalise(text)
    assert newlines.restore("x\ny", offset) == restored
