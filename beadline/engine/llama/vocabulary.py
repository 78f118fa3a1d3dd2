"""A llama.cpp model's tokenizer as the renderer's `Vocabulary`. Knows no families, no prompts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

from beadline.engine.fim.vocabulary import added_text_pattern, encode_user_text, is_cut
from beadline.engine.llama.native import CONTROL, SENTENCEPIECE, UNKNOWN, USER_DEFINED, Model

_REMEMBERED = 64
"""Texts whose ids are remembered: the parts of the prompts of a few documents."""
_SENTINEL = "☺"
_BLANK = "▁"
"""SentencePiece's mark of a blank (U+2581)."""


class LlamaVocabulary:
    """Implements `engine.fim.vocabulary.Vocabulary` over a loaded model."""

    def __init__(self, model: Model, special: Collection[str] = ()) -> None:
        """`special`: texts of tokens that a family of models uses in its prompts. They are special
        whatever type the file gives them: converters have written some as ordinary text.
        """
        self._model = model
        self._metadata = model.metadata()
        added: dict[str, int] = {}
        control: set[int] = set()
        eog: set[int] = set()
        for token in range(model.vocabulary_size):
            attributes, text = model.attributes(token), model.token_text(token)
            ends = model.is_eog(token)
            if ends or text in special or attributes & (CONTROL | USER_DEFINED | UNKNOWN):
                added.setdefault(text, token)
            if attributes & CONTROL:
                control.add(token)
            if ends:
                eog.add(token)
        added.pop("", None)
        self._added = added
        self._eog = frozenset(eog)
        self.control = frozenset(control)
        """Ids that are never text; one in a middle ends it."""
        self._pattern = added_text_pattern(_as_users_write(added))
        self._spelled: dict[int, bytes] = {}
        self._encoded = lru_cache(_REMEMBERED)(self._encode)
        # SentencePiece puts a dummy blank in front of every text unless the file says not to.
        dummy = self._metadata.get("tokenizer.ggml.add_space_prefix", "true") != "false"
        self._sentinel: list[int] = []
        if model.vocabulary_type == SENTENCEPIECE and dummy:
            self._sentinel = model.tokenise(_SENTINEL.encode())

    @property
    def bos(self) -> int | None:
        return self._model.bos

    @property
    def add_bos(self) -> bool:
        return self._model.add_bos

    @property
    def eog(self) -> frozenset[int]:
        return self._eog

    @property
    def size(self) -> int:
        return self._model.vocabulary_size

    @property
    def metadata(self) -> Mapping[str, str]:
        return self._metadata

    @property
    def text_tokens(self) -> list[int]:
        """Ids that `encode` may give."""
        barred = {token for text, token in self._added.items() if is_cut(text)} | self._eog
        barred |= self.control
        return [token for token in range(self.size) if token not in barred]

    def encode(self, text: str, *, opening: bool = False) -> list[int]:
        """Ids of user text: no BOS, no added token whatever the text says, and no dummy blank
        unless `opening`.

        Remembered: most of a prompt is what it was at the last keystroke, and llama.cpp takes a
        microsecond a character.
        """
        return list(self._encoded(text, opening))

    def encode_anew(self, text: str) -> list[int]:
        """As `encode`, but not remembered: for many texts, which would push out the prompts'."""
        return list(self._encode(text, False))

    def _encode(self, text: str, opening: bool) -> tuple[int, ...]:
        if opening and self._sentinel and text:
            # Only the first part of a text that is cut has the dummy blank.
            first = [self._model.tokenise]
            ids = encode_user_text(
                lambda part: (
                    first.pop()(part.encode("utf-8", "replace"))
                    if first
                    else self._encode_raw(part)
                ),
                self._pattern,
                text,
            )
        else:
            ids = encode_user_text(self._encode_raw, self._pattern, text)
        return tuple(ids)

    def _encode_raw(self, text: str) -> list[int]:
        # A lone surrogate (an editor may send one) has no UTF-8; it becomes "?".
        data = text.encode("utf-8", "replace")
        if not self._sentinel:
            return self._model.tokenise(data)
        # reference: the no-dummy-space trick of aiXcoder and CodeLlama, its length measured.
        ids = self._model.tokenise(_SENTINEL.encode() + data)
        length = len(self._sentinel)
        return ids[length:] if ids[:length] == self._sentinel else self._model.tokenise(data)

    def special(self, piece: str) -> int | None:
        return self._added.get(piece)

    def spell(self, token: int) -> bytes:
        spelled = self._spelled.get(token)
        if spelled is None:
            spelled = self._spelled[token] = self._model.piece(token)
        return spelled


def _as_users_write(added: Collection[str]) -> set[str]:
    """The added tokens' texts, and how SentencePiece would read a user's text as one of them:
    with a blank for its mark, or at a beginning, where it puts the blank itself.
    """
    marked = {text for text in added if text.startswith(_BLANK)}
    return {
        *added,
        *(text.replace(_BLANK, " ") for text in marked),
        *(text.removeprefix(_BLANK) for text in marked),
    }
