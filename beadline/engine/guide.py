"""What may change the choice of the next token. Knows no model, no files and no reasons.

A guide sees the logits before every choice, also at every place of a verified draft, so that
drafts do not change what is written. It is not asked while typed bytes are being spelled, but told
of the tokens that spell them. Tokens are told once they are chosen and never taken back: what was
drafted and not chosen, no guide hears of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from beadline.engine.protocol import Usage


class Guide(Protocol):
    """Changes what the next token is chosen from. Made for one generation."""

    def begin(self, prompt: Sequence[int]) -> None:
        """The generation begins; its prompt."""
        ...

    def adjust(self, logits: np.ndarray) -> np.ndarray:
        """What to choose from instead: log-probabilities up to a constant.

        `logits`: float32, shape (vocabulary,), behind everything that was told; what cannot be
        chosen is -inf. It is never changed, but may be given back as it is.
        """
        ...

    def append(self, tokens: Sequence[int]) -> None:
        """What was chosen since."""
        ...


class Opinion(Guide, Protocol):
    """A guide that is a predictor of its own, besides the model."""

    @property
    def expected(self) -> int:
        """The token it takes for the likeliest where it was asked last; -1: it has no opinion."""
        ...

    @property
    def alone(self) -> bool:
        """Whether the model has no say besides it."""
        ...

    def counted(self, usage: Usage) -> Usage:
        """`usage` with what it did in this generation."""
        ...


class Guides:
    """Guides one after the other, each of which sees what the one before it made."""

    def __init__(self, guides: Sequence[Guide] = (), opinion: Opinion | None = None) -> None:
        """`opinion`: the one of them, if any, whose agreement with the choices is told."""
        self._guides = tuple(guides)
        self._opinion = opinion

    @property
    def alone(self) -> bool:
        """Whether the model has no say, in whether the hole is empty neither."""
        return self._opinion is not None and self._opinion.alone

    def begin(self, prompt: Sequence[int]) -> None:
        """The generation begins; its prompt."""
        for guide in self._guides:
            guide.begin(prompt)

    def adjust(self, logits: np.ndarray) -> np.ndarray:
        """What to choose from, by all guides in order."""
        for guide in self._guides:
            logits = guide.adjust(logits)
        return logits

    def agrees(self, token: int) -> bool:
        """Whether the choice made from what was adjusted last is what the opinion expected."""
        return self._opinion is not None and self._opinion.expected == token

    def append(self, tokens: Sequence[int]) -> None:
        """What was chosen since."""
        for guide in self._guides:
            guide.append(tokens)

    def counted(self, usage: Usage) -> Usage:
        """`usage` with what the guides did."""
        return self._opinion.counted(usage) if self._opinion is not None else usage
