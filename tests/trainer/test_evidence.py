"""Evidence of a training, from the repository to the report, with the built-in model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from beadline.errors import InputError
from beadline.evaluation import heldout
from beadline.evaluation.heldout import Plan, Wanted
from beadline.evaluation.proof import SERVED, TUNED, Side
from beadline.settings import EngineOptions, Options
from beadline.trainer.evidence import HELD_FILE, Evidence, Trial, gather, prepare
from beadline.trainer.gate import Rule, Verdict, decide
from beadline.trainer.memorisation import plant
from beadline.trainer.report import markdown
from tests.evaluation.histories import History, module

OPTIONS = Options(engine=EngineOptions(threads=1, context_tokens=2048))


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = History(tmp_path / "things")
    history.commit({f"m{number}.py": module(f"m{number}") for number in range(10)})
    history.commit({"late.py": module("late", 2)})
    return history


def planned(history: History) -> Plan:
    return heldout.plan(history.root, Wanted(holes=6, commit_share=0.5))


@pytest.mark.slow
def test_what_was_drawn_is_drawn_once(history: History, tmp_path: Path):
    plan, folder = planned(history), tmp_path / "run"
    secrets = plant(1, "things").secrets
    trial = prepare(history.root, plan, folder, control=3, planted=secrets)
    assert len(trial.held) == 6 and trial.groups > 1
    assert len(trial.control) == 3
    assert list(trial.secrets[:6]) == list(secrets)
    file = folder / HELD_FILE
    before = file.read_bytes()
    assert prepare(history.root, plan, folder, control=3, planted=secrets) == trial
    assert file.read_bytes() == before
    file.write_bytes(b"damaged")
    assert prepare(history.root, plan, folder, control=3, planted=secrets) == trial
    other = replace(plan, seed=2)
    assert prepare(history.root, other, folder, control=0).held != trial.held


def test_a_repository_that_is_gone_is_told(history: History, tmp_path: Path):
    with pytest.raises(InputError):
        prepare(tmp_path / "nowhere", planned(history), tmp_path / "run")


@pytest.mark.slow
async def test_the_same_model_wins_nothing(history: History, tmp_path: Path):
    folder = tmp_path / "run"
    secrets = plant(1, "things").secrets[:2]
    trial = prepare(history.root, planned(history), folder, control=4, planted=secrets)
    told: set[str] = set()

    async def gathered(trial: Trial) -> Evidence:
        return await gather(
            trial, Side(TUNED), OPTIONS, ["x = 1\n"], folder, lambda what, done, of: told.add(what)
        )  # fmt: skip

    evidence = await gathered(trial)
    json.dumps(evidence.as_dict(), allow_nan=False)
    served = evidence.proof[SERVED]
    assert (served["holes"], served["exact_match_gain"]["value"]) == (6, 0)
    assert served["nll_ratio"]["value"] == pytest.approx(1, abs=1e-3)
    assert evidence.forgetting["nll_ratio"]["value"] == pytest.approx(1, abs=1e-3)
    assert evidence.memorised == {"planted": 2, "found": 0, "in_data": [], "completed": []}
    assert told >= {"base, served", "tuned, alone", "tuned, control", "tuned, secrets"}
    rule = Rule(least_holes=6, least_groups=2, least_control=4)
    decision = decide(evidence.proof, evidence.forgetting, evidence.memorised, rule)
    assert decision.verdict is Verdict.NO_WIN
    assert "no win" in markdown(trial.plan, evidence, decision, facts={}, rule=rule)
    kept = {file: file.read_bytes() for file in folder.iterdir()}
    assert await gathered(trial) == evidence, "nothing is asked twice"
    assert {file: file.read_bytes() for file in folder.iterdir()} == kept
