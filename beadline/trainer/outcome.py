"""What a training came to, and where it is kept: with the user's adapters, and in its own folder.

Knows numbers and files; measures and decides nothing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from beadline.engine.adapter_store import AdapterStore, Stored
from beadline.engine.adapters import Base, Manifest, file_digest, repository_key
from beadline.evaluation.heldout import Plan
from beadline.evaluation.proof import SERVED
from beadline.trainer.evidence import Evidence
from beadline.trainer.finetune.options import Method
from beadline.trainer.finetune.progress import CURVE
from beadline.trainer.finetune.result import Tuned
from beadline.trainer.gate import Decision
from beadline.trainer.options import TrainOptions
from beadline.trainer.prepare import Prepared

OUTCOME, EVIDENCE, REPORT, MODEL = (
    "outcome.json", "evidence.json", "report.md", "model.gguf",
)  # fmt: skip
_KEPT = frozenset({OUTCOME, EVIDENCE, REPORT, CURVE, MODEL, "corpus.json"})
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


def read(folder: Path) -> Outcome | None:
    """What a run has come to; None when it has not ended, or its adapter was removed since."""
    try:
        outcome = Outcome(**json.loads((folder / OUTCOME).read_text("utf-8")))
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
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name not in _KEPT:
            path.unlink(missing_ok=True)


def keep(
    options: TrainOptions,
    plan: Plan,
    base: Base,
    adapter: Path,
    decision: Decision,
    found: Evidence,
    folder: Path,
) -> Stored:
    """Put the adapter that was proved among the user's, with its report; active if it won.

    Raises `AdapterError`."""
    store = AdapterStore()
    digest = file_digest(adapter)
    manifest = Manifest(
        name=store.new_name(options.repository, digest),
        base=base,
        repository=repository_key(options.repository),
        commit="" if plan.cut.startswith("dir:") else plan.cut,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        digest=digest,
        passed=decision.activates,
        verdict=decision.sentence,
        score=_score(found),
        scale=options.scale,
    )
    names = [name for name in (REPORT, EVIDENCE, CURVE) if (folder / name).exists()]
    beside = {name: (folder / name).read_bytes() for name in names}
    stored = store.keep(manifest, adapter, beside)
    return store.activate(manifest.name) if decision.activates else stored


def _score(found: Evidence) -> Mapping[str, Any]:
    """The numbers that decided."""
    served = found.proof[SERVED]
    names = ("holes", "exact_match_gain", "exact_match_ratio")
    return {
        **{name: served[name] for name in names},
        "forgetting": found.forgetting["nll_ratio"],
    }


def facts(
    options: TrainOptions, tuned: Tuned, rows: Prepared, base: Base, model: Path
) -> dict[str, str]:
    """The first table of the report."""
    tune = options.tune
    found = {
        "model": f"{base.name} ({model.name})",
        "asked as": f"{base.family}, {base.layout}",
        "method": str(tune.method),
        "trained parameters": f"{tuned.trained_parameters:,}",
        "samples": f"{rows.samples:,}; {options.left_to_right:.0%} plain text, "
        f"{options.replay:.0%} general code",
        "padding": f"{rows.padding:.1%}" if tuned.packed else "every sample padded",
        "tokens": f"{tuned.tokens:,}",
        "steps": f"{tuned.steps}, the best after {tuned.best_step} ({tuned.finished})",
        "time of tuning": f"{tuned.seconds / 60:.1f} min",
        "learning rate": f"{tune.peak:g}, {tune.schedule}",
    }
    if tune.method is not Method.FULL:
        found["rank"] = f"{tune.rank}, alpha {tune.alpha}"
    if tuned.base_loss is not None and tuned.best_loss is not None:
        found["loss on files for stopping"] = f"{tuned.base_loss:.3f} to {tuned.best_loss:.3f}"
    return found
