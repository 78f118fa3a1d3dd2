"""Trains a model from scratch on rows, within the time there is, and compares shapes. No texts.

The loop is that of tuning (`trainer.finetune.loop`), over all weights: samples in one row do not
see one another, a checkpoint is complete or not there, and a run that was killed goes on with the
same batches. What is added is the plan: how many steps fit the time, and which rows they see, so
that the last, linear phase of the schedule (Abacus' WCL) is spent on the final phase of the data.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from beadline.errors import InputError
from beadline.trainer.finetune import loop, progress
from beadline.trainer.finetune.options import Method, TuneOptions, Weighing
from beadline.trainer.finetune.progress import Report
from beadline.trainer.finetune.result import Tuned
from beadline.trainer.finetune.schedule import Schedule
from beadline.trainer.nano import shapes
from beadline.trainer.nano.encode import RowStore
from beadline.trainer.nano.shapes import Candidate

RUN, PLAN, SCALING = "run", "plan.json", "scaling.json"
_PROBE_STEPS, _PROBE_SKIPPED = 14, 4
"""Steps by which the speed is found, and those of them that only warm up."""
_SPARE = 0.92
"""Share of the time that the steps get; the rest is for evaluations, checkpoints and starting."""
_VALIDATION_TOKENS = 131_072
_SMALL = 40_000_000
"""Parameters above which the peak learning rate falls as the root of their number."""


@dataclass(frozen=True)
class Hardware:
    """What suits a kind of machine."""

    batch_tokens: int
    micro_tokens: int
    logit_bytes: int
    peak: float
    """Learning rate of a model of up to 40 million parameters."""
    validation_tokens: int


# 22 layers of 512 keep some 35 GB of 32,768 tokens, logits included.
GPU = Hardware(262_144, 32_768, 16_000_000_000, 2.0e-3, _VALIDATION_TOKENS)
CPU = Hardware(16_384, 8_192, 2_000_000_000, 2.5e-3, _VALIDATION_TOKENS // 4)


def hardware() -> Hardware:
    """That of this machine."""
    import torch

    return GPU if torch.cuda.is_available() else CPU


@dataclass(frozen=True)
class Settings:
    """How a run is made. 0: as the machine and the model suggest."""

    minutes: float = 150.0
    """Of training, interruptions not counted; with `steps` it is no limit."""
    steps: int = 0
    batch_tokens: int = 0
    peak: float = 0.0
    warmup: float = 0.02
    decay: float = 0.2
    """Share of the steps in the last, linear phase."""
    least: float = 0.03
    """Learning rate at the end, as a share of the peak."""
    weight_decay: float = 0.1
    evaluations: int = 12
    threads: int = 0
    seed: int = 1

    def options(self, parameters: int, machine: Hardware) -> TuneOptions:
        """What the loop is given, the number of steps apart."""
        peak = self.peak or machine.peak * min(1.0, math.sqrt(_SMALL / parameters))
        return TuneOptions(
            method=Method.FULL,
            learning_rate=peak,
            # From nothing a model learns a language: every token of it counts the same.
            loss_weight=Weighing.TOKEN,
            least_rate=self.least,
            schedule=Schedule.WCL,
            warmup=self.warmup,
            decay=self.decay,
            weight_decay=self.weight_decay,
            batch_tokens=self.batch_tokens or machine.batch_tokens,
            micro_tokens=machine.micro_tokens,
            logit_bytes=machine.logit_bytes,
            evaluations=self.evaluations,
            patience=0,
            max_hours=0.0,  # the plan says how many steps fit
            checkpoint_minutes=4.0,
            threads=self.threads,
            seed=self.seed,
        )


@dataclass(frozen=True)
class Trained:
    """What a run came to."""

    tuned: Tuned
    candidate: Candidate
    plan: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        tuned = self.tuned
        return {
            **self.candidate.as_dict(), "plan": self.plan, "steps": tuned.steps,
            "best_step": tuned.best_step, "validation_loss": tuned.best_loss,
            "tokens": tuned.tokens, "seconds": round(tuned.seconds, 1),
            "tokens_per_second": round(tuned.tokens / max(tuned.seconds, 1e-9)),
            "weights": tuned.weights,
        }  # fmt: skip


def train(
    candidate: Candidate,
    rows: RowStore,
    folder: Path,
    settings: Settings,
    *,
    identity: str,
    report: Report | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Trained:
    """Train, or go on training, in `folder`; the outcome is read where it is done.

    `identity` says which rows and tokenizer these are. Raises as `finetune.loop.tune`.
    """
    candidate.shape.check()
    folder.mkdir(parents=True, exist_ok=True)
    machine = hardware()
    start = shapes.save_new(candidate.shape, settings.seed, folder)
    options = settings.options(candidate.shape.parameters, machine)
    plan = _plan(candidate, rows, start, folder, settings, options)
    chosen, steps = rows.plan(plan["steps"], plan["rows_per_step"], settings.decay)
    say(
        f"{candidate.shape.parameters / 1e6:.1f}M parameters, {steps:,} steps, "
        f"{plan['tokens'] / 1e6:,.1f}M tokens, peak learning rate {options.learning_rate:.2e}"
    )
    options = replace(options, max_steps=steps)
    validation = rows.validation(machine.validation_tokens // rows.row_tokens)
    tuned = loop.tune(
        start, chosen, validation, folder / RUN, options, identity=identity, report=report
    )
    return Trained(tuned, candidate, plan)


def scale(
    chosen: Sequence[Candidate],
    rows: RowStore,
    folder: Path,
    settings: Settings,
    *,
    identity: str,
    report: Report | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> list[dict[str, Any]]:
    """Train every candidate for the same number of steps on the same rows; the table of them, which
    is also kept in `folder`. Those that are done are not trained again."""
    if not settings.steps:
        raise InputError("Shapes are compared at equal steps.", hint="Give --steps.")
    table: list[dict[str, Any]] = []
    for candidate in chosen:
        say(f"shape {candidate.name}")
        own = folder / candidate.name
        done = train(candidate, rows, own, settings, identity=identity, report=report)
        table.append(done.as_dict())
        _write(folder / SCALING, {"table": table})
    return table


def _plan(
    candidate: Candidate,
    rows: RowStore,
    start: Path,
    folder: Path,
    settings: Settings,
    options: TuneOptions,
) -> dict[str, Any]:
    """Steps, rows a step and tokens of a run: decided once, so that an interrupted one goes on."""
    path = folder / PLAN
    per_step = loop.rows_per_step(options, rows.row_tokens, _all(rows), 1)
    if path.exists():
        plan = json.loads(path.read_text("utf-8"))
        if plan["rows_per_step"] != per_step or plan["shape"] != candidate.name:
            raise InputError(
                f"{folder} holds another run.", hint="Name another --run, or remove it."
            )
        return plan
    rate = 0.0
    steps = settings.steps
    if not steps:
        rate = speed(start, rows, folder, options)
        steps = int(settings.minutes * 60 * _SPARE * rate / (per_step * rows.row_tokens))
    _, steps = rows.plan(max(1, steps), per_step, settings.decay)
    plan = {
        "shape": candidate.name, "steps": steps, "rows_per_step": per_step,
        "tokens": steps * per_step * rows.row_tokens, "probed_tokens_per_second": round(rate),
        "minutes": settings.minutes if not settings.steps else 0, "decay": settings.decay,
    }  # fmt: skip
    _write(path, plan)
    return plan


def speed(start: Path, rows: RowStore, folder: Path, options: TuneOptions) -> float:
    """Tokens a second of a few steps, those apart in which the machine warms up."""
    probe = folder / "probe"
    shutil.rmtree(probe, ignore_errors=True)
    per_step = loop.rows_per_step(options, rows.row_tokens, _all(rows), 1)
    chosen, steps = rows.plan(_PROBE_STEPS, per_step, 0.0)
    loop.tune(start, chosen, [], probe, replace(options, max_steps=steps), identity="probe")
    logged = [step for step in progress.read(probe / progress.LOG) if not step.evaluation]
    shutil.rmtree(probe, ignore_errors=True)
    first, last = logged[min(_PROBE_SKIPPED, len(logged) - 1)], logged[-1]
    if last.step == first.step:
        return last.tokens / max(last.seconds, 1e-9)
    return (last.tokens - first.tokens) / max(last.seconds - first.seconds, 1e-9)


def _all(rows: RowStore) -> int:
    return max(1, len(rows.order("main")) + len(rows.order("final")))


def _write(path: Path, values: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(json.dumps(values, indent=1), "utf-8")
    partial.replace(path)
