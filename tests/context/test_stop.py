from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context import languages
from beadline.context.cursor import read_cursor
from beadline.context.stop import StopRule
from beadline.context.types import Document

from .marked import cursor, document

NEXT = "\nq = 1\n"


def rule(marked: str, language: str = "python", max_lines: int = 16) -> StopRule:
    doc, _ = document(marked, language)
    return StopRule(doc, cursor(marked, language), max_lines=max_lines)


def cut(marked: str, output: str, language: str = "python", max_lines: int = 16) -> str:
    keep = rule(marked, language, max_lines).feed(output)
    return output if keep is None else output[:keep]


@pytest.mark.parametrize(
    ("marked", "output", "kept"),
    [
        # The rest of a line ends with the line.
        ("x = ¦" + NEXT, "1 + 2\nz = 3", "1 + 2"),
        ("x = 1¦" + NEXT, "\nz = 3", ""),
        ("x = 1 + \\¦" + NEXT, "\n    2\nz", "\n    2"),
        ("x = ¦" + NEXT, "'#(' # (\nz", "'#(' # ("),
        # A statement goes on while a bracket or a long string is open.
        ("x = ¦" + NEXT, "foo(\n    1,\n)\nz = 3", "foo(\n    1,\n)"),
        ("x = ¦" + NEXT, '"""a\nb)\n"""\nz', '"""a\nb)\n"""'),
        ("x = foo(¦" + NEXT, "1,\n  2).bar\nz", "1,\n  2).bar"),
        # What the suffix closes is not closed again.
        ("foo(¦)" + NEXT, "a, (b))\nz", "a, (b)"),
        ("foo(¦)" + NEXT, "\n    a,\n)\nz", "\n    a,\n"),
        ("x = [\n    ¦\n]" + NEXT, "a,\n    b,\n]\nz", "a,\n    b,"),
        ("x = [\n    ¦\n    c,\n]" + NEXT, "a,\n    b,\n]", "a,"),
        ("x = Foo¦\n    a,\n)" + NEXT, "(\n    a,", "("),
        ("x = ¦" + NEXT, "1)", "1"),
        ("x = [\n    f(1¦\n    f(2),\n]" + NEXT, "),\n    f(3),", "),"),
        ("x = f(g(¦)" + NEXT, "1))", "1)"),
        ("x = (¦" + NEXT, "1]", "1"),
        ("x = 'a¦'" + NEXT, "b'\nz", "b"),
        ('x = """a¦\n"""', "b\nc", "b"),
        ('x = """¦' + NEXT, 'a\nb"""\nz', 'a\nb"""'),
        ("x = f(¦) + f(1)", "'a') + f(1)\n", "'a'"),
        ("for ¦ in y:\n    pass", "x in y:\n    z", "x "),
        # Blocks end with their indentation.
        ("def f():¦" + NEXT, "\n    a\n\n    b\nc", "\n    a\n\n    b"),
        (
            "def f():\n    ¦" + NEXT,
            "a\n    if b:\n        c\n    d\n\nclass",
            "a\n    if b:\n        c\n    d",
        ),
        ("def f():\n    ¦" + NEXT, "a(\nb)\n    c\nd", "a(\nb)\n    c"),
        ("def f():\n    ¦" + NEXT, 'a = """\nb"""\n    c\nd', 'a = """\nb"""\n    c'),
        ("def f():¦" + NEXT, " return 1\n    x", " return 1"),
        ("def f():¦" + NEXT, "  # why\n    x\ny", "  # why\n    x"),
        ("def f():\n¦" + NEXT, "    a\n    b\nc", "    a\n    b"),
        ("def f():\n¦" + NEXT, "def g():\n    pass", ""),
        ("def f():\n    ¦" + NEXT, "a\n\n\n    b", "a"),
        ("if x:\n    ¦\nelse:\n    pass", "a\nelse:\n    b", "a"),
        # A compound statement is taken whole, with its clauses.
        (
            "x\n¦" + NEXT,
            "if a:\n    b\nelif c:\n    d\nelse:\n    e\nf = 1",
            "if a:\n    b\nelif c:\n    d\nelse:\n    e",
        ),
        ("x\n¦" + NEXT, "try:\n    b\nexcept E:\n    d\nf = 1", "try:\n    b\nexcept E:\n    d"),
        ("x\n¦" + NEXT, "while a:\n    b\nelse_ = 1\n", "while a:\n    b"),
        ("if ¦\n    pass", "a:\n    b", "a:"),
        ("x\n¦" + NEXT, "if a: b\nc", "if a: b"),
        ("x\n¦" + NEXT, "@a\ndef f():\n    b\nc", "@a\ndef f():\n    b"),
        ("x\n¦\ndef f(): pass", "@a\n@b", "@a"),
        ("x\n¦" + NEXT, "\nz = 3\nw", "\nz = 3"),
        # The next line is not written again.
        ("x\n¦\nqq = 1\n", "qq = 1\n", ""),
        ("def f():\n    ¦\n    qq = 1\n", "if a:\n        b\n    qq = 1\n", "if a:\n        b"),
    ],
)
def test_a_python_hole_ends_where_its_node_closes(marked: str, output: str, kept: str) -> None:
    assert cut(marked, output) == kept


@pytest.mark.parametrize(
    ("language", "marked", "output", "kept"),
    [
        ("c", "void f() {\n  ¦\n}\n", "a();\n  b();\n}\nvoid", "a();\n  b();"),
        (
            "c",
            "void f() {¦",
            "\n  a();\n  if (b) { c(); }\n}\nvoid",
            "\n  a();\n  if (b) { c(); }\n}",
        ),
        (
            "c",
            "void f() {\n  x();\n  ¦\n}\n",
            "if (a) {\n  b();\n  }\nc();",
            "if (a) {\n  b();\n  }",
        ),
        ("c", "void f() {\n  x();\n  ¦\n}\n", "a();\nb();", "a();"),
        ("yaml", "a:¦\nd: 1", "\n  b: 1\n  c: 2\ne: 3", "\n  b: 1\n  c: 2"),
        ("plaintext", "Dear ¦\n", "Sir\nMadam", "Sir"),
    ],
)
def test_other_languages_end_by_lines_and_brackets(
    language: str, marked: str, output: str, kept: str
) -> None:
    assert cut(marked, output, language) == kept


def test_the_number_of_lines_is_bounded() -> None:
    assert cut("def f():¦" + NEXT, "\n    a\n    b\n    c\n    d", max_lines=2) == "\n    a\n    b"
    assert cut("x = [¦" + NEXT, "\n1,\n2,\n3,\n4", max_lines=3) == "\n1,\n2,\n3,"


def test_an_end_by_itself_drops_what_the_suffix_has() -> None:
    for marked, output, kept in [
        ("def f():\n    ¦" + NEXT, "a\n    b\n\n", "a\n    b"),
        ("for ¦ in y:\n    pass", "x in y:", "x "),
        ("x\n¦\nqq = 1\n", "zz = 2\nqq = 1", "zz = 2"),
        ("x\n¦" + NEXT, "if a:\n    b\nf", "if a:\n    b"),
    ]:
        stop = rule(marked)
        keep = stop.feed(output)
        assert output[: stop.finish() if keep is None else keep] == kept


def test_the_reason_is_told() -> None:
    stop = rule("def f():\n    ¦" + NEXT)
    assert stop.feed("a") is None and stop.reason == ""
    assert stop.feed("\nb") == 1
    assert stop.reason == "dedent"


TOKENS = st.sampled_from(
    ["if a:", "else:", "def f():", "return ", "try:", "@a", *"x()[]{}'#,\\é😀;:"],
)
CODE = st.lists(
    TOKENS | st.sampled_from(["\n", "\n    ", "\n        ", '"""', " = "]),
    max_size=30,
).map("".join)


@given(CODE, CODE, CODE, st.sampled_from(["python", "c", "yaml", "plaintext"]), st.data())
def test_pieces_do_not_change_the_cut(
    before: str, after: str, output: str, language: str, data
) -> None:
    doc = Document("k", "a", language, before + after)
    at = read_cursor(doc, len(before), None)
    keep = StopRule(doc, at, max_lines=5).feed(output)
    assert keep is None or 0 <= keep <= len(output)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(output)), max_size=6)))
    pieces = [output[a:b] for a, b in zip([0, *cuts], [*cuts, len(output)], strict=True)]
    other = StopRule(doc, at, max_lines=5)
    answers = (other.feed(piece) for piece in pieces)
    assert next((a for a in answers if a is not None), None) == keep


@given(CODE, CODE, CODE)
def test_what_is_kept_has_no_more_lines_than_allowed(before: str, after: str, output: str) -> None:
    doc = Document("k", "a", languages.get("python").id, before + after)
    at = read_cursor(doc, len(before), None)
    stop = StopRule(doc, at, max_lines=3)
    keep = stop.feed(output)
    kept = output[: stop.finish() if keep is None else keep]
    assert sum(bool(line.strip()) for line in kept.split("\n")[:-1]) <= 3
