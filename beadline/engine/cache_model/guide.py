"""The cache as a guide of decoding. Knows scopes and weights; no files, no texts, no prompt.

Implements `engine.guide.Opinion` for one generation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from beadline.engine.cache_model import interpolation
from beadline.engine.cache_model.distribution import Scope, mix
from beadline.engine.cache_model.interpolation import LEAST_WEIGHT, Weights, look, terms
from beadline.engine.cache_model.scopes import Scopes
from beadline.engine.protocol import Observation, Usage


class CacheGuide:
    """Mixes the cache's distribution into the model's."""

    def __init__(
        self,
        scopes: Scopes,
        context: Sequence[int],
        weights: Weights,
        ends: np.ndarray,
        *,
        alone: bool = False,
    ) -> None:
        """`context`: the tokens before the cursor, less those that decoding spells; `ends`: ids
        that end the middle, ascending; `alone`: the model's logits do not count.
        """
        self.scopes = scopes
        """Stand behind everything that was told."""
        self.expected = -1
        """The cache's likeliest token where it was asked last; -1: it has seen nothing there."""
        self._context = context
        self._weights = weights
        self._ends = ends
        self.alone = alone
        """The model has no say."""
        self._asked = 0
        self._weight = 0.0
        self._matched = 0
        self._found: Counter[Scope] = Counter()

    def begin(self, prompt: Sequence[int]) -> None:
        """The generation begins. The cache has a context of its own: a prompt may end elsewhere
        than at the cursor.
        """
        self.scopes.begin(self._context)

    def adjust(self, logits: np.ndarray) -> np.ndarray:
        """Logits of the mixture, where the cache has something to say."""
        backoff = self._weights.alone if self.alone else self._weights.backoff
        mixture = mix(self.scopes.lattice(), backoff)
        self.expected = mixture.top if mixture is not None else -1
        self._asked += 1
        if mixture is not None:
            self._matched += mixture.nearest.order
            self._found[mixture.nearest.scope] += 1
        if self.alone:
            self._weight += 1.0
            return interpolation.alone(logits, mixture, self._ends)
        if mixture is None:
            return logits
        view = look(logits, self._ends)
        weight = self._weights.weight(terms(mixture, view, logits))
        self._weight += weight
        if weight < LEAST_WEIGHT:
            return logits
        return interpolation.interpolate(logits, mixture, weight, view, self._ends)

    def append(self, tokens: Sequence[int]) -> None:
        """What was chosen since."""
        for token in tokens:
            self.scopes.append(token)

    def counted(self, usage: Usage) -> Usage:
        """`usage` with the mean weight and match, and the commonest scope, of what was asked."""
        if not self._asked:
            return usage
        nearest = self._found.most_common(1)
        return replace(
            usage,
            cache_weight=self._weight / self._asked,
            cache_match=self._matched / self._asked,
            cache_scope=nearest[0][0].name.lower() if nearest else "",
        )

    def observe(self, logits: np.ndarray, token: int) -> Observation:
        """What the cache says of a token that the author wrote next, and the model of both."""
        view = look(logits, self._ends)
        logprob = view.logprob(logits, token)
        mixture = mix(self.scopes.lattice(), self._weights.backoff, enough=0.0)
        if mixture is None:
            return Observation((), logprob, ())
        counts = (
            (
                counts.order,
                int(counts.scope),
                counts.total,
                len(counts.followed),
                counts.followed.get(token, 0) * counts.scale,
            )
            for counts in mixture.seen
        )
        return Observation(terms(mixture, view, logits), logprob, tuple(counts))
