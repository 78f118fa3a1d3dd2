"""What is shown of an answer: something, valid, and the user's text is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.completion.judging import judge
from beadline.completion.ladder import Answer
from beadline.completion.reading import Reader, Reading
from beadline.context.syntax import adds_error
from beadline.context.types import Document
from beadline.settings import ContextOptions
from tests.examples import examples

WORDS = st.sampled_from(
    ["x", " = ", "f(", ")", "]", "[", "{", "}", ":", ",", ";", "\n", "    ", "\t", '"', "'", "if ",
     "return ", "def g():", "else", "#", "//", "/*", "*/", "1", ".y", " ", "end", "fi", "then"]
)  # fmt: skip
CODE = st.lists(WORDS, max_size=14).map("".join)
LANGUAGES = st.sampled_from(["python", "javascript", "go", "rust", "java", "ruby", "shellscript"])


def reading_of(text: str, offset: int, language: str = "python") -> Reading:
    document = Document("a", "a", language, text)
    return Reader().read(document, offset, ContextOptions())


@examples(200)
@given(CODE, CODE, CODE, LANGUAGES, st.booleans(), st.sampled_from(["eog", "length", "newline"]))
def test_what_is_shown_changes_the_text_and_breaks_nothing(
    before: str, after: str, answer: str, language: str, automatic: bool, stop_reason: str
):
    reading = reading_of(before + after, len(before), language)
    verdict = judge(reading, Answer(answer, stop_reason), closers="", automatic=automatic)
    assert bool(verdict.text.strip()) != bool(verdict.silent_reason)
    if verdict.text:
        assert before + verdict.text + after != before + after
        assert "".join(verdict.text.split()) in "".join(answer.split())
        tree, offset = reading.tree, len(before)
        assert tree is not None
        assert not adds_error(tree, offset, offset, verdict.text)


@given(CODE, st.sampled_from([")", "]", '"', "'", ")]", "})"]), CODE)
def test_the_editors_closers_are_spared_or_replaced(before: str, closers: str, answer: str):
    reading = reading_of(before + "\n", len(before))
    verdict = judge(reading, Answer(answer, "eog"), closers=closers, automatic=False)
    assert 0 <= verdict.replaced <= len(closers)
    plain = judge(reading, Answer(answer, "eog"), closers="", automatic=False)
    accepted = verdict.text + closers[verdict.replaced :]
    if verdict.text:
        assert accepted in [plain.text + closers[n:] for n in range(len(closers) + 1)]


@pytest.mark.parametrize("answer", ["", " ", "\n\n", "x = 1\n", "    x = 1"])
def test_nothing_is_shown_where_the_text_has_it_already(answer: str):
    reading = reading_of("y = 2\n\nx = 1\n", 6)
    verdict = judge(reading, Answer(answer, "eog"), closers="", automatic=True)
    assert (verdict.text, bool(verdict.silent_reason)) == ("", True)


@pytest.mark.parametrize(
    ("before", "answer", "shown"),
    [("# ", "\ufffd RIGHTS", ""), ("# \ufffd ", "\ufffd", "\ufffd"), ("# ", "é", "é")],
)
def test_bytes_that_make_no_character_are_not_shown(before: str, answer: str, shown: str):
    reading = reading_of(before + "\n", len(before))
    verdict = judge(reading, Answer(answer, "eog"), closers="", automatic=False)
    assert verdict.text == shown
    assert (verdict.silent_reason == "broken_characters") == (not shown)
