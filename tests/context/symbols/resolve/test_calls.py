"""What is called around a place."""

from __future__ import annotations

import pytest

from beadline.context.symbols.resolve.calls import call_before, cut


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("items.forEach(¦x -> x", "items.forEach"),
        ("items.forEach((a, ¦b) -> x", "items.forEach"),
        ("a.b(c(1), [2], ¦", "a.b"),
        ("all.iter().map(¦|x| x", "all.iter().map"),
        ("f(a); ¦", ""),
        ("f(a, { ¦", ""),
        ("¦", ""),
    ],
)
def test_call_before(marked: str, expected: str):
    assert call_before(marked.replace("¦", ""), marked.index("¦")) == expected


@pytest.mark.parametrize(
    ("callee", "expected"),
    [
        ("name", ("", "name")),
        ("a.b(c).name", ("a.b(c)", "name")),
        ("a?.name", ("a", "name")),
        ("A::name", ("A", "name")),
        ("Vec::<u8>::new", ("Vec::<u8>", "new")),
        ("iter.collect::<Vec<A>>", ("iter", "collect")),
        ("a\n    .name", ("a", "name")),
        ("", ("", "")),
    ],
)
def test_cut(callee: str, expected: tuple[str, str]):
    assert cut(callee) == expected
