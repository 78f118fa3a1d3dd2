"""The control set, and what is made of its losses."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path

import pytest

from beadline.completion.types import CompletionRequest
from beadline.engine.protocol import FimRequest, Score, Usage
from beadline.evaluation import forgetting
from beadline.evaluation.forgetting import Loss, control_holes
from beadline.evaluation.heldout import HOLE_CATEGORIES
from beadline.evaluation.holes import Hole
from beadline.evaluation.installed import Package, is_control
from beadline.evaluation.proof import BASE, TUNED, Side
from beadline.settings import EngineOptions, Options
from tests.evaluation.histories import module

CONTROL = [name for name in (f"pkg{n}" for n in range(100)) if is_control(name)][:3]
REPLAY = next(name for name in (f"pkg{n}" for n in count()) if not is_control(name))


def package(root: Path, name: str, files: int) -> Package:
    """An installed package with that many modules."""
    found: list[tuple[str, Path]] = []
    for number in range(files):
        path = f"{name}/m{number}.py"
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(module(f"{name}_{number}"), "utf-8")
        found.append((path, root / path))
    return Package(name, "1.0", tuple(found))


@pytest.fixture
def installed(tmp_path: Path) -> list[Package]:
    """Three packages of the control set, and one that trainings may read."""
    return [package(tmp_path, name, 6) for name in (*CONTROL, REPLAY)]


def test_the_control_set_is_balanced_and_repeatable(installed: list[Package]):
    holes = control_holes(12, 1, [], installed)
    assert holes == control_holes(12, 1, [], installed)
    assert {hole.repo for hole in holes} == set(CONTROL)
    assert len({(hole.repo, hole.path) for hole in holes}) == 12, "one of a file"
    assert {hole.repo: [h.repo for h in holes].count(hole.repo) for hole in holes} == {
        name: 4 for name in CONTROL
    }
    assert {hole.category for hole in holes} == set(HOLE_CATEGORIES)
    assert all(hole.truth for hole in holes)
    assert holes != control_holes(12, 2, [], installed)
    assert len(control_holes(500, 1, [], installed)) == 18


def test_the_repository_itself_is_no_control(installed: list[Package]):
    own = [f"src/{path}" for path, _ in installed[0].files]
    assert {hole.repo for hole in control_holes(12, 1, own, installed)} == set(CONTROL[1:])


class Asks:
    """Prompts without snippets, and losses."""

    def __init__(self) -> None:
        self.asked: list[tuple[FimRequest, str]] = []

    async def fim_request(self, request: CompletionRequest) -> FimRequest:
        text = request.document.text
        return FimRequest(text[: request.offset], text[request.offset :], path="a.py")

    def closed(self, key: str) -> None:
        pass

    async def score(self, request: FimRequest, middle: str) -> Score:
        self.asked.append((request, middle))
        return Score(-2.0, None, 1, len(middle), 0, Usage())


async def test_the_loss_is_of_the_true_middle():
    asks = Asks()
    hole = Hole("r", "1", "a.py", "statement", 4, 9, "x = value\n")
    loss = await forgetting.loss_of(BASE, asks, asks, hole)  # type: ignore[arg-type]
    ((request, middle),) = asks.asked
    assert (request.prefix, middle, request.suffix) == ("x = ", "value", "\n")
    assert loss == Loss(BASE, hole.id, 2.0, None, 5)


def test_losses_are_summed_per_byte():
    holes = [Hole("r", "1", f"{n}.py", "statement", 0, 5, "value\n") for n in range(20)]
    losses = {
        loss.key: loss
        for hole in holes
        for loss in (
            Loss(BASE, hole.id, 10.0, 0.1, 5),
            Loss(TUNED, hole.id, 10.1, 0.1, 5),
        )
    }
    found = forgetting.summarise(holes, losses)
    json.dumps(found, allow_nan=False)
    assert (found["holes"], found["groups"], found["repositories"]) == (20, 20, ["r"])
    assert (found[BASE]["nll_per_byte"], found[TUNED]["nll_per_byte"]) == (2.0, 2.02)
    ratio = found["nll_ratio"]
    assert (ratio["value"], ratio["low"], ratio["high"]) == (1.01, 1.01, 1.01)
    assert found["by_category"]["statement"]["holes"] == 20
    nothing = forgetting.summarise([], {})
    json.dumps(nothing, allow_nan=False)
    assert nothing["nll_ratio"]["high"] is None


@pytest.mark.slow
async def test_losses_of_the_built_in_model(installed: list[Package], tmp_path: Path):
    holes = control_holes(6, 1, [], installed)
    options = Options(engine=EngineOptions(threads=1, context_tokens=2048))
    path = tmp_path / "control.jsonl"
    arguments = (options, path, {"seed": 1}, lambda what, done, of: None)
    found = await forgetting.measure(Side(BASE), holes, *arguments)
    assert set(found) == {(BASE, hole.id) for hole in holes}
    for hole in holes:
        loss = found[BASE, hole.id]
        assert loss.nll > 0 and loss.bytes == len(hole.truth.encode())
    assert await forgetting.measure(Side(BASE), holes, *arguments) == found
