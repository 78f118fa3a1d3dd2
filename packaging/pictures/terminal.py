"""A terminal, and pictures of its screen as a browser draws it. Knows no program in it."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import pty
import struct
import subprocess
import termios
import threading
import time
from pathlib import Path

from tests.editors.install.programs import VSCode as Programs
from tests.editors.wire import TIMEOUT

_SCREEN = Path(__file__).with_name("screen.mjs")
_CHUNK = 1 << 16
_QUIET_S = 0.5


class Terminal:
    """A pair of pseudo-terminals; what is written to one of them is kept."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._own, self.descriptor = pty.openpty()
        """`descriptor` is the side of the program."""
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._lock = threading.Lock()
        self._written = bytearray()
        threading.Thread(target=self._read, daemon=True).start()

    def take(self) -> bytes:
        """What was written since this was asked last."""
        with self._lock:
            written = bytes(self._written)
            self._written.clear()
        return written

    def settle(self) -> None:
        """Until nothing has been written for a moment: programs draw when they like."""
        written = -1
        while written != (written := len(self._written)):
            time.sleep(_QUIET_S)

    def close(self) -> None:
        """The program has ended."""
        os.close(self.descriptor)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._own, _CHUNK)
            except OSError:  # how Linux says that the other side is closed
                data = b""
            if not data:
                os.close(self._own)
                return
            with self._lock:
                self._written += data


class Screen:
    """Draws what was written to a terminal."""

    def __init__(self, programs: Programs, terminal: Terminal) -> None:
        self._terminal = terminal
        (browser,) = programs.browser.command
        size = str(terminal.columns), str(terminal.rows)
        self._process = subprocess.Popen(
            [programs.node, _SCREEN, programs.tools, browser, *size],
            env={**os.environ, **programs.browser.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def picture(self, path: Path) -> None:
        """Save the screen as it is once nothing more is written to it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._terminal.settle()
        written = base64.b64encode(self._terminal.take()).decode("ascii")
        self._process.stdin.write(json.dumps({"written": written, "path": str(path)}) + "\n")
        self._process.stdin.flush()
        if not self._process.stdout.readline():
            raise RuntimeError("the browser that draws the terminal has ended")

    def close(self) -> None:
        """End the browser."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(TIMEOUT)
        finally:
            self._process.kill()
