"""What training needs of a tokenizer besides what rendering needs. Knows no weights, no texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from beadline.engine.fim.detect import Detected
from beadline.engine.fim.vocabulary import Vocabulary
from beadline.errors import ModelError


class TrainingVocabulary(Vocabulary, Protocol):
    """A tokenizer with the prompt form of its model."""

    @property
    def form(self) -> Detected:
        """The prompt form it is served in."""
        ...

    @property
    def end(self) -> int:
        """Id that ends every middle and every document."""
        ...

    @property
    def text_tokens(self) -> Sequence[int]:
        """Ids that `encode` may give."""
        ...


def end_of(form: Detected, vocabulary: Vocabulary) -> int:
    """The id that ends a middle: the family's first stop that the model has, else the model's own
    end. Raises `ModelError` when it has neither."""
    for piece in form.family.stops:
        if (token := vocabulary.special(piece)) is not None:
            return token
    if not vocabulary.eog:
        raise ModelError(
            "The model's tokenizer names no token that ends a text.",
            hint="A model without one cannot learn where a completion ends; choose another.",
        )
    return min(vocabulary.eog)
