"""Indentation is repaired where it would break the code or mix tabs and spaces; else it is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marked_hole import hole_at

from beadline.completion.postprocess.indentation import repaired


@pytest.mark.parametrize(
    ("hole", "indent", "text", "kept"),
    [
        ("def f():\n    |\n", "    ", "    x()\n    y()", "x()\n    y()"),
        ("def f():\n    |\n", "    ", "x()\n    y()", "x()\n    y()"),
        ("def f():\n|\n", "    ", "x()\n    y()", "    x()\n    y()"),
        ("def f():\n|\n", "    ", "    x()\n    y()", "    x()\n    y()"),
        ("def f():\n   |\n", "   ", "x()\n   if a:\n      y()", "x()\n   if a:\n      y()"),
        ("def f():\n    |\n", "    ", "x()\n      y()\n      z()", "x()\n    y()\n    z()"),
        ("def f():\n    |\n", "    ", "if x:\n        y()", "if x:\n        y()"),
        ("def f():\n    |\n", "    ", "x(a,\n      b)", "x(a,\n      b)"),
        ("def f():\n    |\n", "    ", 'x = """\n        a"""', 'x = """\n        a"""'),
        ("x = 1\n|\n", "", "y = 1", "y = 1"),
        ("# a|\n", "", "  b", "  b"),
    ],
)
def test_lines_of_python(hole: str, indent: str, text: str, kept: str):
    assert repaired(text, hole_at(hole), indent) == kept


@pytest.mark.parametrize(
    ("language", "hole", "text", "kept"),
    [
        ("go", "func f() {\n\tx()\n\t|\n}\n", "if a {\n    b()\n\t}", "if a {\n\tb()\n\t}"),
        ("go", "func f() {\n\tx()\n\t|\n}\n", "if a {\n        b()\n    }", "if a {\n\t\tb()\n\t}"),
        ("go", "func f() {\n\tx()\n\t|\n}\n", "s := `\n    raw`", "s := `\n    raw`"),
        ("java", "void f() {\n  x();\n  |\n}\n", "if (a) {\n\t\tb();", "if (a) {\n    b();"),
        ("java", "class A {\n  int a;\n\tint b;\n  |\n}\n", "f() {\n\tb", "f() {\n\tb"),
        ("java", "class A {\n  |\n}\n", "  int a;\n  int b;", "int a;\n  int b;"),
        ("javascript", "x = 1\n|\n", "a\n  .b()\n  .c()", "a\n  .b()\n  .c()"),
    ],
)
def test_tabs_and_spaces_are_the_documents(language: str, hole: str, text: str, kept: str):
    assert repaired(text, hole_at(hole, language), hole_at(hole, language).left) == kept


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.sampled_from(["a()", "if b:", ""]))),
    st.sampled_from(
        ["def f():\n    |\n", "def f():\n\t|\n", "|\n", "if a:\n|\n", "x = [\n  |\n]\n"]
    ),
)
def test_only_blanks_at_line_starts_change(lines: list[tuple[int, bool, str]], marked: str):
    text = "\n".join(("\t" if tabs else "  ") * depth + said for depth, tabs, said in lines)
    hole = hole_at(marked)
    once = repaired(text, hole, "    ")
    assert [x.lstrip() for x in once.split("\n")] == [x.lstrip() for x in text.split("\n")]
    assert repaired(once, hole, "    ") == once
