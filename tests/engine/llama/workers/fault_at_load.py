"""A worker that says a last word and dies of SIGABRT before any message."""

import os
import signal
import sys

print("free(): invalid pointer", file=sys.stderr, flush=True)
if sys.platform == "win32":
    os._exit(0xC0000005)
os.kill(os.getpid(), signal.SIGABRT)
