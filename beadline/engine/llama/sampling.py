"""Choosing the next token from logits. Knows no tokens' meaning and no KV state."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Choice:
    """One chosen token."""

    token: int
    logprob: float
    """Natural log-probability under the unscaled distribution."""


class Sampler:
    """Greedy, or seeded sampling at a temperature."""

    def __init__(self, temperature: float, seed: int) -> None:
        """`temperature` 0 or less is greedy; the seed is then unused."""
        self._temperature = temperature
        self._random = np.random.default_rng(abs(seed)) if temperature > 0 else None

    def choose(self, logits: np.ndarray) -> Choice:
        """`logits`: float32, shape (vocabulary,). Ties go to the smallest id."""
        token = int(np.argmax(logits))
        if self._random is not None:
            scaled = (logits - logits[token]).astype(np.float64) / self._temperature
            cumulative = np.cumsum(np.exp(scaled))
            point = self._random.random() * cumulative[-1]
            # side="right" never picks an id of probability 0; the clamp is for rounding.
            token = min(int(np.searchsorted(cumulative, point, side="right")), len(logits) - 1)
        return Choice(token, log_probability(logits, token))


def log_probability(logits: np.ndarray, token: int) -> float:
    """Natural log-probability of a token under softmax."""
    return float(logits[token] - _log_sum(logits))


def probability_of(logits: np.ndarray, tokens: Collection[int]) -> float:
    """Mass of `tokens` together under softmax; 0 for none."""
    if not tokens:
        return 0.0
    chosen = logits[np.fromiter(tokens, dtype=np.int64, count=len(tokens))]
    return float(np.exp(chosen.astype(np.float64) - _log_sum(logits)).sum())


def without(logits: np.ndarray, tokens: Collection[int]) -> np.ndarray:
    """The logits with `tokens` made impossible; a copy where there are any."""
    if not tokens:
        return logits
    masked = logits.copy()
    masked[np.fromiter(tokens, dtype=np.int64, count=len(tokens))] = -np.inf
    return masked


def only(logits: np.ndarray, tokens: Collection[int]) -> np.ndarray:
    """The logits with everything but `tokens` made impossible; a copy."""
    masked = np.full_like(logits, -np.inf)
    kept = np.fromiter(tokens, dtype=np.int64, count=len(tokens))
    masked[kept] = logits[kept]
    return masked


def _log_sum(logits: np.ndarray) -> float:
    highest = float(logits.max())
    return highest + float(np.log(np.exp(logits - highest).sum(dtype=np.float64)))
