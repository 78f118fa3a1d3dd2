"""HF ids == llama.cpp ids, and a tokenizer survives the way through a GGUF."""

from __future__ import annotations

import random
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.engine import models
from beadline.trainer.tokenizer import (
    SPECIAL,
    TokenizerVocabulary,
    byte_alphabet,
    tokenizer_from_gguf,
)
from tests.examples import examples

PIECES = [
    "\t", "\t\t", "    ", "  ", " ", "\r\n", "\r", "\x0c", "变量", "你好，世界", "データ", "한국어",
    "🙂", "👩‍👩‍👧", "é", "e\u0301", "ß", "ſ", "İ", "1", "42", "3.1415", "0xFF", "1_000", "١٢", "½",
    "don't", "I'LL", "it's", "x", "self.", "foo_bar", "->", "!=", "**", "...", "# ", '"""', "\\n",
    "\u00a0", "\u2028", "\u3000", "\ufeff", *SPECIAL, "<|fim_", "|>",
]  # fmt: skip


def lines() -> list[str]:
    """10,000 lines: real code, and compositions of everything that is awkward."""
    library = Path(sysconfig.get_path("stdlib"))
    real: list[str] = []
    for path in sorted(library.glob("*.py")):
        real += path.read_text("utf-8", "replace").split("\n")
    rng = random.Random(7)
    mixed = [
        "".join(rng.choices(PIECES, k=rng.randint(1, 12))) + " " * rng.choice([0, 0, 1, 3])
        for _ in range(4000)
    ]
    return [*rng.sample(real, 6000), *mixed]


@pytest.fixture(scope="module")
def llama():
    import llama_cpp

    return llama_cpp.Llama(str(models.resolve("builtin")), vocab_only=True, verbose=False)


@pytest.fixture(scope="module")
def vocabulary() -> TokenizerVocabulary:
    return TokenizerVocabulary(tokenizer_from_gguf(models.resolve("builtin")))


@pytest.mark.slow
def test_ids_equal_llama_cpp_on_ten_thousand_lines(llama, vocabulary):
    sample = lines()
    assert len(sample) == 10_000
    for line in sample:
        expected = []
        for part in cut(line):
            expected += llama.tokenize(part.encode(), add_bos=False, special=False)
        assert vocabulary.encode(line) == expected, repr(line)
        assert b"".join(map(vocabulary.spell, expected)) == line.encode()


def cut(text: str) -> list[str]:
    """As the renderer cuts: after the first character of every special text."""
    cuts = sorted(
        {at + 1 for piece in SPECIAL for at in range(len(text)) if text.startswith(piece, at)}
    )
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@given(st.text(max_size=60))
@examples(300)
def test_any_text_round_trips_and_gives_no_special_token(vocabulary, text):
    ids = vocabulary.encode(text)
    assert b"".join(map(vocabulary.spell, ids)) == text.encode("utf-8", "replace")
    assert not {vocabulary.special(piece) for piece in SPECIAL} & set(ids)


def test_byte_alphabet_is_a_bijection():
    assert len(byte_alphabet()) == len(set(byte_alphabet().values())) == 256
