"""Chunks: whole lines along the syntax, and every line is accounted for."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beadline.context.retrieval.chunks import (
    LONG_LINE,
    LONGEST_LINE,
    MAX_CHARS,
    MAX_LINES,
    SECRET,
    Chunker,
    Chunks,
)
from beadline.context.types import Document

FUNCTION = '''# about {name}
@decorated
def {name}(argument):
    """What it does."""
    first = argument + 1

    second = first * 2
    return second
'''


def cut(text: str, language: str = "python") -> Chunks:
    return Chunker().cut(Document("/w/a", "a", language, text))


def texts(text: str, language: str = "python") -> list[str]:
    return [chunk.text for chunk in cut(text, language).chunks]


CODE = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "",
                "  ",
                "\t",
                "}",
                "    end",
                "def f(x):",
                "    return x",
                "class A:",
                "    x = [",
                "        1,",
                "    ]",
                'text = """',
                '"""',
                "if (a) {",
                "# word",
                "@decorated",
                "x" * (LONGEST_LINE + 1),
                'password = "hunter2hunter2"',
                "é = 'ü' # 変",
            ]
        ),
        st.text(st.characters(exclude_characters="\r\n"), max_size=60),
    ),
    max_size=70,
).map("\n".join)


@given(CODE, st.sampled_from(["python", "typescript", "go", "ruby", "yaml", "plaintext"]))
@example("", "python")
@example("\n\n", "yaml")
@example("x = 1", "python")
def test_chunks_are_whole_lines_in_order_and_cover_the_text(text: str, language: str):
    made = cut(text, language)
    spans = sorted(
        [(c.start, c.end) for c in made.chunks] + [(o.start, o.end) for o in made.omitted]
    )
    end = 0
    for start, stop in spans:
        assert not text[end:start].strip(), "a line that is in no chunk"
        assert start == 0 or text[start - 1] == "\n"
        assert stop == len(text) or text[stop] == "\n"
        assert start < stop
        end = stop
    assert not text[end:].strip()
    for chunk in made.chunks:
        assert text[chunk.start : chunk.end] == chunk.text
        lines = chunk.text.split("\n")
        assert lines[0].strip() and lines[-1].strip()
        assert len(lines) <= MAX_LINES
        assert len(chunk.text) <= MAX_CHARS or len(lines) == 1
    assert [c.start for c in made.chunks] == sorted(c.start for c in made.chunks)
    assert {o.reason for o in made.omitted} <= {LONG_LINE, SECRET}


def test_definitions_stay_whole_with_what_is_written_above_them():
    text = "\n".join(FUNCTION.format(name=f"function_{i}") for i in range(12))
    made = texts(text)
    assert len(made) > 3
    for chunk in made:
        assert chunk.startswith("# about") and chunk.endswith("return second")


@pytest.mark.parametrize(
    ("language", "function"),
    [
        ("go", "// about\nfunc f%d(a int) int {\n\tb := a\n\n\treturn b\n}\n"),
        ("rust", "/// about\nfn f%d(a: u8) -> u8 {\n    let b = a;\n\n    b\n}\n"),
        ("typescript", "/** about */\nfunction f%d(a: number) {\n  let b = a;\n\n  return b;\n}\n"),
        ("ruby", "# about\ndef f%d(a)\n  b = a\n\n  b\nend\n"),
        ("shellscript", "# about\nf%d() {\n  local b=1\n\n  echo $b\n}\n"),
    ],
)  # fmt: skip
def test_functions_of_other_languages_stay_whole(language: str, function: str):
    made = texts("\n".join(function % i for i in range(20)), language)
    assert len(made) > 3
    for chunk in made:
        assert chunk.split("\n")[0].strip("/*# ") == "about"
        assert chunk.split("\n")[-1] in ("}", "end")


def test_a_large_class_is_cut_between_its_methods():
    method = "    def method_{i}(self):\n" + "        self.call()\n" * 5
    text = "class Large:\n" + "\n".join(method.format(i=i) for i in range(10))
    for chunk in texts(text):
        assert chunk.startswith(("class", "    def"))


def test_without_a_grammar_paragraphs_stay_whole():
    text = "\n\n".join("\n".join(f"key{i}{j}: value" for j in range(6)) for i in range(8))
    for chunk in texts(text, "yaml"):
        assert chunk.count("\n\n") * 7 + 6 == len(chunk.split("\n"))


def test_code_that_does_not_parse_is_cut_all_the_same():
    text = "\n".join(FUNCTION.format(name=f"f{i}") for i in range(4)) + "\n)]} def (:\n"
    assert "".join(texts(text)).replace("\n", "").endswith(")]} def (:")


def test_a_secret_leaves_its_chunk_out_and_no_other():
    keep = "\n".join(f"setting_{i} = {i}" for i in range(60))
    made = cut(f'{keep}\nAPI_KEY = "f3b1c2d4e5a697887766"\n{keep}\n')
    assert [o.reason for o in made.omitted] == [SECRET]
    assert "f3b1c2d4e5a697887766" not in "".join(c.text for c in made.chunks)
    assert len(made.chunks) >= 5


def test_every_chunk_of_a_long_key_is_left_out():
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "\n".join("A" * 64 for _ in range(100))
    made = cut(f"a = 1\nKEY = '''{key}\n-----END RSA PRIVATE KEY-----'''\n" + "b = 2\n" * 40)
    assert "AAAA" not in "".join(c.text for c in made.chunks)
    assert made.chunks[-1].text.endswith("b = 2")
