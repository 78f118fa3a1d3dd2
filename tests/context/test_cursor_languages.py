"""What is expected at cursors in languages other than Python."""

from __future__ import annotations

import pytest

from beadline.context.cursor import read_cursor
from beadline.context.types import Document

from .marked import cursor, document

SCRIPTS = ("javascript", "javascriptreact", "typescript", "typescriptreact")
SEMICOLONS = ("java", "c", "cpp", "csharp")
BRACES = (*SCRIPTS, *SEMICOLONS, "go", "rust")


@pytest.mark.parametrize("language", BRACES)
@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        # Bodies.
        ("if (x) {¦\n", "block"),
        ("if (x) {¦}\n", "block"),
        ("if (x) {\n    ¦\n}\n", "block"),
        ("if (x) {\n    // why\n    ¦\n}\n", "block"),
        ("if (x) {¦\n    foo();\n}\n", "nothing"),
        ("if (x) {\n    ¦\n    foo();\n}\n", "line"),
        ("if (x) {\n    foo();\n    ¦\n}\n", "line"),
        ("if (x) {\n    foo();\n}¦\n", "nothing"),
        ("if (x) {\n    foo();\n} else {¦\n", "block"),
        # Statements.
        ("x = foo(1);¦\n", "nothing"),
        ("x = ¦\n", "line"),
        ("x = ¦;\n", "line"),
        ("x = a +¦\n", "line"),
        ("x = a + ¦;\n", "line"),
        ("foo(¦)\n", "line"),
        ("foo(a, ¦);\n", "line"),
        ("foo(¦a);\n", "nothing"),
        ("foo(1¦, 2);\n", "nothing"),
        ("foo(a¦, 2);\n", "line"),
        ("foo(a)¦;\n", "nothing"),
        ("a.¦\n", "line"),
        ("a.¦b();\n", "nothing"),
        ("fo¦o();\n", "nothing"),
        ("¦foo();\n", "nothing"),
        ("return ¦;\n", "line"),
        ("if (¦) {\n}\n", "line"),
        ("if (a ¦) {\n    foo();\n}\n", "nothing"),
        ("if (a)¦ {\n    foo();\n}\n", "nothing"),
        ("if (a) ¦\n", "line"),
        ("foo(\n    1,\n    ¦\n);\n", "line"),
        ("foo(\n    1,¦\n    2\n);\n", "nothing"),
        ("foo(a,¦\n", "line"),
        # Lines.
        ("foo();\n¦\nbar();\n", "line"),
        ("if (x) {\n    return;\n    ¦\n}\n", "nothing"),
        ("if (x) {\n    return;\n}\n¦\n", "line"),
        # Comments and strings.
        ("// be¦\n", "line"),
        ("/* a\n ¦\n */\n", "line"),
        ("/* a */¦\nfoo();\n", "nothing"),
        ('x = "a¦";\n', "line"),
        ('x = "a"¦;\n', "nothing"),
    ],
)
def test_what_brackets_and_semicolons_say(language: str, marked: str, expected: str) -> None:
    assert cursor(marked, language).expected == expected


@pytest.mark.parametrize("language", SEMICOLONS)
@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("foo(1)¦\n", "line"),
        ("if (x)¦\n    foo();\n", "nothing"),
        ("if (x)¦\n{\n    foo();\n}\n", "nothing"),
        ("if (x)\n{\n    ¦\n}\n", "block"),
        ("switch (x) {\n    case 1:¦\n}\n", "block"),
        ("switch (x) {\n    case 1:\n        ¦\n    case 2:\n        foo();\n}\n", "block"),
        ("switch (x) {\n    case 1:¦\n        foo();\n}\n", "nothing"),
        ("switch (x) {\n    case 1:\n        foo();\n        break;\n        ¦\n}\n", "nothing"),
        ("switch (x) {\n    case 1:\n        break;\n    ¦\n}\n", "line"),
        ("do {\n    foo();\n}¦\n", "line"),
    ],
)
def test_statements_end_with_a_semicolon(language: str, marked: str, expected: str) -> None:
    assert cursor(marked, language).expected == expected


@pytest.mark.parametrize(
    ("language", "marked", "expected"),
    [
        ("javascript", "const x = foo(1)¦\nbar()\n", "nothing"),
        ("javascript", "const x = foo(1)¦\n  .then(a)\n", "nothing"),
        ("javascript", "const f = (a) => ¦\n", "line"),
        ("javascript", "a.forEach((b) => {¦})\n", "block"),
        ("javascript", "const x = {\n  a: 1,\n  ¦\n}\n", "line"),
        ("javascript", "const x = {\n  a: 1,¦\n  b: 2,\n}\n", "nothing"),
        ("javascript", "const x = a ? b : ¦\n", "line"),
        ("javascript", "const x = `a${¦}b`\n", "line"),
        ("javascript", "import { a, ¦ } from 'b'\n", "line"),
        ("javascript", "function foo(a)¦\n", "line"),
        ("javascript", "x = a / b / ¦\n", "line"),
        ("javascript", "x = a.match(/[/]/)¦\n", "nothing"),
        ("javascriptreact", "const a = <b c={¦} />;\n", "line"),
        ("javascriptreact", "const a = <p>It's {¦}</p>;\n", "line"),
        ("typescript", "interface A {\n  ¦\n}\n", "block"),
        ("typescript", "type A = {¦}\n", "block"),
        ("typescript", "enum A {\n  B,¦\n  C,\n}\n", "nothing"),
        ("typescript", "let a: Map<string, ¦>;\n", "line"),
        ("typescriptreact", "useEffect(() => {\n  ¦\n}, [a]);\n", "block"),
        ("java", "@A(1)¦\npublic void a() {\n}\n", "nothing"),
        ("java", "class A {\n    int a;\n\n    ¦\n}\n", "line"),
        ("java", "int[] a = {1, 2}¦\n", "line"),
        ("java", "run(() -> {¦});\n", "block"),
        ("go", "func f() {\n\tx := foo()¦\n}\n", "nothing"),
        ("go", "func f() {\n\tx := []int{1, ¦}\n}\n", "line"),
        ("go", 'import (\n\t"fmt"¦\n)\n', "nothing"),
        ("go", 'import (\n\t"fmt"\n\t¦\n)\n', "line"),
        ("go", "switch x {\ncase 1:\n\t¦\n}\n", "block"),
        ("go", "switch x {¦\ncase 1:\n\tfoo()\n}\n", "nothing"),
        ("go", "for i := 0; i < n; i++ {¦\n}\n", "block"),
        ("go", "go func() {\n\t¦\n}()\n", "block"),
        ("go", 'type A struct {\n\tB string `json:"b"`¦\n}\n', "nothing"),
        ("rust", "fn f() -> T {\n    foo(1)¦\n}\n", "nothing"),
        ("rust", "fn f() -> T {\n    let a = foo(1)¦\n}\n", "line"),
        ("rust", "match x {\n    A => ¦\n}\n", "line"),
        ("rust", "match x {\n    A => {¦}\n}\n", "block"),
        ("rust", "match x {\n    A => b(),¦\n    _ => c(),\n}\n", "nothing"),
        ("rust", "match x {\n    A => b(),\n    ¦\n}\n", "line"),
        ("rust", "#[derive(Debug)]¦\nstruct A;\n", "nothing"),
        ("rust", "impl<'a> A<'a> {\n    ¦\n}\n", "block"),
        ("rust", "let a = foo()?¦;\n", "nothing"),
        ("c", "#include <stdio.h>¦\n", "nothing"),
        ("c", "#define A ¦\n", "line"),
        ("c", "#ifdef A\n#endif¦\n", "nothing"),
        ("c", "struct a {\n    int b;\n}¦\n", "line"),
        ("cpp", "class A : public B {\n    ¦\n};\n", "block"),
        ("cpp", "namespace a {¦\nclass B;\n}\n", "nothing"),
        ("cpp", "auto f = [&](int a) {\n    ¦\n};\n", "block"),
        ("cpp", "std::vector<¦> a;\n", "line"),
        ("cpp", "struct A {\n    void operator()(int b) const {¦}\n};\n", "block"),
        ("cpp", "auto f() const noexcept -> int {\n    return 1;\n}¦\n", "nothing"),
        ("csharp", "public int A { get; }¦\n", "nothing"),
        ("csharp", "public int A\n{\n    ¦\n}\n", "block"),
        ("csharp", "[Fact]¦\npublic void A()\n{\n}\n", "nothing"),
        ("csharp", "var a = new B\n{\n    C = 1,\n    ¦\n};\n", "line"),
        ("php", "<?php\nfunction f() {\n    ¦\n}\n", "block"),
        ("php", "<?php\nforeach ($a as ¦) {\n}\n", "line"),
        ("php", "<?php\n$a = [\n    'b' => 1,¦\n];\n", "nothing"),
        ("php", "<?php\n$a = ¦;\n", "line"),
        ("php", "<?php\nif ($a):¦\nendif;\n", "block"),
        ("php", "<?php\n$this->¦\n", "line"),
        ("php", "<p>some te¦xt</p>\n", "line"),
        ("php", "<?php\nuse A\\B;¦\n", "nothing"),
        ("kotlin", "fun f() {¦}\n", "block"),
        ("kotlin", "val a = foo(1)¦\n", "nothing"),
        ("kotlin", "val a =¦\n", "line"),
    ],
)
def test_what_each_language_with_brackets_adds(language: str, marked: str, expected: str) -> None:
    assert cursor(marked, language).expected == expected


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("def f\n  ¦\nend\n", "block"),
        ("def f(a)¦\nend\n", "block"),
        ("def f(a)\n  ¦\n", "block"),
        ("def f(a)¦\n  b\nend\n", "nothing"),
        ("def f(a)\n  ¦\n  b\nend\n", "line"),
        ("a.each do |b|¦\nend\n", "block"),
        ("a.each do |b|\n  ¦\nend\n", "block"),
        ("a.each { |b| ¦ }\n", "block"),
        ("class A < B\n  ¦\nend\n", "block"),
        ("if a\n  b\nelse\n  ¦\nend\n", "block"),
        ("case a\nwhen 1\n  ¦\nend\n", "block"),
        ("begin\n  a\nrescue B => e\n  ¦\nend\n", "block"),
        ("x = if a\n  ¦\nend\n", "block"),
        ("def f\n  a\nend¦\n", "nothing"),
        ("def f\n  return 1\n  ¦\nend\n", "nothing"),
        ("def f\n  return if a\n  ¦\nend\n", "line"),
        ("def f\n  raise A, 'b' unless c\n  ¦\nend\n", "line"),
        ("x = foo(1)¦\n", "nothing"),
        ("x = ¦\n", "line"),
        ("x = a &&¦\n", "line"),
        ("foo a,¦\n", "line"),
        ("a.¦\n", "line"),
        ("if ¦\n", "line"),
        ("x = [\n  1,¦\n  2\n]\n", "nothing"),
        ("x = {\n  a: 1,\n  ¦\n}\n", "line"),
        ('x = "a#{¦}"\n', "line"),
        ("x = <<~A\n  ¦\nA\n", "line"),
        ("fo¦o(1)\n", "nothing"),
        ("foo(¦a)\n", "nothing"),
        ("return if a.empty?¦\n", "nothing"),
        ("# be¦\n", "line"),
    ],
)
def test_ruby(marked: str, expected: str) -> None:
    assert cursor(marked, "ruby").expected == expected


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("f() {\n  ¦\n}\n", "block"),
        ("f() {¦\n}\n", "block"),
        ("function f {\n  ¦\n}\n", "block"),
        ("if [ $a ]; then¦\nfi\n", "block"),
        ("if [ $a ]; then\n  ¦\nfi\n", "block"),
        ("if [ $a ]; then\n  b\nelse\n  ¦\nfi\n", "block"),
        ("if [ $a ]; then¦\n  b\nfi\n", "nothing"),
        ("if [ $a ]¦\n", "line"),
        ("if [ $a ]¦\nthen\n  b\nfi\n", "nothing"),
        ("if [[ ¦ ]]; then\n  b\nfi\n", "line"),
        ("for a in b; do\n  ¦\ndone\n", "block"),
        ("for a in b; do\n  ¦\n  c\ndone\n", "line"),
        ("while read -r a; do¦\n", "block"),
        ("case $a in\n  b)\n    ¦\n    ;;\nesac\n", "block"),
        ("case $a in\n  b)¦\n    c\n    ;;\nesac\n", "nothing"),
        ("case $a in\n  b)\n    c\n    ;;\n  ¦\nesac\n", "line"),
        ("case $a in\n  b)\n    c\n    ;;¦\nesac\n", "nothing"),
        ("fi¦\n", "nothing"),
        ("for a in b; do\n  c\ndone¦\n", "nothing"),
        ('echo "a"¦\n', "nothing"),
        ("a |¦\n", "line"),
        ("a && ¦\n", "line"),
        ("a \\¦\n", "line"),
        ("a=$(¦)\n", "line"),
        ("a=¦\n", "line"),
        ("exit 1\n¦\n", "nothing"),
        ("f() {\n  return 1\n  ¦\n}\n", "nothing"),
        ("cat <<EOF\n¦\nEOF\n", "line"),
        ("ec¦ho a\n", "nothing"),
        ('echo "$a¦"\n', "line"),
        ("# be¦\n", "line"),
    ],
)
def test_bash(marked: str, expected: str) -> None:
    assert cursor(marked, "shellscript").expected == expected


@pytest.mark.parametrize(
    ("language", "marked", "scopes"),
    [
        ("java", "class A {\n    void f() {\n        ¦\n    }\n}\n", ["class A", "method f"]),
        ("go", "func (a *A) F() {\n\t¦\n}\n", ["method F"]),
        (
            "ruby",
            "module A\n  class B\n    def c\n      d\n      ¦\n    end\n  end\nend\n",
            ["module A", "class B", "method c"],
        ),
        ("rust", "impl A {\n    fn f() {\n        ¦\n    }\n}\n", ["impl A", "function f"]),
        ("typescript", "class A {\n  f() {\n    ¦\n  }\n}\n", ["class A", "method f"]),
        ("shellscript", "f() {\n  a\n  ¦\n}\n", ["function f"]),
        # What is open is broken: indentation says it.
        (
            "java",
            "class A {\n    void f() {\n        if (x {\n            ¦\n\nclass B {\n}\n",
            ["class A", "function f"],
        ),
        ("go", "func F() {\n\tx(\n\n\tif y {\n\t\t¦\n", ["function F"]),
    ],
)
def test_scopes(language: str, marked: str, scopes: list[str]) -> None:
    assert [f"{s.kind} {s.name}" for s in cursor(marked, language).scopes] == scopes


@pytest.mark.parametrize(
    ("language", "marked", "indent"),
    [
        ("go", "func f() {¦\n", "\t"),
        ("javascript", "function f() {¦\n", "  "),
        ("rust", "fn f() {¦\n", "    "),
        ("ruby", "def f\n¦\nend\n", "  "),
        ("java", "class A {\n  void f() {\n¦\n  }\n}\n", "    "),
        ("c", "void f() {\n    a();\n¦\n}\n", "    "),
    ],
)
def test_indentation(language: str, marked: str, indent: str) -> None:
    assert cursor(marked, language).indent == indent


@pytest.mark.parametrize("language", ["java", "go", "ruby", "shellscript", "typescriptreact"])
def test_without_a_tree_the_scan_decides(language: str) -> None:
    doc, offset = document("x = (\n  ¦\n", language)
    assert read_cursor(doc, offset, None).expected == "line"
    assert read_cursor(Document("k", "a", language, ""), 0, None).reason == "new_statement"
