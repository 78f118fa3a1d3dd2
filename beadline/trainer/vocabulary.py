"""Tokenizers of models that are trained, as the renderer's `Vocabulary`. Knows no weights, no texts.

What is trained must be tokenised as llama.cpp tokenises what is served: user text never becomes a
special token, no blank is put in front of it, nothing of it is normalised away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from beadline.engine.fim.detect import Detected, Measured, detect
from beadline.engine.fim.families import AUTO, load
from beadline.engine.fim.vocabulary import (
    BLANK,
    Vocabulary,
    added_text_pattern,
    as_users_write,
    encode_user_text,
    is_cut,
)
from beadline.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_SENTINEL = "☺"
_ARCHITECTURES = {
    "gpt_bigcode": "starcoder",
    "deepseek_v2": "deepseek2",
    "deepseek_v3": "deepseek2",
    "granitemoehybrid": "granitehybrid",
    "stablelm_epoch": "stablelm",
}
"""`model_type` of a configuration -> `general.architecture` of a GGUF, where they differ."""


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


class HuggingFaceVocabulary:
    """`TrainingVocabulary` over a `tokenizers` tokenizer of any model."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        metadata: Mapping[str, str],
        *,
        eog: Iterable[int],
        bos: int | None = None,
        families_folder: Path | None = None,
        family: str = AUTO,
        layout: str = AUTO,
        verdict: Measured | None = None,
    ) -> None:
        """`metadata`: as a GGUF of the model has it (`general.architecture`, `general.name`).
        `family`, `layout` and `verdict` as the server has them. Raises `ModelError` when the
        family or layout asked for cannot be had.
        """
        from tokenizers import Tokenizer as Made

        table = load(families_folder)
        parts = json.loads(tokenizer.to_str())
        self._byte_level = "ByteLevel" in json.dumps([parts["pre_tokenizer"], parts["decoder"]])
        if self._byte_level:
            # llama.cpp normalises nothing, and a middle must come out as it went in.
            parts["normalizer"] = None
        parts["truncation"] = parts["padding"] = None
        self._tokenizer = Made.from_str(json.dumps(parts))
        self.metadata = metadata
        self.bos = bos
        self.add_bos = bos is not None and tokenizer.encode("x").ids[:1] == [bos]
        self.eog = frozenset(eog)
        self.size: int = max(tokenizer.get_vocab(with_added_tokens=True).values()) + 1
        self._added = {
            token.content: number
            for number, token in self._tokenizer.get_added_tokens_decoder().items()
        }
        for piece in table.token_texts():
            if (number := self._tokenizer.token_to_id(piece)) is not None:
                self._added.setdefault(piece, number)
        for number in self.eog:
            if piece := self._tokenizer.id_to_token(number):
                self._added.setdefault(piece, number)
        self._pattern = added_text_pattern(as_users_write(self._added))
        self._sentinel = [] if self._byte_level else self._raw(_SENTINEL)
        self.form = detect(self, table, family=family, layout=layout, verdict=verdict)
        self.end: int = end_of(self.form, self)

    @classmethod
    def of_transformers(
        cls, tokenizer: Any, config: Any, *, name: str, **choices: Any
    ) -> HuggingFaceVocabulary:
        """Of what transformers loaded. `name`: of the model, for people; `choices` as in
        `__init__`. Raises `ModelError` for a tokenizer that is none of `tokenizers`."""
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise ModelError(
                f"The tokenizer of {name} cannot be used: it has no tokenizer.json.",
                hint="Convert it with transformers (AutoTokenizer) and save it again.",
            )
        ends: set[int] = set()
        for value in (config.eos_token_id, tokenizer.eos_token_id):
            ends.update(value if isinstance(value, list | tuple) else [value])
        metadata = {
            "general.architecture": _ARCHITECTURES.get(config.model_type, config.model_type),
            "general.name": name,
        }
        return cls(
            backend,
            metadata,
            eog=[token for token in ends if token is not None],
            bos=tokenizer.bos_token_id,
            **choices,
        )

    @cached_property
    def text_tokens(self) -> Sequence[int]:
        """Ids that `encode` may give."""
        barred = {token for text, token in self._added.items() if is_cut(text)} | self.eog
        return [token for token in range(self.size) if token not in barred and self.spell(token)]

    def encode(self, text: str, *, opening: bool = False) -> list[int]:
        """Ids of user text; see `Vocabulary`."""
        if not (opening and self._sentinel):
            return encode_user_text(self._without_blank, self._pattern, text)
        # Only the first part of a text that is cut has the dummy blank.
        first = [self._raw]
        return encode_user_text(
            lambda part: first.pop()(part) if first else self._without_blank(part),
            self._pattern,
            text,
        )

    def special(self, piece: str) -> int | None:
        """See `Vocabulary`."""
        return self._added.get(piece)

    def spell(self, token: int) -> bytes:
        """See `Vocabulary`; empty for ids that stand for nothing."""
        return self._spelling[token]

    def _raw(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def _without_blank(self, text: str) -> list[int]:
        """Without the blank that SentencePiece puts in front of a text of its own (reference: the
        trick of aiXcoder and CodeLlama, its length measured)."""
        if not self._sentinel:
            return self._raw(text)
        ids, length = self._raw(_SENTINEL + text), len(self._sentinel)
        return ids[length:] if ids[:length] == self._sentinel else self._raw(text)

    @cached_property
    def _spelling(self) -> list[bytes]:
        from beadline.trainer.tokenizer import byte_alphabet

        unmapped = {mapped: byte for byte, mapped in byte_alphabet().items()}
        names = {number: text for text, number in self._added.items()}
        pieces: list[bytes] = []
        for token in range(self.size):
            piece = self._tokenizer.id_to_token(token) or ""
            if token in names:
                pieces.append(names[token].encode())
            elif self._byte_level and all(character in unmapped for character in piece):
                pieces.append(bytes(unmapped[character] for character in piece))
            elif len(piece) == 6 and piece.startswith("<0x") and piece.endswith(">"):
                pieces.append(bytes.fromhex(piece[3:5]))
            else:
                pieces.append(piece.replace(BLANK, " ").encode())
        return pieces
