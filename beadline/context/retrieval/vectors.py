"""Keeps vectors of texts in a file of their own, in half precision. Knows no model and no source.

The file is a cache: a header (a magic number, the model's identity, the length of a vector), then
records of a key and a vector, only ever appended. Another model, another length, or a damaged file
begins anew; a record that a crash cut short is dropped. One process at a time writes it, by a
lock; the others read what it has and keep what they add in memory.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from beadline.context.index.lock import FileLock

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 40_000
"""Vectors kept; 30 MB at 384 numbers each."""
KEY_BYTES = 16
_MAGIC = b"beadline vectors 1\n"
_BLOCK = 4096
"""Vectors that are compared at a time: numpy multiplies in single precision."""
_WIDEST = 1 << 16
_LOG = logging.getLogger(__name__)


def key_of(text: str) -> bytes:
    """Key of a text."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=KEY_BYTES).digest()


class Vectors:
    """Vectors by the keys of their texts. Not thread-safe."""

    def __init__(self, file: Path | None, identity: str) -> None:
        """`file`: None keeps them in memory alone. `identity`: the model's."""
        self._file, self._identity = file, identity
        self._rows: dict[bytes, int] = {}
        self._vectors: NDArray[np.float16] = np.zeros((0, 0), np.float16)
        """The first `len(self)` rows are in use."""
        self._lock = None if file is None else _locked(file)
        self._read()
        if self._lock is None:
            self._file = None

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: bytes) -> bool:
        return key in self._rows

    def close(self) -> None:
        """Let another process write the file. Idempotent."""
        self._file = None
        if self._lock is not None:
            self._lock.release()

    def add(self, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Keep vectors, a row a key; known keys and what is beyond `MOST` are left out."""
        unknown = {key: at for at, key in enumerate(keys) if key not in self._rows}
        fresh = list(unknown.items())[: max(0, MOST - len(self))]
        if not fresh:
            return
        begun = not len(self)
        half = vectors[[at for _, at in fresh]].astype("<f2")
        self._put([key for key, _ in fresh], half)
        data = b"".join(key + row.tobytes() for (key, _), row in zip(fresh, half, strict=True))
        if begun:
            self._write(_header(self._identity, half.shape[1]) + data, os.O_TRUNC)
        else:
            self._write(data, os.O_APPEND)

    def nearest(
        self, query: NDArray[np.float32], keys: Sequence[bytes]
    ) -> list[tuple[float, bytes]]:
        """Cosines of those keys that are known with a query of length 1, the highest first."""
        known = [key for key in dict.fromkeys(keys) if key in self._rows]
        found: list[tuple[float, bytes]] = []
        for start in range(0, len(known), _BLOCK):
            block = known[start : start + _BLOCK]
            rows = self._vectors[[self._rows[key] for key in block]].astype(np.float32)
            found += zip((rows @ query).tolist(), block, strict=True)
        return sorted(found, key=lambda each: (-each[0], each[1]))

    def _put(self, keys: Sequence[bytes], half: NDArray[np.float16]) -> None:
        size, width = len(self), half.shape[1]
        if not size or len(self._vectors) < size + len(keys):
            grown = np.zeros((max(1024, 2 * (size + len(keys))), width), np.float16)
            grown[:size] = self._vectors[:size] if size else 0
            self._vectors = grown
        self._vectors[size : size + len(keys)] = half
        for at, key in enumerate(keys, start=size):
            self._rows[key] = at

    def _read(self) -> None:
        if self._file is None:
            return
        try:
            data = self._file.read_bytes()
        except OSError:  # there is none yet, or it is out of reach: then it is made anew
            return
        start = data.find(b"\n", len(_MAGIC)) + 1
        width = data[:start].rpartition(b" ")[2].strip()
        if not width.isdigit() or not 0 < int(width) <= _WIDEST:
            return
        if data[:start] != _header(self._identity, int(width)):
            return
        record = np.dtype([("key", f"V{KEY_BYTES}"), ("vector", "<f2", (int(width),))])
        whole, rest = divmod(len(data) - start, record.itemsize)
        if not whole:
            return
        records = np.frombuffer(data, record, min(whole, MOST), start)
        keys = [key.tobytes() for key in records["key"]]
        if len(set(keys)) == len(keys):
            self._put(keys, records["vector"])
        if rest and self._lock is not None:  # what is appended would be shifted
            self._write(data[: len(data) - rest], os.O_TRUNC)

    def _write(self, data: bytes, how: int) -> None:
        """Write to the file, `how` is a flag of `os.open`; in memory alone where that fails."""
        if self._file is None:
            return
        flags = os.O_WRONLY | os.O_CREAT | how | getattr(os, "O_BINARY", 0)
        try:
            with os.fdopen(os.open(self._file, flags, 0o600), "wb") as file:
                file.write(data)
        except OSError as exc:  # a full disk, a read-only cache
            _LOG.warning("%s cannot be written: %s.", self._file, exc.strerror)
            self._file = None


def _header(identity: str, width: int) -> bytes:
    return _MAGIC + f"{identity} {width}\n".encode()


def _locked(file: Path) -> FileLock | None:
    """The right to write a file; None where another process has it, or nobody can have it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return FileLock.attempt(file.with_suffix(".lock"))
    except OSError as exc:
        _LOG.warning("%s cannot be written: %s.", file, exc.strerror)
        return None
