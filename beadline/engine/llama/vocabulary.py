"""A llama.cpp model's tokenizer as the renderer's `Vocabulary`. Knows no families, no prompts."""

from __future__ import annotations

from collections.abc import Mapping

from beadline.engine.fim.vocabulary import added_text_pattern, encode_user_text
from beadline.engine.llama.native import CONTROL, SENTENCEPIECE, UNKNOWN, USER_DEFINED, Model

_SENTINEL = "☺"


class LlamaVocabulary:
    """Implements `engine.fim.vocabulary.Vocabulary` over a loaded model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._metadata = model.metadata()
        added: dict[str, int] = {}
        control: set[int] = set()
        eog: set[int] = set()
        for token in range(model.vocabulary_size):
            attributes = model.attributes(token)
            if attributes & (CONTROL | USER_DEFINED | UNKNOWN):
                added.setdefault(model.token_text(token), token)
                if attributes & CONTROL:
                    control.add(token)
            if model.is_eog(token):
                eog.add(token)
        added.pop("", None)
        self._added = added
        self._eog = frozenset(eog)
        self.control = frozenset(control)
        """Ids that are never text; one in a middle ends it."""
        self._pattern = added_text_pattern(added)
        self._spelled: dict[int, bytes] = {}
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

    def encode(self, text: str) -> list[int]:
        """Ids of user text: no BOS, no dummy blank, no added token whatever the text says."""
        return encode_user_text(self._encode_raw, self._pattern, text)

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
