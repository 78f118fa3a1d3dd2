"""The reuse ladder: what is answered without a model, and what must not be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.completion.closers import UserText
from beadline.completion.confidence import Part
from beadline.completion.ladder import (
    AFTER,
    BEFORE,
    WALK_BACK,
    Answer,
    Decision,
    Ladder,
    Scene,
    Shown,
)
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
def test_an_answer_belongs_to_its_place(field: str):
    ladder = Ladder()
    ladder.remember(SCENE, Answer("foo()", "eog"))
    assert ladder.find(replace(SCENE, **{field: "other"})) is None


def test_an_answer_may_belong_to_all_that_the_model_saw():
    ladder = Ladder()
    ladder.remember(replace(SCENE, seen=1), Answer("foo()", "eog"))
    assert ladder.find(replace(SCENE, seen=1)) is not None
    assert ladder.find(replace(SCENE, seen=2)) is None


def test_what_is_far_away_does_not_void_an_answer():
    before, after = "x" * BEFORE, "y" * AFTER
    ladder = Ladder()
    place = document("one\n" + before + after + "two")
    ladder.remember(Scene.at(place, 4 + BEFORE, "model"), Answer("foo(bar)", "eog"))
    moved = document("another\n" + before + after + "three")
    assert ladder.find(Scene.at(moved, 8 + BEFORE, "model")) is not None
    typed = document("another\n" + before + "foo(" + after)
    found = ladder.find(Scene.at(typed, 12 + BEFORE, "model"))
    assert found is not None and found.text == "bar)"
    near = document("one\n" + before[:-1] + "z" + after)
    assert ladder.find(Scene.at(near, 4 + BEFORE, "model")) is None


@given(st.text(max_size=700), st.text(max_size=300), st.text(min_size=1, max_size=200), st.data())
def test_every_key_of_an_answer_is_found_within_the_walk_back(
    before: str, after: str, text: str, data: st.DataObject
):
    ladder = Ladder()
    ladder.remember(Scene.at(document(before + after), len(before), "m"), Answer(text, "eog"))
    count = data.draw(st.integers(0, len(text)))
    now = document(before + text[:count] + after)
    found = ladder.find(Scene.at(now, len(before) + count, "m"))
    if count <= min(WALK_BACK, len(text) - 1):
        # A text that repeats itself may be found with less typed; what is left fits all the same.
        assert found is not None and text.endswith(found.text)
    else:
        assert found is None or text.endswith(found.text)


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


def test_who_goes_back_in_what_he_typed_finds_it_again():
    ladder = Ladder()
    ladder.show(shown("x = |\n", "foo(bar)"))
    assert [typed(ladder, f"x = {text}|\n") for text in ("f", "fo", "foo", "fo", "f")] == [
        "oo(bar)", "o(bar)", "(bar)", "o(bar)", "oo(bar)"
    ]  # fmt: skip


def test_the_rest_of_an_answer_has_its_own_probabilities():
    parts = (Part(3, 1, -1.0), Part(2, 2, -4.0))
    ladder = Ladder()
    ladder.remember(SCENE, Answer("foo()", "eog", parts=parts))
    found = ladder.find(replace(SCENE, prefix="x = foo"))
    assert found is not None
    assert (found.parts, found.logprob) == ((Part(2, 2, -4.0),), -2.0)
    found = ladder.find(replace(SCENE, prefix="x = foo("))
    assert found is not None and found.parts == (Part(1, 2, -2.0),)


LINES = "first(a)\n" + 130 * "b" + "\nthird(c)\n"


@pytest.mark.parametrize("taken", ["first(a)", LINES[:145]])
def test_what_was_not_shown_is_kept_behind_what_was(taken: str):
    ladder = Ladder()
    answer = Answer(LINES, "eog", 0.25, (Part(len(LINES), 50, -5.0),))
    ladder.remember(SCENE, answer)
    ladder.keep_rest(SCENE, answer, taken)
    found = ladder.find(replace(SCENE, prefix=SCENE.prefix + taken))
    assert found is not None
    assert (found.text, found.source, found.eog_probability) == (LINES[len(taken) :], "prefix", 0.0)


def test_what_the_stop_rule_cut_is_kept_without_its_torn_end():
    ladder = Ladder()
    ladder.keep_rest(SCENE, Answer("foo()", "node_closed", beyond="\nwhole(line)\nto"), "foo()")
    found = ladder.find(replace(SCENE, prefix="x = foo()"))
    assert found is not None
    assert (found.text, found.stop_reason) == ("\nwhole(line)\nto", "length")
    ladder.keep_rest(SCENE, Answer("bar()", "node_closed", beyond="\nto"), "bar()")
    assert ladder.find(replace(SCENE, prefix="x = bar()")) is None, "nothing of it can be trusted"


@pytest.mark.parametrize("left", ["", "\n  ", ")", ")]\n"])
def test_nothing_is_kept_of_blanks_and_closers(left: str):
    ladder = Ladder()
    ladder.keep_rest(SCENE, Answer("foo(" + left, "eog"), "foo(")
    assert ladder.find(replace(SCENE, prefix="x = foo(")) is None


def test_the_models_own_answer_is_better_than_a_rest():
    ladder = Ladder()
    behind = replace(SCENE, prefix="x = foo")
    ladder.remember(behind, Answer("(own)", "eog"))
    ladder.keep_rest(SCENE, Answer("foo(bar)", "eog"), "foo")
    found = ladder.find(behind)
    assert found is not None and (found.text, found.source) == ("(own)", "exact")


def test_what_came_of_a_cursor_is_known_for_the_same_text_alone():
    ladder = Ladder()
    suggestion = shown("x = |\n", "foo(bar)")
    user = UserText(suggestion.document, suggestion.offset)
    ladder.decide(user, Decision((suggestion,), "", "line", "eog", 0.0))
    known = ladder.decided(user, suggestion.document)
    assert known is not None and known.shown == (suggestion,)
    for other in (
        UserText(suggestion.document, suggestion.offset, ")"),
        UserText(suggestion.document, suggestion.offset - 1),
        UserText(document("y = \n"), suggestion.offset),
    ):
        assert ladder.decided(other, other.document) is None


def test_clear_voids_everything():
    ladder = Ladder()
    ladder.show(shown("x = |\n", "foo"))
    ladder.remember(SCENE, Answer("foo()", "eog"))
    user = UserText(document("x = \n"), 4)
    ladder.decide(user, Decision((), "empty_answer", "line", "eog", 0.0))
    ladder.clear()
    assert typed(ladder, "x = f|\n") is None
    assert ladder.decided(user, user.document) is None
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
