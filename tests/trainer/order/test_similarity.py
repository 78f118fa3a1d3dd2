"""Files that say the same, lie together and use each other come together."""

from __future__ import annotations

import itertools
import random

import numpy as np

from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.order.similarity import k_means, similar_together, with_neighbours

TOPICS = {
    "net": "socket connect packet address listen",
    "math": "matrix vector transpose determinant eigen",
    "text": "paragraph sentence hyphenate justify column",
}


def files() -> list[CorpusFile]:
    made: list[CorpusFile] = []
    for topic, words in TOPICS.items():
        for number in range(12):
            rng = random.Random(f"{topic}{number}")
            body = " ".join(rng.choices(words.split(), k=40))
            made.append(CorpusFile.of(f"{topic}/{number}.py", "python", body))
    return sorted(made, key=lambda file: file.path)


def switches(paths: list[str]) -> int:
    topics = [path.partition("/")[0] for path in paths]
    return sum(one != two for one, two in itertools.pairwise(topics))


def test_a_topic_stays_together_and_the_seed_draws_the_order():
    given = files()
    uses = {file.path: {} for file in given}
    paths = similar_together(given, uses, random.Random(1))
    assert sorted(paths) == [file.path for file in given]
    assert switches(paths) <= 8  # at random about 23
    assert paths == similar_together(given, uses, random.Random(1))
    assert paths != similar_together(given, uses, random.Random(2))


def test_what_uses_each_other_is_nearer():
    given = files()[:3]
    own = np.eye(3, dtype=np.float32)
    none = {file.path: {} for file in given}
    assert np.array_equal(with_neighbours(own, given, none), own)
    uses = none | {given[0].path: {given[1].path: 2.0, "gone.py": 1.0}}
    mixed = with_neighbours(own, given, uses)
    assert mixed[0] @ mixed[1] > 0.3
    assert mixed[0] @ mixed[2] == mixed[1] @ mixed[2] == 0


def test_k_means_finds_what_lies_apart():
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]], dtype=np.float32)
    points = np.concatenate([c + rng.normal(0, 0.1, (20, 2)) for c in centres]).astype(np.float32)
    groups = k_means(points, 3, random.Random(4))
    assert [len(set(groups[start : start + 20].tolist())) for start in (0, 20, 40)] == [1, 1, 1]
    assert len(set(groups.tolist())) == 3


def test_equal_files_and_none():
    same = [CorpusFile.of(f"{n}.py", "python", "x = 1\n") for n in range(30)]
    paths = similar_together(same, {file.path: {} for file in same}, random.Random(0))
    assert sorted(paths) == sorted(file.path for file in same)
    assert similar_together([], {}, random.Random(0)) == []
