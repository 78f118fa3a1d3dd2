"""Training gives way to whoever types: it waits while the server is at work. Knows no model."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from beadline.completion import presence

QUIET_S = 2.0
"""So long after the last sign of the server training goes on."""
LONGEST_S = 20.0
"""Of one wait: somebody who types for hours still gets a tuned model, slowly."""
_STEP_S = 0.1


class Courtesy:
    """Waits between two pieces of work while somebody types."""

    def __init__(
        self,
        sign: Path | None = None,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`sign` is the file that servers touch; None takes the user's."""
        self._sign = sign or presence.location()
        self._now = now
        self._sleep = sleep

    def wait(self) -> float:
        """Return when nobody has typed for a while; the seconds that took."""
        waited = 0.0
        while waited < LONGEST_S and self._busy():
            self._sleep(_STEP_S)
            waited += _STEP_S
        return waited

    def _busy(self) -> bool:
        try:
            return 0 <= self._now() - self._sign.stat().st_mtime < QUIET_S
        except OSError:
            return False  # no server has ever run here
