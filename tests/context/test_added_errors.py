"""Suggestions in code that had no problem: what the parser makes of them is theirs alone."""

from __future__ import annotations

import pytest

from beadline.context.syntax import SyntaxTrees, adds_error
from tests.context.marked import document


@pytest.mark.parametrize(
    ("language", "marked", "suggestion"),
    [
        ("go", "package a\n\nfunc f() {\n\tif a && b() {\n\t\t¦\n\t\tc()\n\t}\n}\n", '= "x"'),
        ("go", "package a\n\nfunc f() {\n\ta := b{\n\t\tc: d,\n\t}\n\t¦\n\n\te()\n}\n", "T,"),
        ("java", "class A {\n  B f() {\n    return new B() {\n      ¦\n    };\n  }\n}\n", "- 1."),
        ("typescript", "f((a) => {\n  ¦\n});\n", ">>> _should(authentication)"),
    ],
)
def test_a_problem_that_is_put_beside_the_suggestion_counts(
    language: str, marked: str, suggestion: str
):
    text, offset = document(marked, language)
    tree = SyntaxTrees().parse(text)
    assert tree is not None and tree.problems().count == 0
    assert adds_error(tree, offset, offset, suggestion)
