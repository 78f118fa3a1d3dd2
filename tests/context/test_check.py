"""`adds_error` in every language: what may be shown and what may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.syntax import SyntaxTrees, adds_error, checking, prepare
from beadline.context.types import Document
from tests.examples import examples

from .marked import document, tree
from .samples import SAMPLES

# Of each language: a text with the place of a statement, a statement with its end left out, that
# end, the header of a block (to be left unfinished), what the block lacks, and garbage.
CASES = {
    "python": ("def f(a):\n    ¦\n\n\ng()\n", "x = h(a", ")", "if a:", "a b c = ="),
    "javascript": ("function f(a) {\n  ¦\n}\ng();\n", "x = h(a", ");", "if (a) {", "a b = = ;"),
    "javascriptreact": (
        "function F(a) {\n  ¦\n  return <b>{a}</b>;\n}\n",
        "x = h(<i>{a}</i>",
        ");",
        "if (a) {",
        "a b = = ;",
    ),
    "typescript": (
        "function f(a: A): void {\n  ¦\n}\ng();\n",
        "const x: B = h(a",
        ");",
        "for (const b of a) {",
        "a b = = ;",
    ),
    "typescriptreact": (
        "function F(a: A) {\n  ¦\n  return <b>{a}</b>;\n}\n",
        "const x = h(<i>{a}</i>",
        ");",
        "if (a) {",
        "a b = = ;",
    ),
    "java": (
        "class A {\n  void f(int a) {\n    ¦\n  }\n}\n",
        "int x = h(a",
        ");",
        "if (a > 1) {",
        "int = = a b;",
    ),
    "go": (
        "package p\n\nfunc f(a int) {\n\t¦\n}\n",
        "x := h(a",
        ")",
        "if a > 1 {",
        "a b := = c",
    ),
    "rust": ("fn f(a: i32) {\n    ¦\n}\n", "let x = h(a", ");", "if a > 1 {", "let = = a b;"),
    "c": ("int f(int a)\n{\n    ¦\n}\n", "int x = h(a", ");", "if (a) {", "int = = a b;"),
    "cpp": ("int f(int a) {\n  ¦\n}\n", "auto x = h(a", ");", "if (a) {", "auto = = a b;"),
    "csharp": (
        "class A\n{\n    void F(int a)\n    {\n        ¦\n    }\n}\n",
        "var x = H(a",
        ");",
        "if (a > 1) {",
        "var = = a b;",
    ),
    "ruby": ("def f(a)\n  ¦\nend\n\ng\n", "x = h(a", ")", "if a", "x = = )"),
    "php": (
        "<?php\nfunction f($a) {\n    ¦\n}\n",
        "$x = h($a",
        ");",
        "if ($a) {",
        "$x = = $a b;",
    ),
    "shellscript": ("f() {\n  ¦\n}\nf\n", 'x=$(h "$a"', ")", "if h; then", "x=( ) ) ;; |"),
}
LANGUAGES = sorted(CASES)


def broken(language: str, marked: str, text: str) -> bool:
    doc, offset = document(marked, language)
    return adds_error(tree(doc.text, language), offset, offset, text)


def test_every_language_is_judged() -> None:
    assert set(CASES) == set(SAMPLES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_complete_statement_may_be_shown(language: str) -> None:
    marked, start, end, _, _ = CASES[language]
    assert not broken(language, marked, start + end)
    assert not broken(language, marked.replace("¦", start + "¦"), end)
    assert not broken(language, marked.replace("¦", "¦" + end), start)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_closer_too_many_may_not(language: str) -> None:
    marked, start, end, _, _ = CASES[language]
    assert broken(language, marked, start + end + ")")
    assert broken(language, marked.replace("¦", start + "¦"), ")" + end)
    assert broken(language, marked.replace("¦", "¦" + end), start + "))")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_bracket_left_open_may_not(language: str) -> None:
    marked, start, end, _, _ = CASES[language]
    assert broken(language, marked.replace("¦", "¦" + end), start + "(")
    assert broken(language, marked.replace("¦", "¦\n" + start + end + "\n"), start)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_block_unfinished_at_its_own_end_may_be_shown(language: str) -> None:
    marked, start, end, header, _ = CASES[language]
    assert not broken(language, marked, header)
    inner = marked.rpartition("\n")[0].partition("¦")[0].rpartition("\n")[2] + "    "
    assert not broken(language, marked, f"{header}\n{inner}{start}{end}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_garbage_may_not(language: str) -> None:
    marked, start, end, _, garbage = CASES[language]
    assert broken(language, marked, garbage)
    assert broken(language, marked, f"{start}{end}\n{garbage}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_code_that_is_broken_elsewhere_is_judged_all_the_same(language: str) -> None:
    marked, start, end, _, garbage = CASES[language]
    marked = marked + "\n" * 3 + garbage + "\n"
    assert not broken(language, marked, start + end)
    assert broken(language, marked, start + end + ")")


@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_of_real_looking_code_may_be_put_back(language: str) -> None:
    text = SAMPLES[language]
    at = 0
    for line in text.splitlines(keepends=True):
        start, at = at, at + len(line)
        blanks = len(line) - len(line.lstrip())
        for cut in {start + blanks, start + blanks + len(line.strip()) // 2}:
            rest = text[:cut] + text[at - 1 :]
            assert not adds_error(tree(rest, language), cut, cut, text[cut : at - 1]), line


@pytest.mark.parametrize("language", LANGUAGES)
@examples(10)
@given(data=st.data())
def test_any_text_gets_a_verdict(language: str, data) -> None:
    text = SAMPLES[language]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    inserted = data.draw(
        st.text(st.sampled_from(list("a(){}[];:,.='\"`/\\<>#$ \n\x00😀")), max_size=9)
    )
    verdict = adds_error(tree(text, language), start, end, inserted)
    assert verdict in (True, False)
    if inserted == text[start:end]:
        assert not verdict


@pytest.mark.parametrize(
    ("language", "marked", "good", "bad"),
    [
        ("javascriptreact", "const x = (\n  <p>{h(a¦\n);\ng();\n", ")}</p>", "))}</p>"),
        ("javascript", "const x = `a ${f(b¦\ng();\n", ")}`;", "))}`;"),
        ("javascript", "it('a'¦\n  g();\n  h();\n});\n", ", () => {", ", () => "),
        ("typescript", "f({ a: A¦\n  b: 1,\n});\n", ",", " {,"),
        ("java", "class A {\n  ¦\n    return 1;\n  }\n}\n", "int f() {", "int f( {"),
        ("java", "class A {\n  @Override\n  ¦\n}\n", "int f() { return 1; }", "return 1;;}"),
        ("go", "package p\n\n¦\n\tg()\n}\n", "func f() {", "func f( {"),
        ("rust", "fn f() {\n    match a {\n        ¦\n    }\n}\n", "Some(_) => 1,", "Some(_ => 1,"),
        ("c", "#define X(a) \\\n    g(a¦\n\nint x;\n", ")", "))\nint ="),
        ("c", "FOO(x) BAR {\n    ¦\n}\n\nint x;\n", "g(1);", "g(1;"),
        ("cpp", "template <¦\nvoid f();\n", "typename T>", "typename T>>;"),
        ("csharp", "class A\n{\n    int B { get; ¦\n}\n", "set; }", "set; }}}"),
        ("ruby", "xs.each do |x|\n  ¦\nend\n", "puts(x)", "puts(x))"),
        ("php", "<p>\n<?php if ($a): ¦\n<?php endif; ?>\n</p>\n", "?>", ")"),
        ("shellscript", "if ¦\n  g\nfi\n", "f; then", "f; do"),
        ("shellscript", 'case "$1" in\n  ¦\n  *) g ;;\nesac\n', "a) f ;;", "a)) f ;;"),
    ],
)
def test_what_languages_have_of_their_own(language: str, marked: str, good: str, bad: str) -> None:
    assert not broken(language, marked, good)
    assert broken(language, marked, bad)


FILLER = "".join(f"function f{i}(a) {{\n  return [a, {i}];\n}}\n\n" for i in range(4000))


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("g(function (a) {\n  return h(a);\n¦\n\n", "});"),
        ("g(function (a) {\n  return h(a);\n¦\n\n", "}));"),
        ("¦\n  return h(a);\n});\n\n", "g(function (a) {"),
        ("¦\n  return h(a);\n});\n\n", "g(function (a) {{"),
        ("g(a, ¦\n\n", "b);"),
        ("g(a, ¦\n\n", "b));"),
        ("class A {\n  f() {\n    ¦\n  }\n}\n\n", "if (a) {"),
        ("class A {\n  f() {\n    ¦\n  }\n}\n\n", "if (a) }"),
        ("const x = `a ${¦\n\n", "b}`;"),
        ("const x = `a ${¦\n\n", "b)}`;"),
    ],
)
def test_a_long_text_is_judged_as_a_short_one(marked: str, text: str) -> None:
    short, offset = document(marked, "javascript")
    verdict = adds_error(tree(short.text, "javascript"), offset, offset, text)
    at = len(FILLER) + offset
    assert adds_error(tree(FILLER + short.text + FILLER, "javascript"), at, at, text) == verdict


@pytest.mark.parametrize("language", LANGUAGES)
def test_long_texts_of_every_language_are_judged_as_short_ones(language: str) -> None:
    marked, start, end, header, garbage = CASES[language]
    opening = "<?php\n" if language == "php" else "package p\n" if language == "go" else ""
    one = marked.removeprefix(opening)
    many = one.replace("¦", "") * (60_000 // len(one))
    long = f"{opening}{many}{one}{many}"
    assert not broken(language, long, start + end)
    assert not broken(language, long, header)
    assert broken(language, long, garbage)


@pytest.mark.parametrize(
    ("language", "opening", "member", "good", "bad"),
    [
        ("csharp", "class A\n{\n", "    public int F(int a)\n    {\n        ¦\n    }\n\n",
         "return G(a);", "return G(a));"),
        ("php", "<?php\n\nclass A extends B\n{\n",
         "    public function f($a)\n    {\n        ¦\n    }\n\n", "return g($a);", "return = g(;"),
        ("java", "class A\n{\n",
         "    int f(int a)\n    {\n        ¦\n    }\n\n", "g(a);", "g(a));"),
    ],
)  # fmt: skip
def test_long_classes_whose_brackets_have_lines_of_their_own(
    language: str, opening: str, member: str, good: str, bad: str
) -> None:
    members = member.replace("¦", good) * 2000
    long = f"{opening}{members}{member}{members}}}\n"
    assert not broken(language, long, good)
    assert broken(language, long, bad)
    doc, offset = document(long, language)
    near = tree(doc.text, language).around(offset)
    assert near is not None and near[0].problems().count == 0


@pytest.mark.parametrize("steps", [0, 1, 3, 1000])
def test_a_preparation_that_stops_early_changes_no_verdict(steps: int) -> None:
    text, offset = "x = [f(a for\ny = 1\n", len("x = [f(a for")
    prepared = tree(text, "python")
    preparation = prepare(prepared, offset)
    for _ in zip(range(steps), preparation, strict=False):
        pass
    preparation.close()
    for suggestion in (" b in c)]", " b in c)", " = ="):
        fresh = adds_error(tree(text, "python"), offset, offset, suggestion)
        assert adds_error(prepared, offset, offset, suggestion) == fresh


def test_what_filled_a_hole_fills_it_at_the_next_key() -> None:
    def steps(trees: SyntaxTrees, typed: str) -> int:
        text = f"import a\n\n\ndef {typed}\ndef g():\n    pass\n"
        parsed = trees.parse(Document("a", "a.py", "python", text))
        assert parsed is not None
        return sum(1 for _ in prepare(parsed, text.index("\ndef g")))

    trees = SyntaxTrees()
    first = steps(trees, "name")
    assert steps(trees, "names") == 1 < first


@pytest.mark.parametrize("suggestion", ["x = f(", "f(a b", "] + ["])
def test_a_check_can_be_done_in_steps(suggestion: str) -> None:
    parsed = tree("def f():\n    y = (\n", "python")
    offset = len("def f():\n    y = (")
    in_steps = checking(parsed, offset, offset, suggestion)
    count = 0
    while True:
        try:
            next(in_steps)
            count += 1
        except StopIteration as ended:
            assert ended.value == adds_error(parsed, offset, offset, suggestion)
            break
    assert count
