"""Byte-level BPE with a pre-tokenizer that llama.cpp has, and its Vocabulary. Knows no model.

The split regex is exactly llama.cpp's `qwen2`; a free regex could not be exported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from beadline.engine.fim.detect import Detected, detect
from beadline.engine.fim.families import FAMILY_KEY, load
from beadline.engine.fim.vocabulary import added_text_pattern, encode_user_text
from beadline.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PRE_TOKENIZER = "qwen2"
"""Name written to `tokenizer.ggml.pre`."""
QWEN2_REGEX = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
FAMILY = "beadline"
"""The family of our own models, whose tokens follow."""
END = "<|endoftext|>"
PAD = "<|fim_pad|>"
PREFIX, SUFFIX, MIDDLE = "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"
REPO, FILE = "<|repo_name|>", "<|file_sep|>"
SPECIAL = (END, PREFIX, SUFFIX, MIDDLE, PAD, REPO, FILE)
"""Added tokens, in the order of their ids, after the learned ones."""


def train_tokenizer(texts: Iterable[str], vocabulary_size: int) -> Tokenizer:
    """Learn a byte-level BPE of exactly `vocabulary_size` ids, special ones included."""
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    _set_pre_tokenizer(tokenizer)
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size - len(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken(piece, special=True) for piece in SPECIAL])
    return tokenizer


def tokenizer_from_gguf(path: Path) -> Tokenizer:
    """The tokenizer inside a GGUF that `trainer.export` wrote.

    Raises `ModelError` when the file's pre-tokenizer is another one.
    """
    import gguf
    from tokenizers import AddedToken, Tokenizer, models

    reader = gguf.GGUFReader(path)

    def strings(key: str) -> list[str]:
        entry = reader.fields[key]
        return [bytes(entry.parts[at]).decode() for at in entry.data]

    if strings("tokenizer.ggml.pre") != [PRE_TOKENIZER]:
        raise ModelError(
            f"{path} does not use the {PRE_TOKENIZER} pre-tokenizer.",
            hint="Only models made by beadline can be read back.",
        )
    pieces = strings("tokenizer.ggml.tokens")
    learned = {piece: token for token, piece in enumerate(pieces) if piece not in SPECIAL}
    merges = [
        (left, right)
        for left, _, right in (m.partition(" ") for m in strings("tokenizer.ggml.merges"))
    ]
    tokenizer = Tokenizer(models.BPE(vocab=learned, merges=merges))
    _set_pre_tokenizer(tokenizer)
    tokenizer.add_special_tokens([AddedToken(piece, special=True) for piece in SPECIAL])
    return tokenizer


def _set_pre_tokenizer(tokenizer: Tokenizer) -> None:
    from tokenizers import Regex, decoders, pre_tokenizers

    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_REGEX), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()


class TokenizerVocabulary:
    """`engine.fim.Vocabulary` over a `tokenizers` tokenizer: training renders as serving does."""

    bos: int | None = None
    add_bos: bool = False

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._pattern = added_text_pattern(SPECIAL)
        self.size: int = tokenizer.get_vocab_size(with_added_tokens=True)
        self.metadata: Mapping[str, str] = {FAMILY_KEY: FAMILY}
        self.end: int = special_id(tokenizer, END)
        """Id that ends every middle and every document."""
        self.eog: frozenset[int] = frozenset({self.end})
        special = {self.special(piece) for piece in SPECIAL}
        self.text_tokens: Sequence[int] = [n for n in range(self.size) if n not in special]
        """Ids that `encode` may give."""
        self.form: Detected = detect(self, load(None))
        """The prompt form that it is rendered in, detected as the server detects it."""

    @classmethod
    def load(cls, path: Path) -> TokenizerVocabulary:
        """From a `tokenizer.json`."""
        from tokenizers import Tokenizer

        return cls(Tokenizer.from_file(str(path)))

    def encode(self, text: str, *, opening: bool = False) -> list[int]:
        return encode_user_text(self._encode_raw, self._pattern, text)

    def _encode_raw(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def special(self, piece: str) -> int | None:
        return self._tokenizer.token_to_id(piece) if piece in SPECIAL else None

    @cached_property
    def _spelling(self) -> list[bytes]:
        unmapped = {mapped: byte for byte, mapped in byte_alphabet().items()}
        pieces: list[bytes] = []
        for token in range(self.size):
            piece = self._tokenizer.id_to_token(token) or ""
            special = piece in SPECIAL
            pieces.append(piece.encode() if special else bytes(unmapped[c] for c in piece))
        return pieces

    def spell(self, token: int) -> bytes:
        return self._spelling[token]


def special_id(tokenizer: Tokenizer, piece: str) -> int:
    """Id of one of `SPECIAL`."""
    token = tokenizer.token_to_id(piece)
    assert token is not None, f"tokenizer without {piece}"
    return token


def byte_alphabet() -> dict[int, str]:
    """GPT-2's printable stand-in for every byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {
        byte: chr(256 + i) for i, byte in enumerate(others)
    }
