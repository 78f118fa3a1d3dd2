"""Decoding that must first spell given bytes. Knows bytes and logits; no model, no prompts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from beadline.engine.fim.healing import TokenTable
from beadline.engine.llama.sampling import only, probability_of


class Spelling:
    """The typed bytes that a generation still owes, token by token."""

    def __init__(self, typed: bytes, table: TokenTable, likely: Sequence[int] = ()) -> None:
        """`likely`: tokens that may well be chosen for them; used as a draft only."""
        self.rest = typed
        """Bytes still to be spelled."""
        self.likely = likely
        self._table = table
        self.exact = 1.0
        """Probability, among all that spells the typed bytes, of spelling nothing beyond them: of
        the steps so far, the tokens before the last taken as chosen.
        """

    def constrain(self, logits: np.ndarray) -> np.ndarray:
        """The logits with every token impossible that does not go on spelling."""
        return only(logits, self._table.spelling(self.rest))

    def take(self, data: bytes, logits: np.ndarray) -> bytes:
        """A chosen token spells `data`; what of it reaches beyond the typed bytes.

        `logits`: those it was chosen from, constrained.
        """
        beyond = data[len(self.rest) :]
        # Sorted by their bytes: those that are exactly the rest come before those that go on.
        longer = self._table.beginning(self.rest)[len(self._table.exactly(self.rest)) :]
        self.exact *= 1.0 - probability_of(logits, longer)
        self.rest = self.rest[len(data) :]
        return beyond
