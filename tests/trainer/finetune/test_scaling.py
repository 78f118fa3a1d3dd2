"""How much of an adapter is used: chosen by rows that it was not tuned for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from beadline.trainer.finetune import batch, scaling
from beadline.trainer.finetune.loop import tune
from beadline.trainer.finetune.options import Switch, TuneOptions, Weighing
from tests.trainer.finetune import kit

OPTIONS = TuneOptions(
    rank=4, alpha=8, dropout=0.0, learning_rate=2e-2, batch_tokens=96, micro_tokens=48,
    evaluations=3, bf16=Switch.OFF, threads=1,
)  # fmt: skip


@pytest.mark.parametrize(
    ("rise", "scale"), [(0.0, 1.0), (-0.3, 1.0), (0.0052, 0.85), (0.008, 0.55), (5.0, 0.4)]
)
def test_the_largest_scale_that_costs_little_is_taken(rise: float, scale: float) -> None:
    asked: list[float] = []

    def loss(at: float) -> float:
        asked.append(at)
        return 2.0 * (1 + rise * at)

    assert scaling.choose(loss) == scale
    assert asked[0] == 0.0 and len(asked) == len(set(asked))


@pytest.mark.slow
def test_adapters_count_as_much_as_is_said_and_whole_again_afterwards(tmp_path: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    rows = kit.rows(2, seed=9)
    base = kit.folder_of(kit.tiny(), tmp_path / "base")

    def loss(model: object) -> float:
        weighing = Weighing.SAMPLE
        return batch.loss(model, rows, "cpu", packed=False, weighing=weighing).item()

    done = tune(base, kit.rows(40), [], tmp_path / "run", OPTIONS)
    plain = AutoModelForCausalLM.from_pretrained(base).eval()
    before = loss(plain)
    model = PeftModel.from_pretrained(plain, done.weights).eval()
    whole = loss(model)
    with scaling.scaled(model, 0.0):
        assert loss(model) == pytest.approx(before, rel=1e-6)
    with scaling.scaled(model, 0.5):
        assert loss(model) not in (pytest.approx(before, rel=1e-3), pytest.approx(whole, rel=1e-3))
    assert loss(model) == pytest.approx(whole, rel=1e-6)


@pytest.mark.slow
def test_an_adapter_that_forgets_is_used_less(tmp_path: Path) -> None:
    base = kit.folder_of(kit.tiny(), tmp_path / "base")
    rows, validation = kit.rows(40), kit.rows(4, seed=9)
    harmless = tune(base, rows, validation, tmp_path / "one", OPTIONS, guard=validation)
    assert harmless.scale == 1.0, "what is learned is what is guarded"
    # Rows of another rule: the better this one is known, the less likely are those.
    guard = kit.rows(4, seed=8, stride=5)
    long = replace(OPTIONS, patience=0)
    harmful = tune(base, kit.rows(120), validation, tmp_path / "two", long, guard=guard)
    assert harmful.scale < 1.0
    assert tune(base, rows, validation, tmp_path / "three", OPTIONS).scale == 1.0
