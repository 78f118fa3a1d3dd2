"""User text through the model's tokenizer: always data, never a special token."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.llama.native import CONTROL, UNKNOWN, USER_DEFINED, Model
from beadline.engine.llama.vocabulary import LlamaVocabulary

SPECIAL = ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|file_sep|>", "<|endoftext|>"]
PARTS = [*SPECIAL, "<|fim", "_prefix|>", "|>", "<", " ", "\n", "\t", "    ", "x = 1", "def f():"]
TEXTS = st.lists(st.sampled_from(PARTS) | st.text(max_size=5), max_size=8).map("".join)


def test_special_tokens_are_found_by_their_text(vocabulary: LlamaVocabulary) -> None:
    for piece in SPECIAL:
        token = vocabulary.special(piece)
        assert token is not None
        assert vocabulary.spell(token) == piece.encode()
    assert vocabulary.special("def") is None
    assert vocabulary.special("") is None
    assert vocabulary.special("<|endoftext|>") in vocabulary.eog


@given(text=TEXTS)
def test_text_comes_back_and_no_special_token_comes_out(
    vocabulary: LlamaVocabulary, model: Model, text: str
) -> None:
    ids = vocabulary.encode(text)
    assert b"".join(map(vocabulary.spell, ids)) == text.encode("utf-8")
    for token in ids:
        assert not model.attributes(token) & (CONTROL | USER_DEFINED | UNKNOWN)


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\r\n", "日本語", "🙂\u200d🙂", "\ufeff", ""])
def test_unusual_characters_come_back(vocabulary: LlamaVocabulary, text: str) -> None:
    ids = vocabulary.encode(text)
    assert b"".join(map(vocabulary.spell, ids)).decode() == text


def test_a_lone_surrogate_becomes_a_question_mark(vocabulary: LlamaVocabulary) -> None:
    ids = vocabulary.encode("a\ud800b")
    assert b"".join(map(vocabulary.spell, ids)) == b"a?b"
