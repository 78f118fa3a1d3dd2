"""The fitted confidence weights of a model, as they stand in files. Knows no data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from beadline.completion.confidence import TERMS, Estimator
from beadline.engine.fitted import WeightFiles


@dataclass(frozen=True)
class Fitted:
    """One set of weights, and what it rests on."""

    estimator: Estimator
    model: str
    """Name of the model it was fitted for."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """Repositories, seeds, counts and scores; for people, read by nothing."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "model": self.model,
            "intercept": self.estimator.intercept,
            "weights": dict(self.estimator.weights),
            "evidence": dict(self.evidence),
        }

    @classmethod
    def of(cls, value: Any) -> Fitted:
        """What `as_dict` gave. Raises `ValueError` for anything else."""
        try:
            weights = {name: float(weight) for name, weight in value["weights"].items()}
            intercept = float(value["intercept"])
            model, evidence = str(value["model"]), dict(value.get("evidence") or {})
        except (AttributeError, KeyError, TypeError) as exc:
            raise ValueError(f"no set of weights: {exc!r}") from exc
        if unknown := sorted(weights.keys() - TERMS):
            raise ValueError(f"weights of terms that there are not: {', '.join(unknown)}")
        if not all(map(math.isfinite, (intercept, *weights.values()))):
            raise ValueError("weights that are no numbers")
        return cls(Estimator(weights, intercept), model, evidence)


FILES = WeightFiles(Path(__file__).parent / "weights.json", "confidence", Fitted.of)


def estimator_of(model: Path) -> Estimator:
    """The estimator for a model file: the user's own, the packaged, or the generic one."""
    return FILES.of(model).estimator
