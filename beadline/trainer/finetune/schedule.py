"""Learning rates over the steps of a run: cosine, WSD, WCL. Knows no optimiser."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

HORIZON = 20 / 9
"""Of WCL's cosine, in lengths of its phase: Abacus' 9,000 steps follow a cosine of 20,000, so that
they end at 62 % of the peak."""


class Schedule(StrEnum):
    """Shape of the curve after a linear warm-up."""

    COSINE = "cosine"
    """Half a cosine down to the least rate."""
    WSD = "wsd"
    """Warm-up, stable, decay (MiniCPM, arXiv 2404.06395): the peak, then linear to the least."""
    WCL = "wcl"
    """Warm-up, cosine, linear (Abacus): a cosine that does not reach its end, then linear."""


@dataclass(frozen=True)
class Plan:
    """A schedule with its numbers; steps and rates in the same units as the caller's."""

    schedule: Schedule
    total: int
    """Steps in all, at least 1."""
    peak: float
    least: float
    warmup: int
    """Steps; the first of them has the rate peak / warmup."""
    decay: int = 0
    """Steps of the last phase of WSD and WCL."""

    def rate(self, step: int) -> float:
        """Learning rate of the step with this number, the first being 0.

        Beyond the last step it stays at the least rate.
        """
        if step < self.warmup:
            return self.peak * (step + 1) / self.warmup
        at = step - self.warmup
        if self.schedule is Schedule.COSINE:
            span = max(1, self.total - self.warmup)
            return self._cosine(min(1.0, at / span))
        main = max(1, self.total - self.decay - self.warmup)
        if at < main:
            return self._before_decay(at / main)
        left = (self.total - step) / max(1, self.decay)
        return self.least + (self._before_decay(1.0) - self.least) * max(0.0, left)

    def _before_decay(self, done: float) -> float:
        """Rate of WSD or WCL when so much of the phase before the decay is done (0..1)."""
        return self.peak if self.schedule is Schedule.WSD else self._cosine(done / HORIZON)

    def _cosine(self, done: float) -> float:
        return self.least + (self.peak - self.least) / 2 * (1 + math.cos(math.pi * done))
