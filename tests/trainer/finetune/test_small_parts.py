"""Courtesy, resources, logs, interrupts: the parts around the loop."""

from __future__ import annotations

import io
import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from beadline.completion.presence import Presence
from beadline.engine import models
from beadline.errors import InputError, ModelError
from beadline.trainer.finetune import model, resources
from beadline.trainer.finetune.checkpoint import kept, replace_folder
from beadline.trainer.finetune.courtesy import LONGEST_S, QUIET_S, Courtesy
from beadline.trainer.finetune.interrupts import Interrupts
from beadline.trainer.finetune.model import Shape
from beadline.trainer.finetune.options import Method, Switch, TuneOptions, Weighing
from beadline.trainer.finetune.progress import Bar, Log, Pace, Step, draw_curve, read
from beadline.trainer.finetune.resources import Needs


class Time:
    """A clock that only sleeping moves."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_training_waits_until_nobody_has_typed_for_a_while(tmp_path: Path) -> None:
    sign = tmp_path / "typing"
    Presence(sign).keystroke()
    clock = Time(sign.stat().st_mtime + 0.5)
    courtesy = Courtesy(sign, now=clock, sleep=clock.sleep)
    waited = courtesy.wait()
    assert waited == pytest.approx(QUIET_S - 0.5, abs=0.2)
    assert courtesy.wait() == 0.0


def test_nobody_waits_for_ever_or_for_a_sign_from_the_future(tmp_path: Path) -> None:
    sign = tmp_path / "typing"
    sign.touch()
    clock = Time(sign.stat().st_mtime)

    def typing(seconds: float) -> None:
        clock.sleep(seconds)
        os.utime(sign, (clock.now, clock.now))

    assert Courtesy(sign, now=clock, sleep=typing).wait() == pytest.approx(LONGEST_S, abs=0.2)
    os.utime(sign, (clock.now + 3600, clock.now + 3600))
    assert Courtesy(sign, now=clock, sleep=clock.sleep).wait() == 0.0
    assert Courtesy(tmp_path / "none", now=clock, sleep=clock.sleep).wait() == 0.0


def step(number: int, *, evaluation: bool = False) -> Step:
    return Step(number, 10, 2.0 / (1 + number), 1e-3, 100 * number, float(number), evaluation)


def test_a_log_goes_on_behind_the_step_of_the_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "log" / "loss.jsonl"
    log = Log(path, -1)
    for number in range(1, 6):
        log(step(number))
    log.close()
    with path.open("a") as file:
        file.write('{"step": 6, "tot')
    again = Log(path, 3)
    again(step(4))
    again.close()
    assert read(path) == [step(number) for number in (1, 2, 3, 4)]
    assert read(tmp_path / "none") == []


def test_the_bar_shows_loss_speed_and_the_time_left() -> None:
    shown, clock = io.StringIO(), Time(0.0)
    pace = Pace(clock)
    said = [pace.said(step(0, evaluation=True))]
    for number in (1, 2, 3):
        clock.sleep(2.0)
        said.append(pace.said(replace(step(number), waited=float(number == 3))))
    assert said[0] == "step 0/10, held out 2.000"
    assert said[2].endswith(", held out 2.000, 50 tokens/s, 0 min left")
    # The mean of 1, 2/3 and 1/2, the later ones a little more: the first one is no more than one.
    assert said[3].startswith("step 3/10 loss 0.705") and "waiting while you type" in said[3]
    with Bar(Console(file=shown, width=200, force_terminal=True)) as bar:
        bar(step(0))
        bar(step(3))
    assert "step 3/10" in shown.getvalue()


@pytest.mark.slow
def test_the_curve_is_a_png(tmp_path: Path) -> None:
    steps = [step(0, evaluation=True), *(step(n) for n in range(1, 9)), step(8, evaluation=True)]
    assert draw_curve(steps, tmp_path / "loss.png")
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert not draw_curve([], tmp_path / "none.png")


def test_at_every_moment_one_of_two_folders_is_there(tmp_path: Path) -> None:
    target = tmp_path / "checkpoint"
    assert kept(target) is None
    for text in ("one", "two"):
        new = tmp_path / "new"
        new.mkdir()
        (new / "file").write_text(text)
        replace_folder(new, target)
        assert (target / "file").read_text() == text
    target.rename(tmp_path / "checkpoint.old")  # killed between the two renamings
    found = kept(target)
    assert found is not None and (found / "file").read_text() == "two"


def test_the_first_signal_waits_for_the_end_of_a_step_and_the_second_does_not() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.asked
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_options_survive_json() -> None:
    options = TuneOptions(
        method=Method.FULL, packing=Switch.OFF, loss_weight=Weighing.TOKEN, rank=3, max_hours=0.5
    )
    assert TuneOptions.from_dict(json.loads(json.dumps(options.as_dict()))) == options


def test_what_is_left_open_is_settled_by_the_size_of_the_model() -> None:
    small, large = (TuneOptions().for_model(size) for size in (5_000_000, 7_000_000_000))
    assert (small.rank, small.alpha, small.dropout) == (64, 128, 0.0)
    assert (large.rank, large.alpha, large.dropout) == (16, 32, 0.05)
    assert small.learning_rate > large.learning_rate > 0
    assert (small.max_hours or 0.0) > 0 and large.max_hours == 0.0
    assert small.for_model(7_000_000_000) == small, "what is settled stays"
    given = TuneOptions(rank=8, alpha=3, dropout=0.0, learning_rate=1.0, max_hours=0.0)
    for size in (5_000_000, 7_000_000_000):
        assert given.for_model(size) == given
    full = TuneOptions(method=Method.FULL).for_model(7_000_000_000)
    assert full.learning_rate == 5e-5


SEVEN_B = Shape("llama", 7_000_000_000, 32, 4096, 32_000)


def test_needs_follow_the_method() -> None:
    def memory(method: Method, device: str = "cuda") -> int:
        options = TuneOptions(method=method, gradient_checkpointing=True)
        wanted = resources.needs(SEVEN_B, options, device=device, rows_tokens=1_000_000, gguf=False)
        return wanted.memory

    assert memory(Method.QLORA) < 12 << 30
    assert 14 << 30 < memory(Method.LORA) < 24 << 30
    assert memory(Method.FULL) > 100 << 30
    assert memory(Method.LORA, "cpu") > memory(Method.LORA)


def test_too_little_memory_or_disk_is_refused_before_the_start(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="of memory"):
        resources.check(Needs(memory=1 << 60, disk=0), tmp_path, device="cpu")
    with pytest.raises(InputError, match="Free some"):
        resources.check(Needs(memory=0, disk=1 << 60), tmp_path / "not" / "yet", device="cpu")
    resources.check(Needs(memory=0, disk=0), tmp_path, device="cpu")


def test_a_large_vocabulary_makes_forward_passes_smaller() -> None:
    options = TuneOptions(micro_tokens=4096)
    assert resources.micro_tokens(replace(SEVEN_B, vocabulary=6144), options) == 4096
    assert resources.micro_tokens(replace(SEVEN_B, vocabulary=151_936), options) < 1500


def test_the_shape_of_the_built_in_model_is_in_its_header() -> None:
    shape = model.shape_of(models.resolve("builtin"))
    described = models.describe(models.resolve("builtin"))
    assert shape.architecture == "llama"
    assert shape.parameters == described.parameters
    assert shape.layers > 0 and shape.hidden > 0 and shape.vocabulary > 1000


def test_folders_that_hold_no_model_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json"):
        model.shape_of(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "llama", "hidden_size": 8}')
    with pytest.raises(ModelError, match=r"\*\.safetensors"):
        model.shape_of(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"a pickle")
    with pytest.raises(ModelError, match=r"\*\.safetensors"):
        model.shape_of(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(ModelError, match="damaged"):
        model.shape_of(tmp_path)
