from __future__ import annotations

import pytest

from .marked import tree

# Each mark is taken out and its place asked for: ¦ string, § comment, ^ code.
CASES = [
    ("python", "x^ = ^'¦a¦'^ + 1"),
    ("python", "x = f'¦a {^b^} {^c!r:>10^}¦'^"),
    ("python", 'def f():\n    """¦doc¦"""^\n'),
    ("python", "x = 1  #§ a§\n^y = 2"),
    ("python", "x = 'a¦\n^y = 2\n"),
    ("python", 'x = """a\n¦'),
    ("python", "#§"),
    ("javascript", "const x = ^`¦a ${^b + `¦c ${^d^}¦`^} e¦`^;"),
    ("javascript", "const x = a^ / b^ / c;"),
    ("javascript", "const x = /¦a[/]b¦/g^.test('¦it\\'s¦');"),
    ("javascript", "f(^/*§ a §*/^ b); //§ c§\n^g();"),
    ("javascript", "const x = `a ${b} ¦"),
    ("javascript", "const x = 'a¦\n^const y = 1;\n"),
    ("javascript", "f(/* a§\n§"),
    ("javascriptreact", "const x = <p^ a=^'¦b¦'^>¦It's {^c^} /¦/ d¦</p>;"),
    ("typescript", "type K = ^`¦a-${^string^}¦`^;"),
    ("typescriptreact", "const x = <p>¦Don't¦</p>;\nconst y^ = 1;"),
    ("java", 'class A { String s = ^"¦a\\"¦"^ + ^\'¦a¦\'^; } //§'),
    ("java", "/** §a §*/^ class A {}"),
    ("go", 'package a\nvar x = ^`¦a\\¦`^ + ^"¦b¦"^\n'),
    ("rust", "fn f<^'^a^>(x: &^'^a^ str) -> char { ^'¦b¦'^ }"),
    ("rust", 'fn f() { let x = ^r#"¦a "b" ¦"#^; } //§ c§\n^'),
    ("rust", "/* a /* b */ §c */^ fn f() {}\n/// §d§\n^fn g() {}\n"),
    ("c", "char *s = ^\"¦a\\\\¦\"^; char c = ^'¦\\''^; /*§*/^\n"),
    ("c", '#define A ^"¦b¦"^ //§\n'),
    ("c", "#include ^<¦a.h¦>^\n"),
    ("cpp", 'auto s = ^R"x(¦a )" ¦)x"^;\n'),
    ("csharp", 'class A { string s = ^@"¦a\\""b¦"^ + ^$"¦a {^b^} {{¦"^; }'),
    ("csharp", 'class A { string s = ^"""¦a "b" ¦"""^; }'),
    ("ruby", "x = ^\"¦a #{^b^} ¦\"^ + ^'¦c #{¦d}'^ #§ e§\n^"),
    ("ruby", "x = <<~SQL\n  ¦it's #{^a^} b¦\nSQL\n^y = %w[¦a b¦]^ + [:a^]\n"),
    ("ruby", 'x =~ ^/¦a"b¦/i^\n'),
    ("php", "¦<p>It's</p>\n<?php^ $x = ^'¦a $b¦'^ . ^\"¦a $b^c {$^d^->e} ¦\"^; //§\n"),
    ("php", "<?php\n$x = <<<EOT\n¦it's $a\nEOT;\n^$y = 1; #§ b§\n"),
    ("shellscript", 'x=^"¦a $(^b ^"¦c¦"^) ${^d} ¦"^ y=^\'¦e\\¦\'^ #§ f§\n^'),
    ("shellscript", "cat <<EOF\n¦don't¦\nEOF\n^echo ${#^x} a#^b\n"),
]


@pytest.mark.parametrize(("language", "marked"), CASES)
def test_strings_and_comments_are_told_from_code(language: str, marked: str) -> None:
    text = "".join(c for c in marked if c not in "¦§^")
    found, offset = tree(text, language), 0
    for character in marked:
        if character not in "¦§^":
            offset += 1
            continue
        place = f"{text[:offset]}¦{text[offset:]}"
        assert found.in_string(offset) == (character == "¦"), place
        assert found.in_comment(offset) == (character == "§"), place
