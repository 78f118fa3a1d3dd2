"""What a training is asked for, all of it. Knows no phase and no file of a run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from beadline.trainer.evidence import CONTROL_HOLES
from beadline.trainer.finetune.options import TuneOptions
from beadline.trainer.finetune.replay import SHARE
from beadline.trainer.order import DEFAULT as ORDER
from beadline.trainer.samples.options import MIDDLE

LEAST_EPOCHS, MOST_EPOCHS = 3.0, 12.0
SAMPLES = 6000
"""Of the repository, as many as a small model learns from within `max_hours` of its size on two
cores: a repository with fewer in three epochs is gone through more often."""
HELD_OUT_HOLES = 400


@dataclass(frozen=True)
class TrainOptions:
    """One training of one repository."""

    repository: Path
    commit: str = "HEAD"
    """The newest commit that is looked at; a part of the history before it is held out."""
    weights: Path | None = None
    """Folder of the served model's weights as transformers has them; None unpacks the GGUF."""
    languages: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    """gitignore patterns, as in `corpus.build.CorpusOptions`."""
    order: str = ORDER
    """Of the files; it counts where `pool` is set."""
    pool: int = 0
    """Samples that are shuffled together; 0: all of an epoch."""
    epochs: float = 0.0
    """Passes over the code; 0: by its size (`prepare.passes`)."""
    left_to_right: float = 0.3
    """Share of samples that are plain text."""
    random_spans: bool = False
    """Holes are random spans of characters instead of syntax nodes: for comparison."""
    snippet_share: float = 0.5
    loss: str = MIDDLE
    replay: float = SHARE
    """Share of the samples that is general code of this machine."""
    holes: int = HELD_OUT_HOLES
    """Held-out holes that are asked for, before and after."""
    control: int = CONTROL_HOLES
    """Holes of other code, to see what was forgotten."""
    alone: bool = True
    """Whether the holes are also answered without snippets."""
    seed: int = 1
    scale: float = 0.0
    """What the adapter's changes are multiplied with where it is proved and served; 0: what general
    code says (`finetune.scaling`)."""
    tune: TuneOptions = field(default_factory=TuneOptions)
    processes: int = 1
    accelerate_config: Path | None = None

    def outcome(self) -> dict[str, Any]:
        """All of it that the tuned model depends on; plain JSON values."""
        values = asdict(self)
        for name in (
            "repository", "holes", "control", "alone", "scale", "processes", "accelerate_config",
        ):  # fmt: skip
            del values[name]
        values["weights"] = str(self.weights or "")
        # A run goes on with another limit of time, but what comes out is another.
        values["tune"] = {**self.tune.outcome(), "max_hours": self.tune.max_hours}
        return values


def digest(values: Any) -> str:
    """A short name for plain JSON values."""
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
