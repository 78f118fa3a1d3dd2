"""Has a command that was started by another program end with it. Knows no command.

The other program keeps our standard input open. When it ends, or closes that, the command is
interrupted as by Ctrl-C, on every system alike.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from typing import BinaryIO

PATIENCE_S = 10.0
"""What an interrupted command may take to end by itself."""
INTERRUPTED = 130
"""Exit code, as of the command line's own."""


def follow(stream: BinaryIO | None = None, *, patience_s: float = PATIENCE_S) -> None:
    """From now on the end of `stream` (standard input by default) is the end of this process. Must
    be called on the main thread."""
    # A program that ignores Ctrl-C leaves that to its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    watched = sys.stdin.buffer if stream is None else stream
    threading.Thread(target=_watch, args=(watched, patience_s), daemon=True).start()


def _watch(stream: BinaryIO, patience_s: float) -> None:
    # Not by the stream: its lock, held by a thread that waits, aborts Python at its end.
    try:
        while os.read(stream.fileno(), 1 << 12):
            continue
    except (OSError, ValueError):
        pass  # closed under us: the same as its end
    _interrupt()
    time.sleep(patience_s)
    os._exit(INTERRUPTED)


def _interrupt() -> None:
    main = threading.main_thread().ident
    if sys.platform == "win32" or main is None:
        _thread.interrupt_main()
    else:
        # A real signal, which also ends a wait for a lock or a child.
        signal.pthread_kill(main, signal.SIGINT)
