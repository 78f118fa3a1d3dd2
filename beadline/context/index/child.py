"""A running indexer process and its pipes, seen from the server. Knows no index."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from beadline.context.index.process import Order, command

CLOSE_S = 2.0
"""It ends within milliseconds of its stdin's end; after this long it is killed."""


class Child:
    """One process. Its two callbacks are called on a thread of its own, the last one last."""

    def __init__(
        self,
        order: Order,
        on_message: Callable[[Child, dict[str, Any]], None],
        on_exit: Callable[[Child], None],
        *,
        program: Sequence[str] | None = None,
    ) -> None:
        """Start it. Raises `OSError` when the system refuses."""
        self._on_message = on_message
        self._on_exit = on_exit
        self._process = subprocess.Popen(
            list(program or command()),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # The server's directory is the user's workspace, which is not trusted.
            cwd=sys.prefix,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._writing = threading.Lock()
        self._send(order.line())
        self._thread = threading.Thread(target=self._read, name="indexer", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.returncode

    def look_again(self) -> None:
        """Have it look at the folder again."""
        self._send(b'{"op": "scan"}\n')

    def stop(self) -> None:
        """End its stdin, which ends it; does not wait."""
        stdin = self._process.stdin
        assert stdin is not None
        # What a dead process has not read cannot be written.
        with self._writing, contextlib.suppress(OSError):
            stdin.close()

    def close(self) -> None:
        """End it, and wait for its end; kill it if it does not come."""
        self.stop()
        try:
            self._process.wait(CLOSE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._thread.join(CLOSE_S)

    def _send(self, line: bytes) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        # To a dead process it is lost, and `on_exit` tells; ValueError: it was stopped.
        with self._writing, contextlib.suppress(OSError, ValueError):
            stdin.write(line)
            stdin.flush()

    def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        with stdout:
            for line in stdout:
                try:
                    message = json.loads(line)
                except ValueError:
                    continue
                if isinstance(message, dict) and "op" in message:
                    self._on_message(self, message)
        self._process.wait()
        self.stop()
        self._on_exit(self)
