"""Chains of names, calls and indices, read forwards and backwards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.symbols.resolve.chains import Link, chain, expression, split, start_of


def called(name: str) -> Link:
    return Link(name, called=True)


@pytest.mark.parametrize(
    ("written", "links"),
    [
        ("a", (Link("a"),)),
        ("a.b(c)[0].d", (Link("a"), Link("b", True, True), Link("d"))),
        ("await a.b()", (Link("a"), called("b"))),
        ("(await a()).b", (called("a"), Link("b"))),
        ("new Map<string, number>().get", (called("Map"), Link("get"))),
        ("a?.b", (Link("a"), Link("b"))),
        ("a!.b", (Link("a"), Link("b"))),
        ("Vec::<u8>::new()", (Link("Vec"), called("new"))),
        ("this->rows", (Link("this"), Link("rows"))),
        ("&mut self.rows", (Link("self"), Link("rows"))),
        ("read()?.rows", (called("read"), Link("rows"))),
        ("vec![1]", (Link("vec", False, True),)),
        ("a\n    .b()\n    .c", (Link("a"), called("b"), Link("c"))),
        ("f(')', \"(\").g", (called("f"), Link("g"))),
        ("f(a, b", (called("f"),)),
        ("a + b", ()),
        ('", ".join', ()),
        ("a.", ()),
        ("0.5", ()),
        ("", ()),
    ],
)
def test_links(written: str, links: tuple[Link, ...]):
    assert chain(written) == links


def test_the_first_call_s_arguments_are_kept():
    assert [link.arguments for link in chain("a(b, c).d(e)(f)")] == ["b, c", "e"]


def test_an_expression_is_read_to_its_end():
    text = "x = make(\n    1,\n    [2],\n).rows[0] + 3\n"
    assert expression(text, 4) == "make(\n    1,\n    [2],\n).rows[0]"
    assert expression("x = [1]", 4) == ""


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("x = a.b(c).d", "a.b(c).d"),
        ("return not a", "a"),
        ("f(x, *args", "args"),
        ("f(...rest.of", "rest.of"),
        ("    # Said before.\n    a.b", "a.b"),
        ("a\n    .b()", "a\n    .b()"),
        ("x = a['b)'].c", "a['b)'].c"),
        ("fn f() -> T", "T"),
        ("let x = Vec::<u8>::new()", "Vec::<u8>::new()"),
        ("if (a", "a"),
        ("x = ", ""),
    ],
)
def test_where_an_expression_starts(before: str, found: str):
    assert before[start_of(before, len(before)) :] == found


def test_lists_are_cut_outside_of_brackets():
    assert split("a, b[c, d], 'e, f', g<h, i>") == ["a", "b[c, d]", "'e, f'", "g<h, i>"]
    assert split("A | list[B | C]", "|") == ["A", "list[B | C]"]
    assert split("") == []


LINKS = st.lists(
    st.tuples(
        st.sampled_from(["a", "foo", "b_1", "Bar"]),
        st.sampled_from(["", "()", "(x, 'q)')", "[0]", "[a(1)]"]),
    ),
    min_size=1,
    max_size=5,
)


@given(LINKS, st.sampled_from(["", "x = ", "return ", "f(", "[1, ", "if not ", "a = b\n"]))
def test_both_directions_agree(links: list[tuple[str, str]], before: str):
    written = ".".join(name + applied for name, applied in links)
    text = before + written
    assert [link.name for link in chain(written)] == [name for name, _ in links]
    assert start_of(text, len(text)) == len(before)
    assert expression(f"{text} + 1", len(before)) == written


@given(st.text(alphabet="ab.()[]<>'\"?!:-> \n*&#", max_size=60))
def test_any_text_can_be_read(text: str):
    start = start_of(text, len(text))
    assert 0 <= start <= len(text)
    assert text.strip().startswith(expression(text, 0))
    chain(text)
