"""The reuse ladder: what is answered without a model, and what must not be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.completion.ladder import Answer, Ladder, Scene, Shown
from beadline.context.types import Document

SCENE = Scene("a.py", "python", "model", "x = ", "\n")


def document(text: str) -> Document:
    return Document("a.py", "a.py", "python", text)


def shown(text: str, suggestion: str) -> Shown:
    """`|` is the cursor."""
    before, after = text.split("|")
    at = len(before)
    return Shown(document(before + after), at, at, suggestion, "line", "eog")


def typed(ladder: Ladder, text: str) -> str | None:
    before, after = text.split("|")
    found = ladder.typed(document(before + after), len(before))
    return found[0].text if found else None


def test_the_same_window_is_answered_again():
    ladder = Ladder()
    ladder.remember(SCENE, Answer("foo()", "eog", 0.25))
    assert ladder.find(SCENE) == Answer("foo()", "eog", 0.25, source="exact")


@pytest.mark.parametrize("field", ["key", "language", "fingerprint", "prefix", "suffix"])
def test_an_answer_belongs_to_everything_the_model_saw(field: str):
    ladder = Ladder()
    ladder.remember(SCENE, Answer("foo()", "eog"))
    assert ladder.find(replace(SCENE, **{field: "other"})) is None


def test_texts_do_not_run_into_each_other():
    ladder = Ladder()
    ladder.remember(replace(SCENE, suffix="ab", prefix="c"), Answer("foo()", "eog"))
    assert ladder.find(replace(SCENE, suffix="a", prefix="bc")) is None


def test_walk_back_serves_the_rest_of_an_earlier_answer():
    ladder = Ladder()
    ladder.remember(SCENE, Answer("foo(bar)", "eog", 0.5))
    assert ladder.find(replace(SCENE, prefix="x = foo(")) == Answer(
        "bar)", "eog", 0.0, source="prefix"
    )
    assert ladder.find(replace(SCENE, prefix="x = fop")) is None
    assert ladder.find(replace(SCENE, prefix="x = foo(bar)")) is None, "nothing is left of it"


def test_the_longest_rest_wins():
    ladder = Ladder()
    ladder.remember(SCENE, Answer("foo(bar, baz)", "eog"))
    ladder.remember(replace(SCENE, prefix="x = fo"), Answer("o()", "eog"))
    found = ladder.find(replace(SCENE, prefix="x = foo("))
    assert found is not None
    assert found.text == "bar, baz)"


def test_walk_back_ends_after_128_characters():
    ladder = Ladder()
    ladder.remember(SCENE, Answer("y" * 200, "eog"))
    assert ladder.find(replace(SCENE, prefix="x = " + "y" * 128)) is not None
    assert ladder.find(replace(SCENE, prefix="x = " + "y" * 129)) is None


def test_the_tail_of_an_answer_that_a_limit_cut_is_not_trusted():
    ladder = Ladder()
    ladder.remember(SCENE, Answer("foo(argument)", "length"))
    assert ladder.find(replace(SCENE, prefix="x = foo")) is None
    assert ladder.find(replace(SCENE, prefix="x = fo")) is not None


def test_the_least_recently_used_answer_goes_first():
    ladder = Ladder(capacity=2)
    scenes = [replace(SCENE, suffix=str(i)) for i in range(3)]
    ladder.remember(scenes[0], Answer("a", "eog"))
    ladder.remember(scenes[1], Answer("b", "eog"))
    assert ladder.find(scenes[0]) is not None
    ladder.remember(scenes[2], Answer("c", "eog"))
    assert [ladder.find(s) is not None for s in scenes] == [True, False, True]


def test_typing_along_the_shown_suggestion():
    ladder = Ladder()
    ladder.show(shown("x = |\ny\n", "foo(bar)"))
    assert typed(ladder, "x = fo|\ny\n") == "o(bar)"
    assert typed(ladder, "x = fa|\ny\n") is None, "it says something else"
    assert typed(ladder, "x = foo(bar)|\ny\n") is None, "nothing is left"
    assert typed(ladder, "x = fo|\nz\n") is None, "another place was edited too"
    assert typed(ladder, "x = |fo\ny\n") is None, "the cursor is elsewhere"


def test_a_bracket_that_the_editor_closed_belongs_to_the_suffix():
    ladder = Ladder()
    ladder.show(shown("x = |\n", "foo(bar)"))
    assert typed(ladder, "x = foo(|)\n") == "bar"


def test_a_bracket_in_the_middle_of_the_rest_is_replaced():
    ladder = Ladder()
    ladder.show(shown("x = |\n", "foo(bar)[0]"))
    (rest,) = ladder.typed(document("x = foo()\n"), 8)
    assert (rest.text, rest.offset, rest.end) == ("bar)[0]", 8, 9)
    assert typed(ladder, "x = foo(|]\n") == "bar)[0"
    assert typed(ladder, "x = foo(|}\n") is None, "the suggestion has no such bracket"
    assert typed(ladder, "x = foo(|b\n") is None, "editors insert no letters"


def test_several_suggestions_are_followed_at_once():
    ladder = Ladder()
    ladder.show(shown("x = |\n", "foo(bar)"), shown("x = |\n", "fob()"), shown("x = |\n", "foo(b)"))
    before, rests = "x = fo", ["o(bar)", "b()", "o(b)"]
    assert [r.text for r in ladder.typed(document(before + "\n"), len(before))] == rests
    ladder.show(*ladder.typed(document(before + "\n"), len(before)))
    assert [r.text for r in ladder.typed(document("x = foo\n"), 7)] == ["(bar)", "(b)"]


def test_a_closed_document_shows_nothing():
    ladder = Ladder()
    ladder.show(shown("x = |\n", "foo"))
    ladder.forget("a.py")
    assert typed(ladder, "x = f|\n") is None


def test_clear_voids_everything():
    ladder = Ladder()
    ladder.show(shown("x = |\n", "foo"))
    ladder.remember(SCENE, Answer("foo()", "eog"))
    ladder.clear()
    assert typed(ladder, "x = f|\n") is None
    assert ladder.find(SCENE) is None


@given(st.text(max_size=40), st.text(max_size=40), st.text(min_size=1, max_size=40), st.data())
def test_accepting_the_rest_gives_the_text_that_accepting_all_would(
    before: str, after: str, suggestion: str, data: st.DataObject
):
    count = data.draw(st.integers(0, len(suggestion)))
    closed = data.draw(st.sampled_from(["", ")", '"', "])"]))
    ladder = Ladder()
    at = len(before)
    ladder.show(Shown(document(before + after), at, at, suggestion, "line", "eog"))
    newest = document(before + suggestion[:count] + closed + after)
    offset = at + count
    for found in ladder.typed(newest, offset):
        accepted = newest.text[:offset] + found.text + newest.text[found.end :]
        assert accepted == before + suggestion + after
