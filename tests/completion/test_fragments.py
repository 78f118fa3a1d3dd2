"""What is cut so that the rest is whole: to valid code, and headers without their bodies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marked_hole import hole_at

from beadline.completion.postprocess.fragments import longest_valid, without_bare_header

CODE = st.text(alphabet="ab =.,:()[]{}\"'\n#\\", max_size=60)


@given(CODE, st.data())
def test_the_longest_valid_part_is_a_leading_part_that_is_valid(text: str, data: st.DataObject):
    longest = data.draw(st.integers(0, len(text)))
    kept = longest_valid(text, hole_at("|"), lambda candidate: len(candidate) > longest)
    assert text.startswith(kept)
    assert len(kept) <= longest


def tried(text: str, marked: str = "|\n", language: str = "python") -> list[str]:
    """All that `longest_valid` tries when nothing is valid."""
    found: list[str] = []

    def adds_error(candidate: str) -> bool:
        found.append(candidate)
        return True

    assert longest_valid(text, hole_at(marked, language), adds_error) == ""
    return found


def test_trailing_lines_go_before_trailing_tokens():
    assert tried("f(a, b) + \n  c\nd") == [
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

    assert len(longest_valid(words, hole_at("|"), adds_error).split()) == valid
    assert checks <= 12


@pytest.mark.parametrize(
    ("language", "text", "cuts"),
    [
        (
            "python",
            'f(f\'a\', rb"\\"b") ]',
            ['f(f\'a\', rb"\\"b")', 'f(f\'a\', rb"\\"b"', "f(f'a'", "f"],
        ),
        ("python", "w(f'{x", ["w"]),
        ("python", "a and b or not ", ["a and b", "a"]),
        ("python", "x.y + ", ["x.y", "x"]),
        ("javascript", "new Map(`a b`, /* c */ d) )", None),
        ("go", "case x := <-c: ", None),
    ],
)
def test_cuts_never_split_a_string_and_never_end_in_a_word_that_goes_on(
    language: str, text: str, cuts: list[str] | None
):
    found = tried(text, language=language)[1:]
    if cuts is not None:
        assert found == cuts
    for cut in found:
        assert not cut.endswith(("new", "case", "`a", "/* c"))


@pytest.mark.parametrize(
    ("language", "hole", "text", "kept"),
    [
        ("python", "a = 1\n|\nb = 2\n", "def f(x):", ""),
        ("python", "a = 1\n|\nb = 2\n", "x = 1\nfor y in x:", "x = 1"),
        ("python", "a = 1\n|\nb = 2\n", "for x in y:\n    if x:  # why", ""),
        ("python", "a = 1\n|\n    b = 2\n", "def f(x):", "def f(x):"),
        ("python", "def f|\nb = 2\n", "(x):", "(x):"),
        ("python", "a = 1\n|\nb = 2\n", "def f(x):\n    pass", "def f(x):\n    pass"),
        ("python", "x = {\n    |\n}\n", "'a':", "'a':"),
        ("javascript", "a()\n|\nb()\n", "if (c) {", ""),
        ("javascript", "a()\n|\nb()\n", "if (c)", ""),
        ("javascript", "a()\n|\nb()\n", "c()", "c()"),
        ("ruby", "a\n|\nb\n", "c.each do |x|", ""),
        ("ruby", "a\n|\nb\n", "return if c", "return if c"),
        ("shellscript", "a\n|\nb\n", "x=1\nif c; then", "x=1"),
        ("shellscript", "a\n|\nb\n", "f() {", ""),
    ],
)
def test_a_header_without_a_body_is_not_put_between_statements(
    language: str, hole: str, text: str, kept: str
):
    marked = hole_at(hole.replace("|\n", "^\n", 1), language, cursor="^")
    assert without_bare_header(text, marked) == kept
