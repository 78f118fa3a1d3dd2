"""Stands between an editor and its language server and writes down what they say. Changes nothing.

Run as a program, `recorder.py FILE COMMAND...`: starts the command, passes bytes on both ways, and
appends each whole message as a line of JSON to FILE before its last bytes are passed on, so that
whoever sees an effect of a message finds it in the file. Needs nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import IO

_LENGTH = re.compile(rb"Content-Length: *(\d+)", re.IGNORECASE)
_CHUNK = 1 << 16


class Framer:
    """Bytes of a stream in LSP framing, in pieces; message bodies out."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bodies that end in these bytes."""
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(self._held, 0, end)
            if found is None:
                raise ValueError(f"no Content-Length in {self._held[:end]!r}")
            whole = end + 4 + int(found.group(1))
            if len(self._held) < whole:
                return
            yield self._held[end + 4 : whole]
            self._held = self._held[whole:]


class Recorder:
    """Appends messages to a file, whole lines only."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._lock = threading.Lock()

    def copy(self, sender: str, source: int, target: int) -> None:
        """Pass everything on from one descriptor to the other, until the end or a broken pipe."""
        framer = Framer()
        try:
            while data := os.read(source, _CHUNK):
                for body in framer.feed(data):
                    self._write(sender, json.loads(body))
                while data:
                    data = data[os.write(target, data) :]
        except BrokenPipeError:
            return

    def _write(self, sender: str, message: object) -> None:
        line = json.dumps({"from": sender, "message": message})
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()


def main(path: str, *command: str) -> int:
    """Run the command; its exit code."""
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None and server.stdout is not None
    to_server, from_server = server.stdin, server.stdout

    with open(path, "a", encoding="utf-8") as file:
        recorder = Recorder(file)

        def forward() -> None:
            recorder.copy("client", 0, to_server.fileno())
            to_server.close()

        threading.Thread(target=forward, daemon=True).start()
        recorder.copy("server", from_server.fileno(), 1)
        return server.wait()


if __name__ == "__main__":
    # At once: a thread still waits in a read of the editor's pipe.
    os._exit(main(*sys.argv[1:]))
