"""Rules of gitignore files: pathspec's answers, in bounded time."""

from __future__ import annotations

import warnings

import pathspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.ignore import spec_of

PARTS = st.sampled_from(
    ["*", "**", "?", "/", "/**/", "a", "b", "ab", ".", "[ab]", "[!a]", "[]a]", "\\*", "(", "é"]
)
PATTERNS = st.lists(PARTS, min_size=1, max_size=9).map("".join)
PATHS = st.lists(st.text("ab.(*é]", min_size=1, max_size=6), min_size=1, max_size=5).map("/".join)


@given(PATTERNS, PATHS)
def test_patterns_match_what_pathspec_says(pattern: str, path: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        try:
            expected = pathspec.GitIgnoreSpec.from_lines([pattern]).match_file(path)
        except ValueError:
            expected = False
        assert spec_of([pattern]).match_file(path) == expected


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 40 + "*b", "a" * 250),
        ("*?" * 40 + "b*/c", "a" * 250),
        ("*[]a]" * 30 + "*b", "a" * 250),
        ("*" * 200 + "b", "a" * 250),
        ("**/a/" * 30 + "b", "a/" * 500 + "c"),
        ("**/*a*a*a*/" * 20 + "b", ("a" * 50 + "/") * 40 + "c"),
    ],
)
def test_a_hostile_pattern_does_not_run_for_ever(pattern: str, path: str) -> None:
    assert not spec_of([pattern]).match_file(path)


def test_a_line_that_is_no_pattern_leaves_the_others() -> None:
    spec = spec_of(["!", "*.log", "/"])
    assert spec.match_file("x/a.log")
    assert not spec.match_file("a.py")
