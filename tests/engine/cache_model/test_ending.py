"""Where the cache expects what stands behind the cursor, the middle is over."""

from __future__ import annotations

import math

import numpy as np
import pytest

from beadline.engine.cache_model import ending
from beadline.engine.cache_model.distribution import Backoff, Counts, Scope, mix
from beadline.engine.cache_model.ending import INTERCEPT, MOST_ODDS, TERMS, Behind, Openings
from beadline.engine.cache_model.guide import CacheGuide
from beadline.engine.cache_model.interpolation import Weights
from beadline.engine.cache_model.scopes import Scopes
from beadline.engine.cache_model.sources import TextSource
from beadline.engine.cache_model.weights import values_of, weights_from

TEXTS = [b"", b"a", b"(", b")", b"):\n", b"\n", b"\n    ", b"b"]
ENDS = np.array([0])
FLAT = np.zeros(len(TEXTS), dtype=np.float32)
SURE = {"log_match": 0.0}
WEIGHTS = {INTERCEPT: -2.0, "model": 1.0, "same": 6.0, "other": -3.0}


def behind(suffix: str) -> Behind:
    return Behind(suffix, Openings(TEXTS.__getitem__))


def end_of(suffix: str, known: list[int], weights: Weights, *, alone: bool = False) -> float:
    """Probability of an end behind the first token of `known`."""
    source = TextSource(np.array(known, dtype=np.uint32), Scope.BUFFER)
    guide = CacheGuide(
        Scopes([source]), known[:1], weights, ENDS, behind=behind(suffix), alone=alone
    )
    guide.begin([])
    logits = guide.adjust(FLAT).astype(np.float64)
    return float(np.exp(logits[0] - np.logaddexp.reduce(logits)))


@pytest.mark.parametrize(
    ("suffix", "begins", "breaks"),
    [
        (")", {3, 4}, set()),
        ("):\n    x", {3, 4}, set()),
        ("\n    b", {5, 6}, {5, 6}),
        ("\n\nb", {5}, {5, 6}),
        ("", set(), set()),
    ],
)
def test_what_may_stand_behind(suffix: str, begins: set[int], breaks: set[int]) -> None:
    made = behind(suffix)
    assert {token for token in range(len(TEXTS)) if made.begins(token)} == begins
    assert {token for token in range(len(TEXTS)) if made.breaks(token)} == breaks


@pytest.mark.parametrize("suffix", [")", "\n    b", "x", ""])
def test_no_token_of_a_kind_is_passed_over(suffix: str) -> None:
    made, tokens = behind(suffix), dict.fromkeys(range(len(TEXTS)), 0)
    of_a_kind = {token for token in tokens if made.kind(token)}
    for _ in range(2):  # the second time they are known
        assert of_a_kind <= set(made.alike(tokens.keys()))


def test_what_tells_an_end_has_its_names() -> None:
    mixture = mix([Counts(4, Scope.BUFFER, {5: 2, 6: 1, 1: 1})], Backoff())
    assert mixture is not None
    named = dict(zip(TERMS, ending.terms(mixture, 1.5, behind("\n\nb")), strict=True))
    assert named["model"] == 1.5
    assert named["same"] == pytest.approx(mixture.mass[5])
    assert named["line"] == pytest.approx(mixture.mass[6])
    assert named["other"] == pytest.approx(mixture.mass[1])
    assert named["other_match"] == pytest.approx(mixture.mass[1] * math.log(4))


def test_the_models_odds() -> None:
    logits = np.log(np.array([0.2, 0.5, 0.3], dtype=np.float32))
    assert ending.odds_of(logits, ENDS, math.log(0.8)) == pytest.approx(math.log(0.25), rel=1e-4)
    logits[0] = -np.inf
    assert ending.odds_of(logits, ENDS, math.log(0.8)) == -math.inf
    assert ending.odds_of(logits, ENDS[:0], 0.0) == -math.inf


def test_an_end_is_likelier_where_the_suffix_is_expected() -> None:
    weights = Weights(SURE, ending=WEIGHTS)
    before = 1 / len(TEXTS)
    assert end_of(")", [1, 3], weights) > before > end_of(")", [1, 7], weights)


def test_without_weights_an_end_is_the_models_word() -> None:
    assert end_of(")", [1, 3], Weights(SURE)) == pytest.approx(1 / len(TEXTS), rel=1e-4)
    assert end_of(")", [1, 3], Weights(SURE), alone=True) == 0.0


def test_alone_the_cache_ends_what_is_over() -> None:
    weights = Weights(ending_alone=WEIGHTS)
    assert end_of(")", [1, 3], weights, alone=True) > 0.5 > end_of(")", [1, 7], weights, alone=True)


def test_nothing_is_made_impossible() -> None:
    extreme: dict[str, float] = dict.fromkeys(TERMS, 100.0)
    values = tuple([1.0] * len(TERMS))
    assert ending.weighed(extreme, values) == MOST_ODDS
    assert ending.weighed({name: -100.0 for name in TERMS}, values) == -MOST_ODDS


def test_weights_of_an_end_are_kept() -> None:
    weights = Weights(SURE, ending=WEIGHTS, ending_alone={INTERCEPT: 1.0})
    assert weights_from(values_of(weights)) == weights
    with pytest.raises(ValueError, match="terms that there are not"):
        weights_from({**values_of(weights), "ending": {"colour": 1.0}})


def test_an_end_that_is_barred_stays_barred() -> None:
    source = TextSource(np.array([1, 3], dtype=np.uint32), Scope.BUFFER)
    logits = FLAT.copy()
    logits[0] = -np.inf
    for alone in (False, True):
        weights = Weights(SURE, ending=WEIGHTS, ending_alone=WEIGHTS)
        made = CacheGuide(Scopes([source]), [1], weights, ENDS, behind=behind(")"), alone=alone)
        made.begin([])
        assert made.adjust(logits)[0] == -np.inf
