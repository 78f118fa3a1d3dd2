"""Post-processing as a whole: what the text around the cursor has is never said again."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marked_hole import hole_at

from beadline.completion.postprocess import tidy
from beadline.completion.postprocess.overlap import repeats_following, repeats_previous
from beadline.context import languages
from beadline.context.hole import look

CODE = st.text(alphabet="ab1 =.,:;()[]{}\"'\n\t#/\\", max_size=60)
LANGUAGES = st.sampled_from(["python", "javascript", "go", "rust", "ruby", "shellscript", "yaml"])


def at(marked: str, text: str, language: str = "python", **options: str) -> str:
    return tidy(text, hole_at(marked, language), **options)


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
        ("f(|, key=1)\n", "x, key=1)\nbar()", "x"),
        ("self.na|me = x\n", "me = x", ""),
        ("x = |\ny = 2\n", "1\ny = 2", "1"),
        ("    |\n\n    return x\n", "x = 1\n    return x\n    z", "x = 1"),
        ("    |\n    foo(bar, baz, last)\n", "x = 1\n    foo(bar , baz, last)\n    z", "x = 1"),
        ("    |\n    foo(a, b)\n", "foo(a, b)\n    bar()", ""),
        ("f(|a, b)\n", "c, ", "c, "),
        ("foo|bar\n", "x\ny", "x"),
        ("    return |\n", "return x", "x"),
        ("x = |\n", " 1", "1"),
        ("x = foo(\n    a,\n    |\n)\n", "b,\n)", "b,"),
    ],
)
def test_what_the_text_around_has_is_cut(hole: str, text: str, kept: str):
    assert at(hole, text) == kept


@pytest.mark.parametrize(
    ("hole", "text", "kept"),
    [
        ("x(\n    f(|)\n", "a)", "a)"),
        ("foo(\n    a,\n    |\n", "b,\n)", "b,\n)"),
        ("x = os|\ns = 1\n", " + bas", " + bas"),
        ("x = [|\n", "1, 2]", "1, 2]"),
        ("    |\n    self.b = b\n", "self.a = a", "self.a = a"),
        ("    |\n    item_2 = get(2)\n", "item_1 = get(1)", "item_1 = get(1)"),
        ("    |\nreturn x\n", "if a:\n    return x", "if a:\n    return x"),
        ("x: list[|\n", "list[int]]", "list[int]]"),
    ],
)
def test_what_it_does_not_have_stays(hole: str, text: str, kept: str):
    assert at(hole, text) == kept


@pytest.mark.parametrize(
    ("language", "hole", "text", "kept"),
    [
        ("javascript", "if (a) {\n  |\n}\n", "b();\n}", "b();"),
        ("javascript", "if (a) {\n  |\n} else {\n", "b();\n}", "b();"),
        ("javascript", "if (a) {\n  |\n}\n", "if (b) {\n    c();\n  }", "if (b) {\n    c();\n  }"),
        ("javascript", "const s = `a${|}`;\n", "b}`;", "b"),
        ("go", "x := f(`|`)\n", "a`)", "a"),
        ("go", "func f() {\n\t|\n}\n", "return 1\n}\n", "return 1"),
        ("ruby", "def f\n  |\nend\n", "g\nend", "g"),
        ("ruby", "def f\n  |\nend\n", "if a\n    g\n  end", "if a\n    g\n  end"),
        ("shellscript", "if a; then\n  |\nfi\n", "b\nfi", "b"),
        ("shellscript", "if a; then\n  |\nfinish\n", "b\nfi", "b\nfi"),
        ("c", "/* a ')' */ f(|);\n", "b);", "b"),
        ("rust", "let x = f('(', |);\n", "y);", "y"),
        ("java", "/** a |\n */\nint b;\n", "c */", "c"),
        ("java", "/** a |\nint b;\n/** d */\n", "c */", "c */"),
    ],
)
def test_every_language_has_its_own_brackets_strings_and_block_ends(
    language: str, hole: str, text: str, kept: str
):
    assert at(hole, text, language) == kept


@pytest.mark.parametrize(
    ("language", "text", "kept"),
    [
        ("python", "a = 1\nb = va", "a = 1"),
        ("python", "a = foo(ba", "a = foo("),
        ("python", "longword", "longword"),
        ("python", "a = 1\nif a:\n    whi", "a = 1"),
        ("python", "if a:\n    whi", "if a:"),
        ("javascript", "a();\nif (b) {\n  whi", "a();"),
        ("ruby", "a\nb.each do |x|\n  whi", "a"),
        ("shellscript", "a\nif b; then\n  whi", "a"),
    ],
)
@pytest.mark.parametrize("stop_reason", ["length", "deadline"])
def test_a_limit_leaves_no_half_words_and_no_half_lines(
    language: str, text: str, kept: str, stop_reason: str
):
    assert at("|\n", text, language, stop_reason=stop_reason) == kept
    assert at("|\n", text, language, stop_reason="eog") == text


@pytest.mark.parametrize(
    ("hole", "text", "repeated"),
    [
        ("|\ny = foo()\n", "y = foo()", True),
        ("|\ny = foo()\nz = bar(y)\n", "y = foo()\nz = bar( y)", True),
        ("|\ny = foo()\nz = bar(y)\n", "y = foo()\nz = other(y, 1)", False),
        ("|\ntest(1)\ntest(2)\n", "test(3)\ntest(4)", False),
        ("|\nlong_name_a()\nlong_name_b()\nx()\n", "long_name_a()\nlong_name_c()\nx()", True),
        ("|\nx = 1\n", "y = 1", False),
        ("f(|foo, bar, baz, some_more)\n", "foo, bar, baz, some_more", True),
        ("|\n}\n", "}", False),
    ],
)
def test_what_only_says_the_next_lines(hole: str, text: str, repeated: bool):
    assert repeats_following(text, hole_at(hole)) is repeated


@pytest.mark.parametrize(
    ("hole", "text", "repeated"),
    [
        ("value = 1\n|\n", "value = 1", True),
        ("    value = f(a, b)\n    |\n", "value = f(a,b)", True),
        ("a1 = b1\na2 = b2\n\n|\n", "a1 = b1\na2 = b2", True),
        ("a1 = b1\na2 = b2\n|\n", "a1 = b1\na2 = b3", False),
        ("self.a = a\n|\n", "self.b = b", False),
        ("x\n|\n", "x", False),
    ],
)
def test_what_only_says_the_lines_above(hole: str, text: str, repeated: bool):
    assert repeats_previous(text, hole_at(hole)) is repeated


@given(CODE, CODE, CODE, LANGUAGES, st.sampled_from(["", "length", "eog"]))
def test_nothing_is_invented_but_indentation(
    text: str, before: str, after: str, language: str, stop_reason: str
):
    hole = look(before + after, len(before), languages.get(language))
    kept = tidy(text, hole, stop_reason=stop_reason)
    assert "".join(kept.split()) in "".join(text.split())
    written = {line.strip() for line in text.split("\n")}
    for line in kept.split("\n")[1:-1]:
        assert line.strip() in written
    assert "\n".join(x.lstrip() for x in kept.split("\n")) in re.sub(r"\n[ \t]+", "\n", "\n" + text)


@given(CODE, CODE, CODE, LANGUAGES)
def test_tidying_twice_changes_nothing(text: str, before: str, after: str, language: str):
    hole = look(before + after, len(before), languages.get(language))
    once = tidy(text, hole)
    assert tidy(once, hole) == once


@given(CODE, CODE, CODE)
def test_the_result_does_not_end_with_the_rest_of_the_line(text: str, before: str, after: str):
    kept = tidy(text, look(before + after, len(before), languages.get("python")))
    rest = after.partition("\n")[0]
    if any(c.isalnum() for c in rest) and kept.endswith(rest):
        boundary = kept[: -len(rest)][-1:]
        assert boundary.isalnum() and rest[0].isalnum(), "the end of a longer word"
