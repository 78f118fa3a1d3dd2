"""The folder that keeps a repository's arrays for one model. Knows files; no tokens' meaning.

A large array of what was there when it was built, a small one of what changed since (the overlay),
and a pointer that names both and the files of the large one that do not count any more. Arrays are
written once, under new names, and mapped; the pointer is replaced whole, so a reader sees either
the old state or the new one. **The arrays can be turned back into the files' text**: the folder
and the files are the user's alone (0700, 0600), names are hashes. A damaged or foreign file is as
good as none: all of it is made again from the repository.

Format of an array: MAGIC, `_SIZES` (bytes and CRC-32 of the header, little endian), the header
(JSON), zeros up to a multiple of 8, then order, alphabet, firsts, following and codes
(`array.Built`) in the byte order that the header names. 8 bytes a token, 11 where more than 65,536
different ones occur.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import os
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from beadline.engine.cache_model.array import Built, Span
from beadline.engine.cache_model.search import Index
from beadline.errors import FileError

FOLDER = "cache-model"
"""Below the user's cache directory; in it one folder a repository and model."""
NAME = r"[0-9a-f]{40}/(tmp\w+\.(array|json)|current\.json)"
"""Pattern of the files below it."""
FORMAT = 1
"""Of the arrays, and of what is left out of the texts in them: others are made again."""
MAGIC = b"BLARRAY1"
POINTER = "current.json"
_SIZES = struct.Struct("<II")
_MOST_HEADER = 256 << 20
_ABANDONED_S = 3600
"""Age after which a file that the pointer does not name belongs to no running process."""


@dataclass(frozen=True)
class Current:
    """What the pointer says. Names of files in the folder; empty: there is none."""

    base: str = ""
    overlay: str = ""
    dead: tuple[str, ...] = ()
    """Paths in the base that do not count: they changed, or are gone."""


@dataclass(frozen=True)
class Arrays:
    """A state of the folder, mapped."""

    base: Index | None = None
    overlay: Index | None = None
    dead: frozenset[str] = frozenset()
    current: Current = Current()
    """What the pointer said."""

    def versions(self) -> dict[str, str]:
        """Of the files that count, by their paths."""
        found: dict[str, str] = {}
        if self.base is not None:
            spans = self.base.spans
            found = {span.path: span.version for span in spans if span.path not in self.dead}
        if self.overlay is not None:
            found |= {span.path: span.version for span in self.overlay.spans}
        return found


def folder_of(cache_dir: Path, model: str, workspace: str) -> Path:
    """Where the arrays of a workspace (its real path) are kept for a model (its digest)."""
    name = hashlib.sha256(json.dumps([FORMAT, model, workspace]).encode()).hexdigest()
    return cache_dir / FOLDER / name[:40]


class Store:
    """One such folder. Several processes may use it: one that builds at a time is enough, and the
    last one wins.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def stamp(self) -> tuple[int, ...]:
        """Changes when the pointer does; empty without one."""
        try:
            status = os.stat(self.folder / POINTER)
        except OSError:
            return ()
        return status.st_mtime_ns, status.st_size, status.st_ino

    def current(self) -> Current:
        """What the pointer says; nothing when there is none, or none of ours."""
        try:
            values = json.loads((self.folder / POINTER).read_text("utf-8"))
            texts = (values["base"], values["overlay"], *values["dead"])
            if values["format"] != FORMAT or not all(isinstance(text, str) for text in texts):
                return Current()
            # They are names, not ways out of the folder.
            if any("/" in name or "\\" in name for name in texts[:2]):
                return Current()
            return Current(values["base"], values["overlay"], tuple(values["dead"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return Current()

    def arrays(self, before: Arrays | None = None) -> Arrays:
        """The arrays of now; none where one of them cannot be read. `before`: what was mapped at
        the last call, of which what stays is taken over.
        """
        before, current = before or Arrays(), self.current()
        base, overlay = before.base, before.overlay
        try:
            if current.base != before.current.base:
                base = open_index(self.folder / current.base) if current.base else None
            if current.overlay != before.current.overlay:
                overlay = open_index(self.folder / current.overlay) if current.overlay else None
        except (OSError, ValueError):
            return Arrays()
        return Arrays(base, overlay, frozenset(current.dead), current)

    def add(self, built: Built) -> str:
        """Write an array; its name. Raises `FileError`."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # mkstemp makes the file with mode 0600.
            handle, name = tempfile.mkstemp(dir=self.folder, suffix=".array")
            with os.fdopen(handle, "wb") as file:
                _write(file, built)
        except OSError as exc:
            raise self._unwritable(exc) from exc
        return os.path.basename(name)

    def publish(self, current: Current) -> None:
        """Point to other arrays, and remove those that nobody can want. Raises `FileError`."""
        before = self.current()
        try:
            handle, name = tempfile.mkstemp(dir=self.folder, suffix=".json")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"format": FORMAT, **asdict(current)}, file)
            os.replace(name, self.folder / POINTER)
        except OSError as exc:
            raise self._unwritable(exc) from exc
        self._clean({before.base, before.overlay}, {current.base, current.overlay})

    def _clean(self, before: set[str], now: set[str]) -> None:
        # Who has them mapped keeps them, but on Windows they cannot be removed then: next time.
        with contextlib.suppress(OSError):
            for file in self.folder.iterdir():
                named = file.name in before and file.name not in now
                abandoned = file.name not in {*now, POINTER} and _age(file) > _ABANDONED_S
                if named or abandoned:
                    with contextlib.suppress(OSError):
                        file.unlink()

    def _unwritable(self, error: OSError) -> FileError:
        return FileError(
            f"{self.folder} cannot be written: {error.strerror}.",
            hint="Make room for it, set BEADLINE_CACHE_DIR, or switch engine.cache_model off.",
        )


def trim(cache_dir: Path, limit: int, keep: Path) -> None:
    """Remove folders of other workspaces and models, longest unused first, until all together
    take at most `limit` bytes. `keep` stays whatever it takes.
    """
    folders: list[tuple[float, int, Path]] = []
    with contextlib.suppress(OSError):
        for folder in (cache_dir / FOLDER).iterdir():
            if folder.is_dir() and not folder.is_symlink():
                files = [file.stat() for file in folder.iterdir()]
                used = max((status.st_mtime for status in files), default=0.0)
                folders.append((used, sum(status.st_size for status in files), folder))
    total = sum(size for _, size, _ in folders)
    for _, size, folder in sorted(folders):
        if total <= limit:
            break
        if folder != keep:
            total -= size
            with contextlib.suppress(OSError):
                for file in folder.iterdir():
                    file.unlink()
                folder.rmdir()


def open_index(path: Path) -> Index:
    """Map an array. Raises `OSError`, and `ValueError` for what is none of ours."""
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    header, at = _header(data)
    count, symbols, width = header["count"], header["symbols"], header["width"]
    narrow = 2 if width == 2 else 4
    needed = at + 4 * count + 4 * symbols + 4 * (symbols + 1) + (narrow + width) * count
    if width not in (2, 3) or min(count, symbols) < 1 or len(data) != needed:
        raise ValueError(f"{path} is not whole")
    order = np.frombuffer(data, np.uint32, count, at)
    at += 4 * count
    alphabet = np.frombuffer(data, np.uint32, symbols, at)
    at += 4 * symbols
    firsts = np.frombuffer(data, np.uint32, symbols + 1, at)
    at += 4 * (symbols + 1)
    following = np.frombuffer(data, np.uint16 if width == 2 else np.uint32, count, at)
    at += narrow * count
    if firsts[0] != 0 or firsts[-1] != count or (np.diff(firsts.astype(np.int64)) < 0).any():
        raise ValueError(f"{path} is damaged")
    return Index(
        [Span(*values) for values in header["spans"]],
        data,
        offset=at,
        width=width,
        order=order,
        following=following,
        alphabet=alphabet,
        firsts=firsts,
    )


def _header(data: mmap.mmap) -> tuple[dict[str, Any], int]:
    """The header, and where the arrays begin. Raises `ValueError`."""
    start = len(MAGIC) + _SIZES.size
    if data[: len(MAGIC)] != MAGIC or len(data) < start:
        raise ValueError("no array of ours")
    size, checksum = _SIZES.unpack(data[len(MAGIC) : start])
    encoded = data[start : start + size]
    if size > _MOST_HEADER or len(encoded) != size or zlib.crc32(encoded) != checksum:
        raise ValueError("a damaged header")
    header = json.loads(encoded)
    if header["byteorder"] != sys.byteorder:
        raise ValueError("written by another kind of machine")
    return header, _aligned(start + size)


def _write(file: Any, built: Built) -> None:
    header = json.dumps(
        {
            "byteorder": sys.byteorder,
            "count": len(built.order),
            "symbols": len(built.alphabet),
            "width": built.width,
            "spans": [[s.path, s.version, s.start, s.end] for s in built.spans],
        }
    ).encode()
    start = len(MAGIC) + _SIZES.size + len(header)
    file.write(MAGIC + _SIZES.pack(len(header), zlib.crc32(header)) + header)
    file.write(bytes(_aligned(start) - start))
    for part in _arrays(built):
        file.write(part)


def _arrays(built: Built) -> Iterable[Any]:
    for array in (built.order, built.alphabet, built.firsts, built.following):
        yield np.ascontiguousarray(array).data
    yield built.codes


def _aligned(size: int) -> int:
    return -(-size // 8) * 8


def _age(file: Path) -> float:
    return time.time() - file.stat().st_mtime
