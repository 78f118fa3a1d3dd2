"""A tokenizer small enough to be understood: one token a byte, then the special ones."""

from __future__ import annotations

from collections.abc import Mapping

from beadline.engine.fim.family import Family
from beadline.engine.fim.vocabulary import added_text_pattern, encode_user_text

DUMMY = 0x20
"""The byte that stands for SentencePiece's dummy blank."""


class ToyVocabulary:
    """Bytes and special tokens; its raw encoder turns special text into special tokens, as
    llama.cpp does with USER_DEFINED ones.
    """

    def __init__(
        self,
        family: Family,
        *,
        metadata: Mapping[str, str] | None = None,
        bos: str | None = "<s>",
        add_bos: bool = False,
        dummy: bool = False,
    ) -> None:
        """`dummy`: every text of its own begins with a blank, as in SentencePiece."""
        texts = [text for text in family.token_texts if not text.startswith("@")]
        self._special = list(dict.fromkeys([*texts, *([bos] if bos else [])]))
        self._pattern = added_text_pattern(self._special)
        self._dummy = dummy
        self.size = 256 + len(self._special)
        self.metadata: Mapping[str, str] = metadata or {}
        self.bos = self.special(bos) if bos else None
        self.add_bos = add_bos
        self.eog: frozenset[int] = frozenset()

    def encode(self, text: str, *, opening: bool = False) -> list[int]:
        ids = encode_user_text(self._raw, self._pattern, text)
        return [DUMMY, *ids] if opening and self._dummy and text else ids

    def _raw(self, text: str) -> list[int]:
        for number, piece in enumerate(self._special):
            if piece in text:
                before, after = text.split(piece, 1)
                return [*self._raw(before), 256 + number, *self._raw(after)]
        return list(text.encode())

    def special(self, piece: str) -> int | None:
        return 256 + self._special.index(piece) if piece in self._special else None

    def spell(self, token: int) -> bytes:
        return bytes([token]) if token < 256 else self._special[token - 256].encode()
