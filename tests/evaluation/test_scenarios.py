"""aiXcoder's thirteen scenarios in Python and in a language that is read by its tree."""

from __future__ import annotations

import pytest

from beadline.evaluation.cases.spans import CATEGORIES, Reader
from beadline.evaluation.scenarios import SCENARIOS
from beadline.evaluation.sources import SourceFile

PYTHON = '''\
import os


def plain(a,
          b=1):
    c = a
    while c:
        c -= 1
    if c:
        return b
    elif b:
        return 2
    return c


class A:
    async def told(self) -> int:
        """Says it."""
        for x in self.y:
            print(x)
        try:
            return 1
        except OSError:
            return 2


def short(): return 1


def choose(x):
    match x:
        case 1:
            return os
'''
JAVA = """\
package a;

import java.util.List;

class A {
    int plain(int a) {
        int c = a;
        while (c > 0) {
            c--;
        }
        return c;
    }

    /** Says it. */
    int told(List<Integer> xs) {
        for (int x : xs) {
            print(x);
        }
        if (xs == null) {
            return 1;
        } else if (xs.isEmpty()) {
            return 2;
        }
        try {
            run();
        } catch (Exception e) {
            stop();
        }
        switch (xs.size()) {
            case 1: return 3;
            default: return 4;
        }
    }
}
"""


def middles(text: str, language: str, category: str) -> list[str]:
    reader = Reader(SourceFile("r", "c", "x", text, language))
    return [text[start:end] for start, end in reader.spans(category)]


def test_there_are_thirteen():
    assert len(set(SCENARIOS)) == 13
    assert set(SCENARIOS).isdisjoint(CATEGORIES)


def test_python():
    def found(scenario: str) -> list[str]:
        return middles(PYTHON, "python", scenario)

    assert found("method_signature") == [
        "def plain(a,\n          b=1):", "async def told(self) -> int:", "def choose(x):"
    ]  # fmt: skip
    plain, choose = found("method_body")
    assert plain.startswith("c = a\n") and plain.endswith("return c")
    assert choose.startswith("match x:")
    (told,) = found("method_with_comment")
    assert told.startswith("for x in") and told.endswith("return 2")
    assert found("method_body_top") == ["c = a"]
    assert found("method_body_mid") == ["while c:\n        c -= 1"]
    assert found("method_body_bottom") == [
        "if c:\n        return b\n    elif b:\n        return 2\n    return c"
    ]
    assert [text.split("\n")[0] for text in found("if_statement")] == ["if c:"]
    assert found("while_statement") == ["while c:\n        c -= 1"]
    assert found("for_statement") == ["for x in self.y:\n            print(x)"]
    assert [text[:4] for text in found("try_statement")] == ["try:"]
    assert [text[:8] for text in found("switch_statement")] == ["match x:"]
    assert "c = a" in found("single_line")
    assert all("\n" not in text for text in found("single_line"))
    assert set(found("empty")) == {""}


def test_a_language_with_a_tree():
    def found(scenario: str) -> list[str]:
        return middles(JAVA, "java", scenario)

    assert found("method_signature") == ["int plain(int a)", "int told(List<Integer> xs)"]
    (plain,) = found("method_body")
    assert plain.startswith("int c = a;") and plain.endswith("return c;")
    assert found("method_body_top")[0] == "int c = a;"
    assert found("method_body_mid")[0].startswith("while (c > 0) {")
    assert found("method_body_bottom")[0] == "return c;"
    assert [text.split("\n")[0] for text in found("if_statement")] == ["if (xs == null) {"]
    assert [text.split("\n")[0] for text in found("for_statement")] == ["for (int x : xs) {"]
    assert [text.split("\n")[0] for text in found("while_statement")] == ["while (c > 0) {"]
    assert [text.split("\n")[0] for text in found("try_statement")] == ["try {"]
    assert [text.split("\n")[0] for text in found("switch_statement")] == ["switch (xs.size()) {"]
    assert set(found("empty")) == {""}
    assert found("import") == ["java.util.List;"]
    assert any(text.startswith("int c = a;") for text in found("function_body"))


@pytest.mark.parametrize("language", ["python", "java"])
def test_mid_word_starts_inside_of_a_word(language: str):
    text = PYTHON if language == "python" else JAVA
    for start, end in Reader(SourceFile("r", "c", "x", text, language)).spans("mid_word"):
        assert (text[start - 1] + text[start]).isidentifier()
        assert "\n" not in text[start:end]


def test_nothing_of_a_text_that_does_not_parse():
    for scenario in SCENARIOS:
        assert middles("def f(:\n", "python", scenario) == []
