"""The plan of a run, and runs on toy rows: interrupted, resumed, compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from beadline.errors import InputError
from beadline.trainer.finetune import rows as stored
from beadline.trainer.nano import training
from beadline.trainer.nano.encode import RowStore
from beadline.trainer.nano.shapes import Candidate, ModelShape
from beadline.trainer.nano.training import CPU, Settings
from tests.trainer.finetune import kit

pytestmark = pytest.mark.slow

TOY = Candidate("tiny", ModelShape(kit.VOCABULARY, 256, 1, 4, 2, 256, 64), "Q8_0")
SETTINGS = Settings(steps=8, batch_tokens=96, peak=3e-3, threads=1, evaluations=2)


@pytest.fixture
def store(tmp_path: Path) -> RowStore:
    folder = tmp_path / "rows"
    folder.mkdir()
    counts = {"main-0-a.npy": 40, "main-1-a.npy": 10, "final-0-a.npy": 10, "validation-0-a.npy": 4}
    for seed, (name, count) in enumerate(counts.items()):
        stored.save(folder / name, kit.rows(count, seed=seed), 48)
    listed = ", ".join(f'"{name}": {count}' for name, count in counts.items())
    (folder / "a.json").write_text("{" + listed + "}", "utf-8")
    return RowStore(folder, 1)


def test_a_run_learns_and_its_plan_is_kept(store: RowStore, tmp_path: Path):
    said: list[str] = []
    done = training.train(TOY, store, tmp_path / "run", SETTINGS, identity="x", say=said.append)
    told = done.as_dict()
    assert told["steps"] == 8 and told["plan"]["rows_per_step"] == 2
    assert told["validation_loss"] < done.tuned.base_loss
    assert Path(told["weights"]).is_dir()
    assert "8 steps" in said[0]
    # The outcome is read, not trained again.
    again = training.train(TOY, store, tmp_path / "run", SETTINGS, identity="x")
    assert again.tuned == done.tuned
    with pytest.raises(InputError, match="another run"):
        training.train(replace(TOY, name="other"), store, tmp_path / "run", SETTINGS, identity="x")


def test_a_run_that_was_broken_off_ends_as_one_that_was_not(store: RowStore, tmp_path: Path):
    whole = training.train(TOY, store, tmp_path / "whole", SETTINGS, identity="x")

    class Stop(Exception):
        pass

    def stop(step):
        if step.step == 3 and not step.evaluation:
            raise Stop

    with pytest.raises(Stop):
        training.train(TOY, store, tmp_path / "cut", SETTINGS, identity="x", report=stop)
    cut = training.train(TOY, store, tmp_path / "cut", SETTINGS, identity="x")
    assert cut.tuned.best_loss == pytest.approx(whole.tuned.best_loss, abs=1e-4)


def test_minutes_make_steps(store: RowStore, tmp_path: Path):
    timed = replace(SETTINGS, steps=0, minutes=0.02)
    done = training.train(TOY, store, tmp_path / "run", timed, identity="x")
    plan = done.plan
    assert plan["probed_tokens_per_second"] > 0
    assert 1 <= plan["steps"] <= 30
    assert not (tmp_path / "run" / "probe").exists()


def test_shapes_are_compared_at_equal_steps(store: RowStore, tmp_path: Path):
    other = replace(TOY, name="other", shape=replace(TOY.shape, layers=2))
    table = training.scale([TOY, other], store, tmp_path, SETTINGS, identity="x")
    assert [line["name"] for line in table] == ["tiny", "other"]
    assert table[0]["tokens"] == table[1]["tokens"]
    assert (tmp_path / training.SCALING).exists()
    with pytest.raises(InputError, match="equal steps"):
        training.scale([TOY], store, tmp_path, replace(SETTINGS, steps=0), identity="x")


def test_larger_models_get_smaller_rates():
    small, large = (Settings().options(count, CPU).learning_rate for count in (10**7, 16 * 10**7))
    assert small == CPU.peak
    assert large == pytest.approx(CPU.peak / 2)
