"""Samples end where their middles do, and the middle alone is learned."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.fim.detect import detect
from beadline.engine.fim.families import load
from beadline.engine.protocol import FimRequest, Layout
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.samples.drawn import Drawn
from beadline.trainer.samples.options import ALL
from beadline.trainer.samples.requests import plain
from beadline.trainer.samples.tokens import IGNORED, Encoder, Sample, plain_form
from beadline.trainer.tokenizer import MIDDLE, PREFIX, SUFFIX, TokenizerVocabulary
from beadline.trainer.vocabulary import end_of
from tests.engine.fim.toy import ToyVocabulary
from tests.examples import examples
from tests.trainer.samples import kit


class Toy(ToyVocabulary):
    """One token a byte, with the prompt form of a family."""

    def __init__(self, name: str, **more) -> None:
        table = load(None)
        super().__init__(table.table[name], **more)
        self.form = detect(self, table, family=name)
        self.end = end_of(self.form, self)
        self.text_tokens = list(range(256))

    def text(self, ids) -> str:
        return b"".join(map(self.spell, ids)).decode()


def drawn(prefix: str, middle: str, suffix: str, **more) -> Drawn:
    file = CorpusFile.of("pkg/a.py", "python", prefix + middle + suffix, "repo")
    request = FimRequest(prefix, suffix, path=file.path, repo=file.repo, max_tokens=96, **more)
    return Drawn(file, "node", request, middle, 0, len(file.text))


def learned(sample: Sample) -> list[int]:
    return sample.labels[sample.labels != IGNORED].tolist()


def test_samples_are_prompts_with_their_middle_and_an_end(tokenizer, texts):
    vocabulary = TokenizerVocabulary(tokenizer)
    stream = kit.stream(texts[2:], tokenizer, kit.options(left_to_right=0.0, healing=False))
    for k in range(80):
        made = stream.draw(k)
        sample = stream.encoder.encode(made)
        prompt = stream.encoder.prompt(made)
        ids = sample.ids.tolist()
        assert len(ids) <= 512
        assert tuple(ids[: len(prompt.tokens)]) == prompt.tokens
        answer = learned(sample)
        assert answer == ids[len(prompt.tokens) :]
        whole = answer[-1] == vocabulary.end
        text = b"".join(map(vocabulary.spell, answer[:-1] if whole else answer))
        if whole:
            assert text.decode() == made.middle
        else:  # what was cut for length has not ended
            assert len(ids) == 512
            assert made.middle.encode().startswith(text)
        counts = [ids.count(vocabulary.special(piece)) for piece in (PREFIX, SUFFIX, MIDDLE)]
        assert counts == [1, 1, 1]


def test_a_half_typed_word_is_spelled_by_the_middle(tokenizer, texts):
    vocabulary = TokenizerVocabulary(tokenizer)
    encoder = Encoder(vocabulary, kit.SMALL)
    made = drawn("def f(x):\n    retu", "rn x", "\n")
    prompt = encoder.prompt(made)
    assert prompt.typed
    answer = learned(encoder.encode(made))
    text = b"".join(map(vocabulary.spell, answer[:-1]))
    assert text == prompt.typed + b"rn x"
    # As the tokenizer writes the whole word.
    assert answer[:-1] == vocabulary.encode(text.decode())


@given(seed=st.integers(0, 10**6))
@examples(60)
def test_healed_or_not_the_sample_spells_the_text(tokenizer, texts, seed):
    vocabulary = TokenizerVocabulary(tokenizer)
    stream = kit.stream(texts[2:], tokenizer, kit.options(left_to_right=0.0), seed=seed)
    made = stream.draw(seed)
    prompt, sample = stream.encoder.prompt(made), stream.encoder.encode(made)
    answer = learned(sample)
    if answer[-1] == vocabulary.end:
        text = b"".join(map(vocabulary.spell, answer[:-1]))
        assert text == prompt.typed + made.middle.encode()
        assert made.request.prefix.encode().endswith(prompt.typed)


def test_a_nothing_ends_at_once(tokenizer):
    vocabulary = TokenizerVocabulary(tokenizer)
    encoder = Encoder(vocabulary, kit.options(healing=False))
    assert learned(encoder.encode(drawn("x = 1", "", "\ny = 2\n"))) == [vocabulary.end]


def test_the_loss_may_be_on_all_tokens_but_the_first(tokenizer, texts):
    stream = kit.stream(texts[2:], tokenizer, kit.options(loss=ALL))
    for k in range(20):
        sample = stream.sample(k)
        assert sample.labels[0] == IGNORED
        assert np.array_equal(sample.labels[1:], sample.ids[1:])


@pytest.mark.slow
def test_plain_text_is_learned_behind_its_header(tokenizer, texts):
    vocabulary = TokenizerVocabulary(tokenizer)
    encoder = Encoder(vocabulary, kit.SMALL)
    ended = 0
    for seed in range(200):
        made = plain(kit.corpus(texts)[2], kit.SMALL, random.Random(seed))
        sample = encoder.encode(made)
        assert sample.is_plain
        assert MIDDLE not in encoder.text(made)
        assert encoder.text(made).startswith("<|repo_name|>repo\n<|file_sep|>pkg/m2.py\n")
        answer = learned(sample)
        if answer[-1] == vocabulary.end:
            assert made.end == len(made.file.text)
            ended += 1
            answer = answer[:-1]
        text = b"".join(map(vocabulary.spell, answer)).decode("utf-8", "ignore")
        assert text in made.request.prefix
        assert len(sample) <= 512
    assert 0 < ended < 200


@pytest.mark.parametrize("name", ["qwen2.5-coder", "starcoder2", "deepseek-coder", "codellama"])
def test_plain_text_of_any_family_has_no_tokens_of_holes(name):
    toy = Toy(name)
    encoder = Encoder(toy, kit.options(healing=False))
    file = CorpusFile.of("pkg/a.py", "python", "x = 1\ny = 2\n", "repo")
    made = plain(file, kit.SMALL, random.Random(1))
    sample = encoder.encode(made)
    assert sample.ids[-1] == toy.end
    holes = {toy.form.ids[role] for role in ("PRE", "SUF", "MID")}
    assert not holes & set(sample.ids.tolist())
    text = toy.text(learned(sample)[:-1])
    # Without a header in front of it nothing predicts the first token.
    assert made.request.prefix in (text, made.request.prefix[0] + text)
    assert plain_form(toy.form).layout is Layout.LEFT_TO_RIGHT


@pytest.mark.parametrize("name", ["qwen2.5-coder", "starcoder", "deepseek-coder", "mellum"])
def test_a_hole_has_the_form_in_which_its_family_is_served(name):
    toy = Toy(name)
    encoder = Encoder(toy, kit.options(healing=False))
    made = drawn("a = 1\nb = ", "2", "\nc = 3\n", anchor=6)
    assert encoder.text(made).startswith(encoder.prompt(made).text + "2")
    assert encoder.prompt(made).layout == toy.form.layout
    assert learned(encoder.encode(made))[-1] == toy.end


def test_text_that_looks_like_a_token_is_none(tokenizer):
    vocabulary = TokenizerVocabulary(tokenizer)
    encoder = Encoder(vocabulary, kit.options(healing=False))
    sample = encoder.encode(drawn(f"x = '{MIDDLE}", f"{SUFFIX}", f"{PREFIX}'\n"))
    for piece in (PREFIX, SUFFIX, MIDDLE):
        assert sample.ids.tolist().count(vocabulary.special(piece)) == 1


@given(at=st.integers(0, 12))
def test_both_parts_of_a_cut_text_are_samples(at: int):
    ids = np.arange(12, dtype=np.int32)
    labels = ids.copy()
    labels[:3] = IGNORED
    first, second = Sample(ids, labels, "left_to_right", True).cut(at)
    assert [*first.ids, *second.ids] == ids.tolist()
    assert first.is_plain
    assert second.is_plain
    for part in (first, second):
        assert len(part) == 0 or part.labels[0] == IGNORED
    assert np.array_equal(second.labels[1:], labels[at + 1 :])
