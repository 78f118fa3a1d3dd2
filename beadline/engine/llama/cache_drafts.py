"""Drafts from the prompt or from the repository, whichever knows the longer match. Knows no model.

What a repository has written before it writes again (REST, He et al. 2023, drafts from a datastore
in the same way).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from beadline.engine.cache_model.scopes import Scopes
from beadline.engine.llama.drafts import PromptLookup

LEAST_MATCH = 3
"""Tokens; what two tokens begin is often no more than a line's end."""
CHANCES = {3: 0.5, 5: 0.6, 8: 0.7, 12: 0.8, 24: 0.9}
"""Tokens of a match, at least -> share of the proposed tokens believed to be right at first; what
comes of the proposals counts more from the first dozen on."""


class CacheDrafts:
    """Implements `Drafter`. Without scopes it is the prompt's lookup alone."""

    def __init__(self, lookup: PromptLookup) -> None:
        self.scopes: Scopes | None = None
        """Of the generation under way, kept up to date by its guide; None: it has no cache."""
        self.chance = 0.0
        self._lookup = lookup

    def begin(self, tokens: Sequence[int], must_end: Callable[[], bool] | None = None) -> None:
        """`must_end` is not asked: a proposal takes well below a millisecond."""
        self._lookup.begin(tokens)

    def append(self, tokens: Sequence[int]) -> None:
        self._lookup.append(tokens)

    def propose(self, most: int) -> list[int]:
        draft = self._lookup.propose(most)
        self.chance = self._lookup.chance
        if self.scopes is None:
            return draft
        known, length = self.scopes.continuation(most)
        if length < LEAST_MATCH or (draft and length <= self._lookup.matched):
            return draft
        self.chance = max(chance for least, chance in CHANCES.items() if length >= least)
        return known
