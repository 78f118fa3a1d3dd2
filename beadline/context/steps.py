"""Work that is done step by step, so that others get their turn between. Knows no threads."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

_T = TypeVar("_T")


def at_once(steps: Generator[object, None, _T]) -> _T:
    """Do all steps; what comes of them."""
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            return ended.value
