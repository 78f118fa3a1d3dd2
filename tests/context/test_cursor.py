from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context import languages
from beadline.context.cursor import indent_unit, read_cursor
from beadline.context.syntax import SyntaxTrees
from beadline.context.types import Document

from .marked import cursor

NEXT = "\ny = 1\n"


@pytest.mark.parametrize(
    "before",
    [
        "x = foo(1)",
        "x = [1, 2]",
        "x = {'a': 1}",
        "x = 'abc'",
        "x: int = 3",
        "foo(1).bar()",
        "assert x == 3",
        "return None",
        "pass",
        "from a import *",
        "from a import (b, c)",
        "import yes\nyes.no()\nimport yes",
        '"""A docstring."""',
        '"""A\n\ndocstring.\n"""',
        "class A: pass",
        "def f(): ...",
        "@cached(1)",
        "x = foo(\n    1,\n)",
        "x += 1",
        "raise ValueError(x)  ",
    ],
)
def test_nothing_is_expected_after_a_complete_statement(before: str) -> None:
    expected = "line" if before.endswith("  ") else "nothing"
    assert cursor(before + "¦" + NEXT).expected == expected


@pytest.mark.parametrize(
    ("marked", "expected", "reason"),
    [
        # A header whose body is missing, and one whose body follows.
        ("def f(x):¦" + NEXT, "block", "open_block"),
        ("def f(x):\n    ¦" + NEXT, "block", "open_block"),
        ("if x:¦\n    pass", "nothing", "header_complete"),
        ("if x:\n    ¦\n    pass", "line", "new_statement"),
        ('def f(x):\n    """Doc."""\n    ¦' + NEXT, "block", "body_after_docstring"),
        ('def f(x):\n    """Doc."""\n    ¦\n    pass', "line", "new_statement"),
        ("if x:  # why\n    ¦", "block", "open_block"),
        ("match x:\n    case 1:¦", "block", "open_block"),
        # Unfinished statements.
        ("x = ¦" + NEXT, "line", "inside_statement"),
        ("x =¦" + NEXT, "line", "inside_statement"),
        ("foo.¦" + NEXT, "line", "inside_statement"),
        ("import ¦" + NEXT, "line", "inside_statement"),
        ("return ¦" + NEXT, "line", "inside_statement"),
        ("if x(1)¦" + NEXT, "line", "inside_statement"),
        ("def f(a)¦" + NEXT, "line", "inside_statement"),
        ("x = 1 + \\¦" + NEXT, "line", "inside_statement"),
        ("(a, b)¦" + NEXT, "line", "inside_statement"),
        ("if ¦ in y:\n    pass", "line", "inside_statement"),
        ("x = a if ¦ else b", "line", "inside_statement"),
        ("x = Foo¦\n    a,\n)" + NEXT, "line", "inside_statement"),
        # Brackets.
        ("foo(¦)" + NEXT, "line", "inside_brackets"),
        ("foo(¦" + NEXT, "line", "inside_brackets"),
        ("foo(a, ¦)" + NEXT, "line", "inside_brackets"),
        ("x = [\n    ¦\n]" + NEXT, "line", "inside_brackets"),
        ("x = [\n    a,¦\n    b,\n]" + NEXT, "line", "ambiguous_end"),
        ("x = [\n    a\n    ¦\n]" + NEXT, "nothing", "complete_expression"),
        ("foo('a'¦)", "nothing", "complete_construct"),
        ("foo(a¦)", "line", "ambiguous_end"),
        ("foo(¦a, b)", "nothing", "complete_construct"),
        # Words.
        ("x = foo¦" + NEXT, "line", "ambiguous_end"),
        ("fo¦o(1)", "nothing", "inside_word"),
        ("result = 1\nreturn result¦" + NEXT, "nothing", "known_name"),
        ("results = 1\nresult = 2\nreturn result¦" + NEXT, "line", "ambiguous_end"),
        ("x.import_¦" + NEXT, "line", "ambiguous_end"),
        # Lines.
        ("¦", "line", "new_statement"),
        ("x = 1\n¦\ny = 2\n", "line", "new_statement"),
        ("    ¦x = 1", "nothing", "text_follows"),
        ("def f():\n    return 1\n    ¦" + NEXT, "nothing", "after_jump"),
        ("def f():\n    return 1\n¦" + NEXT, "line", "new_statement"),
        # Comments and strings.
        ("x = 1  # be¦" + NEXT, "line", "comment"),
        ("x = 'ab¦'" + NEXT, "line", "string"),
        ('x = """a\n¦\n"""', "line", "string"),
        ("x = ¦  # later", "line", "inside_statement"),
    ],
)
def test_what_is_expected_in_python(marked: str, expected: str, reason: str) -> None:
    found = cursor(marked)
    assert (found.expected, found.reason) == (expected, reason)


@pytest.mark.parametrize(
    ("language", "marked", "expected"),
    [
        ("c", "void f() {¦\n}\n", "block"),
        ("c", "void f() {\n  ¦\n}\n", "block"),
        ("c", "void f() {¦\n  x();\n}\n", "nothing"),
        ("c", "  x = 1;¦\n  y = 2;\n", "nothing"),
        ("c", "  x = foo(1)¦\n", "line"),
        ("c", "  foo(¦);\n", "line"),
        ("c", "/* a ¦ */", "line"),
        ("go", "x := foo(1)¦\n", "nothing"),
        ("yaml", "a:¦\nb: 1\n", "block"),
        ("plaintext", "It's¦ fine\n", "line"),
        ("nobody-knows", "Dear¦\n", "line"),
    ],
)
def test_other_languages_go_by_lines(language: str, marked: str, expected: str) -> None:
    assert cursor(marked, language).expected == expected


def test_scopes_survive_broken_code() -> None:
    found = cursor(
        "class A:\n    def f(self:\n        pass\n\n    async def g(self):\n        x = (1,\n"
        "        if x:\n            ¦\n\ndef h():\n    pass\n"
    )
    assert [(s.kind, s.name) for s in found.scopes] == [("class", "A"), ("function", "g")]


def test_a_scope_says_where_it_starts_and_where_its_body_does() -> None:
    text = "def f(x):\n    y = 1\n    ¦"
    (scope,) = cursor(text).scopes
    assert (text[scope.start :][:5], text[scope.body :][:5]) == ("def f", "y = 1")
    (scope,) = cursor("def f(x):¦").scopes
    assert scope.body == len("def f(x):")


@pytest.mark.parametrize(
    ("marked", "indent"),
    [
        ("def f():\n  if x:¦\n", "    "),
        ("def f():\n    if x:\n        ¦\n", "        "),
        ("class A:\n\tdef f():¦\n", "\t\t"),
        ("def f():\n    x = 1\n¦\n    y = 2\n", "    "),
        ("def f():\n    x = 1\n¦\ny = 2\n", ""),
        ("def f():\n    x = foo(¦)\n", "    "),
        ('def f():\n    """Doc."""\n¦', "    "),
    ],
)
def test_the_indentation_of_a_new_statement(marked: str, indent: str) -> None:
    assert cursor(marked).indent == indent


def test_the_unit_of_indentation_is_the_files() -> None:
    assert indent_unit("a:\n  b:\n    c\nd:\n  e", "\t") == "  "
    assert indent_unit("a\nb", "\t") == "\t"


@given(
    st.text(
        st.sampled_from(list("ab1 \n\t()[]{}:,.='\"#\\")) | st.sampled_from("é漢😀"), max_size=60
    ),
    st.integers(-5, 70),
    st.sampled_from([lang.id for lang in languages.known()]),
)
def test_no_text_and_no_offset_is_too_odd(text: str, offset: int, language: str) -> None:
    document = Document("k", "a", language, text)
    found = read_cursor(document, offset, SyntaxTrees().parse(document))
    assert 0 <= found.offset <= len(text)
    assert found.reason
    assert not found.indent.strip()


def test_many_open_brackets_are_matched_in_no_time() -> None:
    """Not by every pair of them: 200,000 took longer than a minute."""
    from beadline.context.hole import _matched

    assert _matched(["("] * 200_000, [")"] * 3, True) == (3, 199_997)
    assert _matched(["("] * 200_000, [], True) == (0, 200_000)
