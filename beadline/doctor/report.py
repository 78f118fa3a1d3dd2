"""The shape of a check's answer. Knows no check and no terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from beadline.errors import BeadlineError

_ANYTHING = "Run beadline with --debug for the details, and report it if nothing helps."


class Status(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARNING = "warning"
    """It works, but not as well as it could, or not as the user asked."""
    ERROR = "error"
    """Suggestions cannot be had."""


@dataclass(frozen=True)
class Check:
    """One finding."""

    name: str
    """What was looked at, one word."""
    status: Status
    what: str
    """What was found, one line."""
    todo: str = ""
    """What the user can do; never empty unless all is well."""
    values: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    """The same for programs."""

    def __post_init__(self) -> None:
        if self.status is not Status.OK and not self.todo:
            raise ValueError(f"the check {self.name} does not say what to do: {self.what}")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def ok(name: str, what: str, **values: str | int | float | bool | None) -> Check:
    """All is well."""
    return Check(name, Status.OK, what, values=values)


def warning(name: str, what: str, todo: str, **values: str | int | float | bool | None) -> Check:
    """It works, with a restriction."""
    return Check(name, Status.WARNING, what, todo, values)


def failure(name: str, error: BeadlineError, todo: str = _ANYTHING) -> Check:
    """An error that some part raised; `todo` where it has no hint of its own."""
    return Check(name, Status.ERROR, error.message, error.hint or todo)
