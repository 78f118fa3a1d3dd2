"""Reads files in processes of its own, ahead of the one that writes the index. Knows no database.

A first scan spends four fifths of its time on parsing and cutting, which one process of Python does
on one core. Helpers take files in turn, so that what they give comes in the order that was asked
for, whichever of them is faster.
"""

from __future__ import annotations

import json
import marshal
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import BinaryIO

from beadline import processes
from beadline.context.index.codec import Packed, digest_of, pack
from beadline.context.index.prepare import Preparer
from beadline.context.index.writer import Stamp
from beadline.context.retrieval import workspace
from beadline.context.retrieval.workspace import Entry
from beadline.context.types import Document
from beadline.settings import ContextOptions

LEAST_FILES = 64
"""Fewer are read sooner than a helper has started."""
MOST_HELPERS = 4
_WINDOW = 8
"""Files that a helper is given at a time."""
_LENGTH = struct.Struct("<I")
RACY_NS = 2_000_000_000
"""A file that changed so shortly before it was read may change again and keep its time: disks count
in steps of up to two seconds (FAT). Its content is looked at again by the next scan, as git does
(racy-git.txt)."""
_NOT_KNOWN = -1
"""In the place of such a time."""


@dataclass(frozen=True, slots=True)
class Read:
    """A file as it was read."""

    stamp: Stamp | None
    """What may be noted of when it was so; None for a file that is gone."""
    language: str = ""
    """Empty where nothing of it is searched."""
    digest: bytes = b""
    characters: int = 0
    document: Document | None = None
    packed: Packed | None = None
    """Of the document, where it was worked out already."""


def read(entry: Entry, options: ContextOptions) -> Read:
    """Read a file as it is on the disk now."""
    stamp = workspace.stamp_of(entry.path)
    if stamp is None:
        return Read(None)
    document = workspace.read(entry, options)
    stamp = lasting(stamp)
    if document is None:
        return Read(stamp)
    digest = digest_of(document.text)
    return Read(stamp, document.language, digest, len(document.text), document)


def lasting(stamp: Stamp) -> Stamp:
    """A stamp as it may be noted, when its file has just been read."""
    size, modified_ns = stamp
    return size, (modified_ns if time.time_ns() - modified_ns > RACY_NS else _NOT_KNOWN)


def helpers() -> int:
    """How many help on this machine: none where there is one core."""
    cores = os.cpu_count() or 1
    return min(cores, MOST_HELPERS) if cores > 1 else 0


def read_ahead(
    entries: Sequence[Entry], options: ContextOptions, count: int
) -> Generator[Read | None]:
    """Files in their order, read and worked out by `count` helpers, which end with the iteration.
    None for those whose helper has died."""
    team: list[_Helper] = []
    try:
        with suppress(OSError):  # as many as the system lets there be
            while len(team) < count:
                team.append(_Helper(options))
        window = _WINDOW * len(team)
        for number, entry in enumerate(entries[:window]):
            team[number % len(team)].ask(entry)
        for number in range(len(entries)):
            if not team:
                yield None
                continue
            helper = team[number % len(team)]
            found = helper.answer()
            if (further := number + window) < len(entries):
                helper.ask(entries[further])
            yield found
    finally:
        for helper in team:
            helper.close()


def command() -> list[str]:
    """Starts a helper."""
    return processes.main_of("beadline.context.index.ahead")


def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a helper. Raises `OSError` when the system refuses."""
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=sys.prefix,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


class _Helper:
    """One process."""

    def __init__(self, options: ContextOptions) -> None:
        self._process = start(command())
        assert self._process.stdin is not None and self._process.stdout is not None
        self._stdin = self._process.stdin
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        """None: it has ended."""
        self._reader = threading.Thread(
            target=_receive,
            args=(self._process.stdout, self._answers),
            name="index-helper",
            daemon=True,
        )
        self._reader.start()
        self._ended = False
        self._send(
            {
                "max_files": options.max_files,
                "max_file_bytes": options.max_file_bytes,
                "ignore": list(options.ignore),
            }
        )

    def ask(self, entry: Entry) -> None:
        """Have a file read."""
        self._send(asdict(entry))

    def answer(self) -> Read | None:
        """The first of the files that were asked for and not answered yet; None where it died."""
        data = None if self._ended else self._answers.get()
        if data is None:
            self._ended = True
            return None
        stamp, language, digest, characters, packed = marshal.loads(data)
        packed = Packed(*packed) if packed is not None else None
        return Read(stamp, language, digest, characters, packed=packed)

    def close(self) -> None:
        """End it; nothing that it was asked for is needed any more."""
        with suppress(OSError):
            self._stdin.close()
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def _send(self, message: dict[str, object]) -> None:
        # Of one that has died `answer` tells.
        with suppress(OSError):
            self._stdin.write(json.dumps(message).encode() + b"\n")
            self._stdin.flush()


def _receive(stream: BinaryIO, answers: queue.SimpleQueue[bytes | None]) -> None:
    """Body of a helper's reader thread."""
    with stream:
        while len(head := stream.read(_LENGTH.size)) == _LENGTH.size:
            (length,) = _LENGTH.unpack(head)
            data = stream.read(length)
            if len(data) < length:
                break
            answers.put(data)
    answers.put(None)


def main() -> None:
    """A helper: takes files from stdin, a JSON line each behind the options, until its end."""
    # Ctrl-C in a terminal reaches the whole group; this process ends with its stdin instead.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with suppress(BrokenPipeError):
        _serve(sys.stdin.buffer, out)


def _serve(incoming: Iterable[bytes], out: BinaryIO) -> None:
    lines = iter(incoming)
    first = next(lines, None)
    if first is None:
        return
    said = json.loads(first)
    options = ContextOptions(**{**said, "ignore": tuple(said["ignore"])})
    preparer = Preparer()
    for line in lines:
        found = read(Entry(**json.loads(line)), options)
        packed = tuple(pack(preparer.prepare(found.document))) if found.document else None
        data = marshal.dumps((found.stamp, found.language, found.digest, found.characters, packed))
        out.write(_LENGTH.pack(len(data)) + data)
        out.flush()


if __name__ == "__main__":
    main()
