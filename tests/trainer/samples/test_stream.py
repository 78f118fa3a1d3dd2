"""Sample k is the same whatever was drawn before."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.errors import InputError
from beadline.trainer.samples.stream import SampleStream
from beadline.trainer.samples.tokens import Sample
from beadline.trainer.tokenizer import TokenizerVocabulary
from tests.examples import examples
from tests.trainer.samples import kit

TEXTS = [
    "import os\n\n\ndef f(a):\n    '''Doc.'''\n    if a:\n        return os.x\n    return a\n" * 8,
    "class A:\n    def m(self, x, y=2):\n        self.x = [x, y]\n        return self.x\n" * 20,
    "é = {'ü': '你好'}\nfor i in range(10):\n    print(i, é)\n" * 12,
]


def same(one: Sample, other: Sample) -> bool:
    return (
        one.kind == other.kind
        and np.array_equal(one.ids, other.ids)
        and np.array_equal(one.labels, other.labels)
    )


@given(
    k=st.integers(0, 400), before=st.lists(st.integers(0, 400), max_size=8),
    pool=st.integers(0, 9),
)  # fmt: skip
@examples(60)
def test_a_sample_does_not_depend_on_what_was_drawn_before(tokenizer, k, before, pool):
    options = kit.options(pool_samples=pool)
    used = kit.stream(TEXTS, tokenizer, options)
    for other in before:
        used.sample(other)
    assert same(used.sample(k), kit.stream(TEXTS, tokenizer, options).sample(k))


def test_a_batch_is_its_samples_in_order(tokenizer):
    stream = kit.stream(TEXTS, tokenizer)
    numbers = [5, 90, 0, 17, 5, 3]
    fresh = kit.stream(TEXTS, tokenizer)
    for one, k in zip(stream.batch(numbers), numbers, strict=True):
        assert same(one, fresh.sample(k))
    assert stream.batch([]) == []


@pytest.mark.parametrize("pool", [0, 4])
def test_an_epoch_draws_from_every_file_in_proportion(tokenizer, pool):
    options = kit.options(chars_per_sample=100, pool_samples=pool)
    stream = kit.stream(TEXTS, tokenizer, options)
    total = stream.samples_per_epoch
    for epoch in range(2):
        drawn = [stream.draw(k) for k in range(epoch * total, (epoch + 1) * total)]
        for number, text in enumerate(TEXTS):
            count = sum(d.file.path == f"pkg/m{number}.py" for d in drawn)
            assert count == 1 + len(text) // 100


def test_epochs_differ_and_so_do_seeds(tokenizer):
    options = kit.options(chars_per_sample=30)
    stream = kit.stream(TEXTS, tokenizer, options)
    total = stream.samples_per_epoch
    made = (stream, 0), (stream, total), (kit.stream(TEXTS, tokenizer, options, seed=2), 0)
    places = [
        {(d.file.path, d.start, d.request.prefix) for d in map(each.draw, range(low, low + total))}
        for each, low in made
    ]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert len(places[one] & places[other]) < 0.5 * total


def test_a_small_pool_keeps_neighbours_near_each_other(tokenizer):
    def distance(pool: int) -> float:
        options = kit.options(chars_per_sample=50, pool_samples=pool)
        stream = kit.stream(TEXTS, tokenizer, options)
        files = [stream.draw(k).file.path for k in range(stream.samples_per_epoch)]
        return sum(a != b for a, b in pairwise(files))

    assert distance(4) < 0.5 * distance(0)


def test_the_shares_are_those_of_the_options(tokenizer):
    stream = kit.stream(TEXTS, tokenizer, kit.options(left_to_right=0.3))
    plain = sum(stream.draw(k).is_plain for k in range(600)) / 600
    assert math.isclose(plain, 0.3, abs_tol=0.08)


def test_nothing_to_draw_from_is_told(tokenizer):
    with pytest.raises(InputError, match="no text"):
        SampleStream(kit.corpus(["", " \n"]), TokenizerVocabulary(tokenizer), kit.SMALL, 1)
