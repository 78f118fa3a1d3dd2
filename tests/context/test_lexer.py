from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context import languages
from beadline.context.automaton import Automaton
from beadline.context.lexer import Lexer, Scanned, closers_behind, columns, scan, scan_on

PYTHON = languages.get("python")
SOUP = st.lists(
    st.sampled_from(
        [*"\"'`#/*-<!>()[]{}\\\n aRr$@%=;|", "<<", "EOF", "\nEOF\n", "${", "#{", '"""', 'R"(', "/*"]
    ),
    max_size=24,
).map("".join)


@pytest.mark.parametrize("language", [lang.id for lang in languages.known()])
@given(text=SOUP, data=st.data())
def test_the_scan_and_the_stream_are_one_automaton(language: str, text: str, data) -> None:
    # What a scan forgets of unclosed brackets rests on lines that a stream has not seen.
    lang = replace(languages.get(language), barrier="", statement_line="", blocks="none")
    whole = scan(text, lang)
    lexer = Lexer(lang, Scanned())
    for character in text:
        lexer.feed(character)
    assert lexer.stack == [bracket for bracket, _ in whole.stack]
    assert (lexer.string, lexer.comment) == (whole.string, whole.comment)
    assert whole.start <= whole.code_end <= len(text)
    for line in whole.lines:
        assert text[line.start : line.end].strip() and line.start < line.end


def test_logical_lines_span_brackets_strings_and_backslashes() -> None:
    text = 'x = (1,\n  2)  # two\n\ny = """a\nb"""\nz = 1 + \\\n  2\n  # only a comment\nw'
    scanned = scan(text, PYTHON)
    assert [text[a.start : a.end] for a in scanned.lines] == [
        "x = (1,\n  2)",
        'y = """a\nb"""',
        "z = 1 + \\\n  2",
    ]
    assert text[scanned.start :] == "w"


def test_an_unclosed_bracket_is_forgotten_at_a_statement() -> None:
    scanned = scan("x = foo(1,\ndef g():\n    return [", PYTHON)
    assert [b for b, _ in scanned.stack] == ["["]
    assert len(scanned.lines) == 2


def test_tabs_go_to_multiples_of_eight() -> None:
    assert [columns(blanks) for blanks in ("", "  ", "\t", "  \t", "\t ")] == [0, 2, 8, 8, 9]


@pytest.mark.parametrize(
    ("language", "text", "stack", "string"),
    [
        ("javascript", "`a ${b(`x ${y", "{({", ""),
        ("javascript", "`a ${b} c", "", "`"),
        ("javascript", "x = a / b / (c", "(", ""),
        ("javascript", "x = /a\"[/]b/g + '", "", "'"),
        ("javascript", 'return /["(]/.test(', "(", ""),
        ("javascript", "x;\n/a'(/", "", ""),
        ("javascript", "f(/* c", "(", "*/"),
        ("javascript", "</div> + '", "", "'"),
        ("python", 'f"{x', "{", ""),
        ("python", 'f"{{x', "", '"'),
        ("python", 'f"{x!r} y', "", '"'),
        ("python", 'f"{x\ny = [', "[", ""),
        ("python", "'f' \"{x", "", '"'),
        ("rust", "fn f<'a>(x: &'a str", "(", ""),
        ("rust", "x = '(' + (", "(", ""),
        ("rust", "'\\'' + (", "(", ""),
        ("rust", 'r#"a" b', "", '"#'),
        ("rust", 'r#"a"# (', "(", ""),
        ("rust", "/* a /* b */ c", "", "*/"),
        ("cpp", 'R"(a " b', "", ')"'),
        ("cpp", 'R"xy(a)" b)xy" + (', "(", ""),
        ("csharp", '@"a\\" + (', "(", ""),
        ("csharp", '@"a""b', "", '"'),
        ("csharp", '$"a {b(', "{(", ""),
        ("csharp", '$"a {{b(', "", '"'),
        ("csharp", '"""a "b" ', "", '"""'),
        ("shellscript", "echo ${#x} $# (", "(", ""),
        ("shellscript", "cat <<EOF\ndon't (\nEOF\n{ x", "{", ""),
        ("shellscript", "cat <<< 'x'\n(", "(", ""),
        ("shellscript", 'x="$(foo "a b" ', "(", ""),
        ("shellscript", "'\\' (", "(", ""),
        ("shellscript", "$'\\' (", "", "'"),
        ("php", "use A\\{B", "{", ""),
        ("php", "$x = <<<EOT\n it's\n EOT;\n(", "(", ""),
        ("ruby", '"a #{b("', "{(", '"'),
        ("ruby", "x = <<~SQL.strip\n it's\nSQL\n[", "[", ""),
        ("ruby", "// + [", "[", ""),
        ("go", "`a\\` + (", "(", ""),
        ("kotlin", '"""a ${b{c} ', "{", ""),
        ("swift", '"a \\(b(', "((", ""),
        ("html", "<!-- a'", "", "-->"),
    ],
)
def test_the_habits_of_every_language(language: str, text: str, stack: str, string: str) -> None:
    scanned = scan(text, languages.get(language))
    assert "".join(bracket for bracket, _ in scanned.stack) == stack
    assert scanned.string == string and not scanned.comment


@pytest.mark.parametrize(
    ("language", "before", "after", "closers"),
    [
        ("javascript", "f(`a ${b(", ")} (` + ')')", ")})"),
        ("javascript", "f(", "a, [b])", ")"),
        ("python", 'f(f"{a[', ']}(")', "]})"),
        ("shellscript", 'f "$(g', ') (" )', "))"),
    ],
)
def test_closers_behind_code_in_a_string(
    language: str, before: str, after: str, closers: str
) -> None:
    lang, text = languages.get(language), before + after
    scanned = scan(before, lang)
    found = closers_behind(text, lang, len(before), len(text), scanned)
    assert "".join(closer for closer, _ in found) == closers


LINES = st.lists(
    st.sampled_from(
        [
            "x = 1\n",
            "f(\n",
            ")\n",
            "def g():\n",
            "  return [\n",
            "pass\n",
            "\n",
            "  = 3\n",
            "@d\n",
            '"""\n',
            "'a\n",
            "y \\\n",
            "# c\n",
            "}",
            "é",
        ]
    ),
    max_size=14,
).map("".join)


FILLER = "x = 1\n" * 1000
"""Longer than the distance of two checkpoints."""


@pytest.mark.parametrize("language", ["python", "javascript", "ruby", "plaintext"])
@given(old=LINES, middle=LINES, rest=LINES, data=st.data())
def test_scanning_on_is_scanning_anew(
    language: str, old: str, middle: str, rest: str, data
) -> None:
    lang = languages.get(language)
    old += FILLER + rest
    same = data.draw(st.integers(0, len(old)))
    seen = data.draw(st.integers(0, len(old)))
    text = old[:same] + middle + rest
    end = data.draw(st.integers(0, len(text)))
    before = scan(old, lang, 0, seen)
    assert scan_on(text, lang, end, before, min(same, seen)) == scan(text, lang, 0, end)


@pytest.mark.parametrize("language", ["python", "go", "typescript"])
@given(typed=st.lists(LINES, min_size=1, max_size=8), start=LINES)
def test_scanning_on_from_key_to_key_is_scanning_anew(
    language: str, typed: list[str], start: str
) -> None:
    lang = languages.get(language)
    text = FILLER + start
    before = scan(text, lang)
    for piece in typed:
        same, text = len(text), text + piece
        before = scan_on(text, lang, len(text), before, same)
        assert before == scan(text, lang)


def test_what_a_line_in_a_bracket_means_is_seen_anew_with_the_next_line() -> None:
    text = FILLER + "f(\nreturn\n"
    before = scan(text, PYTHON)
    assert not before.stack  # a statement has begun: the bracket was never closed
    for more in ("=", "\n\n  = 1", "\nx"):
        assert scan_on(text + more, PYTHON, len(text + more), before, len(text)) == scan(
            text + more, PYTHON
        )


def test_scanning_on_begins_near_the_change(monkeypatch: pytest.MonkeyPatch) -> None:
    text = FILLER + "value = [1]\n" * 1000
    before = scan(text, PYTHON)
    taken: list[int] = []
    take = Automaton.take

    def counted(self: Automaton, text: str, at: int) -> str:
        taken.append(at)
        return take(self, text, at)

    monkeypatch.setattr(Automaton, "take", counted)
    scan_on(text + "x", PYTHON, len(text) + 1, before, len(text))
    assert min(taken, default=len(text)) > len(text) - 100
