"""The fitted weights of the cache for a model, as they stand in files. Knows no data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from beadline.engine.cache_model import ending
from beadline.engine.cache_model.distribution import Backoff, Scope
from beadline.engine.cache_model.interpolation import TERMS, Weights
from beadline.engine.fitted import WeightFiles


@dataclass(frozen=True)
class Fitted:
    """One set of weights, and what it rests on."""

    weights: Weights
    model: str
    """Name of the model it was fitted for."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """Repositories, seeds, counts and likelihoods; for people, read by nothing."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"model": self.model, **values_of(self.weights), "evidence": dict(self.evidence)}

    @classmethod
    def of(cls, values: Any) -> Fitted:
        """What `as_dict` gave. Raises `ValueError` for anything else."""
        try:
            return cls(
                weights_from(values), str(values["model"]), dict(values.get("evidence") or {})
            )
        except (AttributeError, KeyError, TypeError) as exc:
            raise ValueError(f"no set of weights: {exc!r}") from exc


def values_of(weights: Weights) -> dict[str, Any]:
    """Weights as plain JSON values."""
    return {
        "intercept": weights.intercept,
        "coefficients": dict(weights.coefficients),
        "backoff": _backoff_values(weights.backoff),
        "alone": _backoff_values(weights.alone),
        "ending": dict(weights.ending),
        "ending_alone": dict(weights.ending_alone),
    }


def weights_from(values: Mapping[str, Any]) -> Weights:
    """The inverse of `values_of`. Raises `ValueError` for anything else."""
    try:
        coefficients = _numbers(values["coefficients"])
        intercept = float(values["intercept"])
        endings = _numbers(values.get("ending", {})), _numbers(values.get("ending_alone", {}))
        found = Weights(
            coefficients,
            intercept,
            _backoff(values["backoff"]),
            _backoff(values["alone"]),
            *endings,
        )
    except (AttributeError, KeyError, TypeError) as exc:
        raise ValueError(f"no weights: {exc!r}") from exc
    known = {*ending.TERMS, ending.INTERCEPT}
    unknown = coefficients.keys() - set(TERMS)
    if unknown := sorted(unknown.union(*(each.keys() - known for each in endings))):
        raise ValueError(f"weights of terms that there are not: {', '.join(unknown)}")
    numbers = (intercept, *coefficients.values(), *endings[0].values(), *endings[1].values())
    if not all(map(math.isfinite, numbers)):
        raise ValueError("weights that are no numbers")
    return found


FILES = WeightFiles(Path(__file__).parent / "weights.json", "cache-weights", Fitted.of)


def weights_of(model: Path) -> Weights:
    """The weights for a model file: the user's own, the packaged, or the generic ones."""
    return FILES.of(model).weights


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items()}


def _backoff_values(backoff: Backoff) -> dict[str, Any]:
    escapes = zip(Scope, backoff.escapes, strict=True)
    return {
        "escapes": {scope.name.lower(): escape for scope, escape in escapes},
        "growth": backoff.growth,
        "power": backoff.power,
    }


def _backoff(values: Mapping[str, Any]) -> Backoff:
    repository, directory, open_files, buffer = (
        float(values["escapes"][scope.name.lower()]) for scope in Scope
    )
    growth, power = float(values["growth"]), float(values.get("power", 1.0))
    escapes = (repository, directory, open_files, buffer)
    if not all(math.isfinite(value) and value >= 0 for value in (*escapes, growth, power)):
        raise ValueError("a back-off that is none")
    return Backoff(escapes, growth, power)
