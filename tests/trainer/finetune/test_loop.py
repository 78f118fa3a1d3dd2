"""The loop on tiny models: it learns, stops, goes on where it was killed, and spreads over
processes without changing what comes out."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from beadline.errors import InputError
from beadline.trainer.finetune import job, loop, result
from beadline.trainer.finetune import rows as stored
from beadline.trainer.finetune.loop import tune
from beadline.trainer.finetune.options import Method, Switch, TuneOptions, Weighing
from beadline.trainer.finetune.progress import LOG, Step, read
from beadline.trainer.finetune.result import DONE, EARLY, TIME
from beadline.trainer.finetune.schedule import Schedule
from beadline.trainer.samples.tokens import Sample
from tests.trainer.finetune import kit

pytestmark = pytest.mark.slow

OPTIONS = TuneOptions(
    rank=4, alpha=8, dropout=0.1, learning_rate=2e-2, batch_tokens=96, micro_tokens=48,
    evaluations=3, bf16=Switch.OFF, threads=1, checkpoint_minutes=0.0, warmup=0.1,
)  # fmt: skip
WAIT_S = 120.0


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kit.folder_of(kit.tiny(), tmp_path_factory.mktemp("base"))


def losses(folder: Path) -> list[float]:
    return [step.loss for step in read(folder / LOG) if not step.evaluation]


def adapter(folder: Path) -> dict:
    from safetensors.torch import load_file

    return load_file(folder / result.BEST / "adapter_model.safetensors")


def same(one: dict, other: dict, atol: float = 1e-6) -> bool:
    import torch

    return one.keys() == other.keys() and all(
        torch.allclose(value, other[name], atol=atol) for name, value in one.items()
    )


def test_tuning_learns_and_leaves_an_adapter(base: Path, tmp_path: Path) -> None:
    seen: list[Step] = []
    done = tune(
        base, kit.rows(40), kit.rows(4, seed=9), tmp_path / "run", OPTIONS, report=seen.append
    )
    assert done.finished == DONE and done.packed
    assert done.steps == 20 and done.method is Method.LORA
    assert done.base_loss is not None and done.best_loss is not None
    assert done.best_loss < 0.8 * done.base_loss
    assert done.tokens == 40 * 44
    assert Path(done.weights, "adapter_config.json").is_file()
    assert [step.step for step in seen if not step.evaluation] == list(range(1, 21))
    assert read(tmp_path / "run" / LOG) == seen
    # It is over: the outcome is read, nothing is trained.
    again = tune(base, kit.rows(40), kit.rows(4, seed=9), tmp_path / "run", OPTIONS)
    assert again == done


def test_what_was_kept_is_what_was_scored(base: Path, tmp_path: Path) -> None:
    """The adapter on disk, put on the base again, has the loss that is told."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    from beadline.trainer.finetune import batch

    held_out = kit.rows(4, seed=9)
    done = tune(base, kit.rows(20), held_out, tmp_path / "run", OPTIONS)
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), done.weights)
    model.eval()
    weighing = Weighing.SAMPLE
    found = batch.loss(model, held_out, "cpu", packed=False, weighing=weighing).item()
    found /= batch.weight(held_out, weighing)
    assert found == pytest.approx(done.best_loss, rel=1e-3)


@pytest.mark.parametrize("schedule", list(Schedule))
def test_after_an_interruption_it_goes_on_with_the_same_batches_and_losses(
    base: Path, tmp_path: Path, schedule: Schedule
) -> None:
    options = replace(OPTIONS, schedule=schedule)
    rows, held_out = kit.rows(24), kit.rows(2, seed=9)
    whole = tune(base, rows, held_out, tmp_path / "whole", options)

    def interrupt(step: Step) -> None:
        if step.step == 5 and not step.evaluation:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        tune(base, rows, held_out, tmp_path / "cut", options, report=interrupt)
    assert len(losses(tmp_path / "cut")) == 5
    cut = tune(base, rows, held_out, tmp_path / "cut", options)
    assert losses(tmp_path / "cut") == pytest.approx(losses(tmp_path / "whole"), abs=1e-6)
    assert (cut.steps, cut.best_step) == (whole.steps, whole.best_step)
    assert same(adapter(tmp_path / "cut"), adapter(tmp_path / "whole"))


def described(base: Path, folder: Path, count: int, options: TuneOptions) -> job.Job:
    """A job with its rows on disk."""
    training, validation = folder / "rows", folder / "validation"
    for place, seed, samples in ((training, 0, count), (validation, 9, 32)):
        stored.write(_Samples(seed), samples, place, stored.Form(row_tokens=48, pad=0, seed=1))
    made = job.Job(base, training, validation, options, "test", yields=False)
    job.write(folder, made)
    return made


class _Samples:
    def __init__(self, seed: int) -> None:
        self._seed = seed

    def batch(self, numbers: Sequence[int]) -> list[Sample]:
        drawn = (random.Random(f"{self._seed}/{k}") for k in numbers)
        return [kit.sample(rng, rng.randint(8, 24), 6) for rng in drawn]


def start(folder: Path, **environment: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "beadline.trainer.finetune", str(folder)]
    return subprocess.Popen(
        command, env={**os.environ, **environment}, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )


def wait_for_steps(process: subprocess.Popen[bytes], folder: Path, count: int) -> None:
    deadline = time.monotonic() + WAIT_S
    while len(losses(job.output(folder))) < count:
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_after_sigkill_it_goes_on_with_the_same_losses(base: Path, tmp_path: Path) -> None:
    for name in ("whole", "killed"):
        described(base, tmp_path / name, 1024, OPTIONS)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    job.run(whole, job.read(whole))
    process = start(killed)
    wait_for_steps(process, killed, 3)
    process.kill()
    assert process.wait() != 0
    process.communicate()
    assert result.read_result(job.output(killed)) is None
    job.run(killed, job.read(killed))
    ours, theirs = losses(job.output(killed)), losses(job.output(whole))
    assert len(ours) == len(theirs) > 20
    assert ours == pytest.approx(theirs, abs=1e-6)
    assert same(adapter(job.output(killed)), adapter(job.output(whole)))


def test_two_processes_do_what_one_does(base: Path, tmp_path: Path) -> None:
    """gloo, by the environment that launchers set. Dropout is drawn by every process, so it is
    off; then only the order of summing differs."""
    options = replace(OPTIONS, dropout=0.0, learning_rate=1e-3)
    for name in ("one", "two"):
        described(base, tmp_path / name, 256, options)
    one = job.run(tmp_path / "one", job.read(tmp_path / "one"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {
        "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
        "GLOO_SOCKET_IFNAME": "lo",
    }  # fmt: skip
    processes = [
        start(
            tmp_path / "two", RANK=str(rank), LOCAL_RANK=str(rank), MASTER_PORT=str(port), **common
        )
        for rank in range(2)
    ]
    for process in processes:
        _, said = process.communicate(timeout=WAIT_S)
        assert process.returncode == 0, said.decode()
    found = result.read_result(job.output(tmp_path / "two"))
    assert found is not None
    assert found[1].steps == one.steps and found[1].tokens == one.tokens
    assert losses(job.output(tmp_path / "two")) == pytest.approx(
        losses(job.output(tmp_path / "one")), rel=2e-3
    )
    assert same(adapter(job.output(tmp_path / "two")), adapter(job.output(tmp_path / "one")), 1e-3)


def test_it_stops_when_the_held_out_loss_stalls(base: Path, tmp_path: Path) -> None:
    # The better the rows are known, the less likely are those of another rule.
    options = replace(OPTIONS, warmup=0.0, evaluations=20, patience=2)
    done = tune(base, kit.rows(80), kit.rows(2, seed=9, stride=5), tmp_path / "run", options)
    assert done.finished == EARLY
    assert done.steps < 40
    evaluations = [step.loss for step in read(tmp_path / "run" / LOG) if step.evaluation][1:]
    assert done.best_loss == min(evaluations)
    assert done.best_step == 2 * (evaluations.index(min(evaluations)) + 1)


def test_it_ends_when_its_time_is_up(base: Path, tmp_path: Path) -> None:
    options = replace(OPTIONS, max_hours=1e-9)
    done = tune(base, kit.rows(40), kit.rows(2, seed=9), tmp_path / "run", options)
    assert done.finished == TIME and done.steps == 1
    assert Path(done.weights).is_dir()


def test_without_validation_rows_the_last_weights_are_kept(base: Path, tmp_path: Path) -> None:
    done = tune(base, kit.rows(8), [], tmp_path / "run", OPTIONS)
    assert done.base_loss is None and done.best_loss is None
    assert done.best_step == done.steps == 4
    assert Path(done.weights, "adapter_model.safetensors").is_file()


def test_all_weights_can_be_trained(base: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    options = replace(OPTIONS, method=Method.FULL, learning_rate=2e-3, gradient_checkpointing=True)
    done = tune(base, kit.rows(40), kit.rows(4, seed=9), tmp_path / "run", options)
    assert done.best_loss is not None and done.base_loss is not None
    assert done.best_loss < done.base_loss
    model = AutoModelForCausalLM.from_pretrained(done.weights)
    assert sum(p.numel() for p in model.parameters()) == done.trained_parameters


def test_padded_rows_train_as_packed_ones_do(base: Path, tmp_path: Path) -> None:
    options = replace(OPTIONS, dropout=0.0)
    rows, held_out = kit.rows(16), kit.rows(2, seed=9)
    packed = tune(base, rows, held_out, tmp_path / "packed", options)
    padded = tune(base, rows, held_out, tmp_path / "padded", replace(options, packing=Switch.OFF))
    assert packed.packed and not padded.packed
    assert losses(tmp_path / "padded") == pytest.approx(losses(tmp_path / "packed"), rel=1e-3)


def test_gradient_checkpointing_changes_no_loss(base: Path, tmp_path: Path) -> None:
    rows, held_out = kit.rows(16), kit.rows(2, seed=9)
    tune(base, rows, held_out, tmp_path / "plain", OPTIONS)
    less = replace(OPTIONS, gradient_checkpointing=True)
    tune(base, rows, held_out, tmp_path / "less", less)
    assert losses(tmp_path / "less") == pytest.approx(losses(tmp_path / "plain"), rel=1e-4)


def test_a_gguf_is_a_base_too(model_path: Path, tmp_path: Path) -> None:
    done = tune(model_path, kit.rows(4), kit.rows(2, seed=9), tmp_path / "run", OPTIONS)
    assert done.steps == 2 and done.packed
    config = json.loads(Path(done.weights, "adapter_config.json").read_text("utf-8"))
    assert config["r"] == OPTIONS.rank


def test_another_run_is_not_gone_on_with(base: Path, tmp_path: Path) -> None:
    def interrupt(step: Step) -> None:
        if step.step == 1 and not step.evaluation:
            os.kill(os.getpid(), signal.SIGINT)

    rows = kit.rows(8)
    with pytest.raises(KeyboardInterrupt):
        tune(base, rows, [], tmp_path / "run", OPTIONS, report=interrupt)
    with pytest.raises(InputError, match="another training"):
        tune(base, rows, [], tmp_path / "run", replace(OPTIONS, rank=8))
    with pytest.raises(InputError, match="another training"):
        tune(base, rows, [], tmp_path / "run", OPTIONS, identity="other rows")
    # What only limits the machine may change.
    assert tune(base, rows, [], tmp_path / "run", replace(OPTIONS, threads=2)).finished == DONE


def test_what_cannot_work_is_told(base: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to train on"):
        tune(base, [], [], tmp_path / "run", OPTIONS)
    with pytest.raises(InputError, match="QLoRA needs"):
        tune(base, kit.rows(4), [], tmp_path / "run", replace(OPTIONS, method=Method.QLORA))
    with pytest.raises(InputError, match="too few"):
        loop.rows_per_step(OPTIONS, 48, count=1, processes=2)


def test_throughput_is_measured_on_the_same_tokens(base: Path, capsys) -> None:
    from beadline.trainer.finetune import throughput

    assert throughput.main(["--model", str(base), "--steps", "1", "--threads", "1"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["ratios"]) == throughput.ROUNDS and told["ratio"] > 0
    assert told["tokens"] > 0.9 * 4 * 2048
