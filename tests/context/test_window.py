from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context import languages
from beadline.context.syntax import SyntaxTrees
from beadline.context.types import CursorContext, Document, Expected, Window
from beadline.context.window import place

TEXT = st.text(st.sampled_from("ab \n"), max_size=400)


def _place(text: str, offset: int, previous: Window | None = None, **budget: int) -> Window:
    sizes = {"prefix_chars": 100, "suffix_chars": 40, "anchor_chars": 30, **budget}
    document = Document("k", "a.py", "python", text)
    return place(document, CursorContext(offset, Expected.LINE, ""), previous, **sizes)


@given(TEXT, st.lists(st.integers(0, 400), min_size=1, max_size=8), st.integers(0, 120))
def test_the_window_is_contiguous_and_within_its_budgets(
    text: str, offsets: list[int], prefix: int
) -> None:
    previous = None
    for offset in offsets:
        offset = min(offset, len(text))
        window = _place(text, offset, previous, prefix_chars=prefix)
        assert 0 <= window.start <= window.anchor <= window.cursor <= window.end <= len(text)
        assert window.cursor == offset
        assert offset - window.start <= prefix
        assert offset - window.anchor <= 30
        assert window.end - offset <= 40
        before, after = window.split(text)
        assert before + after == text[window.start : window.end]
        previous = window


@given(st.text(st.sampled_from("ab "), min_size=1, max_size=30), st.integers(3, 60))
def test_start_and_anchor_rest_while_a_line_is_typed(typed: str, lines: int) -> None:
    head = "def f():\n    pass\n" * lines
    tail = "\n\ndef g():\n    pass\n"
    previous = _place(head + tail, len(head))
    for count in range(1, len(typed) + 1):
        window = _place(head + typed[:count] + tail, len(head) + count, previous)
        if len(head) + count - previous.start <= 100:
            assert window.start == previous.start
        assert window.anchor == previous.anchor == len(head)
        assert window.end - window.cursor == previous.end - previous.cursor
        previous = window


def test_enter_does_not_move_the_anchor() -> None:
    text = "x = 1\ny = 2"
    first = _place(text, len(text))
    second = _place(text + "\n    ", len(text) + 5, first)
    assert second.anchor == first.anchor == 6


def test_the_anchor_moves_to_the_line_when_the_typed_text_is_too_long() -> None:
    text = "x = 1\n" + "y = 2\n" * 10 + "z"
    first = _place(text[:6], 6)
    assert _place(text, len(text), first).anchor == len(text) - 1


def test_a_start_that_has_to_move_prefers_a_definition() -> None:
    text = "x = 1\n" * 20 + "def f():\n    pass\n" + "y = 2\n" * 6
    window = _place(text, len(text))
    assert text[window.start :].startswith("def f()")


def test_a_cursor_that_goes_up_gets_text_before_it() -> None:
    text = "x = 1\n" * 100
    low = _place(text, len(text))
    high = _place(text, low.start + 6, low)
    assert high.cursor - high.start >= 30


def test_the_suffix_ends_at_a_line_end_where_there_is_one() -> None:
    text = "x = 1\n" * 20
    assert text[: _place(text, 0).end].endswith("\n")
    assert _place("x" * 100, 10).end == 50


PIECES = [
    "def f():\n", "class A {\n", "    x = 1\n", "}\n", "{", "(", ")", "\n", "\n\n", "end\n", "fi\n",
    "func f() {\n", "fn f() {\n", "# é\n", "// 😀\n", '"a"', "'''", "`", "    if x\n", "case 1:\n",
    "<a>\n", "</a>\n", "    return y;\n", "long " * 12,
]  # fmt: skip
BUDGETS = {"prefix_chars": 100, "suffix_chars": 40, "anchor_chars": 30}


@given(
    st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
    st.lists(st.floats(0, 1), min_size=1, max_size=5),
    st.sampled_from([language.id for language in languages.known()]),
)
def test_a_window_of_any_language_is_exact(text: str, places: list[float], language: str) -> None:
    tree = SyntaxTrees().parse(Document("k", "a", language, text))
    previous = None
    for share in places:
        offset = int(share * len(text))
        cursor = CursorContext(offset, Expected.LINE, "")
        document = Document("k", "a", language, text)
        window = place(document, cursor, previous, tree=tree, **BUDGETS)
        assert 0 <= window.start <= window.anchor <= window.cursor == offset <= window.end
        assert window.end <= len(text)
        assert "".join(window.split(text)) == text[window.start : window.end]
        assert offset - window.start <= 100
        assert offset - window.anchor <= 30
        assert window.end - offset <= 40
        line = max(text.rfind("\n", 0, window.anchor) + 1, window.start)
        assert window.anchor == line or window.anchor - line >= 30
        previous = window


@pytest.mark.parametrize(
    ("language", "unit"),
    [
        ("python", "x = 1\n\n\ndef f():\n    a = 1\n    return a\n\n\n"),
        (
            "java",
            "class A {\n    int x;\n\n    /** Why. */\n    void f() {\n        g();\n    }\n}\n",
        ),
        ("go", "var x = 1\n\nfunc f() {\n\tg()\n\th()\n}\n\n"),
        ("ruby", "module A\n  def b\n    c\n    d\n  end\nend\n\n"),
        ("rust", "struct A;\n\n/// Why.\nfn f() {\n    g();\n}\n\n"),
        ("typescript", "const x = 1;\n\nexport class A {\n  b() {\n    c();\n  }\n}\n\n"),
        ("shellscript", "x=1\n\nf() {\n  g\n  h\n}\n\n"),
        ("php", "function f()\n{\n    g();\n}\n\n"),
        ("c", "int x;\n\nvoid f(void)\n{\n    g();\n}\n\n"),
        ("csharp", "class A\n{\n    void F()\n    {\n        G();\n    }\n}\n\n"),
    ],
)
def test_a_window_starts_and_ends_at_the_outermost_nodes(language: str, unit: str) -> None:
    text = ("<?php\n" if language == "php" else "") + unit * 150
    tree = SyntaxTrees().parse(Document("k", "a", language, text))
    assert tree is not None
    budgets = {"prefix_chars": 900, "suffix_chars": 600, "anchor_chars": 60}
    root = {tree.offset(node.start_byte) for node in tree.root.children}
    ends = {tree.offset(node.end_byte) for node in tree.root.children}
    for offset in range(1000, 1500, 7):
        document, cursor = (
            Document("k", "a", language, text),
            CursorContext(offset, Expected.LINE, ""),
        )
        window = place(document, cursor, None, tree=tree, **budgets)
        assert window.start in root
        assert window.end in ends or window.end - 1 in ends


def test_the_end_rests_while_a_line_is_typed_that_breaks_the_code() -> None:
    head, tail = "class A {\n    void f() {\n" * 3, "    }\n    void g() {\n        x();\n" * 60
    budgets = {"prefix_chars": 900, "suffix_chars": 600, "anchor_chars": 60}
    trees, previous = SyntaxTrees(), None
    for typed in ("", "if", "if (", "if (a) {", 'if (a) { "', "if (a) { \n"):
        text = head + typed + tail
        document = Document("k", "a", "java", text)
        cursor = CursorContext(len(head + typed), Expected.LINE, "")
        window = place(document, cursor, previous, tree=trees.parse(document), **budgets)
        if previous is not None:
            assert window.end - window.cursor == previous.end - previous.cursor
        previous = window
