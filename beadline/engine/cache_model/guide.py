"""The cache as a guide of decoding. Knows scopes and weights; no files, no texts, no prompt.

Implements `engine.guide.Opinion` for one generation.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from beadline.engine.cache_model import ending, interpolation
from beadline.engine.cache_model.distribution import Mixture, Scope, mix
from beadline.engine.cache_model.ending import Behind
from beadline.engine.cache_model.interpolation import LEAST_WEIGHT, View, Weights, look, terms
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
        behind: Behind | None = None,
        alone: bool = False,
    ) -> None:
        """`context`: the tokens before the cursor, less those that decoding spells; `ends`: ids
        that end the middle, ascending; `behind`: the text behind the cursor, None: what ends is
        the model's word; `alone`: the model's logits do not count.
        """
        self.scopes = scopes
        """Stand behind everything that was told."""
        self.expected = -1
        """The cache's likeliest token where it was asked last; -1: it has seen nothing there."""
        self._context = context
        self._weights = weights
        self._ends = ends
        self._behind = behind
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
            return self._alone(logits, mixture)
        if mixture is None:
            return logits
        view = look(logits, self._ends)
        weight = self._weights.weight(terms(mixture, view, logits))
        self._weight += weight
        if weight < LEAST_WEIGHT:
            return logits
        mixed = interpolation.interpolate(logits, mixture, weight, view, self._ends)
        return self._ended(mixed, logits, mixture, view)

    def _ended(
        self, mixed: np.ndarray, logits: np.ndarray, mixture: Mixture, view: View
    ) -> np.ndarray:
        """`mixed` with an end as likely as model and cache together take it for; in place."""
        weights, behind = self._weights.ending, self._behind
        odds = ending.odds_of(logits, self._ends, view.log_sum) if weights else -math.inf
        if behind is None or odds == -math.inf:
            return mixed
        weighed = ending.weighed(weights, ending.terms(mixture, odds, behind))
        mixed[self._ends] += np.float32(weighed - odds)
        return mixed

    def _alone(self, logits: np.ndarray, mixture: Mixture | None) -> np.ndarray:
        """The cache's word, also on whether the middle ends."""
        mixed = interpolation.alone(logits, mixture, self._ends)
        weights, behind = self._weights.ending_alone, self._behind
        if mixture is None or behind is None or not weights or not len(self._ends):
            return mixed
        end = int(self._ends[logits[self._ends].argmax()])
        if np.isfinite(logits[end]):
            # What is mixed sums up to one.
            mixed[end] = ending.weighed(weights, ending.terms(mixture, 0.0, behind))
        return mixed

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
        """What the cache says of a token that the author wrote next, and the model of both; -1: the
        author wrote nothing more."""
        view = look(logits, self._ends)
        logprob = view.logprob(logits, token) if token >= 0 else 0.0
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
        odds = ending.odds_of(logits, self._ends, view.log_sum)
        behind = self._behind
        told = ending.terms(mixture, odds, behind) if behind is not None else ()
        return Observation(terms(mixture, view, logits), logprob, tuple(counts), told)
