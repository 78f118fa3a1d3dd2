"""Files of fitted confidence weights, one set a model. Knows JSON and models' digests, no data.

The built-in model's set comes with the package, and a set for models that nobody measured; a user
who ran `beadline evaluate --calibrate` has his own in the user's data directory, which goes first.
"""

from __future__ import annotations

import json
import logging
import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from beadline import settings
from beadline.completion.confidence import TERMS, Estimator
from beadline.engine.verdicts import digest
from beadline.errors import FileError

_LOG = logging.getLogger(__name__)
_PACKAGED = Path(__file__).parent / "weights.json"
_FOLDER = "confidence"
GENERIC = "generic"
"""Key of the set for models that were not measured."""


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


def estimator_of(model: Path) -> Estimator:
    """The estimator for a model file: the user's own, the packaged, or the generic one."""
    try:
        key = digest(model)
    except OSError:  # an engine without a file of that name
        key = ""
    own = user_file(key)
    try:
        return Fitted.of(json.loads(own.read_text("utf-8"))).estimator
    except FileNotFoundError:
        pass
    except (OSError, ValueError, RecursionError) as exc:
        _LOG.warning("%s is not used: %s.", own, exc)
    sets = packaged()
    return (sets.get(key) or sets[GENERIC]).estimator


@cache
def packaged() -> Mapping[str, Fitted]:
    """The sets that come with the package, by digest of the model."""
    values = json.loads(_PACKAGED.read_text("utf-8"))
    return {key: Fitted.of(value) for key, value in values.items()}


def user_file(key: str) -> Path:
    """Where the user's own weights for a model are kept."""
    return settings.user_data_dir() / _FOLDER / f"{key or 'none'}.json"


def write(path: Path, fitted: Fitted) -> None:
    """Write a set to a file, whole or not at all. Raises `FileError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(fitted.as_dict(), indent=1) + "\n")
        os.replace(name, path)
    except OSError as exc:
        raise FileError(
            f"The weights cannot be written to {path}: {exc.strerror}.",
            hint="Check the folder's permissions, or name another file.",
        ) from exc
