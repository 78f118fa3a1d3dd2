"""Post-processing: always a leading part of the model's text, never what the suffix has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.completion.postprocess import longest_valid, tidy

CODE = st.text(alphabet="ab =.,:()[]{}\"'\n#\\", max_size=60)


def at(hole: str, text: str, **options: str) -> str:
    before, after = hole.split("|")
    return tidy(text, before, after, **options)


@pytest.mark.parametrize(
    ("hole", "text", "kept"),
    [
        ("x = |\n", "foo()  \n  ", "foo()"),
        ("f(|)\n", "a, b)", "a, b"),
        ("f(g(|)\n", "a), b", "a), b"),
        ("f(g(|)\n", "a), b)", "a), b"),
        ("f(g(|))\n", "a))", "a"),
        ("f(x[|])\n", "(1)]", "(1)"),
        ("def f(|) -> int:\n", "x: int) -> int:", "x: int"),
        ("if x|:\n    y\n", " == 1:", " == 1"),
        ("f('|')\n", "a')", "a"),
        ("x = f(')', |)\n", "b)", "b"),
        ("f(|, key=1)\n", "x, key=1", "x"),
        ("self.na|me = x\n", "me = x", ""),
        ("x = |\ny = 2\n", "1\ny = 2", "1"),
        ("    |\n\n    return x\n", "x = 1\n    return x\n    z", "x = 1"),
        ("f(|a, b)\n", "c, ", "c, "),
        ("foo|bar\n", "x\ny", "x"),
    ],
)
def test_what_the_suffix_has_is_cut(hole: str, text: str, kept: str):
    assert at(hole, text) == kept


@pytest.mark.parametrize(
    ("hole", "text", "kept"),
    [
        ("x(\n    f(|)\n", "a)", "a"),
        ("foo(\n    a,\n    |\n", "b,\n)", "b,\n)"),
        ("x = os|\ns = 1\n", " + bas", " + bas"),
        ("x = [|\n", "1, 2]", "1, 2]"),
    ],
)
def test_what_the_suffix_does_not_have_stays(hole: str, text: str, kept: str):
    assert at(hole, text) == kept


def test_repeated_lines_are_cut_after_the_first():
    assert at("|\n", "a = 1\na = 1\na = 1\na = 1") == "a = 1"
    assert at("|\n", "b\nx()\ny()\nx()\ny()\nx()\ny()\nz") == "b\nx()\ny()"
    assert at("|\n", "a\na\nb") == "a\na\nb", "twice is no loop"


def test_a_line_that_loops_is_cut():
    assert at("x = |\n", "foo, bar, " + "baz, " * 8 + "baz, ") == "foo, bar, baz,"
    assert at("f(|)\n", "0, 1" + "0" * 60) == "0, 10"
    assert at("x = |\n", "'" + "-" * 40 + "'") == "'" + "-" * 40 + "'"


def test_the_last_line_is_dropped_when_a_limit_cut_it():
    assert at("|\n", "a = 1\nb = va", stop_reason="length") == "a = 1"
    assert at("|\n", "a = va", stop_reason="length") == "a = va"
    assert at("|\n", "a = 1\nif a:\n    whi", stop_reason="length") == "a = 1"
    assert at("|\n", "if a:\n    whi", stop_reason="length") == "if a:"


@given(CODE, CODE, CODE, st.sampled_from(["", "length", "eog"]))
def test_the_result_is_a_leading_part_that_does_not_end_with_the_suffix_line(
    text: str, before: str, after: str, stop_reason: str
):
    kept = tidy(text, before, after, stop_reason=stop_reason)
    assert text.startswith(kept)
    rest = after.partition("\n")[0]
    if rest and any(c.isalnum() for c in rest) and kept.endswith(rest):
        boundary = kept[: -len(rest)][-1:]
        assert boundary.isalnum() and rest[0].isalnum(), "the end of a longer word"


@given(CODE, st.data())
def test_the_longest_valid_part_is_a_leading_part_that_is_valid(text: str, data: st.DataObject):
    longest = data.draw(st.integers(0, len(text)))
    kept = longest_valid(text, lambda candidate: len(candidate) > longest)
    assert text.startswith(kept)
    assert len(kept) <= longest


def test_trailing_lines_go_before_trailing_tokens():
    tried: list[str] = []

    def adds_error(candidate: str) -> bool:
        tried.append(candidate)
        return True

    assert longest_valid("f(a, b) + \n  c\nd", adds_error) == ""
    assert tried == [
        "f(a, b) + \n  c\nd",
        "f(a, b) + \n  c",
        "f(a, b) +",
        "f(a, b)",
        "f(a, b",
        "f(a",
        "f",
    ]


@pytest.mark.parametrize("valid", [0, 1, 2, 17, 31])
def test_few_checks_find_the_cut_in_a_long_line(valid: int):
    words = " ".join("w" * 3 for _ in range(32))
    checks = 0

    def adds_error(candidate: str) -> bool:
        nonlocal checks
        checks += 1
        return len(candidate.split()) > valid

    assert len(longest_valid(words, adds_error).split()) == valid
    assert checks <= 12


@pytest.mark.parametrize(
    ("text", "cuts"),
    [
        ('f(f\'a\', rb"\\"b") ]', ['f(f\'a\', rb"\\"b")', 'f(f\'a\', rb"\\"b"', "f(f'a'", "f"]),
        ("w(f'{x", ["w"]),
        ("a and b or not", ["a and b", "a"]),
        ("x.y + ", ["x.y", "x"]),
    ],
)
def test_cuts_never_split_a_string_and_never_end_in_an_operator(text: str, cuts: list[str]):
    tried: list[str] = []

    def adds_error(candidate: str) -> bool:
        tried.append(candidate)
        return True

    longest_valid(text, adds_error)
    assert tried == [text, *cuts]
