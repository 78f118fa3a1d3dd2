"""Queries: what is near the cursor weighs more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beadline.context.retrieval.query import MOST_TERMS, group_of, query_at
from beadline.context.retrieval.terms import Splitter
from tests.context.marked import document

MARKED = (
    """from package.shapes import Circle, Square


class Painter:
    def far_above(self):
        return nothing_near

"""
    + "    distant_call()\n" * 30
    + """
    def paint_all(self, shapes):
        canvas = open_canvas()
        for shape in shapes:
            Circle(shape).draw_¦on(canvas)

    def below(self):
        self.after_name()
        self.next_name()
        self.more_name()
        self.far_below()
"""
)

DOCUMENT, CURSOR = document(MARKED)
TEXT = DOCUMENT.text


def weights(text: str = TEXT, offset: int = CURSOR) -> dict[str, float]:
    return query_at(text, offset, Splitter())


def test_the_nearer_the_heavier():
    found = weights()
    assert found["circle"] > found["shapes"] > found["canvas"] * 0.5
    assert found["draw_"] == 1.0
    assert found["shape"] == 1.0 > found["open_canvas"]
    assert found["open_canvas"] > found["distant_call"]
    assert found["draw_"] > found["on"], "what follows the cursor"


def test_parts_count_less_than_the_whole():
    found = weights()
    assert found["open"] < found["open_canvas"]


def test_imports_count_and_imported_names_near_the_cursor_count_most():
    found = weights()
    assert found["circle"] > found["shape"]
    assert 0 < found["square"] < found["circle"]


def test_headers_around_the_cursor_are_asked_with():
    assert "painter" in weights()
    assert "nothing_near" not in weights()


def test_little_of_what_follows():
    found = weights()
    assert "after_name" in found and "far_below" not in found


def test_languages_that_use_each_other_s_code():
    assert group_of("typescriptreact") == group_of("javascript")
    assert group_of("c") == group_of("cpp")
    assert group_of("python") != group_of("go")


@given(st.text(max_size=400), st.integers(0, 400))
def test_any_text_and_offset(text: str, offset: int):
    found = weights(text, min(offset, len(text)))
    assert len(found) <= MOST_TERMS
    assert all(weight > 0 for weight in found.values())
