"""A worker that dies of SIGSEGV at the first decode unless the safe parameter is set.

Stands for llama.cpp built by GCC 12 on an AMX machine.
"""

import os
import signal

from beadline.engine.llama import native, worker

_decode = native.Context.decode


def decode(self, *arguments, **keywords):
    if self.model.use_extra_bufts:
        os.kill(os.getpid(), signal.SIGSEGV)
    return _decode(self, *arguments, **keywords)


native.Context.decode = decode
worker.main()
