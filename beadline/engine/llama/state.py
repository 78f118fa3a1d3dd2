"""Files that keep states of documents between sessions. Knows no llama.cpp, no prompts, no keys.

A file holds the tokens of one sequence and the bytes of its memory. **Both can be turned back
into the document's text**, so the folder and the files are the user's alone (0700, 0600); names
are hashes. llama.cpp believes what it is given, so nothing is given to it that was not read whole
from a regular file of the same user with the checksums it was written with. That finds damage;
who can write the user's files can do worse.

Format: MAGIC, `_SIZES` (bytes of header and payload, CRC-32 of both; little endian), the header
(one line of JSON, then the tokens as 32-bit integers), the payload. CRC-32 because it is the one
checksum here that is faster than a disk: 1 GB/s, where BLAKE2 and SHA-256 do 0.1 to 0.2.
"""

from __future__ import annotations

import array
import hashlib
import json
import os
import re
import stat
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from beadline.engine.private import is_private, is_private_folder, make_private

FOLDER = "state"
"""Below the user's cache directory."""
MAGIC = b"BLSTATE1"
_SIZES = struct.Struct("<IQII")
_MOST_HEADER = 8 << 20
"""Bytes; the tokens of the longest context that can be set take half of it."""
_SLICE = 4 << 20
"""Bytes written between two looks at the clock."""
NAME = r"(?:[0-9a-f]{16}-[0-9a-f]{32}|\.saving-\w+)\.state"
"""Pattern of the names that we give."""
_OURS = re.compile(NAME, re.ASCII)
_TEMPORARY = ".saving-"
_ABANDONED_S = 3600
"""Age after which a temporary file belongs to no running process: saving takes seconds."""


@dataclass(frozen=True)
class Header:
    """What a file says about its payload."""

    identity: str
    """Of everything but the tokens on which the payload depends."""
    key: str
    """Hash of the document's key."""
    tokens: list[int]
    """Whose keys and values the payload holds."""
    payload_bytes: int
    payload_checksum: int
    tokens_per_s: float
    """Speed of evaluation when it was written."""


def digest(*parts: object) -> str:
    """Hash of what the parts say, as hexadecimal digits."""
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()


class StateFiles:
    """The folder of saved states, as seen by one model with one set of parameters.

    Several processes may use it at a time: files appear whole, by renaming, and may vanish.
    """

    def __init__(self, folder: Path, *, identity: str, limit: int) -> None:
        """`limit`: most bytes of all files in the folder, those of other models too."""
        self._folder = folder
        self._identity = identity
        self._limit = limit

    def find(self) -> dict[str, Header]:
        """Headers of the files that fit, by the hash of their keys. Removes what is damaged."""
        found: dict[str, Header] = {}
        if not is_private_folder(self._folder):
            return found
        for path, status in files(self._folder):
            if path.name.startswith(_TEMPORARY):
                if time.time() - status.st_mtime > _ABANDONED_S:
                    discard(path)
            elif path.name.startswith(self._identity[:16]):
                header = self._header(path)
                if header is not None:
                    found[header.key] = header
        return found

    def read(self, key: str, known: Header) -> bytearray | None:
        """The payload of a file that still says what it said; None when it cannot be used."""
        path = self._path(key)
        try:
            file, size = _open(path)
            with file:
                if _decode(file, size) != known:
                    return None  # another process wrote it anew
                payload = _read(file, known.payload_bytes)
        except (OSError, MemoryError):
            payload = None
        if payload is None or zlib.crc32(payload) != known.payload_checksum:
            discard(path)
            return None
        return payload

    def touch(self, key: str, used: float) -> bool:
        """The file, as it is, is of a document last used at `used` (seconds since the epoch).
        False when it is gone.
        """
        try:
            os.utime(self._path(key), (used, used))
        except OSError:
            return False
        return True

    def has_room(self, size: int) -> bool:
        """Whether so many bytes are within the limit when nothing else is there."""
        return size <= self._limit

    def write(
        self,
        header: Header,
        payload: memoryview,
        *,
        used: float,
        must_stop: Callable[[], bool],
    ) -> bool:
        """Put a state into its file; files that were used before `used` make room for it.

        False, and nothing is left of it, when there is no room, `must_stop` says so, or the
        system refuses.
        """
        path = self._path(header.key)
        head = _encode(header)
        size = len(head) + len(payload)
        try:
            make_private(self._folder)
            if not self._make_room(size, used, path):
                return False
            # mkstemp makes the file with mode 0600.
            handle, temporary = tempfile.mkstemp(".state", _TEMPORARY, self._folder)
        except OSError:
            return False
        try:
            with FileIO(handle, "wb") as file:
                _write(file, head)
                for start in range(0, len(payload), _SLICE):
                    if must_stop():
                        raise TimeoutError  # an OSError, like all that can go wrong here
                    _write(file, payload[start : start + _SLICE])
            os.utime(temporary, (used, used))
            os.replace(temporary, path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            return False
        return True

    def trim(self) -> None:
        """Remove the least recently used files above the limit: other processes write too."""
        self._make_room(0, float("inf"), None)

    def _path(self, key: str) -> Path:
        return self._folder / f"{self._identity[:16]}-{key[:32]}.state"

    def _header(self, path: Path) -> Header | None:
        try:
            file, size = _open(path)
            with file:
                header = _decode(file, size)
        except OSError:
            header = None
        if header is None:
            discard(path)
            return None
        fits = header.identity == self._identity and path == self._path(header.key)
        return header if fits else None

    def _make_room(self, size: int, used: float, instead_of: Path | None) -> bool:
        """Remove the oldest files used before `used` until `size` fits; none where that would not
        be enough. `instead_of`: a file that is about to be replaced.
        """
        if not self.has_room(size):
            return False
        excess, older = size - self._limit, []
        for path, status in files(self._folder):
            if path == instead_of:
                continue
            excess += status.st_size
            if status.st_mtime < used:
                older.append((status.st_mtime, status.st_size, path))
        if excess > sum(freed for _, freed, _ in older):
            return False
        older.sort(reverse=True)
        while excess > 0:
            _, freed, path = older.pop()
            discard(path)
            excess -= freed
        return True


def _open(path: Path) -> tuple[FileIO, int]:
    """A regular file of this user alone, and its size. Raises `OSError` for anything else."""
    # Not through a link, and without waiting for the other end of a pipe.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(path, flags | getattr(os, "O_BINARY", 0))
    try:
        status = os.fstat(handle)
        if not (stat.S_ISREG(status.st_mode) and is_private(status)):
            raise PermissionError(f"{path} is not a file of this user alone")
        return FileIO(handle), status.st_size
    except OSError:
        os.close(handle)
        raise


def _decode(file: FileIO, size: int) -> Header | None:
    """The header of a file of `size` bytes; None where anything is not as it was written."""
    front = _read(file, len(MAGIC) + _SIZES.size)
    if front is None or not front.startswith(MAGIC):
        return None
    header_bytes, payload_bytes, header_checksum, checksum = _SIZES.unpack(front[len(MAGIC) :])
    if header_bytes > _MOST_HEADER or len(front) + header_bytes + payload_bytes != size:
        return None
    body = _read(file, header_bytes)
    if body is None or zlib.crc32(body) != header_checksum:
        return None
    line, _, numbers = body.partition(b"\n")
    try:
        values = json.loads(line)
        return Header(
            identity=str(values["identity"]),
            key=str(values["key"]),
            tokens=_integers(bytes(numbers)),
            payload_bytes=payload_bytes,
            payload_checksum=checksum,
            tokens_per_s=float(values["tokens_per_s"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None  # of another version


def _read(file: FileIO, count: int) -> bytearray | None:
    """Exactly so many bytes; None where the file is shorter."""
    found = bytearray(count)
    rest = memoryview(found)
    while rest:
        got = file.readinto(rest)
        if not got:
            return None
        rest = rest[got:]
    return found


def _encode(header: Header) -> bytes:
    values = {
        "identity": header.identity, "key": header.key, "tokens_per_s": header.tokens_per_s,
    }  # fmt: skip
    numbers = array.array("i", header.tokens)
    if sys.byteorder == "big":
        numbers.byteswap()
    body = json.dumps(values).encode("ascii") + b"\n" + numbers.tobytes()
    sizes = _SIZES.pack(len(body), header.payload_bytes, zlib.crc32(body), header.payload_checksum)
    return MAGIC + sizes + body


def _integers(data: bytes) -> list[int]:
    numbers = array.array("i")
    numbers.frombytes(data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tolist()


def _write(file: FileIO, data: bytes | memoryview) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """What in the folder has a name of ours, with its status (of a link: its own)."""
    try:
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if _OURS.fullmatch(entry.name)]
    except OSError:
        return
    for entry in found:
        try:
            yield Path(entry.path), entry.stat(follow_symlinks=False)
        except OSError:
            continue  # another process was faster


def discard(path: Path) -> bool:
    """Remove a file or link of this user; whatever else stands there stays. Whether it did."""
    try:
        status = os.lstat(path)
        if stat.S_ISDIR(status.st_mode):
            return False
        if hasattr(os, "getuid") and status.st_uid != os.getuid():
            return False
        path.unlink()
    except OSError:
        return False  # gone already, or not ours to remove
    return True
