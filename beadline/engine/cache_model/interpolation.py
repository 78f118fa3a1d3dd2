"""How much the cache is believed at a place, and the logits that come of it. Knows no texts.

p = (1 - w) p_model + w p_cache, where the cache's last back-off is the model itself, so that only
the tokens that the cache has seen change. Whether the middle ends is not mixed but weighed by
itself (`ending`): the cache has files, and knows no holes. The weight w is a logistic function of
how long and how often the context was seen, where, and how sure the model is (fitted by
`evaluate --fit-cache`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import mul

import numpy as np

from beadline.engine.cache_model.distribution import Backoff, Mixture, Scope

TERMS = (
    "log_match", "log_count", "share", "single", "buffer", "open", "directory",
    "entropy", "agrees", "model_share",
)  # fmt: skip
"""Names of the terms of a weight, in their order."""
MOST_WEIGHT = 0.98
"""The model keeps the rest: nothing that it can write becomes impossible."""
LEAST_WEIGHT = 0.002
"""Below it nothing would change."""
_MOST_ENTROPY = 8.0
_LOWEST = -80.0
"""Of logits below the highest: what is lower has no probability in float32."""


@dataclass(frozen=True)
class View:
    """What the model says at a place, of the tokens that do not end the middle."""

    log_sum: float
    """Logarithm of the sum of the exponentials of the logits of text."""
    entropy: float
    """Of the text, in nats."""
    top: int
    """Its likeliest token."""

    def logprob(self, logits: np.ndarray, token: int) -> float:
        """Natural log-probability of a token of text among all text."""
        return float(logits[token]) - self.log_sum


def look(logits: np.ndarray, ends: np.ndarray) -> View:
    """What `logits` say; `ends` are the ids that end a middle, ascending."""
    best = int(logits.argmax())
    highest = float(logits[best])
    # Of what is barred (-inf) the product with its probability would be no number.
    below = np.maximum(logits - np.float32(highest), np.float32(_LOWEST))
    weights = np.exp(below)
    weights[ends] = 0.0
    total = max(float(np.add.reduce(weights)), 1e-30)
    mean = float(np.dot(weights, below)) / total
    return View(
        log_sum=highest + math.log(total),
        entropy=max(0.0, math.log(total) - mean),
        top=best if weights[best] else int(weights.argmax()),
    )


def terms(mixture: Mixture, view: View, logits: np.ndarray) -> tuple[float, ...]:
    """What a weight rests on, in the order of `TERMS`."""
    nearest = mixture.nearest
    sampled = sum(nearest.followed.values())
    top = nearest.top
    return (
        math.log(nearest.order),
        math.log1p(nearest.total),
        nearest.followed[top] / sampled,
        float(len(nearest.followed) == 1),
        float(nearest.scope is Scope.BUFFER),
        float(nearest.scope is Scope.OPEN),
        float(nearest.scope is Scope.DIRECTORY),
        min(view.entropy, _MOST_ENTROPY),
        float(top == view.top),
        math.exp(min(0.0, view.logprob(logits, top))),
    )


@dataclass(frozen=True)
class Weights:
    """What was fitted for one model."""

    coefficients: Mapping[str, float] = field(default_factory=dict)
    """By the names of `TERMS`; none: the cache has no weight."""
    intercept: float = 0.0
    backoff: Backoff = field(default_factory=Backoff)
    """Of the cache beside the model."""
    alone: Backoff = field(default_factory=Backoff)
    """Of the cache without the model."""
    ending: Mapping[str, float] = field(default_factory=dict)
    """By the names of `ending.TERMS`, and the intercept; none: the model says alone what ends."""
    ending_alone: Mapping[str, float] = field(default_factory=dict)
    """Of the cache without the model; none: nothing ends."""

    def weight(self, values: tuple[float, ...]) -> float:
        """Of the cache, 0 to `MOST_WEIGHT`, from `terms`."""
        if not self.coefficients:
            return 0.0
        return min(MOST_WEIGHT, logistic(self.intercept + sum(map(mul, self._factors, values))))

    @cached_property
    def _factors(self) -> tuple[float, ...]:
        return tuple(self.coefficients.get(name, 0.0) for name in TERMS)


def logistic(value: float) -> float:
    """1 / (1 + e^-value), of the two forms the one that cannot overflow."""
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    return math.exp(value) / (1 + math.exp(value))


def interpolate(
    logits: np.ndarray, mixture: Mixture, weight: float, view: View, ends: np.ndarray
) -> np.ndarray:
    """Logits of the mixture of model and cache, up to a constant; a copy.

    The probabilities of `ends` stay, and what is barred (-inf) stays barred.
    """
    mixed = logits.copy()
    mixed[ends] = -np.inf
    tokens, shares, own = _choosable(mixed, mixture)
    kept = 1.0 - weight * float(shares.sum())
    # Divided by `kept` throughout, the tokens that the cache has not seen are as they were.
    scale = math.log(kept)
    seen = np.log(shares) + (math.log(weight) + view.log_sum - scale)
    mixed[tokens] = np.logaddexp(own, seen)
    mixed[ends] = logits[ends] - np.float32(scale)
    return mixed


def alone(logits: np.ndarray, mixture: Mixture | None, ends: np.ndarray) -> np.ndarray:
    """Logits of the cache without the model: what it has not seen shares the rest evenly, nothing
    ends, and what is barred stays barred.
    """
    chosen = logits.copy()
    chosen[ends] = -np.inf
    spread = (mixture.rest if mixture is not None else 1.0) / max(1, len(logits))
    mixed = np.full_like(logits, math.log(max(spread, 1e-30)))
    if mixture is not None:
        tokens, shares, _ = _choosable(chosen, mixture)
        mixed[tokens] = np.log(shares + spread)
    mixed[np.isneginf(chosen)] = -np.inf
    return mixed


def _choosable(logits: np.ndarray, mixture: Mixture) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The tokens of a mixture that are not barred, their probabilities, and their logits."""
    count = len(mixture.mass)
    tokens = np.fromiter(mixture.mass.keys(), dtype=np.int64, count=count)
    shares = np.fromiter(mixture.mass.values(), dtype=np.float64, count=count)
    own = logits[tokens]
    allowed = own != -np.inf
    if allowed.all():
        return tokens, shares, own
    return tokens[allowed], shares[allowed], own[allowed]
