"""The whole training: snapshot, corpus, samples, tuning, export, proof, gate, activation.

Every phase leaves its outcome in the run's folder in the user's cache directory and is skipped when
that is there, so the same command goes on wherever it was interrupted. Knows no arguments and no
terminal.

    training/lock
    training/<repository>/proof/            held-out holes and their answers, for all runs
    training/<repository>/<run>/            corpus.jsonl, rows/, run/, adapter.gguf...
    training/<repository>/<run>/proved/*/ evidence.json, report.md, outcome.json

A run is named by what it learned from and how, a proof by what it was proved on: the same adapter
proved anew, on more other code say, is not trained anew.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from beadline import __version__, processes, settings
from beadline.context.index.lock import FileLock
from beadline.engine import models
from beadline.engine.adapters import Base, base_of, repository_key
from beadline.engine.gguf import read_header
from beadline.engine.llama.threads import decoding_threads
from beadline.engine.private import make_private
from beadline.errors import BeadlineError, InputError, ModelError
from beadline.evaluation import heldout
from beadline.evaluation.heldout import Plan, Wanted
from beadline.evaluation.proof import ALONE, SERVED, Side
from beadline.settings import Options
from beadline.trainer import (
    adapter_gguf,
    evidence,
    gate,
    memorisation,
    merged,
    outcome,
    prepare,
    report,
)
from beadline.trainer.architectures import Architecture
from beadline.trainer.corpus.sources import open_source
from beadline.trainer.evidence import Evidence, Trial
from beadline.trainer.finetune import job, progress, resources, threads
from beadline.trainer.finetune.job import Job
from beadline.trainer.finetune.model import is_folder, shape_of
from beadline.trainer.finetune.options import Method
from beadline.trainer.finetune.progress import CURVE, LOG
from beadline.trainer.finetune.result import Tuned
from beadline.trainer.memorisation import Planted
from beadline.trainer.options import TrainOptions, digest
from beadline.trainer.outcome import Made, Outcome
from beadline.trainer.prepare import Data, Prepared
from beadline.trainer.screen import Screen
from beadline.trainer.served import ServedVocabulary, context_of

FOLDER = "training"
"""Below the user's cache directory."""
_ABANDONED_S = 30 * 24 * 3600.0
"""A run that nobody went on with for so long is removed."""
_TOKENS_PER_CHARACTER = 0.4
_LIBRARIES = ("torch", "transformers", "peft", "accelerate", "gguf", "safetensors", "datasketch")


def train(options: TrainOptions, own: Options, screen: Screen) -> Outcome:
    """Do all of it, or what is left of it. `own`: the user's settings, with the model that is tuned
    as `engine.model`.

    Raises `InputError` for a repository that cannot be learned from, and where memory or disk do
    not suffice; `ModelError` for a model that cannot be tuned; KeyboardInterrupt when the user ends
    it. What is done is kept in every case.
    """
    require_libraries()
    root = settings.user_cache_dir() / FOLDER
    _make(root)
    with _alone(root):
        return _Training(options, own, screen, root).run()


class _Training:
    """One training, phase by phase."""

    def __init__(self, options: TrainOptions, own: Options, screen: Screen, root: Path) -> None:
        self._options = options
        self._screen = screen
        self._own = own
        self._model = models.resolve(own.engine.model)
        own_place = digest(repository_key(options.repository))[:8]
        self._place = root / f"{options.repository.resolve().name or 'root'}-{own_place}"

    def run(self) -> Outcome:
        screen = self._screen
        screen.phase("Looking at the repository and the model", 0.0, 0.02)
        vocabulary = ServedVocabulary(self._model, self._own.engine)
        form = vocabulary.form
        base = base_of(self._model, family=form.family.name, layout=form.layout.value)
        self._fits()
        parameters = shape_of(self._model).parameters
        tune = self._options.tune.for_model(parameters)
        self._options = replace(self._options, tune=tune)
        plan, planted, trial = self._hold_out()
        folder = self._place / self._name(plan, base)
        proved = folder / outcome.PROVED / self._proof(plan)
        if (known := outcome.read(proved)) is not None:
            screen.say("This training has been done and proved before.")
            return known
        _make(proved)
        _prune(self._place, folder)
        if told := self._warning(trial):
            screen.say(told)
        processes.stand_back(processes.LOWEST)
        screen.phase("Reading and cleaning the code", 0.02, 0.06)
        data = prepare.gather(plan, self._options, self._own, planted, folder, screen.tell)
        made = outcome.made(folder)
        if made is None:
            self._suffices(data, folder)
            screen.phase("Drawing samples", 0.06, 0.15)
            rows = self._rows(data, folder)
            screen.phase("Tuning the model", 0.15, 0.6)
            tuned = self._tune(data, rows, base, folder)
            made = self._export(tuned, rows, folder)
        else:
            screen.say("The model has been tuned before: it is proved.")
        side = self._side(made, folder)
        screen.phase("Proving it on held-out code", 0.6, 1.0)
        found = self._prove(trial, side, data, proved)
        screen.phase("Deciding", 1.0, 1.0)
        return self._decide(plan, base, side, made, data, found, folder, proved)

    def _hold_out(self) -> tuple[Plan, Planted, Trial]:
        """What proves the outcome; drawn before anything is trained."""
        options = self._options
        source = open_source(options.repository, options.commit)
        for note in source.notes:
            self._screen.say(note)
        wanted = Wanted(options.holes, options.seed, options.commit, options.languages)
        accept = prepare.acceptance(source, options, self._own.context.ignore)
        plan = heldout.plan(options.repository, wanted, accept)
        planted = memorisation.plant(options.seed, source.name)
        proof = self._place / "proof"
        _make(proof)
        trial = evidence.prepare(
            options.repository, plan, proof,
            accept=accept, control=options.control, planted=planted.secrets,
        )  # fmt: skip
        return plan, planted, trial

    def _warning(self, trial: Trial) -> str:
        """What is known before: that the outcome cannot become active."""
        few = gate.too_few(len(trial.held), trial.groups, len(trial.control))
        return f"Whatever comes out will not become active: {few}" if few else ""

    def _name(self, plan: Plan, base: Base) -> str:
        """The run's folder: everything that what is trained depends on."""
        own = self._own
        return digest(
            {
                "version": __version__,
                "options": self._options.outcome(),
                "cut": [plan.cut, *plan.files],
                "base": asdict(base),
                "context": asdict(own.context),
                "most": [own.completion.max_tokens, own.completion.max_lines],
                "healing": own.engine.healing,
            }
        )

    def _proof(self, plan: Plan) -> str:
        """The proof's folder: what was trained is asked this, and served so."""
        options = self._options
        return digest([plan.as_dict(), options.control, options.alone, options.scale])

    def _fits(self) -> None:
        """Raise where the weights to be trained are not those of the model that is served."""
        Architecture.of_gguf(read_header(self._model))
        weights = self._options.weights
        if weights is None:
            return
        if not is_folder(weights):
            raise InputError(
                f"{weights} is no folder.", hint="--weights takes a folder of transformers."
            )
        given, served = shape_of(weights), shape_of(self._model)
        if (given.layers, given.hidden) != (served.layers, served.hidden):
            raise ModelError(
                f"{weights} is another model than {self._model.name}: {given.layers} layers of "
                f"{given.hidden} and {served.layers} of {served.hidden}.",
                hint="Name the folder of the very model that is served.",
            )

    @property
    def _trained(self) -> Path:
        """Where the weights are read from."""
        return self._options.weights or self._model

    def _suffices(self, data: Data, folder: Path) -> None:
        """Raise where there is too little memory or disk, before the long part begins."""
        device = _device()
        characters = sum(len(file.text) for file in data.files)
        passes = prepare.passes(self._options, characters)
        tokens = int(characters * passes * _TOKENS_PER_CHARACTER)
        if most := resources.most_samples(shape_of(self._model), self._options.tune, device):
            tokens = min(tokens, most * prepare.ROW_TOKENS)
        wanted = resources.needs(
            shape_of(self._trained), self._options.tune,
            device=device, rows_tokens=tokens, gguf=not is_folder(self._trained),
        )  # fmt: skip
        resources.check(wanted, folder, device=device)

    def _rows(self, data: Data, folder: Path) -> Prepared:
        header = read_header(self._model)
        architecture = header.text("general.architecture")
        trained_for = header.number(f"{architecture}.context_length")
        context = context_of(trained_for, self._own.engine)
        drawn = prepare.sample_options(self._options, self._own, context)
        vocabulary = partial(ServedVocabulary, self._model, self._own.engine)
        tune = self._options.tune
        most = resources.most_samples(shape_of(self._model), tune, _device())
        rows = prepare.write_rows(
            data, vocabulary, drawn, self._options, folder, self._screen.tell,
            processes=threads.cores(tune.threads), most_samples=most,
        )  # fmt: skip
        self._screen.say(
            f"{rows.samples:,} samples in {rows.row_count:,} rows, {rows.padding:.1%} padding"
        )
        return rows

    def _tune(self, data: Data, rows: Prepared, base: Base, folder: Path) -> Tuned:
        options = self._options
        described = Job(
            self._trained, rows.rows, rows.validation, options.tune,
            identity=digest([base.weights, data.digest, options.outcome()]), guard=rows.guard,
        )  # fmt: skip
        if options.processes > 1 or options.accelerate_config is not None:
            tuned = job.launch(folder, described, options.processes, options.accelerate_config)
        else:
            tuned = job.run(folder, described, self._screen.step)
        steps = progress.read(job.output(folder) / LOG)
        if not progress.draw_curve(steps, folder / CURVE):
            self._screen.say("matplotlib is not installed: there is no picture of the loss.")
        if tuned.base_loss is not None and tuned.best_loss is not None:
            self._screen.say(
                f"loss on other files {tuned.base_loss:.3f} before, {tuned.best_loss:.3f} after "
                f"{tuned.best_step} of {tuned.steps} steps"
            )
        return tuned

    def _export(self, tuned: Tuned, rows: Prepared, folder: Path) -> Made:
        """What was tuned, as a file that is served."""
        if tuned.method is Method.FULL:
            target = folder / outcome.MODEL
            if not target.exists():
                merged.export_tuned(self._model, _weights(Path(tuned.weights)), target)
        else:
            target = folder / outcome.ADAPTER
            if not target.exists():
                architecture = Architecture.of_gguf(read_header(self._model))
                name = self._options.repository.resolve().name
                adapter_gguf.convert(Path(tuned.weights), architecture, target, name=name)
        return outcome.keep_made(folder, tuned, rows)

    def _side(self, made: Made, folder: Path) -> Side:
        """What is proved."""
        if made.tuned.method is Method.FULL:
            return Side("tuned", model=str(folder / outcome.MODEL))
        scale = self._options.scale or made.tuned.scale
        return Side("tuned", adapter=folder / outcome.ADAPTER, scale=scale)

    def _prove(self, trial: Trial, side: Side, data: Data, proved: Path) -> Evidence:
        kept = proved / outcome.EVIDENCE
        if kept.exists():
            return Evidence.of(json.loads(kept.read_text("utf-8")))
        arms = (SERVED, ALONE) if self._options.alone else (SERVED,)
        engine = self._own.engine
        # A core is left to whoever works: llama.cpp's threads spin while they wait for one that
        # the system has put aside, and a hole takes many times as long.
        count = self._options.tune.threads or engine.threads or max(1, decoding_threads() - 1)
        own = replace(self._own, engine=replace(engine, model=str(self._model), threads=count))
        gathering = evidence.gather(
            trial, side, own, data.texts, self._place / "proof", self._screen.tell, arms=arms
        )
        found = asyncio.run(gathering)
        outcome.write(kept, json.dumps(found.as_dict()))
        evidence.prune(self._place / "proof")
        return found

    def _decide(
        self,
        plan: Plan,
        base: Base,
        side: Side,
        made: Made,
        data: Data,
        found: Evidence,
        folder: Path,
        proved: Path,
    ) -> Outcome:
        decision = gate.decide(found.proof, found.forgetting, found.memorised)
        facts = outcome.facts(self._options, made, base, self._model)
        text = report.markdown(plan, found, decision, facts=facts, corpus=data.report)
        outcome.write(proved / outcome.REPORT, text)
        name, path, place = "", Path(side.model), proved / outcome.REPORT
        activated = False
        if side.adapter is not None:
            beside = (proved / outcome.REPORT, proved / outcome.EVIDENCE, folder / CURVE)
            stored = outcome.keep(self._options, plan, base, side, decision, found, beside)
            name, path, place = stored.name, stored.path, stored.report
            activated = stored.active
        ended = Outcome(
            name=name,
            verdict=str(decision.verdict),
            sentence=decision.sentence,
            activated=activated,
            report=str(place),
            adapter=str(path),
            plan=plan.as_dict(),
            evidence=found.as_dict(),
            facts=facts,
        )
        text = json.dumps(asdict(ended))
        outcome.write(proved / outcome.OUTCOME, text)
        outcome.clean(folder)
        return Outcome(**json.loads(text))  # as it is read later, lists and all


def require_libraries() -> None:
    """Raise `InputError` where a library that training needs is not installed."""
    missing = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"Training needs packages that are not installed: {', '.join(missing)}.",
            hint="Install them: pip install 'beadline[train]'.",
        )


def _weights(folder: Path) -> dict[str, Any]:
    """All tensors of a model folder."""
    from safetensors.torch import load_file

    found: dict[str, Any] = {}
    for file in sorted(folder.glob("*.safetensors")):
        found |= load_file(file)
    return found


def _device() -> str:
    """Kind of the device that is trained on."""
    import torch

    accelerator = torch.accelerator.current_accelerator()
    return accelerator.type if accelerator is not None else "cpu"


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Hold the lock of all trainings of this user. Raises `InputError` when another one runs."""
    try:
        lock = FileLock.attempt(root / "lock")
    except OSError as exc:
        raise _unwritable(root, exc) from exc
    if lock is None:
        raise InputError("Another training is running.", hint="Wait for it, or end it with Ctrl-C.")
    with lock:
        yield


def _make(folder: Path) -> None:
    try:
        make_private(folder)
    except OSError as exc:
        raise _unwritable(folder, exc) from exc


def _unwritable(folder: Path, error: OSError) -> BeadlineError:
    return BeadlineError(
        f"{folder} cannot be written: {error.strerror or error}.",
        hint="Make room for it, or name another folder with BEADLINE_CACHE_DIR.",
    )


def _prune(place: Path, current: Path) -> None:
    """Remove runs of the repository that were abandoned long ago."""
    oldest = time.time() - _ABANDONED_S
    for folder in place.iterdir():
        if folder in (current, place / "proof") or not folder.is_dir():
            continue
        if max(path.stat().st_mtime for path in (folder, *folder.iterdir())) < oldest:
            shutil.rmtree(folder, ignore_errors=True)
