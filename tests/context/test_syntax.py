from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.syntax import SyntaxTree, SyntaxTrees, adds_error
from beadline.context.types import Document

from .marked import document, tree

NEXT = "\n\nq = 1\n"
TEXT = st.text(st.sampled_from(list("ab1 \n()[]:='\"#,é漢😀\ud800")), max_size=80)


def shape(found: SyntaxTree) -> str:
    return str(found.root)


@given(TEXT, st.data())
def test_bytes_and_characters_correspond(text: str, data) -> None:
    found = tree(text)
    offset = data.draw(st.integers(0, len(text)))
    byte = found.byte_offset(offset)
    assert byte == len(text[:offset].encode("utf-8", "surrogatepass"))
    if "\ud800" not in text:
        assert found.offset(byte) == offset


def test_offsets_beyond_the_first_step_correspond() -> None:
    found = tree("é漢x\n" * 5000)
    for offset in (0, 4095, 4096, 4097, 19_999, 20_000):
        assert found.offset(found.byte_offset(offset)) == offset


@given(st.lists(TEXT, min_size=1, max_size=5))
def test_a_kept_tree_has_the_text_of_the_newest_version(versions: list[str]) -> None:
    trees = SyntaxTrees()
    for text in versions:
        found = trees.parse(Document("k", "a.py", "python", text))
        assert found is not None and found.text == text
        encoded = text.encode("utf-8", "surrogatepass")
        assert found.root.end_byte <= len(encoded)


STATEMENTS = st.lists(
    st.sampled_from(
        ["x = 1\n", "def f(a):\n    return a\n", "y = 'é'\n", "if x:\n    pass\n", "\n"]
    ),
    max_size=8,
).map("".join)


@given(STATEMENTS, STATEMENTS, STATEMENTS)
def test_an_edited_tree_is_the_tree_of_the_new_text(a: str, b: str, c: str) -> None:
    before = tree(a + c)
    assert shape(before.insert(len(a), len(a), b)) == shape(tree(a + b + c))
    assert shape(before.replaced(a + b)) == shape(tree(a + b))
    assert shape(before) == shape(tree(a + c))


def test_only_the_most_recent_documents_are_kept() -> None:
    trees = SyntaxTrees(limit=2)
    for key in "abcb":
        trees.parse(Document(key, key, "python", "x = 1"))
    assert len(trees) == 2
    trees.forget("b")
    assert len(trees) == 1


def test_languages_without_a_grammar_have_no_tree() -> None:
    assert SyntaxTrees().parse(Document("k", "a.lua", "lua", "x = 1")) is None


def test_problems_are_counted() -> None:
    assert tree("x = 1\n").problems().count == 0
    assert tree("x = \ny = (\n").problems().errors > 0


def broken(marked: str, text: str) -> bool:
    doc, offset = document(marked)
    return adds_error(tree(doc.text), offset, offset, text)


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("x = ¦" + NEXT, "3"),
        ("foo(¦)" + NEXT, "a, b=1"),
        ("foo(¦" + NEXT, "a, b)"),
        ("foo(¦" + NEXT, "a, b"),
        ("def f(x):\n    ¦" + NEXT, "return 1"),
        ("def f(x):¦" + NEXT, "\n    return 1"),
        ("if ¦ in y:\n    pass\n", "x"),
        ("x = 'a¦'" + NEXT, "bc"),
        ("x = Foo¦\n    a,\n)" + NEXT, "("),
        ("import ¦" + NEXT, "os"),
        ("def ¦" + NEXT, "f(x):"),
        # Unfinished at its own end.
        ("def f(x):\n    ¦" + NEXT, "if x:"),
        ("¦" + NEXT, "try:\n    x()"),
        # Broken elsewhere, before and after.
        ("x = ¦\n\ndef f(:\n    pass\n", "3"),
        ("y = = 2\nx = ¦" + NEXT, "foo(3)"),
    ],
)
def test_what_does_not_break_the_code_is_let_through(marked: str, text: str) -> None:
    assert not broken(marked, text)


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("x = ¦" + NEXT, "'abc"),
        ("x = ¦" + NEXT, '"""abc'),
        ("x = ¦\ny = '''a'''\n", "'''abc"),
        ("x = ¦" + NEXT, ")"),
        ("x = ¦" + NEXT, "[1, 2)"),
        ("foo(¦)" + NEXT, "a, b)"),
        ("foo(¦a)" + NEXT, "b "),
        ("foo(¦, 1)" + NEXT, "b(c"),
        ("x = ¦" + NEXT, "a b"),
        ("x = ¦" + NEXT, "import"),
        ("x = ¦" + NEXT, "1 +"),
        ("¦x = 1" + NEXT, "return "),
        ("def f(x):\n    ¦\n    return 1\n", "if x:\n  y = 1"),
        ("def f(x):\n    ¦\n    return 1\n", "class"),
        ("def f(x):\n    ¦" + NEXT, "  a = 1\n  b = 2"),
        ("def f(x):\n    ¦" + NEXT, "a = 1\n        b = 2"),
        ("¦" + NEXT, "f() = 3"),
        ("foo(¦)" + NEXT, "bar("),
        ("x = [\n    ¦\n]" + NEXT, "foo(a,"),
        ("x = {\n    a¦\n    b: 2,\n}" + NEXT, "return 'x'"),
        ("x = [\n    f(1, ¦\n    f(2),\n]" + NEXT, "return"),
        ("¦" + NEXT, "return 3"),
        ("¦" + NEXT, "print x"),
        ("if x:\n    pass\n¦" + NEXT, "else:\n    pass\nelse:\n    pass"),
        ("y = = 2\nx = ¦" + NEXT, "foo(3]"),
        # A bracket of its own left open swallows what follows.
        ("¦" + NEXT, "foo(a,"),
        ("x¦" + NEXT, " = foo(a,\n        "),
        ("¦" + NEXT, "if foo(a,"),
    ],
)
def test_what_breaks_the_code_is_found(marked: str, text: str) -> None:
    assert broken(marked, text)


def test_a_replaced_range_is_compared_with_the_text_as_it_is() -> None:
    text = "foo(a)\n"
    assert not adds_error(tree(text), 4, 6, "a, b)")
    assert adds_error(tree(text), 4, 6, "a, b))")
    assert not adds_error(tree(text), 4, 6, "a)")


PIECES = st.lists(
    st.sampled_from(
        ["x", "(", ")", "'", '"""', "\n", "    ", "=", "if x:", "\\", "é", "\x00", "😀"]
    ),
    max_size=10,
).map("".join)


@given(PIECES, PIECES, PIECES)
def test_any_text_gets_a_verdict(before: str, after: str, text: str) -> None:
    assert adds_error(tree(before + after), len(before), len(before), text) in (True, False)


@given(st.sampled_from(["x = 1", "foo(a)", "if a:\n    b", "def f():\n    return 1", "[\n1,\n]"]))
def test_whole_statements_on_a_line_of_their_own_are_never_errors(statement: str) -> None:
    assert not broken("import a\n¦\nb = 2\n", statement)


FILLER = "".join(f"@d\ndef f{i}(a):\n    return [a, {i}]\n\n\n" for i in range(2000))


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("def g(a):\n    return ¦\n", "a"),
        ("def g(a):\n    return ¦\n", "a)"),
        ("def g(a):\n    return ¦\n", "(a"),
        ("def g(a):\n    ¦\n", "if a:"),
        ("def g(a):\n    h(¦)\n", "a, b"),
        ("def g(a):\n    h(¦)\n", "a b"),
        ("x = [¦\n", "1]"),
        ("¦\n", 'x = """'),
    ],
)
def test_a_long_file_is_judged_as_a_short_one(marked: str, text: str) -> None:
    short, offset = document(marked)
    long = FILLER + short.text + "\n\n" + FILLER
    at = len(FILLER) + offset
    assert adds_error(tree(long), at, at, text) == adds_error(
        tree(short.text), offset, offset, text
    )


@pytest.mark.parametrize(
    "text", ["x = [" + "1, " * 60_000 + "]", '"""\n' + "a b\n" * 40_000, "f(\n" + "(" * 150_000]
)
def test_what_is_too_long_to_be_checked_is_not_shown(text: str) -> None:
    at = len(text) // 2
    assert adds_error(tree(text), at, at, "ab")


def test_a_long_class_is_checked_in_a_part() -> None:
    methods = "".join(f"    def f{i}(self, a):\n        return [a, {i}]\n\n" for i in range(6000))
    text = "class A:\n" + methods
    at = text.index("return [", len(text) // 2) + len("return [")
    assert not adds_error(tree(text), at, at, "a, ")
    assert adds_error(tree(text), at, at, "a b ")
