"""Model shapes by the size of the file they make. Knows no data; trains nothing.

The parameter count follows from the bytes: what is compared are models that make equally large
files. Sizes are computed as llama.cpp lays tensors out; rows are multiples of 256 numbers, without
which it would fall back to other types than the ones asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beadline.errors import InputError
from beadline.trainer.nano.recipe import CONTEXT, VOCABULARY

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM

MOST_BYTES = 48_000_000
"""Of the file that is shipped."""
_BLOCK = 256
_BYTES = {"Q8_0": 34 / 32, "Q4_K": 144 / 256, "Q6_K": 210 / 256, "F16": 2.0}
"""Bytes a weight (ggml-common.h)."""
Q8_0, Q4_K_M, F16 = "Q8_0", "Q4_K_M", "F16"
_HEADER_A_TOKEN = 40
"""Bytes of the vocabulary in the header: text, kind and merge of a token, with their lengths."""
_HEADER = 65_536


@dataclass(frozen=True)
class ModelShape:
    """A Llama-architecture model; tied embeddings, grouped-query attention."""

    vocabulary: int = VOCABULARY
    hidden: int = 512
    layers: int = 12
    heads: int = 8
    kv_heads: int = 2
    feed_forward: int = 1536
    context: int = CONTEXT

    @property
    def head(self) -> int:
        """Width of an attention head."""
        return self.hidden // self.heads

    @property
    def parameters(self) -> int:
        """All of them."""
        return sum(rows * length for _, rows, length, _ in self.matrices()) + self._vectors()

    def matrices(self) -> Iterator[tuple[str, int, int, int]]:
        """Kind, rows, numbers a row and layer of every matrix; the embeddings' layer is -1."""
        hidden, inner = self.hidden, self.feed_forward
        grouped = self.kv_heads * self.head
        yield "embedding", self.vocabulary, hidden, -1
        for layer in range(self.layers):
            yield "query", hidden, hidden, layer
            yield "key", grouped, hidden, layer
            yield "value", grouped, hidden, layer
            yield "output", hidden, hidden, layer
            yield "gate", inner, hidden, layer
            yield "up", inner, hidden, layer
            yield "down", hidden, inner, layer

    def file_bytes(self, quantisation: str) -> int:
        """Bytes of the GGUF, the header estimated from above."""
        weights = sum(
            rows * length * _BYTES[self._kind(kind, layer, quantisation)]
            for kind, rows, length, layer in self.matrices()
        )
        return round(weights) + 4 * self._vectors() + self.vocabulary * _HEADER_A_TOKEN + _HEADER

    def check(self) -> None:
        """Raises `InputError` for a shape that cannot be quantised as asked, or not at all."""
        odd = [n for n in (self.hidden, self.feed_forward) if n % _BLOCK]
        if odd or self.hidden % self.heads or self.heads % self.kv_heads:
            raise InputError(
                f"A model {self.hidden} wide with {self.heads} heads, {self.kv_heads} for keys, "
                f"and {self.feed_forward} between cannot be made.",
                hint=f"Widths are multiples of {_BLOCK}, and heads divide them.",
            )

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    def _vectors(self) -> int:
        """Numbers of the norms, which stay in single precision."""
        return (2 * self.layers + 1) * self.hidden

    def _kind(self, kind: str, layer: int, quantisation: str) -> str:
        """The type that llama.cpp gives a matrix (`llama_tensor_get_type`)."""
        if quantisation != Q4_K_M:
            return quantisation
        if kind == "embedding":
            return "Q6_K"
        more = kind in ("value", "down") and _more_bits(layer, self.layers)
        return "Q6_K" if more else "Q4_K"


@dataclass(frozen=True)
class Candidate:
    """A shape, and how its weights are stored."""

    name: str
    shape: ModelShape
    quantisation: str

    @property
    def file_bytes(self) -> int:
        """Of its file, estimated from above."""
        return self.shape.file_bytes(self.quantisation)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "name": self.name, "quantisation": self.quantisation, "shape": self.shape.as_dict(),
            "parameters": self.shape.parameters, "file_bytes": self.file_bytes,
        }  # fmt: skip


def _more_bits(layer: int, layers: int) -> bool:
    """llama.cpp's `use_more_bits`."""
    eighth = layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2


def filling(shape: ModelShape, quantisation: str, most_bytes: int = MOST_BYTES) -> ModelShape:
    """The shape with as many layers as the bytes hold. Raises `InputError` where they hold none."""
    layers = 0
    while replace(shape, layers=layers + 1).file_bytes(quantisation) <= most_bytes:
        layers += 1
    if not layers:
        raise InputError(f"{most_bytes:,} bytes hold no layer of width {shape.hidden}.")
    return replace(shape, layers=layers)


def candidates(vocabulary: int = VOCABULARY, most_bytes: int = MOST_BYTES) -> list[Candidate]:
    """Shapes that make files of at most `most_bytes`, as full as whole layers make them."""
    widths = (
        ("512", ModelShape(vocabulary, 512, 1, 8, 2, 1536)),
        ("768", ModelShape(vocabulary, 768, 1, 12, 3, 2048)),
    )
    found: list[Candidate] = []
    for quantisation in (Q8_0, Q4_K_M):
        for width, base in widths:
            shape = filling(base, quantisation, most_bytes)
            name = f"{quantisation.lower().replace('_', '')}-{width}x{shape.layers}"
            found.append(Candidate(name, shape, quantisation))
    return found


def named(name: str, vocabulary: int = VOCABULARY) -> Candidate:
    """The candidate of a name, `small` and `toy` among them. Raises `InputError` for others."""
    others = (small(vocabulary), toy(vocabulary))
    there = {each.name: each for each in (*candidates(vocabulary), *others)}
    if name not in there:
        raise InputError(f"There is no shape {name!r}.", hint=f"There are {', '.join(there)}.")
    return there[name]


def small(vocabulary: int) -> Candidate:
    """For a few processors and some hours: 16 million parameters with 8,192 tokens."""
    return Candidate("small", ModelShape(vocabulary, 512, 4, 8, 2, 1536), Q8_0)


def toy(vocabulary: int) -> Candidate:
    """The smallest that can be quantised, for trying the whole path on a CPU."""
    return Candidate("toy", ModelShape(vocabulary, 256, 2, 4, 2, 256, 1024), Q8_0)


def new_model(shape: ModelShape, seed: int) -> LlamaForCausalLM:
    """A freshly initialised model of this shape."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=shape.vocabulary,
            hidden_size=shape.hidden,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            num_key_value_heads=shape.kv_heads,
            intermediate_size=shape.feed_forward,
            max_position_embeddings=shape.context,
            tie_word_embeddings=True,
            rms_norm_eps=1e-5,
        )
    )


def save_new(shape: ModelShape, seed: int, folder: Path) -> Path:
    """A fresh model as transformers writes it, below `folder`; one that is there of the same shape
    and seed is kept. Raises `InputError` where there is another one."""
    target, note = folder / "start", folder / "start.json"
    said = json.dumps({"shape": shape.as_dict(), "seed": seed}, sort_keys=True)
    if target.exists() and note.exists():
        if note.read_text("utf-8") != said:
            raise InputError(
                f"{folder} holds a model of another shape.", hint="Name another --run."
            )
        return target
    partial = folder / "start.part"
    new_model(shape, seed).save_pretrained(partial)
    note.write_text(said, "utf-8")
    partial.replace(target)
    return target
