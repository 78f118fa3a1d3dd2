"""Model files of real shapes with random weights. Knows nothing of prompts or of servers.

Speed depends on shapes and types of the weights alone, so a benchmark needs no download. The
weights are drawn in their quantised form; the standard deviation is that of a network at its
start (Glorot and Bengio 2010: one over the root of the inputs), so that logits stay finite.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beadline import settings
from beadline.engine.gguf import read_header
from beadline.engine.models import BUILTIN_FILE
from beadline.errors import InputError, ModelError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Shape:
    """The sizes of a model of the Qwen2 architecture with shared input and output embeddings."""

    width: int
    layers: int
    heads: int
    kv_heads: int
    inner: int
    """Width of the feed-forward layers."""
    vocabulary: int
    """Rows of the embedding; a smaller vocabulary is filled up with unused tokens."""
    context: int = 32_768


SHAPES = {
    "0.5b": Shape(896, 24, 14, 2, 4864, 151_936),
    "1.5b": Shape(1536, 28, 12, 2, 8960, 151_936),
    "tiny": Shape(64, 2, 4, 2, 128, 0, 8192),
}
"""From config.json of Qwen2.5-Coder-0.5B and -1.5B; `tiny` is for tests."""
TYPES = {"f16": "F16", "q8_0": "Q8_0", "q4_0": "Q4_0"}

_BLOCK = 32
"""Weights of a block of Q8_0 and Q4_0 (ggml-common.h)."""
_FIM = {
    "pre": ("<|fim_prefix|>", "<fim_prefix>", "▁<PRE>", "<｜fim▁begin｜>"),  # noqa: RUF001
    "suf": ("<|fim_suffix|>", "<fim_suffix>", "▁<SUF>", "<｜fim▁hole｜>"),  # noqa: RUF001
    "mid": ("<|fim_middle|>", "<fim_middle>", "▁<MID>", "<｜fim▁end｜>"),  # noqa: RUF001
    "rep": ("<|repo_name|>", "<repo_name>", "<reponame>"),
    "sep": ("<|file_sep|>", "<file_sep>"),
}
"""Key of the GGUF -> texts of the token in the families that have one (llama-vocab.cpp)."""
_PLAIN = re.compile("[!-~Ġ▁]+")
"""Tokens that are ASCII text without line breaks, as BPE and SentencePiece spell blanks."""
_NORMAL, _UNUSED = 1, 5
"""Values of `tokenizer.ggml.token_type`."""
_LOGIT_SPREAD = 3.0
"""Standard deviation of the logits: as peaked as a model that knows what it wants."""


def random_model(shape: str, kind: str, *, vocabulary: Path | None = None, seed: int = 1) -> Path:
    """The file of a random model, made unless the cache directory has it.

    `shape` is a key of `SHAPES`, `kind` one of `TYPES`; `vocabulary` is a GGUF file, with or
    without weights, whose tokenizer is taken (None: the built-in model's). Only tokens that are
    ASCII text are ever chosen. Raises `InputError` for a vocabulary without FIM tokens and where
    the package `gguf` is missing, `ModelError` for a damaged file.
    """
    if shape not in SHAPES or kind not in TYPES:
        known = f"{', '.join(SHAPES)}; {', '.join(TYPES)}"
        raise InputError(f"There is no random model {shape}-{kind}.", hint=f"There are: {known}.")
    source = vocabulary or BUILTIN_FILE
    read_header(source)  # a sentence instead of a traceback for what is no GGUF
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:8]
    folder = settings.user_cache_dir() / "bench" / "models"
    target = folder / f"random-{shape}-{kind}-{digest}-{seed}.gguf"
    if not target.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        temporary = target.with_suffix(f".{os.getpid()}.tmp")
        try:
            _write(temporary, SHAPES[shape], kind, source, seed)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    return target


def _write(path: Path, shape: Shape, kind: str, source: Path, seed: int) -> None:
    try:
        import gguf
    except ImportError as exc:
        raise InputError(
            "Random models need the Python package gguf.", hint="pip install 'beadline[train]'"
        ) from exc
    tokens = _Tokenizer.read(gguf, source, shape.vocabulary)
    writer = gguf.GGUFWriter(path, "qwen2")
    name = "random" if tokens.family else f"random {tokens.name}"
    writer.add_name(name)
    if tokens.family:
        writer.add_string("beadline.family", tokens.family)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_freq_base(1e6)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(len(tokens.texts))
    for key, (value, kinds) in tokens.values.items():
        writer.add_key_value(key, value, kinds[0], kinds[1] if len(kinds) > 1 else None)
    tensors = list(_tensors(shape, len(tokens.texts)))
    weights = _Weights(gguf, kind, seed)
    for tensor in tensors:
        weights.announce(writer, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for number, tensor in enumerate(tensors):
        writer.write_tensor_data(weights.draw(tensor, number, tokens.texts, tokens.types))
    writer.close()


@dataclass(frozen=True)
class _Tokenizer:
    """What a model file says about its tokens."""

    name: str
    family: str
    texts: list[str]
    types: list[int]
    values: dict[str, tuple[Any, list[Any]]]
    """GGUF key -> value and its types."""

    @classmethod
    def read(cls, gguf: Any, source: Path, rows: int) -> _Tokenizer:
        fields: Mapping[str, Any] = gguf.GGUFReader(source).fields
        found = {
            key: (field.contents(), list(field.types))
            for key, field in fields.items()
            if key.startswith("tokenizer.ggml.")
        }
        if not {"tokenizer.ggml.tokens", "tokenizer.ggml.token_type"} <= found.keys():
            raise ModelError(f"{source.name} has no vocabulary.")
        texts, types = found["tokenizer.ggml.tokens"][0], found["tokenizer.ggml.token_type"][0]
        missing = range(len(texts), rows)
        texts += [f"[PAD{number}]" for number in missing]
        types += [_UNUSED for _ in missing]
        if "tokenizer.ggml.scores" in found:
            found["tokenizer.ggml.scores"][0].extend(-1000.0 for _ in missing)
        number_kind = [gguf.GGUFValueType.UINT32]
        for short, names in _FIM.items():
            key = f"tokenizer.ggml.fim_{short}_token_id"
            token = next((texts.index(name) for name in names if name in texts), None)
            if key not in found and token is not None:
                found[key] = (token, number_kind)
        needed = {f"tokenizer.ggml.fim_{short}_token_id" for short in ("pre", "suf", "mid")}
        if not needed <= found.keys():
            raise InputError(
                f"{source.name} has no fill-in-the-middle tokens.",
                hint="Name the GGUF file of a model that completes code with --vocabulary.",
            )
        named = {
            key: str(fields[key].contents()) if key in fields else ""
            for key in ("general.name", "beadline.family")
        }
        return cls(named["general.name"], named["beadline.family"], texts, types, found)


@dataclass(frozen=True)
class _Tensor:
    """One tensor: rows of `columns` inputs; a vector has no columns."""

    name: str
    rows: int
    columns: int = 0
    value: float = 0.0
    """What a vector is filled with."""


def _tensors(shape: Shape, vocabulary: int) -> Iterator[_Tensor]:
    """The tensors of a Qwen2 model, in the order of llama.cpp's converter."""
    key = shape.width // shape.heads * shape.kv_heads
    yield _Tensor(_EMBEDDING, vocabulary, shape.width)
    for layer in range(shape.layers):
        block = f"blk.{layer}."
        yield _Tensor(f"{block}attn_norm.weight", shape.width, value=1.0)
        for part, rows in (("q", shape.width), ("k", key), ("v", key)):
            yield _Tensor(f"{block}attn_{part}.weight", rows, shape.width)
            yield _Tensor(f"{block}attn_{part}.bias", rows)
        yield _Tensor(f"{block}attn_output.weight", shape.width, shape.width)
        yield _Tensor(f"{block}ffn_norm.weight", shape.width, value=1.0)
        yield _Tensor(f"{block}ffn_gate.weight", shape.inner, shape.width)
        yield _Tensor(f"{block}ffn_up.weight", shape.inner, shape.width)
        yield _Tensor(f"{block}ffn_down.weight", shape.width, shape.inner)
    yield _Tensor("output_norm.weight", shape.width, value=1.0)


_EMBEDDING = "token_embd.weight"


class _Weights:
    """Draws tensors in the form in which they are stored."""

    def __init__(self, gguf: Any, kind: str, seed: int) -> None:
        self._gguf = gguf
        self._kind = kind
        self._seed = seed

    def announce(self, writer: Any, tensor: _Tensor) -> None:
        """Put a tensor into the table of the file."""
        import numpy as np

        if not tensor.columns:
            dtype = np.dtype(np.float32)
            writer.add_tensor_info(tensor.name, (tensor.rows,), dtype, 4 * tensor.rows)
            return
        if self._kind == "f16":
            size = 2 * tensor.rows * tensor.columns
            shape = (tensor.rows, tensor.columns)
            writer.add_tensor_info(tensor.name, shape, np.dtype(np.float16), size)
            return
        shape = (tensor.rows, tensor.columns // _BLOCK * self._block_bytes)
        raw = self._gguf.GGMLQuantizationType[TYPES[self._kind]]
        size = shape[0] * shape[1]
        writer.add_tensor_info(tensor.name, shape, np.dtype(np.uint8), size, raw_dtype=raw)

    @property
    def _block_bytes(self) -> int:
        return 2 + (_BLOCK if self._kind == "q8_0" else _BLOCK // 2)

    def draw(
        self, tensor: _Tensor, number: int, texts: list[str], types: list[int]
    ) -> np.ndarray[Any, Any]:
        """The data of a tensor; the same for the same seed and number."""
        import numpy as np

        if not tensor.columns:
            return np.full(tensor.rows, tensor.value, np.float32)
        random = np.random.default_rng((self._seed, number))
        deviation = np.full(tensor.rows, tensor.columns**-0.5, np.float32)
        if tensor.name == _EMBEDDING:
            plain = [
                kind == _NORMAL and _PLAIN.fullmatch(text) is not None
                for text, kind in zip(texts, types, strict=True)
            ]
            # The embedding is the output as well: rows of zeros are logits of zero, which the
            # largest of so many others always beats.
            deviation *= _LOGIT_SPREAD * np.array(plain)
        if self._kind == "f16":
            normal = random.standard_normal((tensor.rows, tensor.columns), np.float32)
            return (normal * deviation[:, None]).astype(np.float16)
        blocks = tensor.columns // _BLOCK
        if self._kind == "q8_0":
            quants = random.integers(-127, 128, (tensor.rows, blocks, _BLOCK), np.int8)
            spread = (sum(q * q for q in range(-127, 128)) / 255) ** 0.5
            packed = quants.view(np.uint8)
        else:
            # Nibbles of 1..15 mean -7..7 times the scale: centred, unlike 0..15.
            half = (tensor.rows, blocks, _BLOCK // 2)
            low, high = (random.integers(1, 16, half, np.uint8) for _ in range(2))
            spread = (sum(q * q for q in range(-7, 8)) / 15) ** 0.5
            packed = low | (high << 4)
        scale = np.repeat((deviation / spread).astype(np.float16)[:, None], blocks, axis=1)
        bytes_of_scale = scale[..., None].view(np.uint8)
        return np.concatenate([bytes_of_scale, packed], axis=2).reshape(tensor.rows, -1)
