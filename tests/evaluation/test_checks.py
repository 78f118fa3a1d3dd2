"""What fresh trees say about an answer, and whether a prompt is a range of the file."""

from __future__ import annotations

import pytest

from beadline.engine.protocol import FimRequest
from beadline.evaluation.checks import TreeCheck, check_tree, window_is_exact
from beadline.evaluation.holes import Hole

TEXT = "package a\n\nfunc f() int {\n\treturn call(1, 2)\n}\n"
START = TEXT.index("call")
END = TEXT.index("\n}")


def hole(text: str = TEXT, start: int = START, end: int = END, language: str = "go") -> Hole:
    return Hole("r", "c", "a.go", "rest_of_line", start, end, text, language)


@pytest.mark.parametrize(
    ("prediction", "expected"),
    [
        ("call(1, 2)", TreeCheck(adds_error=False, clean=True, balanced=True)),
        ("other", TreeCheck(adds_error=False, clean=True, balanced=True)),
        ("other(", TreeCheck(adds_error=False, clean=False, balanced=False)),
        ("x } } }", TreeCheck(adds_error=True, clean=False, balanced=False)),
        ('")"', TreeCheck(adds_error=False, clean=True, balanced=True)),
    ],
)
def test_fresh_trees(prediction: str, expected: TreeCheck):
    assert check_tree(hole(), prediction) == expected


def test_a_language_without_a_grammar_has_no_check():
    assert check_tree(hole(language="yaml"), "x") is None


@pytest.mark.parametrize(
    ("prefix", "suffix", "exact"),
    [
        (TEXT[5:START], TEXT[END:-1], True),
        ("", "", True),
        (TEXT[:START], TEXT[END:], True),
        (TEXT[5 : START - 1], TEXT[END:], False),
        (TEXT[:START], TEXT[END + 1 :], False),
        ("x" + TEXT[:START], TEXT[END:], False),
    ],
)
def test_windows(prefix: str, suffix: str, exact: bool):
    assert window_is_exact(hole(), FimRequest(prefix, suffix)) is exact
