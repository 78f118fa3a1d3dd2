"""Bytes in and bytes out: framing, the stdin pump, the guarded stdout. Knows no JSON and no LSP.

`pygls` reads stdin through its own thread pool, dies of a Content-Length it cannot allocate, and
never finds its way back after a wrong one; this reader does, and a thread blocked in it never
keeps the process alive.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
import threading
from collections.abc import AsyncIterator, Callable
from typing import BinaryIO

log = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 1 << 28
"""A longer message is read and thrown away; what is left of the session goes on."""

_CHUNK = 1 << 16
_LENGTH = re.compile(rb"content-length:[ \t]*(\d{1,19})[ \t]*\r?\n\Z", re.IGNORECASE)


async def frames(
    reader: asyncio.StreamReader, *, max_bytes: int = MAX_MESSAGE_BYTES
) -> AsyncIterator[bytes]:
    """The message bodies of a stream in LSP framing, until its end.

    A header that is no header is skipped up to the next Content-Length. For a message above
    `max_bytes` an empty body is yielded after its bytes were thrown away.
    """
    while (length := await _next_length(reader)) is not None:
        try:
            if length > max_bytes:
                await _discard(reader, length)
                yield b""
            else:
                yield await reader.readexactly(length)
        except asyncio.IncompleteReadError:
            log.warning("The stream ended inside a message.")
            return


async def _next_length(reader: asyncio.StreamReader) -> int | None:
    """The Content-Length of the next header block; None at the end of the stream."""
    length: int | None = None
    while True:
        try:
            line = await reader.readline()
        except ValueError:  # longer than the reader's limit: no header of anyone's
            continue
        if not line:
            return None
        # `search`, not `match`: after a message whose announced length was too short, its rest
        # and the next header stand on one line.
        if found := _LENGTH.search(line):
            length = int(found.group(1))
        elif not line.strip() and length is not None:
            return length


async def _discard(reader: asyncio.StreamReader, count: int) -> None:
    while count:
        chunk = await reader.read(min(count, _CHUNK))
        if not chunk:
            raise asyncio.IncompleteReadError(b"", count)
        count -= len(chunk)


def pump(fd: int, loop: asyncio.AbstractEventLoop, reader: asyncio.StreamReader) -> None:
    """Start a daemon thread that feeds `reader` from the descriptor `fd` until its end.

    `os.read` and not a buffered file: a thread that waits inside a buffered file holds its lock
    and aborts the interpreter's exit.
    """

    def run() -> None:
        try:
            while chunk := os.read(fd, _CHUNK):
                loop.call_soon_threadsafe(reader.feed_data, chunk)
        except OSError as exc:
            log.warning("Reading standard input failed: %s.", exc.strerror)
        except RuntimeError:  # the loop is closed: nobody listens any more
            return
        try:
            loop.call_soon_threadsafe(reader.feed_eof)
        except RuntimeError:
            return

    threading.Thread(target=run, name="beadline-stdin", daemon=True).start()


class Output:
    """Where `pygls` writes. A client that went away is reported once instead of raised."""

    def __init__(self, stream: BinaryIO, on_broken: Callable[[], None]) -> None:
        self._stream = stream
        self._on_broken = on_broken
        self._broken = False

    def write(self, data: bytes) -> None:
        """Write one framed message; silently nothing after the client is gone."""
        if self._broken:
            return
        try:
            self._stream.write(data)
            self._stream.flush()
        except (OSError, ValueError):
            self._broken = True
            self._on_broken()

    def close(self) -> None:
        """Stop writing. The stream itself belongs to whoever opened it."""
        self._broken = True


def guard_stdout() -> BinaryIO:
    """Keep the client's pipe for the protocol alone and send everything else to stderr.

    Survives Python prints as well as C-level writes to descriptor 1.
    """
    sys.stdout.flush()
    descriptor = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    if sys.platform == "win32":
        import msvcrt

        for fd in (0, descriptor):
            msvcrt.setmode(fd, os.O_BINARY)
    return os.fdopen(descriptor, "wb")
