"""The cache in a generation: what it says is where it is told to be, and is counted."""

from __future__ import annotations

import numpy as np
import pytest

from beadline.engine.cache_model.distribution import Scope
from beadline.engine.cache_model.guide import CacheGuide
from beadline.engine.cache_model.interpolation import TERMS, Weights
from beadline.engine.cache_model.ranges import Ranges
from beadline.engine.cache_model.scopes import Scopes
from beadline.engine.cache_model.sources import IndexSource, TextSource
from beadline.engine.protocol import Usage
from tests.engine.cache_model.by_hand import index_of

SIZE = 10
ENDS = np.array([0])
SURE = Weights({TERMS[0]: 0.0}, intercept=3.0)
FLAT = np.zeros(SIZE, dtype=np.float32)


def guide(context: list[int], weights: Weights = SURE, *, alone: bool = False) -> CacheGuide:
    buffer = TextSource(np.array([1, 2, 3, 4], dtype=np.uint32), Scope.BUFFER)
    repository = IndexSource(Ranges(index_of({"a.py": [4, 5, 6, 7], "b.py": [2, 3, 9]})))
    made = CacheGuide(Scopes([buffer, repository]), context, weights, ENDS, alone=alone)
    made.begin([8, 8])
    return made


def test_what_followed_before_becomes_likelier() -> None:
    made = guide([1, 2])
    assert int(made.adjust(FLAT).argmax()) == made.expected == 3
    made.append([3])
    assert int(made.adjust(FLAT).argmax()) == made.expected == 4
    made.append([4, 5])
    assert int(made.adjust(FLAT).argmax()) == made.expected == 6
    assert (FLAT == 0).all()


def test_where_nothing_is_known_the_model_is_as_it_was() -> None:
    made = guide([8])
    assert made.adjust(FLAT) is FLAT
    assert made.expected == -1


def test_without_weights_it_only_has_an_opinion() -> None:
    made = guide([1, 2], Weights())
    assert made.adjust(FLAT) is FLAT
    assert made.expected == 3


def test_alone_it_decides() -> None:
    model = FLAT.copy()
    model[8] = 50.0
    made = guide([1, 2], Weights(), alone=True)
    assert int(made.adjust(model).argmax()) == 3


def test_what_it_did_is_counted() -> None:
    made = guide([1, 2])
    assert made.counted(Usage()) == Usage()
    made.adjust(FLAT)
    made.append([3])
    made.adjust(FLAT)
    usage = made.counted(Usage())
    assert usage.cache_weight == pytest.approx(1 / (1 + np.exp(-3.0)))
    assert usage.cache_match == 2.5
    assert usage.cache_scope == "buffer"


def test_an_observation_says_what_the_author_wrote() -> None:
    made = guide([2, 3])  # `3` stands nowhere else
    seen = made.observe(FLAT, 9)
    assert seen.logprob == pytest.approx(-np.log(SIZE - 1))
    assert len(seen.terms) == len(TERMS)
    assert seen.counts == (
        (2, Scope.BUFFER, 1, 1, 0),
        (2, Scope.REPOSITORY, 1, 1, 1),
    )
    made.append([8])
    assert made.observe(FLAT, 1).counts == ()
