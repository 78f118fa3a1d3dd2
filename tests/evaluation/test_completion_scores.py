"""Scores of completions: what counts as equal, and CrossCodeEval's similarities."""

from __future__ import annotations

import pytest

from beadline.evaluation.scores import identifier_f1, identifiers, plain, score


@pytest.mark.parametrize(
    ("prediction", "middle", "category", "exact"),
    [
        ("a\nb", "a\nb", "statement", True),
        ("a  \nb\n\n", "a\nb", "statement", True),
        ("a\n\nb", "a\nb", "statement", False),
        (" a", "a", "statement", False),
        ("a)\nmore()", "a)", "rest_of_line", True),
        ("a)\nmore()", "a)", "mid_word", True),
        ("a)\nmore()", "a)", "statement", False),
        ("", "a", "statement", False),
        ("", "", "empty", True),
        ("a", "", "empty", False),
        ("\n", "", "empty", False),
    ],
)
def test_exact_match(prediction: str, middle: str, category: str, exact: bool):
    assert score(prediction, middle, category=category, language="python").exact is exact


def test_an_empty_completion_is_a_miss_by_every_measure():
    nothing = score("", "a", category="statement", language="python")
    assert (nothing.exact, nothing.edit_similarity, nothing.identifier_f1) == (False, 0.0, 0.0)
    right = score("", "", category="empty", language="python")
    assert (right.exact, right.edit_similarity, right.identifier_f1) == (True, 1.0, 1.0)


def test_plain_keeps_what_is_in_front():
    assert plain("  a \n\n b\t\n \n") == "  a\n\n b"


def test_edit_similarity_is_that_of_fuzz_ratio():
    found = score(" abcd ", "abxd", category="statement", language="python")
    assert found.edit_similarity == pytest.approx(1 - 2 / 8)  # a replacement costs two


def test_identifiers_are_no_keywords_and_no_strings():
    text = 'for x in items: print(\'not me\', "nor \\" me", True, x9, 9x)'
    assert identifiers(text, "python") == ["x", "items", "print", "True", "x9"]
    assert identifiers("for x", "no-such-language") == ["for", "x"]


def test_identifier_f1_is_of_sets():
    assert identifier_f1("a(b, b)", "a(c)", "python") == pytest.approx(2 / 4)
    assert identifier_f1("a.b", "b.a", "python") == 1.0
    assert identifier_f1("1 + 1", "1 + 1", "python") == 0.0, "as in CrossCodeEval"
