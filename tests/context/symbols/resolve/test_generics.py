"""Types with angle brackets."""

from __future__ import annotations

import pytest

from beadline.context.symbols.resolve.generics import generic, parameters, substituted


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("Foo", "Foo", []),
        ("List<Foo>", "List", ["Foo"]),
        ("Map<String, List<Map<A, B>>> rest<X>", "Map", ["String", "List<Map<A, B>>"]),
        ("Option<&'a mut Foo<'a>>", "Option", ["&'a mut Foo<'a>"]),
        ("Box<dyn Fn(A, B) -> C>", "Box", ["dyn Fn(A, B) -> C"]),
        ("List<Fo", "List", ["Fo"]),
        ("<T extends A>", "", ["T extends A"]),
    ],
)
def test_generic(text: str, name: str, arguments: list[str]):
    found = generic(text)
    assert (found[0], list(found[1])) == (name, arguments)


@pytest.mark.parametrize(
    ("header", "name", "expected"),
    [
        ("public class A<T extends B<C>, U> extends D<E>", "A", ["T", "U"]),
        ("class A extends B<C>", "A", []),
        ("pub struct A<'a, T, const N: usize>", "A", ["T", "N"]),
        ("class AA<X> extends A<Y>", "AA", ["X"]),
    ],
)
def test_parameters(header: str, name: str, expected: list[str]):
    assert list(parameters(header, name)) == expected


def test_only_whole_names_are_replaced():
    assert substituted("Map<T, List<TT>>", {"T": "A"}) == "Map<A, List<TT>>"
    assert substituted("T", {}) == "T"
