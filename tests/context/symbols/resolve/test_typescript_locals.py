"""What names are bound to by the TypeScript text before a cursor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.symbols.resolve.typescript_locals import (
    Local,
    Locals,
    source_at,
    type_at,
    value_at,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("const a = b.c(1).d;", Local("value", "b.c(1).d")),
        ("let a: Map<string, B> = x;", Local("type", "Map<string, B>")),
        ("  a = make();", Local("value", "make()")),
        ("function f(b: B, a?: A | null) {", Local("type", "A | null")),
        ("function f(...a: A[]) {", Local("type", "A[]")),
        ("const f = (a: (b: B) => C, d) => {", Local("type", "(b: B) => C")),
        ("constructor(private readonly a: A) {", Local("type", "A")),
        ("for (const a of all.items) {", Local("item", "all.items")),
        ("for (const [k, a] of all) {", Local("item", "all")),
        ("const { b, a } = props;", Local("value", "props", "a")),
        ("const { b: a = 1 } = props;", Local("value", "props", "b")),
        ("function f({ b: a }: Props) {", Local("type", "Props", "b")),
        ("all.map((a) => ", Local("parameter", "all.map")),
        ("all.map(a => ", Local("parameter", "all.map")),
        ('app.get("/", async (c, a) => {', Local("parameter", "app.get", argument=1, position=1)),
        ("run(function (a) {", Local("parameter", "run")),
        ("run(({ b: a }) => {", Local("parameter", "run", "b")),
        ("const a = x as unknown as A;", Local("value", "x as unknown as A")),
        ("const a = await load<A>();", Local("value", "await load<A>()")),
    ],
)
def test_the_nearest_binding(text: str, expected: Local):
    assert next(Locals(text).of("a"), None) == expected


@pytest.mark.parametrize(
    "text", ["", "b.a = 1;", "f(a)", "a.b", "a == b", "x ? a : b", "const ab = 1;", "{ a }", "[a]"]
)
def test_what_binds_nothing(text: str):
    assert list(Locals(text).of("a")) == []


def test_the_nearest_of_several_comes_first():
    found = [each.text for each in Locals("const a = one;\na = two;\nf(a);\n").of("a")]
    assert found == ["two", "one"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A;", "A"),
        ("A = 1", "A"),
        ("A)", "A"),
        ("A<B, C>, d", "A<B, C>"),
        ("A {", "A"),
        ("{ a: B; c: D } = x", "{ a: B; c: D }"),
        ("(a: A) => B = x", "(a: A) => B"),
        ("A\n  | B\n  | C\nconst", "A | B | C"),
        ("A\nfoo()", "A"),
        ("A extends B ? C : D;", "A extends B ? C : D"),
    ],
)
def test_types_end_where_they_do(text: str, expected: str):
    assert type_at(text, 0) == expected


@pytest.mark.parametrize(
    ("marked", "module"),
    [
        ('import { ¦ } from "./a";\nimport b from "./b";', "./a"),
        ('import {\n  x,\n  ¦\n} from "./a";', "./a"),
        ('export { ¦ } from "./a";', "./a"),
        ('import { ¦\nimport b from "./b";', ""),
        ("import { ¦ }", ""),
    ],
)
def test_the_module_of_an_import_statement(marked: str, module: str):
    assert source_at(marked.replace("¦", ""), marked.index("¦")) == module


@given(st.text(alphabet="ab .,:;=>()[]{}<>?!|&\n'\"`#$", max_size=120))
def test_any_text_is_read(text: str):
    for local in Locals(text).of("a"):
        assert local.how in {"type", "value", "item", "parameter"}
    for start in range(0, len(text), 7):
        assert "\n" not in type_at(text, start)
        assert value_at(text, start) in ("", value_at(text, start).strip())
