from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beadline.context.types import CursorContext, Document, Expected, Window
from beadline.context.window import place

TEXT = st.text(st.sampled_from("ab \n"), max_size=400)


def _place(text: str, offset: int, previous: Window | None = None, **budget: int) -> Window:
    sizes = {"prefix_chars": 100, "suffix_chars": 40, "anchor_chars": 30, **budget}
    document = Document("k", "a.py", "python", text)
    return place(document, CursorContext(offset, Expected.LINE, ""), previous, **sizes)


@given(TEXT, st.lists(st.integers(0, 400), min_size=1, max_size=8), st.integers(0, 120))
def test_the_window_is_contiguous_and_within_its_budgets(
    text: str, offsets: list[int], prefix: int
) -> None:
    previous = None
    for offset in offsets:
        offset = min(offset, len(text))
        window = _place(text, offset, previous, prefix_chars=prefix)
        assert 0 <= window.start <= window.anchor <= window.cursor <= window.end <= len(text)
        assert window.cursor == offset
        assert offset - window.start <= prefix
        assert offset - window.anchor <= 30
        assert window.end - offset <= 40
        before, after = window.split(text)
        assert before + after == text[window.start : window.end]
        previous = window


@given(st.text(st.sampled_from("ab "), min_size=1, max_size=30), st.integers(3, 60))
def test_start_and_anchor_rest_while_a_line_is_typed(typed: str, lines: int) -> None:
    head = "def f():\n    pass\n" * lines
    tail = "\n\ndef g():\n    pass\n"
    previous = _place(head + tail, len(head))
    for count in range(1, len(typed) + 1):
        window = _place(head + typed[:count] + tail, len(head) + count, previous)
        if len(head) + count - previous.start <= 100:
            assert window.start == previous.start
        assert window.anchor == previous.anchor == len(head)
        assert window.end - window.cursor == previous.end - previous.cursor
        previous = window


def test_enter_does_not_move_the_anchor() -> None:
    text = "x = 1\ny = 2"
    first = _place(text, len(text))
    second = _place(text + "\n    ", len(text) + 5, first)
    assert second.anchor == first.anchor == 6


def test_the_anchor_moves_to_the_line_when_the_typed_text_is_too_long() -> None:
    text = "x = 1\n" + "y = 2\n" * 10 + "z"
    first = _place(text[:6], 6)
    assert _place(text, len(text), first).anchor == len(text) - 1


def test_a_start_that_has_to_move_prefers_a_definition() -> None:
    text = "x = 1\n" * 20 + "def f():\n    pass\n" + "y = 2\n" * 6
    window = _place(text, len(text))
    assert text[window.start :].startswith("def f()")


def test_a_cursor_that_goes_up_gets_text_before_it() -> None:
    text = "x = 1\n" * 100
    low = _place(text, len(text))
    high = _place(text, low.start + 6, low)
    assert high.cursor - high.start >= 30


def test_the_suffix_ends_at_a_line_end_where_there_is_one() -> None:
    text = "x = 1\n" * 20
    assert text[: _place(text, 0).end].endswith("\n")
    assert _place("x" * 100, 10).end == 50
