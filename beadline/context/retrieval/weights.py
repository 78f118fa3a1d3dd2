"""How much each source and reason counts, and how the room is shared among them: `weights.json`.

Knows JSON; knows no source and no text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from beadline.context.symbols.types import Reason

_PACKAGED = Path(__file__).parent / "weights.json"
SOURCES = frozenset({"definition", "similar", "live", "edit", "pair", "dense"})
_REASONS = frozenset(map(str, Reason))


@dataclass(frozen=True)
class Weights:
    """One set of weights. Shares are of the room for all snippets together, 0 to 1."""

    constant: float
    """Added to ranks: reciprocal-rank fusion's k (Cormack, Clarke and Buettcher 2009)."""
    sources: Mapping[str, float]
    """By source: how much a first place there counts."""
    reasons: Mapping[str, float]
    """By reason: factor for definitions."""
    reserved: Mapping[str, float]
    """By source: the share that is given to it before the others get any."""
    most: Mapping[str, float]
    """By source: the largest share it may take while another one has something to give."""
    first: Mapping[str, float]
    """By reason: the share that one definition may take before the next one gets any."""
    grown: Mapping[str, float]
    """By reason: the share that it may take of what all of them have left."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """What they were fitted on; for people, read by nothing."""

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Weights:
        """The weights that a JSON object holds. Raises `ValueError` for anything else."""
        try:
            tables = {
                name: {key: float(number) for key, number in value[name].items()}
                for name in ("sources", "reasons", "reserved", "most", "first", "grown")
            }
            constant, evidence = float(value["constant"]), dict(value.get("evidence") or {})
        except (AttributeError, KeyError, TypeError) as exc:
            raise ValueError(f"no set of weights: {exc!r}") from exc
        for name, known in (
            ("sources", SOURCES), ("reserved", SOURCES), ("most", SOURCES),
            ("reasons", _REASONS), ("first", _REASONS), ("grown", _REASONS),
        ):  # fmt: skip
            if unknown := sorted(tables[name].keys() - known):
                raise ValueError(f"{name} that there are not: {', '.join(unknown)}")
        numbers = [constant, *(each for table in tables.values() for each in table.values())]
        if not all(math.isfinite(number) and number >= 0 for number in numbers):
            raise ValueError("weights that are no numbers of 0 and above")
        return cls(constant, **tables, evidence=evidence)

    def score(self, source: str, reason: str, rank: int) -> float:
        """What a place in a source's list counts; `rank` from 0."""
        factor = self.reasons.get(reason, 1.0) if reason else 1.0
        return self.sources.get(source, 1.0) * factor / (self.constant + rank + 1)


@cache
def packaged() -> Weights:
    """The weights that come with the package."""
    return Weights.of(json.loads(_PACKAGED.read_text("utf-8")))
