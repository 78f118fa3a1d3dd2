"""The loop: forward, backward, step, until the rows end, the loss stalls or the time is up.

On one process, or on many by `accelerate launch`. Knows no text: rows of token ids come in, the
weights with the least held-out loss go out. What a step does depends on its number alone, so that a
run that was killed goes on with the same batches, dropout and losses.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from beadline.errors import InputError
from beadline.trainer.finetune import (
    attention,
    batch,
    budget,
    failures,
    model,
    resources,
    scaling,
    threads,
)
from beadline.trainer.finetune.batch import Rows
from beadline.trainer.finetune.checkpoint import Keeper, Progress, kept, replace_folder, trained
from beadline.trainer.finetune.courtesy import Courtesy
from beadline.trainer.finetune.interrupts import Interrupts
from beadline.trainer.finetune.options import Method, Switch, TuneOptions, Weighing
from beadline.trainer.finetune.progress import LOG, Log, Report, Step
from beadline.trainer.finetune.result import (
    BEST,
    DONE,
    EARLY,
    TIME,
    Tuned,
    read_result,
    write_result,
)
from beadline.trainer.finetune.scoring import Scorer


def tune(
    base: Path,
    rows: Rows,
    validation: Rows,
    folder: Path,
    options: TuneOptions,
    *,
    guard: Rows = (),
    identity: str = "",
    report: Report | None = None,
    courtesy: Courtesy | None = None,
) -> Tuned:
    """Tune the model at `base`, a folder of transformers or a GGUF, on `rows`.

    Everything is kept in `folder`; called again after an interruption it goes on where the last
    checkpoint is, and after the end it only reads the outcome. `identity` tells runs apart that
    differ in more than their options. `guard`: rows of general code, which say how much of an
    adapter is used (`scaling`). `report` is called after every step and evaluation, on the first
    process.

    Raises `InputError` for what cannot work, `ModelError` for a model that cannot be read, and
    KeyboardInterrupt, after a checkpoint, when the user ends it.
    """
    options = options.for_model(model.shape_of(base).parameters)
    done = read_result(folder)
    whole = _identity(options, identity, len(rows), len(validation), len(guard))
    if done is not None and done[0] == whole:
        return done[1]
    with failures.memory_told():
        run = _Run(base, rows, validation, guard, folder, options, whole, report, courtesy)
        return run.run()


def rows_per_step(options: TuneOptions, row_tokens: int, count: int, processes: int) -> int:
    """Rows of one step on all processes together: a multiple of their number, at most `count`.

    Raises `InputError` when there are fewer rows than processes.
    """
    wanted = max(1, round(options.batch_tokens / row_tokens / processes)) * processes
    most = count // processes * processes
    if most == 0:
        raise InputError(
            f"There are {count} rows of tokens to train on, too few for {processes} processes.",
            hint="Give a repository with more code, or use fewer processes.",
        )
    return min(wanted, most)


class _Run:
    """One run, from loading to its outcome."""

    def __init__(
        self,
        base: Path,
        rows: Rows,
        validation: Rows,
        guard: Rows,
        folder: Path,
        options: TuneOptions,
        identity: str,
        report: Report | None,
        courtesy: Courtesy | None,
    ) -> None:
        self._base, self._folder, self._options = base, folder, options
        self._rows, self._validation, self._guard = rows, validation, guard
        self._identity = identity
        self._report = report
        self._courtesy = courtesy
        self._accelerator: Any = model.accelerator(options)
        self._keeper = Keeper(folder, self._accelerator)
        self._device = self._accelerator.device
        if not len(rows):
            raise InputError("There is nothing to train on.")
        row_tokens = len(rows[0].ids)
        self._per_step = rows_per_step(
            options, row_tokens, len(rows), self._accelerator.num_processes
        )
        limit = resources.micro_tokens(model.shape_of(base), options)
        self._micro_rows = max(1, limit // row_tokens)
        self._scorer = Scorer(
            self._accelerator, options.loss_weight, self._micro_rows, self._courtesy
        )

    def run(self) -> Tuned:
        options, accelerator = self._options, self._accelerator
        threads.limit(options.threads, accelerator.num_processes)
        found = self._keeper.read(self._identity)
        progress = found or Progress(identity=self._identity)
        tuned, optimiser = self._prepare()
        if found is not None:
            self._keeper.restore(tuned, optimiser)
        progress.total = progress.total or self._planned()
        log = None
        if accelerator.is_main_process:
            log = Log(self._folder / LOG, progress.step if found is not None else -1)
        try:
            self._train(tuned, optimiser, progress, self._reporter(log))
            outcome = self._finish(tuned, progress)
        finally:
            if log is not None:
                log.close()
            accelerator.free_memory()
        return outcome

    def _prepare(self) -> tuple[Any, Any]:
        """Model and optimiser."""
        import torch
        from accelerate.utils import DistributedType
        from transformers.utils import logging

        options, accelerator = self._options, self._accelerator
        sharded = accelerator.distributed_type is DistributedType.FSDP
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        loaded = model.load(self._base, options, self._device.type, self._folder)
        if not sharded and options.method is not Method.QLORA:
            torch.nn.Module.to(loaded, self._device)
        self._scorer.packed = options.packing is not Switch.OFF and attention.use(loaded)
        if options.packing is Switch.ON and not self._scorer.packed:
            raise InputError(
                "This model cannot keep packed samples apart.",
                hint="Leave --packing at auto: then every sample gets a row of its own.",
            )
        tuned = model.with_adapter(loaded, options)
        matrices = [p for _, p in trained(tuned) if p.dim() > 1]
        others = [p for _, p in trained(tuned) if p.dim() <= 1]
        groups: list[dict[str, Any]] = [{"params": matrices, "weight_decay": options.weight_decay}]
        if others:
            groups.append({"params": others, "weight_decay": 0.0})
        fused = not sharded and self._device.type in ("cpu", "cuda")
        rate, betas = options.learning_rate, (0.9, 0.95)
        optimiser = torch.optim.AdamW(groups, lr=rate, betas=betas, fused=fused)
        tuned, optimiser = accelerator.prepare(tuned, optimiser)
        return tuned, optimiser

    def _planned(self) -> int:
        steps = len(self._rows) // self._per_step
        return min(steps, self._options.max_steps) if self._options.max_steps else steps

    def _train(self, tuned: Any, optimiser: Any, progress: Progress, report: Report) -> None:
        saved = time.monotonic()
        with Interrupts() as interrupts:
            if len(self._validation) and progress.base_loss is None:
                progress.base_loss = self._scored(tuned, progress)
                report(self._told(progress, progress.base_loss, 0.0, evaluation=True))
            while not progress.finished:
                began = time.monotonic()
                loss, rate, waited = self._step(tuned, optimiser, progress)
                if not math.isfinite(loss):
                    raise failures.diverged(progress.step)
                progress.step += 1
                progress.seconds += time.monotonic() - began
                report(self._told(progress, loss, rate, waited=waited))
                self._settle(progress)
                self._judge(tuned, progress, report)
                interrupted = self._any(interrupts.asked)
                minutes = (time.monotonic() - saved) / 60
                due = self._any(minutes >= self._options.checkpoint_minutes)
                if due or interrupted or progress.finished:
                    self._keeper.save(tuned, optimiser, progress)
                    saved = time.monotonic()
                if interrupted and not progress.finished:
                    raise KeyboardInterrupt

    def _step(self, tuned: Any, optimiser: Any, progress: Progress) -> tuple[float, float, float]:
        """One step; its loss, learning rate, and the seconds waited."""
        import torch

        accelerator, options = self._accelerator, self._options
        first = progress.step * self._per_step
        rows = [self._rows[first + number] for number in range(self._per_step)]
        rank, processes = accelerator.process_index, accelerator.num_processes
        # Dropout by the number of the step: a run that goes on draws what it would have drawn.
        torch.manual_seed(_seed(options.seed, progress.step, rank))
        tuned.train()
        whole = batch.weight(rows, options.loss_weight) or 1.0
        parts = list(batch.chunks(rows[rank::processes], self._micro_rows))
        waited = 0.0
        total = torch.zeros((), device=self._device)
        for number, part in enumerate(parts):
            if self._courtesy is not None:
                waited += self._courtesy.wait()
            last = number == len(parts) - 1
            # Gradients are averaged over processes; the loss is a mean over all of their rows.
            with nullcontext() if last else accelerator.no_sync(tuned):
                loss = self._scorer.loss(tuned, part) / whole
                accelerator.backward(loss * processes)
            total += loss.detach()
        accelerator.clip_grad_norm_(tuned.parameters(), options.clip)
        rate = options.plan(progress.total).rate(progress.step)
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        progress.tokens += batch.tokens(rows)
        return float(accelerator.reduce(total, reduction="sum").item()), rate, waited

    def _settle(self, progress: Progress) -> None:
        """Shorten the run to the time there is, as its speed is known; end it when it is up."""
        limit = (self._options.max_hours or 0.0) * 3600
        if not limit:
            return
        if self._any(progress.seconds > limit) and progress.step < progress.total:
            progress.finished = TIME
        elif self._any(budget.settles(progress.step, progress.seconds, progress.settled, limit)):
            # The shorter the run, the closer its evaluations: never closer than those of one step.
            trained, scoring = progress.seconds - progress.scored, progress.scoring
            fitting = budget.fitting(limit, trained, progress.step, scoring, self._every(1))
            progress.total = self._first(max(progress.step, min(progress.total, fitting)))
            progress.settled = progress.seconds

    def _every(self, total: int) -> int:
        """Steps between two evaluations of a run of so many."""
        rows, evaluations = len(self._validation), self._options.evaluations
        return budget.every(total, evaluations, rows, self._per_step)

    def _judge(self, tuned: Any, progress: Progress, report: Report) -> None:
        """Score the validation rows when it is time, keep the best weights, and see whether it
        goes on."""
        at_end = progress.step >= progress.total or bool(progress.finished)
        due = progress.step % self._every(progress.total) == 0
        if len(self._validation) and (at_end or due):
            loss = self._scored(tuned, progress)
            progress.seconds += progress.scoring
            progress.scored += progress.scoring
            report(self._told(progress, loss, 0.0, evaluation=True))
            if progress.best_loss is None or loss <= progress.best_loss:
                progress.best_loss, progress.best_step, progress.stall = loss, progress.step, 0
                self._keep_best(tuned)
            else:
                progress.stall += 1
                if self._options.patience and progress.stall >= self._options.patience:
                    progress.finished = progress.finished or EARLY
        if at_end:
            progress.finished = progress.finished or DONE

    def _scored(self, tuned: Any, progress: Progress) -> float:
        """The loss of the validation rows, timed."""
        began = time.monotonic()
        loss = self._scorer.mean(tuned, self._validation)
        progress.scoring = time.monotonic() - began
        return loss

    def _keep_best(self, tuned: Any) -> None:
        weights = self._keeper.weights(tuned)
        if self._accelerator.is_main_process:
            partial = self._folder / f"{BEST}.part"
            shutil.rmtree(partial, ignore_errors=True)
            unwrapped = self._accelerator.unwrap_model(tuned)
            if self._options.method is Method.FULL:
                unwrapped.save_pretrained(partial, state_dict=weights)
            else:
                # Embeddings are not trained; looking for them would ask a server.
                unwrapped.save_pretrained(partial, state_dict=weights, save_embedding_layers=False)
            replace_folder(partial, self._folder / BEST)
        self._accelerator.wait_for_everyone()

    def _finish(self, tuned: Any, progress: Progress) -> Tuned:
        if not progress.best_step:  # no validation rows: the last weights are the best
            self._keep_best(tuned)
            progress.best_step = progress.step
        path = kept(self._folder / BEST)
        assert path is not None
        scale = self._scale(tuned, path)
        outcome = Tuned(
            weights=str(path),
            method=self._options.method,
            steps=progress.step,
            best_step=progress.best_step,
            base_loss=progress.base_loss,
            best_loss=progress.best_loss,
            finished=progress.finished,
            tokens=progress.tokens,
            seconds=progress.seconds,
            packed=self._scorer.packed,
            trained_parameters=sum(p.numel() for _, p in trained(tuned)),
            scale=scale,
        )
        if self._accelerator.is_main_process:
            write_result(self._folder, self._identity, outcome)
        self._accelerator.wait_for_everyone()
        return outcome

    def _scale(self, tuned: Any, best: Path) -> float:
        """How much of the best adapter is used."""
        own = self._accelerator.unwrap_model(tuned)
        if not len(self._guard) or not model.take_adapter(own, best, self._accelerator):
            return 1.0

        def loss(scale: float) -> float:
            with scaling.scaled(own, scale):
                return self._scorer.mean(tuned, self._guard, Weighing.TOKEN)

        return scaling.choose(loss)

    def _told(
        self,
        progress: Progress,
        loss: float,
        rate: float,
        *,
        evaluation: bool = False,
        waited: float = 0.0,
    ) -> Step:
        return Step(
            progress.step, progress.total, loss, rate, progress.tokens, progress.seconds,
            evaluation, waited,
        )  # fmt: skip

    def _reporter(self, log: Log | None) -> Report:
        """What is told goes to the log and to the caller, on the first process."""
        listeners: list[Callable[[Step], None]] = []
        if log is not None:
            listeners.append(log)
            if self._report is not None:
                listeners.append(self._report)

        def report(step: Step) -> None:
            for listener in listeners:
                listener(step)

        return report

    def _any(self, flag: bool) -> bool:
        """Whether any process says so."""
        return bool(self._sum(int(flag)))

    def _first(self, number: int) -> int:
        """What the first process says."""
        return self._sum(number if self._accelerator.is_main_process else 0)

    def _sum(self, number: int) -> int:
        import torch

        if self._accelerator.num_processes == 1:
            return number
        value = torch.tensor(float(number), device=self._device)
        return round(self._accelerator.reduce(value, reduction="sum").item())


def _identity(options: TuneOptions, said: str, *rows: int) -> str:
    text = json.dumps([options.outcome(), said, *rows], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _seed(seed: int, step: int, rank: int) -> int:
    digest = hashlib.sha256(f"{seed}/{step}/{rank}".encode()).digest()
    return int.from_bytes(digest[:4], "big")
