"""A worker whose library was compiled for another processor: it dies of SIGILL at once."""

import os
import signal
import sys

if sys.platform == "win32":
    os._exit(0xC000001D)
os.kill(os.getpid(), signal.SIGILL)
