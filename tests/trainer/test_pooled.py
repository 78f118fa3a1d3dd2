"""Several adapters over all of their holes together; what models say is made up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from beadline.evaluation import heldout
from beadline.evaluation.cases.format import Case
from beadline.evaluation.forgetting import Loss
from beadline.evaluation.heldout import FILE, Held, Plan
from beadline.evaluation.holes import Hole
from beadline.evaluation.proof import ARMS, BASE, SERVED, TUNED, Answer, Side
from beadline.settings import Options
from beadline.trainer import pooled
from beadline.trainer.pooled import Pair, compare

TEXT = "value = 1\n"


def pair(folder: Path, repo: str, holes: int) -> Pair:
    held = [
        Held(Case(f"{n}.py", "python", "statement", "value = ", "\n", "1"), repo, FILE, "c", "c")
        for n in range(holes)
    ]
    path = folder / repo / "held-out.jsonl"
    heldout.write(path, Plan(repo, "c", "c"), held)
    return Pair(folder / repo, path, folder / f"{repo}.gguf")


async def answered(
    repository: Path, plan: Plan, held: Sequence[Held], sides: Sequence[Side], *others: Any
) -> dict[Any, Answer]:
    """Base: wrong; tuned: right in the repository `good`."""
    del others
    return {
        answer.key: answer
        for side in sides
        for arm in ARMS
        for each in held
        for answer in [
            Answer(
                side.name, arm, each.id,
                "1" if side.name == TUNED and plan.repo == "good" else "2",
                "", 2.0, None, 1, 0, 0,
            )
        ]
    }  # fmt: skip


async def lost(
    control: Sequence[Hole], sides: Sequence[Side], *others: Any
) -> dict[tuple[str, str], Loss]:
    """The adapter of `bad` forgets."""
    del others
    return {
        (side.name, hole.id): Loss(
            side.name, hole.id, 3.0 if side.adapter and side.adapter.stem == "bad" else 2.0, None, 1
        )
        for side in sides
        for hole in control
    }


@pytest.mark.slow
async def test_holes_of_all_repositories_are_one_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pooled, "answered", answered)
    monkeypatch.setattr(pooled, "lost", lost)
    pairs = [pair(tmp_path, "good", 30), pair(tmp_path, "bad", 10)]
    control = [Hole("o", "c", f"{n}.py", "statement", 8, 9, TEXT) for n in range(5)]
    found = await compare(pairs, control, Options(), tmp_path, lambda what, done, of: None)
    json.dumps(found, allow_nan=False)
    assert found["holes"] == 40
    assert found["pooled"][SERVED][TUNED]["exact_match"]["value"] == 0.75
    assert found["pooled"][SERVED][BASE]["exact_match"]["value"] == 0
    assert found["by_repository"]["bad"][SERVED]["exact_match_gain"]["value"] == 0
    forgotten = found["forgetting"]
    assert forgotten["by_repository"]["good"]["nll_ratio"]["high"] == 1
    assert forgotten["by_repository"]["bad"]["nll_ratio"]["value"] == 1.5
    both = forgotten["pooled"]
    assert (both["holes"], both["groups"], both["nll_ratio"]["value"]) == (10, 5, 1.25)


async def test_without_other_code_nothing_is_said_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pooled, "answered", answered)
    pairs = [pair(tmp_path, "good", 3)]
    found = await compare(pairs, [], Options(), tmp_path, lambda what, done, of: None)
    assert found["forgetting"] == {}
