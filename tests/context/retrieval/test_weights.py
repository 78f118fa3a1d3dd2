"""The file of weights: what it may hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from beadline.context.retrieval import weights
from beadline.context.retrieval.weights import SOURCES, Weights, packaged
from beadline.context.symbols.types import Reason

VALUE: dict[str, Any] = json.loads(
    (Path(weights.__file__).parent / "weights.json").read_text("utf-8")
)


def test_every_source_and_reason_has_a_weight():
    assert packaged().sources.keys() == SOURCES == packaged().most.keys()
    assert packaged().reasons.keys() == set(Reason)
    assert packaged().first.keys() == set(Reason)


def test_earlier_places_and_stronger_reasons_count_more():
    found = packaged()
    assert found.score("similar", "", 0) > found.score("similar", "", 1) > 0
    assert found.score("definition", "callee", 5) > found.score("definition", "import", 0)


@pytest.mark.parametrize(
    "change",
    [
        {"sources": {"gossip": 1.0}},
        {"reasons": {"whim": 1.0}},
        {"constant": -1},
        {"constant": "many"},
        {"most": {"similar": float("nan")}},
        {"first": None},
    ],
)
def test_what_is_no_set_of_weights_is_refused(change: dict[str, Any]):
    with pytest.raises(ValueError):
        Weights.of({**VALUE, **change})
