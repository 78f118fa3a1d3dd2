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
        # A comment ends with its line; what follows a whole one may be code.
        ("# say ¦" + NEXT, "why\n# not\nz = 3", "why"),
        ("x = 1  # say ¦" + NEXT, "why\nz = 3", "why"),
        ("# why¦" + NEXT, "\nz = 3\na", "\nz = 3"),
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


BODY = "if (a) {\n    b();\n} else {\n    c();\n}"


@pytest.mark.parametrize(
    ("language", "marked", "output", "kept"),
    [
        # A statement ends at its `;`, without a look at what comes.
        ("java", "int x = ¦\n", "1; // one\nint y", "1;"),
        ("java", "int x = ¦;\n", "1;\nint y", "1"),
        (
            "c",
            "a();\n¦\n",
            "for (i = 0; i < n; i++)\n    b(i);\nc();",
            "for (i = 0; i < n; i++)\n    b(i);",
        ),
        (
            "c",
            "a();\n¦\n",
            "if (a)\n    b();\nelse\n    c();\nd();",
            "if (a)\n    b();\nelse\n    c();",
        ),
        ("c", "a();\n¦\n", "do {\n    b();\n}\nwhile (c);\nd();", "do {\n    b();\n}\nwhile (c);"),
        (
            "c",
            "¦\n",
            "#if A\nint a;\n#else\nint b;\n#endif\nint c;",
            "#if A\nint a;\n#else\nint b;\n#endif",
        ),
        ("c", "#if X\n¦\n", "#if A\nint a;", "#if A\nint a;"),
        (
            "csharp",
            "¦\n",
            "[Fact]\npublic void A()\n{\n    B();\n}\nint c;",
            "[Fact]\npublic void A()\n{\n    B();\n}",
        ),
        (
            "csharp",
            "a();\n¦\n",
            "try\n{\n    b();\n}\nfinally\n{\n    c();\n}\nd();",
            "try\n{\n    b();\n}\nfinally\n{\n    c();\n}",
        ),
        *(
            (language, "a();\n¦\n", f"{BODY}\nd();", BODY)
            for language in ("java", "javascript", "go", "rust")
        ),
        # By its line, unless that goes on.
        ("go", "func f() {\n\tx()\n\t¦\n}\n", "a := b()\n\tc()", "a := b()"),
        ("javascript", "const a = ¦\n", "b\n  .c()\n  .d()\ne()", "b\n  .c()\n  .d()"),
        ("javascript", "const a = ¦\n", "b &&\n  c\ne()", "b &&\n  c"),
        (
            "rust",
            "fn f() {\n    x();\n    ¦\n}\n",
            "a.b()\n        .c();\n    d();",
            "a.b()\n        .c();",
        ),
        ("rust", "fn f() {\n    ¦\n}\n", "a.b()\n}\n", "a.b()"),
        # Blocks end before their bracket.
        ("java", "void f() {¦}\n", "\n    a();\n}\nvoid", "\n    a();\n"),
        ("java", "void f() {\n    ¦\n}\n", "a();\n    b();\n}\nvoid", "a();\n    b();"),
        ("javascript", "a(() => {¦})\n", "\n  b()\n})\nc", "\n  b()\n"),
        ("go", "if a {¦\nb()\n", "\n\tc()\n} else {\n\td()\n}\nb()", "\n\tc()\n} else {\n\td()\n}"),
        (
            "c",
            "switch (a) {\n    case 1:\n        ¦\n    case 2:\n        b();\n}\n",
            "c();\n        break;\n    case 3:\n",
            "c();\n        break;",
        ),
        # Entries.
        (
            "javascript",
            "const a = {\n  b: 1,\n  ¦\n  d: 2,\n}\n",
            "c: {\n    e: 1,\n  },\n  f: 2",
            "c: {\n    e: 1,\n  },",
        ),
        (
            "rust",
            "match a {\n    B => c(),\n    ¦\n}\n",
            "D => {\n        e();\n    }\n    _ => f(),",
            "D => {\n        e();\n    }",
        ),
        ("typescript", "const a = {¦};\n", "\n  b: 1,\n  c: 2,\n};\nd", "\n  b: 1,\n  c: 2,\n"),
        # Strings, templates, heredocs.
        ("javascript", "const a = `b ${¦} c`\n", "d.e}f`\ng", "d.e"),
        ("javascript", "const a = ¦\n", "`b\n${c}\n`\nd", "`b\n${c}\n`"),
        ("ruby", "a = ¦\n", "<<~B\n  c\nB\nd", "<<~B\n  c\nB"),
        # A block comment or a plain string goes on for lines, but says one at a time.
        ("typescript", "/**\n * Says ¦\nf();\n", "why\n * not\n */\n", "why"),
        ("typescript", "/**¦\nf();\n", "\n * Says\n * why\n", "\n * Says"),
        ("shellscript", 'echo "a ¦\nb\n', 'b\nc"\nd', "b"),
        ("shellscript", "¦\n", "cat <<EOF\nif a\nEOF\nb", "cat <<EOF\nif a\nEOF"),
        # JSX.
        (
            "typescriptreact",
            "const a = (\n  <b>\n    ¦\n  </b>\n);\n",
            "<c d={e}>\n      f\n    </c>\n    <g />",
            "<c d={e}>\n      f\n    </c>",
        ),
        ("javascriptreact", "const a = <b>¦</b>;\n", "{c}</b>;\nd", "{c}"),
        # Words.
        (
            "ruby",
            "def a\n  ¦\nend\n",
            "b\n  if c\n    d\n  end\nend\ndef",
            "b\n  if c\n    d\n  end",
        ),
        ("ruby", "def a\n  ¦\n", "b\nend\n\ndef c\nend", "b\nend"),
        ("ruby", "a\n¦\n", "b.each do |c|\n  d\nend\ne", "b.each do |c|\n  d\nend"),
        ("ruby", "a\n¦\n", "b\n  .c\n  .d\ne", "b\n  .c\n  .d"),
        ("ruby", "a\n¦\n", "return b if c\nd", "return b if c"),
        ("ruby", "if a\n  ¦\nelse\n  b\nend\n", "c\nelse\n  d", "c"),
        ("ruby", "a\n¦\n", "begin\n  b\nrescue C\n  d\nend\ne", "begin\n  b\nrescue C\n  d\nend"),
        (
            "shellscript",
            "if a; then\n  ¦\nfi\n",
            "b\n  for c in d; do\n    e\n  done\nfi\nf",
            "b\n  for c in d; do\n    e\n  done",
        ),
        (
            "shellscript",
            "¦\n",
            "case a in\n  b) c ;;\n  d)\n    e\n    ;;\nesac\nf",
            "case a in\n  b) c ;;\n  d)\n    e\n    ;;\nesac",
        ),
        (
            "shellscript",
            "case a in\n  b)\n    ¦\n    ;;\nesac\n",
            "c\n    d\n    ;;\n  e)",
            "c\n    d",
        ),
        ("shellscript", "a\n¦\n", "b |\n  c\nd", "b |\n  c"),
        ("shellscript", "f() {\n  ¦\n}\n", "a\n  b\n}\nc", "a\n  b"),
    ],
)
def test_a_hole_ends_where_its_node_closes(
    language: str, marked: str, output: str, kept: str
) -> None:
    stop = rule(marked, language)
    keep = stop.feed(output)
    assert output[: stop.finish() if keep is None else keep] == kept


@pytest.mark.parametrize(
    ("language", "line", "second"),
    [
        ("csharp", "[Fact]", "void A() { }"),
        ("rust", "assert!(", "    a\n);"),
        ("python", "@ab", "def f(): ..."),
    ],
)
def test_the_first_line_of_what_is_longer_may_be_that_of_the_next(
    language: str, line: str, second: str
) -> None:
    marked = f"b;\n¦\n\n{line}\nx();\n"
    assert cut(marked, f"{line}\n{second}\nc", language) == f"{line}\n{second}"
    assert cut(marked, f"{line}\nx();\nc", language) == ""


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


WORDS = st.sampled_from(
    [
        "if",
        "else",
        "end",
        "do |x|",
        "case x in",
        "a)",
        ";;",
        "fi",
        "then",
        "def f",
        "<a b={c}>",
        "</a>",
        "#if X",
        "#endif",
        "@a",
        "=> {",
        "case 1:",
        "`${",
        "<<~A",
        "A",
        "return",
        "fn f() {",
        "'a'",
    ]
)
LANGUAGES = [language.id for language in languages.known()]


@given(
    CODE,
    CODE,
    st.lists(TOKENS | WORDS | st.sampled_from(["\n", "\n  ", " ", "}"]), max_size=40).map("".join),
    st.sampled_from(LANGUAGES),
    st.data(),
)
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
