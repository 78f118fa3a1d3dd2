"""What a training came to, and where it is kept: with the user's adapters, and in its own folder.

Knows numbers and files; measures and decides nothing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from beadline.engine.adapter_store import AdapterStore, Stored
from beadline.engine.adapters import Base, Manifest, file_digest, repository_key
from beadline.evaluation.heldout import Plan
from beadline.evaluation.proof import SERVED, Side
from beadline.trainer.evidence import Evidence
from beadline.trainer.finetune.options import Method
from beadline.trainer.finetune.progress import CURVE
from beadline.trainer.finetune.result import Tuned
from beadline.trainer.gate import Decision, Verdict
from beadline.trainer.options import TrainOptions
from beadline.trainer.prepare import Prepared

OUTCOME, EVIDENCE, REPORT = "outcome.json", "evidence.json", "report.md"
"""Of one proof."""
ADAPTER, MODEL = "adapter.gguf", "model.gguf"
PROVED = "proved"
"""Folder of the proofs, below the run's."""
_MADE = "made.json"
_KEPT = frozenset({PROVED, ADAPTER, MODEL, CURVE, _MADE, "corpus.json"})
"""What of a run's folder stays when it has ended."""


@dataclass(frozen=True)
class Outcome:
    """What a training came to."""

    name: str
    """Of the adapter; empty where all weights were trained."""
    verdict: str
    sentence: str
    """The verdict and what decided, for people."""
    activated: bool
    report: str
    """Path of the Markdown report."""
    adapter: str
    """Path of the adapter, or of the tuned model where all weights were trained."""
    plan: dict[str, Any]
    evidence: dict[str, Any]
    facts: dict[str, str]


@dataclass(frozen=True)
class Made:
    """What a training made, before it is proved."""

    tuned: Tuned
    samples: int
    padding: float
    """Share of the tokens that only filled rows."""


def made(folder: Path) -> Made | None:
    """What the training in a folder made; None when it has not."""
    try:
        values = json.loads((folder / _MADE).read_text("utf-8"))
        tuned = Tuned(**{**values["tuned"], "method": Method(values["tuned"]["method"])})
        found = Made(tuned, values["samples"], values["padding"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    file = MODEL if tuned.method is Method.FULL else ADAPTER
    return found if (folder / file).is_file() else None


def keep_made(folder: Path, tuned: Tuned, rows: Prepared) -> Made:
    """Note what the training in a folder made."""
    found = Made(tuned, rows.samples, rows.padding)
    write(folder / _MADE, json.dumps(asdict(found)))
    return found


def read(proved: Path) -> Outcome | None:
    """What a proof has come to; None when it has not ended, or its adapter was removed since."""
    try:
        outcome = Outcome(**json.loads((proved / OUTCOME).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return outcome if Path(outcome.adapter).is_file() else None


def write(path: Path, text: str) -> None:
    """Write a file, whole or not at all."""
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(text, "utf-8")
    partial.replace(path)


def clean(folder: Path) -> None:
    """Remove what a finished run needs no more: gigabytes, and the user's code."""
    for path in folder.iterdir():
        if path.name in _KEPT:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def keep(
    options: TrainOptions,
    plan: Plan,
    base: Base,
    side: Side,
    decision: Decision,
    found: Evidence,
    beside: Sequence[Path],
) -> Stored:
    """Put the adapter that was proved among the user's, with what lies `beside` it; active if it
    won. One that won an earlier proof stays as it is where a later one has too little to say.

    Raises `AdapterError`."""
    assert side.adapter is not None
    store = AdapterStore()
    digest = file_digest(side.adapter)
    name = store.new_name(options.repository, digest)
    known = _won(store, name, side.scale)
    if known is not None and decision.verdict is Verdict.NOT_ENOUGH:
        return known
    manifest = Manifest(
        name=name,
        base=base,
        repository=repository_key(options.repository),
        commit="" if plan.cut.startswith("dir:") else plan.cut,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        digest=digest,
        passed=decision.activates,
        verdict=decision.sentence,
        score=_score(found),
        scale=side.scale,
    )
    files = {path.name: path.read_bytes() for path in beside if path.exists()}
    stored = store.keep(manifest, side.adapter, files)
    return store.activate(manifest.name) if decision.activates else stored


def _won(store: AdapterStore, name: str, scale: float) -> Stored | None:
    """The adapter of a name, where it has passed a proof as it would be served now."""
    for stored in store.all():
        manifest = stored.manifest
        if stored.name == name and manifest is not None and manifest.passed:
            return stored if manifest.scale == scale else None
    return None


def _score(found: Evidence) -> Mapping[str, Any]:
    """The numbers that decided."""
    served = found.proof[SERVED]
    names = ("holes", "exact_match_gain", "exact_match_ratio")
    return {
        **{name: served[name] for name in names},
        "forgetting": found.forgetting["nll_ratio"],
    }


def facts(options: TrainOptions, made: Made, base: Base, model: Path) -> dict[str, str]:
    """The first table of the report. `options`: with everything settled."""
    tune, tuned = options.tune, made.tuned
    found = {
        "model": f"{base.name} ({model.name})",
        "asked as": f"{base.family}, {base.layout}",
        "method": str(tune.method),
        "trained parameters": f"{tuned.trained_parameters:,}",
        "samples": f"{made.samples:,}; {options.left_to_right:.0%} plain text, "
        f"{options.replay:.0%} general code",
        "padding": f"{made.padding:.1%}" if tuned.packed else "every sample padded",
        "tokens": f"{tuned.tokens:,}",
        "loss": f"on {options.loss}, every {tune.loss_weight} counts the same",
        "steps": f"{tuned.steps}, the best after {tuned.best_step} ({tuned.finished})",
        "time of tuning": f"{tuned.seconds / 60:.1f} min",
        "learning rate": f"{tune.learning_rate:g}, {tune.schedule}",
    }
    if tune.method is not Method.FULL:
        found["rank"] = f"{tune.rank}, alpha {tune.alpha}"
        found["scale"] = f"{options.scale or tuned.scale:g}"
    if tuned.base_loss is not None and tuned.best_loss is not None:
        found["loss on files for stopping"] = f"{tuned.base_loss:.3f} to {tuned.best_loss:.3f}"
    return found
