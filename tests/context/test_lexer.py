from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context import languages
from beadline.context.lexer import Lexer, Scanned, columns, scan, scan_on

PYTHON = languages.get("python")
SOUP = st.text(st.sampled_from(list("\"'`#/*-<!>()[]{}\\\n a")), max_size=30)


@pytest.mark.parametrize("language", [lang.id for lang in languages.known()])
@given(text=SOUP, data=st.data())
def test_the_scan_and_the_stream_are_one_automaton(language: str, text: str, data) -> None:
    lang = languages.get(language)
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


@pytest.mark.parametrize("language", ["python", "javascript", "plaintext"])
@given(old=LINES, middle=LINES, rest=LINES, data=st.data())
def test_scanning_on_is_scanning_anew(
    language: str, old: str, middle: str, rest: str, data
) -> None:
    lang = languages.get(language)
    same = data.draw(st.integers(0, len(old)))
    seen = data.draw(st.integers(0, len(old)))
    text = old[:same] + middle + rest
    end = data.draw(st.integers(0, len(text)))
    before = scan(old, lang, 0, seen)
    assert scan_on(text, lang, end, before, min(same, seen)) == scan(text, lang, 0, end)
