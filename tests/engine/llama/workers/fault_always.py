"""A worker that loads, then dies of SIGSEGV at every decode, whatever the parameters."""

import os
import signal
import sys

from beadline.engine.llama import native, worker


def decode(self, *arguments, **keywords):
    if sys.platform == "win32":
        os._exit(0xC0000005)
    os.kill(os.getpid(), signal.SIGSEGV)


native.Context.decode = decode
worker.main()
