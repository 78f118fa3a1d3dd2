"""What is said of a call: does another file define its callee? Knows no way to find out.

Three ways are beside this module: `labels_python`, `labels_typescript`, `labels_names`. None
shares code with `context`, which is judged by them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from beadline.evaluation.cases.calls import Call
from beadline.evaluation.cases.format import Symbol


class Verdict(StrEnum):
    """What became of one sampled call."""

    LABELLED = "labelled"
    """Another file of the repository defines the callee, and it is known where."""
    UNLABELLED = "unlabelled"
    """It may be so: other files define the name, and which definition is called is not known."""
    LOCAL = "local"
    """The call's own file defines it: no cross-file call."""
    EXTERNAL = "external"
    """No file of the repository does."""


@dataclass(frozen=True)
class Label:
    """The verdict on a call, and the callee's definition where it is labelled."""

    verdict: Verdict
    symbol: Symbol | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        symbol = None if self.symbol is None else self.symbol.as_dict()
        return {"verdict": str(self.verdict), "symbol": symbol}

    @classmethod
    def of(cls, values: dict[str, Any]) -> Label:
        """From `as_dict`."""
        symbol = values["symbol"]
        return cls(Verdict(values["verdict"]), None if symbol is None else Symbol.of(symbol))


class Labeller(Protocol):
    """Finds out for the files of some languages."""

    @property
    def name(self) -> str:
        """What it is, with its version."""
        ...

    def label(self, path: str, text: str, language: str, call: Call) -> Label:
        """The verdict on a call of the file at `path`, whose whole text is `text`."""
        ...

    def close(self) -> None:
        """End what it started. Idempotent."""
        ...
