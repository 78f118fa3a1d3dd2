"""Reads the header of a GGUF file and checks that the file is whole. Loads no weights, no library.

Follows ggml's gguf.h (format versions 2 and 3). llama.cpp aborts or worse on some damaged files,
so every model passes here first, in the server process.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from beadline.errors import ModelError

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q"}
_SCALARS |= {12: "d"}
_STRING, _ARRAY = 8, 9
_LONGEST_STRING = 16 << 20
_LONGEST_KEY = 65_535
_MOST_DIMENSIONS = 4
_MOST_ENTRIES = 1 << 20
"""Of values, tensors or strings of an array: far beyond any model, and read within seconds."""
_BLOCK = 1 << 20

_TYPES: dict[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292), 16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136), 24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4),
    27: ("I64", 1, 8), 28: ("F64", 1, 8), 29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17), 40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
}  # fmt: skip
"""ggml type -> name, elements per block, bytes per block (ggml-common.h)."""

PER_LAYER = (".attention.head_count", ".attention.head_count_kv")
"""Ends of the keys whose value may be an array, one number a layer. Those are always read."""

Scalar = int | float | bool | str


@dataclass(frozen=True)
class Tensor:
    """One entry of the tensor table."""

    name: str
    shape: tuple[int, ...]
    type_name: str
    """`Q8_0`...; `type-N` for a type this reader does not know."""
    offset: int
    """Bytes from the start of the tensor data."""
    size: int
    """Bytes; 0 when the type is not known."""

    @property
    def elements(self) -> int:
        count = 1
        for length in self.shape:
            count *= length
        return count


@dataclass(frozen=True)
class GgufHeader:
    """Everything of a GGUF file but the weights."""

    path: Path
    version: int
    size: int
    """Bytes of the whole file."""
    metadata: dict[str, Scalar]
    """Scalar and string values."""
    arrays: dict[str, list[Scalar]]
    """The arrays asked for, and those of `PER_LAYER`."""
    tensors: tuple[Tensor, ...]
    data_start: int
    """Offset of the tensor data in the file."""

    def text(self, key: str, default: str = "") -> str:
        value = self.metadata.get(key, default)
        return value if isinstance(value, str) else default

    def number(self, key: str, default: int = 0) -> int:
        value = self.metadata.get(key, default)
        return value if isinstance(value, int) else default


def read_header(path: Path, *, arrays: Collection[str] = ()) -> GgufHeader:
    """The header of the GGUF file at `path`, with the named `arrays` (most others are skipped).

    Raises `ModelError` when there is no such file, it is no GGUF, of a version or byte order that
    cannot be read, damaged, or shorter than its own tensor table says.
    """
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(0)
            return _read(_Reader(stream, size, path), path, frozenset(arrays))
    except FileNotFoundError:
        raise ModelError(
            f"There is no model file {path}.", hint="`beadline models list` shows what there is."
        ) from None
    except IsADirectoryError:
        raise ModelError(f"{path} is a directory, not a GGUF file.") from None
    except OSError as exc:
        raise ModelError(f"{path} cannot be read: {exc.strerror or exc}.") from exc


def _read(reader: _Reader, path: Path, wanted: frozenset[str]) -> GgufHeader:
    if reader.size < 4 or reader.take(4) != b"GGUF":
        raise ModelError(
            f"{path.name} is not a GGUF file.",
            hint="Convert the model to GGUF with llama.cpp's convert_hf_to_gguf.py.",
        )
    version = reader.scalar("I")
    if version not in (2, 3):
        raise ModelError(
            f"{path.name} has GGUF version {version}; versions 2 and 3 can be read.",
            hint="Convert the model again (big-endian files cannot be used here).",
        )
    tensor_count, value_count = reader.scalar("Q"), reader.scalar("Q")
    metadata: dict[str, Scalar] = {}
    arrays: dict[str, list[Scalar]] = {}
    for _ in range(reader.entries(value_count, 8 + 4 + 1)):
        key = reader.string(_LONGEST_KEY)
        kind = reader.scalar("I")
        if kind == _ARRAY:
            values = reader.array(keep=key in wanted or key.endswith(PER_LAYER))
            if values is not None:
                arrays[key] = values
        else:
            metadata[key] = reader.value(kind)
    tensors = tuple(reader.tensor() for _ in range(reader.entries(tensor_count, 8 + 4 + 4 + 8)))
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment <= 0 or alignment & (alignment - 1):
        raise reader.damaged("its alignment is no power of two")
    data_start = -(-reader.position // alignment) * alignment
    end = max((tensor.offset + tensor.size for tensor in tensors), default=0)
    if tensors and data_start + end > reader.size:
        raise reader.truncated(data_start + end)
    return GgufHeader(path, version, reader.size, metadata, arrays, tensors, data_start)


class _Reader:
    """A cursor over the file that knows what is left of it."""

    def __init__(self, stream: BinaryIO, size: int, path: Path) -> None:
        self._stream = stream
        self._path = path
        self._block = b""
        self._block_start = 0
        self.size = size
        self.position = 0

    def truncated(self, needed: int) -> ModelError:
        return ModelError(
            f"{self._path.name} is truncated: {self.size} bytes of at least {needed}.",
            hint="Download or copy it again.",
        )

    def damaged(self, why: str) -> ModelError:
        return ModelError(f"{self._path.name} is damaged: {why}.", hint="Download it again.")

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        if count > self.size - self.position:
            raise self.truncated(self.position + count)
        start = self.position - self._block_start
        if start < 0 or start + count > len(self._block):
            self._stream.seek(self.position)
            self._block = self._stream.read(max(_BLOCK, count))
            self._block_start = self.position
            start = 0
            if len(self._block) < count:  # the file shrank while being read
                raise self.truncated(self.position + count)
        self.position += count
        return self._block[start : start + count]

    def skip(self, count: int) -> None:
        if count > self.size - self.position:
            raise self.truncated(self.position + count)
        self.position += count

    def scalar(self, code: str) -> int:
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]

    def count(self, value: int, least: int) -> int:
        """A count of things of at least `least` bytes each, checked against what is left."""
        if value * least > self.size - self.position:
            raise self.truncated(self.position + value * least)
        return value

    def entries(self, value: int, least: int) -> int:
        """A `count` of things that are read one by one. A sparse file may be long for nothing."""
        if self.count(value, least) > _MOST_ENTRIES:
            raise self.damaged(f"it says that it has {value} entries in one place")
        return value

    def string(self, longest: int = _LONGEST_STRING) -> str:
        length = self.scalar("Q")
        if length > longest and length <= self.size - self.position:
            raise self.damaged(f"it has a text of {length} bytes where names and values belong")
        return self.take(length).decode("utf-8", "replace")

    def value(self, kind: int) -> Scalar:
        if kind == _STRING:
            return self.string()
        if kind not in _SCALARS:
            raise self.damaged(f"it has a value of unknown type {kind}")
        return self.scalar(_SCALARS[kind])

    def array(self, *, keep: bool) -> list[Scalar] | None:
        """The array at the cursor, or None after skipping it."""
        kind = self.scalar("I")
        length = self.scalar("Q")
        if kind == _STRING:
            self.entries(length, 8)
            if keep:
                return [self.string() for _ in range(length)]
            for _ in range(length):
                self.skip(self.scalar("Q"))
            return None
        if kind not in _SCALARS:
            raise self.damaged(f"it has an array of unknown type {kind}")
        code = _SCALARS[kind]
        self.count(length, struct.calcsize("<" + code))
        if not keep:
            self.skip(length * struct.calcsize("<" + code))
            return None
        self.entries(length, 1)
        return list(struct.unpack(f"<{length}{code}", self.take(length * struct.calcsize(code))))

    def tensor(self) -> Tensor:
        name = self.string(_LONGEST_KEY)
        dimensions = self.scalar("I")
        if not 0 < dimensions <= _MOST_DIMENSIONS:
            raise self.damaged(f"tensor {name!r} has {dimensions} dimensions")
        shape = tuple(self.scalar("Q") for _ in range(dimensions))
        kind = self.scalar("I")
        offset = self.scalar("Q")
        if kind not in _TYPES:
            return Tensor(name, shape, f"type-{kind}", offset, 0)
        type_name, block, block_bytes = _TYPES[kind]
        tensor = Tensor(name, shape, type_name, offset, 0)
        if shape[0] % block:
            raise self.damaged(f"tensor {name!r} has rows of {shape[0]}, no multiple of {block}")
        return Tensor(name, shape, type_name, offset, tensor.elements // block * block_bytes)
