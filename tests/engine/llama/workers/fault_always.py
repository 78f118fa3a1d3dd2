"""A worker that loads, then dies of SIGSEGV at every decode, whatever the parameters."""

import os
import signal

from beadline.engine.llama import native, worker


def decode(self, *arguments, **keywords):
    os.kill(os.getpid(), signal.SIGSEGV)


native.Context.decode = decode
worker.main()
