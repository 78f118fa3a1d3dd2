"""What rendering needs of a tokenizer, and how user text is kept from becoming special tokens.

Knows no model library: llama.cpp's vocabulary and the trainer's tokenizer both fit the Protocol.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Protocol


class Vocabulary(Protocol):
    """A tokenizer as seen by the renderer."""

    @property
    def bos(self) -> int | None: ...

    @property
    def add_bos(self) -> bool:
        """Whether the model file asks for a BOS token in front."""
        ...

    @property
    def eog(self) -> frozenset[int]:
        """Ids that end a generation according to the model file."""
        ...

    @property
    def size(self) -> int: ...

    @property
    def metadata(self) -> Mapping[str, str]:
        """The model file's metadata, values as strings."""
        ...

    def encode(self, text: str, *, opening: bool = False) -> list[int]:
        """Ids of user text: no BOS, never a special token.

        No dummy blank either, unless `opening`: then as the tokenizer begins a text of its own.
        """
        ...

    def special(self, piece: str) -> int | None:
        """Id of the token with exactly this text that user text never becomes."""
        ...

    def spell(self, token: int) -> bytes:
        """Bytes of a token; of a special one, its text."""
        ...


def is_cut(text: str) -> bool:
    """Whether user text is cut inside this added token's text, so that it never comes out."""
    return len(text) > 1 and not text.isspace()


def added_text_pattern(added: Iterable[str]) -> re.Pattern[str] | None:
    """Matches (with zero width) wherever the text of an added token starts.

    Added tokens that are only white space (Gemma's runs of blanks) are ordinary text to their
    model and stay whole; a single character cannot be cut.
    """
    texts = sorted({text for text in added if is_cut(text)}, reverse=True)
    if not texts:
        return None
    # By first characters: one test rules out hundreds of texts at almost every place.
    groups = [
        f"{re.escape(first)}(?:{'|'.join(re.escape(text[1:]) for text in same)})"
        for first, same in groupby(texts, key=lambda text: text[0])
    ]
    return re.compile(f"(?={'|'.join(groups)})")


def encode_user_text(
    encode_raw: Callable[[str], list[int]], pattern: re.Pattern[str] | None, text: str
) -> list[int]:
    """Encode `text` so that no added token comes out, whatever the text says.

    The text is cut after the first character of every occurrence of an added token's text
    (overlapping ones too) and the parts are encoded apart: `parse_special=false` is not enough,
    since llama.cpp still matches USER_DEFINED tokens (DeepSeek's FIM tokens among them).
    """
    if not text:
        return []
    cuts = [match.start() + 1 for match in pattern.finditer(text)] if pattern else []
    ids: list[int] = []
    start = 0
    for end in (*cuts, len(text)):
        ids.extend(encode_raw(text[start:end]))
        start = end
    return ids
