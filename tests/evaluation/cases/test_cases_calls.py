"""Calls: from the first character of the callee's name to the closing parenthesis."""

from __future__ import annotations

import pytest

from beadline.evaluation.cases.calls import calls
from beadline.evaluation.cases.source import Parsers

PYTHON = """\
import os

größe = len(os.path.join("ä", größe(1)))
thing.method(
    a, key=other(b),
)[0].tail (x)
(lambda: 0)()
@decorate(1)
class A(base()): pass
print(f"{inner(2)}")
"""
SOURCES = {
    "c": ("int main() { return add(1, p->get(2)); }", ["add(1, p->get(2))", "get(2)"]),
    "cpp": (
        "int main() { ns::make<int>(1); auto p = new Shape(2); o.run(3); }",
        ["make<int>(1)", "Shape(2)", "run(3)"],
    ),
    "csharp": (
        "class A { void F() { o.Run(1); new Shape(2); Make<int>(3); } }",
        ["Run(1)", "Shape(2)", "Make<int>(3)"],
    ),
    "go": ("package a\nfunc f() { fmt.Println(add(1)) }", ["Println(add(1))", "add(1)"]),
    "java": (
        "class A { void f() { o.run(1); new Shape<String>(2) { }; g(); } }",
        ["run(1)", "Shape<String>(2)", "g()"],
    ),
    "javascript": (
        "a.b.run(1); new Shape(2); f()(3); tag`x`; (() => 0)();",
        ["run(1)", "Shape(2)", "f()"],
    ),
    "php": (
        "<?php $o->run(1); new Shape(2); add(3); A::make(4);",
        ["run(1)", "Shape(2)", "add(3)", "make(4)"],
    ),
    "ruby": ("o.run(1)\nadd(2)\nputs 3\n", ["run(1)", "add(2)"]),
    "rust": (
        'fn f() { o.run(1); a::b::make::<T>(2); add(3); println!("x"); }',
        ["run(1)", "make::<T>(2)", "add(3)"],
    ),
    "typescript": ("o.run<T>(1); new ns.Shape(2)", ["run<T>(1)", "Shape(2)"]),
}


def cut(text: str, language: str) -> list[str]:
    found = calls(text, language, Parsers())
    for call in found:
        assert text.startswith(call.name, call.start)
    return [text[call.start : call.end] for call in found]


def test_python():
    found = cut(PYTHON, "python")
    assert 'len(os.path.join("ä", größe(1)))' in found
    assert 'join("ä", größe(1))' in found
    assert "größe(1)" in found
    assert "method(\n    a, key=other(b),\n)" in found
    assert {"decorate(1)", "base()"} <= set(found)
    assert not any(text.startswith(("tail", "(lambda", "lambda")) for text in found)


def test_the_root_of_a_receiver():
    text = "a.b.run(1)\nrun(2)\nf().run(3)\n"
    assert [call.root for call in calls(text, "python", Parsers())] == ["a", "run", "f", ""]


@pytest.mark.parametrize("language", sorted(SOURCES))
def test_other_languages(language: str):
    text, expected = SOURCES[language]
    assert cut(text, language) == expected


def test_offsets_are_code_points():
    assert cut("// ü😀\nadd(1)\n", "javascript") == ["add(1)"]


@pytest.mark.parametrize("language", ["python", "plaintext", "no-such-language"])
def test_nothing_of_what_cannot_be_read(language: str):
    assert cut("f(1) (((", language) == []
