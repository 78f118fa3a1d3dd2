"""Weights of fusion are fitted to what snippets hold of what cases need."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.retrieval.weights import Weights, packaged
from beadline.errors import InputError
from beadline.evaluation.fit.__main__ import main
from beadline.evaluation.fit.search import Fitted, Values, changed, error, fit, mean
from beadline.evaluation.fit.worth import Worth, unseen
from beadline.evaluation.indexed import indexed
from tests.evaluation.test_retrieval_recall import MAIN, OPTIONS, SHAPES, case


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "owner+shapes"
    root.mkdir()
    (root / "shapes.py").write_text(SHAPES, "utf-8")
    (root / "main.py").write_text(MAIN, "utf-8")
    return root.resolve()


@given(st.integers(), st.floats(0.01, 3))
def test_changed_weights_are_weights(seed: int, spread: float):
    found = changed(packaged(), random.Random(seed), spread)
    tables = {name: getattr(found, name) for name in vars(packaged()) if name != "evidence"}
    assert Weights.of(tables), "as a file would have them"
    for name in ("reserved", "most", "first", "grown"):
        assert all(0 <= share <= 1 for share in getattr(found, name).values())
    assert all(share <= found.most[name] for name, share in found.reserved.items())
    assert found.constant == packaged().constant


def test_a_search_goes_where_the_values_rise():
    def evaluate(sets: Sequence[Weights]) -> list[Values]:
        values = [1 / (1 + abs(each.sources["similar"] - 4)) for each in sets]
        return [[{f"case {n}": value for n in range(9)}, {"other": 0.5}] for value in values]

    lines: list[str] = []
    kept: list[Fitted] = []
    found = fit(
        packaged(), evaluate, rounds=12, trials=12, seed=1, tell=lines.append, keep=kept.append
    )
    assert len(kept) == 12 and kept[-1] == found
    assert abs(found.weights.sources["similar"] - 4) < abs(packaged().sources["similar"] - 4)
    assert found.value > found.before
    assert found.tried == 144 and len(lines) == 12
    again = fit(packaged(), evaluate, rounds=12, trials=12, seed=1)
    assert again == found, "a seed decides"


def test_chance_changes_nothing():
    rng = random.Random(3)

    def evaluate(sets: Sequence[Weights]) -> list[Values]:
        return [[{str(n): rng.random() for n in range(4)}] for _ in sets]

    kept = [fit(packaged(), evaluate, rounds=1, trials=1, seed=seed) for seed in range(40)]
    assert sum(found.weights == packaged() for found in kept) >= 25


def test_means_count_groups_alike():
    values = [{"a": 1.0}, {"b": 0.0, "c": 0.0, "d": 0.0}, {}]
    assert mean(values) == 0.5
    assert error(values, values) == 0
    other = [{"a": 1.0}, {"b": 1.0, "c": 0.0, "d": 1.0}, {}]
    assert error(values, other) > 0


def test_what_snippets_are_worth(folder: Path):
    call, rest = case(), replace(case("7", "rest_of_line"), crossfile_symbols=())
    assert unseen(call) == {"corners_of_square"}
    assert unseen(rest) == set()
    nothing = replace(packaged(), most={}, reserved={})
    with indexed(folder, OPTIONS) as workspace:
        worth = Worth(folder, workspace, [call, rest], (0, 6000))
        assert worth.count == 1, "a case that needs nothing says nothing"
        values = worth.of([packaged(), packaged()])
        assert values[0] == values[1] == {f"{call.id} 0": 0.0, f"{call.id} 6000": 1.0}
        assert worth.of([nothing])[0][f"{call.id} 6000"] < 1
    assert (folder / "main.py").read_text("utf-8") == MAIN


def test_a_file_of_weights(folder: Path, tmp_path: Path):
    output = tmp_path / "weights.json"
    small = ("--calls", "2", "--per-category", "1", "--labels", "names")
    assert (
        main([str(folder), "--output", str(output), "--rounds", "1", "--trials", "2", *small]) == 0
    )
    written = json.loads(output.read_text("utf-8"))
    found = Weights.of(written)
    assert list(found.evidence["cases"]) == ["owner/shapes"]
    assert found.evidence["after"] >= found.evidence["before"]
    with pytest.raises(InputError, match="a round"):
        main([str(folder), "--output", str(output), "--rounds", "0"])
