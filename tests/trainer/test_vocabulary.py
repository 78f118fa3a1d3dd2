"""Which token ends a middle."""

from __future__ import annotations

import pytest

from beadline.engine.fim.detect import detect
from beadline.engine.fim.families import FALLBACK, load
from beadline.errors import ModelError
from beadline.trainer.tokenizer import SPECIAL, TokenizerVocabulary
from beadline.trainer.vocabulary import end_of
from tests.engine.fim.toy import ToyVocabulary

FAMILIES = load(None)


def toy(name: str) -> ToyVocabulary:
    return ToyVocabulary(FAMILIES.table[name])


@pytest.mark.parametrize(
    ("family", "end"),
    [
        ("qwen2.5-coder", "<|endoftext|>"),
        ("starcoder2", "<|endoftext|>"),
        ("deepseek-coder", "<｜end▁of▁sentence｜>"),
        ("codellama", "▁<EOT>"),
        ("aixcoder", "</s>"),
    ],
)
def test_a_middle_ends_as_its_family_ends_it(family, end):
    vocabulary = toy(family)
    form = detect(vocabulary, FAMILIES, family=family)
    assert end_of(form, vocabulary) == vocabulary.special(end)


def test_a_family_without_stops_ends_as_the_model_does():
    vocabulary = toy(FALLBACK)
    form = detect(vocabulary, FAMILIES, family=FALLBACK)
    with pytest.raises(ModelError, match="ends a text"):
        end_of(form, vocabulary)
    vocabulary.eog = frozenset({7, 9})
    assert end_of(form, vocabulary) == 7


def test_the_built_in_models_end_is_the_one_it_was_trained_with(tokenizer):
    vocabulary = TokenizerVocabulary(tokenizer)
    assert end_of(vocabulary.form, vocabulary) == vocabulary.end
    special = {vocabulary.special(piece) for piece in SPECIAL}
    assert not special & set(vocabulary.text_tokens)
    assert len(vocabulary.text_tokens) == vocabulary.size - len(SPECIAL)
