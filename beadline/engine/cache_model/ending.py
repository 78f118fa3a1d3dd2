"""Whether the middle ends at a place, by the model's word and by what the cache knows to follow.

Knows no texts but how the text behind the cursor begins. In files nothing ends: what stands behind
the cursor follows. So where the cache expects just that, the middle is likely to be over, and where
it expects something else, it is not. How much either counts beside the model's own word is a
logistic function, fitted by `evaluate --fit-cache`; without one the model decides alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, KeysView, Mapping, Set

import numpy as np

from beadline.engine.cache_model.distribution import Mixture

TERMS = ("model", "same", "line", "other", "same_match", "other_match")
"""Names of what tells an end, in their order."""
INTERCEPT = "intercept"
SAME, LINE = 1, 2
_NONE: Set[int] = frozenset()
MOST_ODDS = 8.0
"""Of an end, as a logarithm, either way: neither it nor what would follow becomes impossible."""


class Openings:
    """Tokens by the bytes they begin with, as far as they were asked about: for all requests."""

    def __init__(self, spell: Callable[[int], bytes]) -> None:
        """`spell`: the bytes of a token."""
        self.spell = spell
        self._seen: set[int] = set()
        self._by_first: dict[bytes, set[int]] = {}

    def among(self, tokens: KeysView[int], first: bytes) -> Set[int]:
        """Those of `tokens` that begin with a byte."""
        for token in tokens - self._seen:
            self._by_first.setdefault(self.spell(token)[:1], set()).add(token)
            self._seen.add(token)
        return tokens & self._by_first.get(first, _NONE)


class Behind:
    """What stands behind the cursor."""

    def __init__(self, suffix: str, openings: Openings) -> None:
        self._suffix = suffix.encode("utf-8", "replace")
        self._openings = openings
        self._spell = openings.spell
        self._kinds: dict[int, int] = {}
        """Of the tokens that were asked about."""

    def alike(self, tokens: KeysView[int]) -> Set[int]:
        """Those of `tokens` that may be of a kind: they begin as it does."""
        return self._openings.among(tokens, self._suffix[:1]) if self._suffix else _NONE

    def kind(self, token: int) -> int:
        """`SAME`: it may begin with a token; `LINE`: both begin with a line's end, else; 0."""
        kind = self._kinds.get(token)
        if kind is None:
            kind = SAME if self.begins(token) else LINE if self.breaks(token) else 0
            self._kinds[token] = kind
        return kind

    def begins(self, token: int) -> bool:
        """Whether it may begin with a token."""
        data = self._spell(token)
        return bool(data and self._suffix) and (
            self._suffix.startswith(data) or data.startswith(self._suffix)
        )

    def breaks(self, token: int) -> bool:
        """Whether both it and a token begin with a line's end."""
        return self._suffix[:1] == b"\n" == self._spell(token)[:1]


def odds_of(logits: np.ndarray, ends: np.ndarray, log_sum: float) -> float:
    """Logarithm of the model's odds of an end; -inf where none is possible. `log_sum`: logarithm of
    the sum of the exponentials of the logits of text."""
    if not len(ends):
        return -math.inf
    chosen = logits[ends].astype(np.float64)
    highest = float(chosen.max())
    if not math.isfinite(highest):
        return -math.inf
    return highest + math.log(float(np.exp(chosen - highest).sum())) - log_sum


def terms(mixture: Mixture, odds: float, behind: Behind) -> tuple[float, ...]:
    """What tells an end, in the order of `TERMS`."""
    same = line = 0.0
    mass = mixture.mass
    for token in behind.alike(mass.keys()):
        kind = behind.kind(token)
        if kind == SAME:
            same += mass[token]
        elif kind == LINE:
            line += mass[token]
    other = max(0.0, 1.0 - mixture.rest - same - line)
    match = math.log(mixture.nearest.order)
    bounded = max(-MOST_ODDS, min(MOST_ODDS, odds))
    return bounded, same, line, other, same * match, other * match


def weighed(weights: Mapping[str, float], values: tuple[float, ...]) -> float:
    """Logarithm of the odds of an end by fitted weights, from `terms`."""
    total = weights.get(INTERCEPT, 0.0) + sum(
        weights.get(name, 0.0) * value for name, value in zip(TERMS, values, strict=True)
    )
    return max(-MOST_ODDS, min(MOST_ODDS, total))
