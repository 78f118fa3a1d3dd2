"""How much of an accepted text is alive after edits around it and in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.lsp.lines import Edit
from beadline.lsp.statistics.kept import AcceptedText, difference

BEFORE, TEXT, AFTER = "x = 1\n", "compute(alpha, beta)", "\ny = 2\n"
DOCUMENT = BEFORE + TEXT + AFTER
START, END = len(BEFORE), len(BEFORE + TEXT)


def share(*edits: Edit) -> float:
    """The share after edits of the document, one after the other."""
    text, document = AcceptedText(TEXT, START, END), DOCUMENT
    for edit in edits:
        document = document[: edit.start] + edit.text + document[edit.start + edit.removed :]
        text.follow(edit)
    return text.share(document)


def test_untouched_is_alive() -> None:
    assert share() == 1.0


@pytest.mark.parametrize(
    "edit",
    [
        Edit(0, 0, "import compute\n"),
        Edit(0, 5, ""),
        Edit(START - 1, 0, "z"),
        Edit(END, 0, "  # beta"),
        Edit(END + 1, 5, "compute"),
    ],
)
def test_edits_beside_it_do_not_matter(edit: Edit) -> None:
    assert share(edit) == 1.0


def test_what_is_typed_into_it_costs_nothing() -> None:
    assert share(Edit(START + 8, 0, "gamma, ")) == 1.0


def test_white_space_does_not_count() -> None:
    assert share(Edit(START + 13, 0, "\n    ")) == 1.0


def test_a_renamed_argument_costs_its_length() -> None:
    signs = len(TEXT.replace(" ", ""))
    assert share(Edit(START + 8, 5, "gamma")) == pytest.approx((signs - 5) / signs)


def test_deleted_is_dead() -> None:
    assert share(Edit(START, len(TEXT), "")) == 0.0
    assert share(Edit(0, len(DOCUMENT), "")) == 0.0


def test_the_whole_text_replaced_by_nearly_the_same() -> None:
    changed = DOCUMENT.replace("y = 2", "y = 3").replace("x = 1", "xx = 1")
    assert share(difference(DOCUMENT, changed)) == 1.0


def test_a_text_that_arrives_after_it_was_accepted() -> None:
    text = AcceptedText(TEXT, START, START)
    text.follow(Edit(START, 0, TEXT))
    assert text.share(DOCUMENT) == 1.0


def test_a_text_that_arrives_over_the_closers_behind_the_cursor() -> None:
    edit = Edit(15, 1, "beta)")  # of `compute(alpha, )`
    text = AcceptedText(edit.text, 15, 15)
    text.follow(edit)
    assert text.share("compute(alpha, beta)\n") == 1.0


def test_blanks_alone_are_alive_while_there_is_something() -> None:
    text = AcceptedText("    ", 0, 4)
    assert text.share("    x") == 1.0
    text.follow(Edit(0, 4, ""))
    assert text.share("x") == 0.0


@given(st.text("ab\n", max_size=30), st.text("ab\n", max_size=30))
def test_a_difference_is_the_edit_between_two_texts(old: str, new: str) -> None:
    edit = difference(old, new)
    assert old[: edit.start] + edit.text + old[edit.start + edit.removed :] == new
    if old == new:
        assert edit == Edit(edit.start, 0, "")
    else:
        first, last = old[edit.start : edit.start + edit.removed], edit.text
        assert first[:1] != last[:1] and first[-1:] != last[-1:]
