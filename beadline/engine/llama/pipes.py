"""The worker's ends of its pipes: jobs, cancel and credit in, messages out. Knows no llama.cpp.

The end of standard input ends the process at once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import deque
from typing import BinaryIO

from beadline.engine.llama import messages
from beadline.engine.llama.messages import AHEAD, Message


class Pipe:
    """Messages out. One writer: the main thread."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def send(self, message: Message) -> None:
        self._stream.write(messages.encode(message))
        self._stream.flush()


class Inbox:
    """Messages in: jobs wait in a queue, cancel and credit act on the running job at once.

    Implements `decoder.Control` for the running job. Ids rise, so a cancel or credit for an
    older job is late and ignored.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._jobs: deque[Message] = deque()
        self._cancelled: set[int] = set()
        self._running = -1
        self._sent = 0
        self._credited = 0

    def read(self, stream: BinaryIO) -> None:
        """Body of the reader thread; never returns to the process after the end of `stream`."""
        for line in iter(stream.readline, b""):
            message = messages.decode(line)
            if message is not None:
                self.put(message)
        # Not sys.exit: the main thread may be inside native code for seconds.
        os._exit(0)

    def put(self, message: Message) -> None:
        with self._changed:
            if message["op"] == "cancel":
                if message["id"] >= self._running:
                    self._cancelled.add(message["id"])
            elif message["op"] == "credit":
                if message["id"] == self._running:
                    self._credited += message["tokens"]
            else:
                self._jobs.append(message)
            self._changed.notify_all()

    def take(self) -> Message:
        """The next job, in order of arrival; waits for it."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs)
            return self._jobs.popleft()

    def begin(self, job: int) -> None:
        """`job` is the one that cancel and credit are about now."""
        with self._changed:
            self._running = job
            self._cancelled = {other for other in self._cancelled if other >= job}
            self._sent = self._credited = 0

    def sent(self, tokens: int) -> None:
        """`tokens` more went out in pieces."""
        self._sent += tokens

    def cancelled(self) -> bool:
        return self._running in self._cancelled

    def await_credit(self, pending: int, timeout_s: float) -> None:
        # Numbers that only grow are read without the lock: at worst it waits for a moment.
        if self._may_run(pending):
            return
        with self._changed:
            self._changed.wait_for(lambda: self._may_run(pending), timeout_s)

    def _may_run(self, pending: int) -> bool:
        ahead = self._sent - self._credited
        # Only unfinished characters are out: waiting for their consumer would be for ever.
        return ahead + pending < AHEAD or ahead <= 0 or self.cancelled()


def own_streams() -> tuple[BinaryIO, BinaryIO]:
    """This process's standard input and output, for messages alone: whatever else is printed goes
    to standard error, whatever else is read finds nothing.
    """
    # Ctrl-C in a terminal reaches the whole group; such a process ends with its stdin instead.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # An abort of ggml would attach a debugger for seconds and bury its message under the frames.
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")
    sys.stdout.flush()
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    incoming = os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return incoming, outgoing
