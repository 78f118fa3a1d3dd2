from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beadline.context.positions import Encoding, LineIndex, Newlines
from beadline.errors import PositionError

TEXT = st.text(
    st.one_of(
        st.sampled_from(["\n", "\r", "\x0c", "\u2028", "\x85", "\t", "é", "漢", "😀", "\u0301"]),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=60,
)
ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
SIZES = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


def units(text: str, encoding: str) -> int:
    codec, size = SIZES[encoding]
    return len(text.encode(codec)) // size


@given(TEXT, st.data())
def test_every_offset_outside_a_line_end_survives_the_round_trip(text: str, data) -> None:
    index = LineIndex(text)
    offset = data.draw(st.integers(0, len(text)))
    if text[offset - 1 : offset + 1] == "\r\n" and offset > 0:
        offset -= 1
    for encoding in ENCODINGS:
        line, column = index.position(offset, encoding)
        assert index.offset(line, column, encoding, clamp=True) == offset
        assert index.offset(line, column, encoding, clamp=False) == offset
        start, _ = index.line_span(line)
        assert column == units(text[start:offset], encoding)


@given(TEXT, st.integers(-2, 70), st.integers(-2, 200), st.sampled_from(ENCODINGS))
def test_clamping_never_fails_and_stays_on_the_line(
    text: str, line: int, column: int, encoding: Encoding
) -> None:
    index = LineIndex(text)
    offset = index.offset(line, column, encoding, clamp=True)
    assert 0 <= offset <= len(text)
    if 0 <= line < index.line_count:
        start, end = index.line_span(line)
        assert start <= offset <= end
        assert units(text[start:offset], encoding) <= max(column, 0)


@given(TEXT, st.integers(0, 10**9))
def test_lines_are_those_of_lsp(text: str, _: int) -> None:
    index = LineIndex(text)
    expected = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines = [text[slice(*index.line_span(n))] for n in range(index.line_count)]
    assert lines == expected


def test_a_column_inside_a_surrogate_pair_is_before_it() -> None:
    index = LineIndex("a😀b")
    assert [index.offset(0, c, "utf-16", clamp=True) for c in range(6)] == [0, 1, 1, 2, 3, 3]
    assert [index.offset(0, c, "utf-8", clamp=True) for c in range(7)] == [0, 1, 1, 1, 1, 2, 3]


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
        LineIndex("a漢c\n").offset(line, column, clamp=False)
    assert caught.value.message == message
    assert caught.value.hint


def test_one_past_the_last_column_is_the_line_end() -> None:
    assert LineIndex("abc\r\nd").offset(0, 3, clamp=False) == 3


@given(TEXT)
@example("\r\r\n\n\r")
def test_normalising_newlines_can_be_undone(text: str) -> None:
    plain, newlines = Newlines.normalise(text)
    assert "\r" not in plain
    assert newlines.undo(plain) == text
    assert Newlines.normalise(plain)[0] == plain


@given(TEXT, st.data())
def test_offsets_follow_normalisation_both_ways(text: str, data) -> None:
    plain, newlines = Newlines.normalise(text)
    offset = data.draw(st.integers(0, len(plain)))
    original = newlines.to_original(offset)
    assert Newlines.normalise(text[:original])[0] == plain[:offset]
    assert newlines.from_original(original) == offset
    other = data.draw(st.integers(0, len(text)))
    back = newlines.from_original(other)
    inside = text[other - 1 : other + 1] == "\r\n" and other > 0
    assert newlines.to_original(back) == (other - 1 if inside else other)


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
