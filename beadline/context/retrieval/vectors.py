"""Keeps vectors of texts in a file of their own, in half precision. Knows no model and no source.

The file is a cache: a header (a magic number, the model's identity, the length of a vector), then
records of a key and a vector, only ever appended. Another model, another length, or a damaged file
begins anew; a record that a crash cut short is dropped.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 40_000
"""Vectors kept; 30 MB at 384 numbers each."""
KEY_BYTES = 16
_MAGIC = b"beadline vectors 1\n"
_BLOCK = 4096
"""Vectors that are compared at a time: numpy multiplies in single precision."""
_LOG = logging.getLogger(__name__)


def key_of(text: str) -> bytes:
    """Key of a text."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=KEY_BYTES).digest()


class Vectors:
    """Vectors by the keys of their texts. Not thread-safe; one process a file."""

    def __init__(self, file: Path | None, identity: str) -> None:
        """`file`: None keeps them in memory alone. `identity`: the model's."""
        self._file, self._identity = file, identity
        self._rows: dict[bytes, int] = {}
        self._vectors: NDArray[np.float16] = np.zeros((0, 0), np.float16)
        """The first `len(self)` rows are in use."""
        self._keys: list[bytes] = []
        self._read()

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: bytes) -> bool:
        return key in self._rows

    def add(self, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Keep vectors; known keys and what is beyond `MOST` are left out."""
        fresh = [at for at, key in enumerate(keys) if key not in self._rows]
        fresh = list({keys[at]: at for at in fresh}.values())[: MOST - len(self)]
        if not fresh:
            return
        begun = not len(self)
        half = vectors[fresh].astype(np.float16)
        self._put([keys[at] for at in fresh], half)
        data = b"".join(keys[at] + row.tobytes() for at, row in zip(fresh, half, strict=True))
        self._write(self._header() + data if begun else data, "wb" if begun else "ab")

    def nearest(
        self, query: NDArray[np.float32], keys: Sequence[bytes]
    ) -> list[tuple[float, bytes]]:
        """Cosines of those keys that are known, the highest first."""
        known = [key for key in dict.fromkeys(keys) if key in self._rows]
        found: list[tuple[float, bytes]] = []
        for start in range(0, len(known), _BLOCK):
            block = known[start : start + _BLOCK]
            rows = self._vectors[[self._rows[key] for key in block]].astype(np.float32)
            found += zip((rows @ query).tolist(), block, strict=True)
        return sorted(found, key=lambda each: -each[0])

    def _put(self, keys: Sequence[bytes], half: NDArray[np.float16]) -> None:
        size, width = len(self), half.shape[1]
        if self._vectors.shape[1] != width or len(self._vectors) < size + len(keys):
            grown = np.zeros((max(1024, 2 * (size + len(keys))), width), np.float16)
            if size:
                grown[:size] = self._vectors[:size]
            self._vectors = grown
        self._vectors[size : size + len(keys)] = half
        for key in keys:
            self._rows[key] = len(self._keys)
            self._keys.append(key)

    def _header(self) -> bytes:
        return _MAGIC + f"{self._identity} {self._vectors.shape[1]}\n".encode()

    def _read(self) -> None:
        if self._file is None:
            return
        try:
            data = self._file.read_bytes()
        except OSError:  # there is none yet, or it is out of reach: then it is written anew
            return
        if not data.startswith(_MAGIC):
            return
        end = data.find(b"\n", len(_MAGIC))
        identity, _, width = data[len(_MAGIC) : max(end, 0)].decode("ascii", "replace").partition(
            " "
        )
        if identity != self._identity or not width.isdecimal() or not 0 < int(width) <= 1 << 16:
            return
        record = np.dtype([("key", f"V{KEY_BYTES}"), ("vector", "<f2", (int(width),))])
        whole = min((len(data) - end - 1) // record.itemsize, MOST)
        if not whole:
            return
        records = np.frombuffer(data, record, whole, end + 1)
        self._put([key.tobytes() for key in records["key"]], records["vector"])
        if (len(data) - end - 1) % record.itemsize:  # cut short: what follows would be shifted
            kept = data[: end + 1 + whole * record.itemsize]
            self._write(kept, "wb")

    def _write(self, data: bytes, mode: str) -> None:
        if self._file is None:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if mode == "wb" else os.O_APPEND)
            flags |= getattr(os, "O_BINARY", 0)
            with os.fdopen(os.open(self._file, flags, 0o600), mode) as file:
                file.write(data)
        except OSError as exc:  # a full disk, a read-only cache: in memory from now on
            _LOG.warning("%s cannot be written: %s.", self._file, exc.strerror)
            self._file = None
