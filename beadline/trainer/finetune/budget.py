"""How a run's time is shared between steps and evaluations, and how many steps fit. Pure."""

from __future__ import annotations

import math

SETTLE = 8
"""Steps after which the time of the whole run is known well enough."""
_SCORING = 4 / 3
"""Steps behind each evaluation, per step that its rows would make: scoring is forward passes alone,
a third of the work, so evaluations take a quarter of the steps' time at most."""


def every(total: int, evaluations: int, rows: int, per_step: int) -> int:
    """Steps between two evaluations of so many rows: `evaluations` of them in `total` steps, or
    fewer where the rows are many."""
    return max(1, total // max(1, evaluations), math.ceil(_SCORING * rows / per_step))


def fitting(limit: float, seconds: float, steps: int, scoring: float, apart: int) -> int:
    """Steps that fit into `limit` seconds, when so many took `seconds` without evaluations: with
    one, of `scoring` seconds, `apart` steps from the next, and one at the end."""
    return int((limit - scoring) / (seconds / steps + scoring / apart))
