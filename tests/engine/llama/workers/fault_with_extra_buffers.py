"""A worker that dies of SIGSEGV at the first decode unless the safe parameter is set.

Stands for llama.cpp built by GCC 12 on an AMX machine.
"""

import os
import signal
import sys

from beadline.engine.llama import native, worker

_decode = native.Context.decode


def decode(self, *arguments, **keywords):
    if self.model.use_extra_bufts:
        if sys.platform == "win32":
            os._exit(0xC0000005)
        os.kill(os.getpid(), signal.SIGSEGV)
    return _decode(self, *arguments, **keywords)


native.Context.decode = decode
worker.main()
