"""Types taken apart as TypeScript writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.symbols.resolve.typescript_text import (
    alternatives,
    bare,
    branches,
    indexed,
    inner,
    outside,
    parameter,
    result,
)


def test_tokens_outside_of_brackets():
    assert outside("(a => b) => c", "=>") == 9
    assert outside("A<(b) => C>", "=>") == -1
    assert outside("x as A", " as ") == 1


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("A", ["A"]),
        ("| A | B<C | D>", ["A", "B<C | D>"]),
        ("A & { b: C | D }", ["A", "{ b: C | D }"]),
        ("A<(b: B) => C> | D", ["A<(b: B) => C>", "D"]),
    ],
)
def test_unions_and_intersections(text: str, parts: list[str]):
    assert alternatives(text) == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("A extends B ? C : D", ["C", "D"]),
        ("A extends (b: any) => b is infer C ? this & D<C> : this", ["this & D<C>", "this"]),
        ("<T extends A>(b?: T) => C", []),
        ("A", []),
    ],
)
def test_conditional_types(text: str, parts: list[str]):
    assert branches(text) == parts


def test_function_types():
    function = "<T extends A>(a: A<T>, b?: (c: C) => D, ...rest: E[]) => Promise<F>"
    assert result(function) == "Promise<F>"
    assert [parameter(function, at) for at in range(4)] == ["A<T>", "(c: C) => D", "E[]", "E[]"]
    assert result("A") == "" == parameter("() => A", 0)


def test_the_rest():
    assert bare(" asserts value is readonly A") == "A"
    assert bare("readonly A[]") == "A[]"
    assert indexed('A["b"]["c"]') == ('A["b"]', '"c"')
    assert indexed("A[]") == ("A", "")
    assert indexed("[A, B]") == ("", "A, B")
    assert (inner("Promise", ["A"]), inner("Map", ["A", "B"]), inner("Map", [])) == ("A", "B", "")


@given(st.text(alphabet="AB <>()[]{}|&=?:,.'\"", max_size=80))
def test_any_text_is_taken_apart(text: str):
    assert all(part in text for part in alternatives(text))
    assert all(part in text for part in branches(text))
    assert result(text) in text
    assert all(part in text for part in indexed(text))
    assert parameter(text, 1) in text
