"""What a run of tuning comes to, and the file that says so. Trains nothing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from beadline.trainer.finetune.options import Method

BEST = "best"
"""Folder of the weights with the least held-out loss, below the run's."""
RESULT = "result.json"
DONE, EARLY, TIME = "done", "early", "time"
"""Why training ended: no rows are left, no better loss for long, no time."""


@dataclass(frozen=True)
class Tuned:
    """What came out."""

    weights: str
    """Folder: an adapter as peft writes it, or a whole model as transformers does."""
    method: Method
    steps: int
    best_step: int
    base_loss: float | None
    """Of the validation rows before training; nats a token. None without such rows."""
    best_loss: float | None
    finished: str
    tokens: int
    seconds: float
    """Of training, evaluations included, interruptions not."""
    packed: bool
    """Whether samples shared rows."""
    trained_parameters: int
    scale: float = 1.0
    """How much of an adapter is used (`scaling`)."""


def read_result(folder: Path) -> tuple[str, Tuned] | None:
    """Identity and outcome of a run that has ended; None when it has not."""
    try:
        values = json.loads((folder / RESULT).read_text("utf-8"))
    except FileNotFoundError:
        return None
    identity = values.pop("identity")
    return identity, Tuned(**{**values, "method": Method(values["method"])})


def write_result(folder: Path, identity: str, outcome: Tuned) -> None:
    """Say that a run has ended; whole or not at all."""
    partial = folder / f"{RESULT}.part"
    partial.write_text(json.dumps({"identity": identity, **asdict(outcome)}), "utf-8")
    partial.replace(folder / RESULT)
