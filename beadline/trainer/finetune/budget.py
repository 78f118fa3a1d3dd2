"""How a run's time is shared between steps and evaluations, and how many steps fit. Pure."""

from __future__ import annotations

import math

_SETTLE = 8
"""Steps after which the time of the whole run is known well enough."""
_AGAIN = 0.1
"""Share of the time after which it is looked at again, or for the first time where steps are slow:
others may want the machine, and a run that is cut off has never come down from its learning rate.
"""
_SCORING = 4 / 3
"""Steps behind each evaluation, per step that its rows would make: scoring is forward passes alone,
a third of the work, so evaluations take a quarter of the steps' time at most."""


def every(total: int, evaluations: int, rows: int, per_step: int) -> int:
    """Steps between two evaluations of so many rows: `evaluations` of them in `total` steps, or
    fewer where the rows are many."""
    return max(1, total // max(1, evaluations), math.ceil(_SCORING * rows / per_step))


def settles(step: int, seconds: float, settled: float, limit: float) -> bool:
    """Whether the steps that fit into `limit` seconds are to be counted after a step. `settled`:
    when they were before; 0: never."""
    return (not settled and step >= _SETTLE) or seconds - settled >= _AGAIN * limit


def fitting(limit: float, seconds: float, steps: int, scoring: float, apart: int) -> int:
    """Steps that fit into `limit` seconds, when so many took `seconds` without evaluations: with
    one, of `scoring` seconds, `apart` steps from the next, and one at the end."""
    return int((limit - scoring) / (seconds / steps + scoring / apart))
