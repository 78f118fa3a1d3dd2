"""A worker whose GPU is full: CUDA's pool aborts the process unless the CPU is asked for.

The library under test has no GPU, so this one only says so.
"""

import os
import signal
import sys

from beadline.engine.llama import native, worker

_load = native.Library.__init__
_open = native.Model.__init__


def library(self, *arguments, **keywords):
    _load(self, *arguments, **keywords)
    self.gpu = True


def model(self, library, path, *, gpu_layers, **keywords):
    if gpu_layers:
        print("CUDA error: out of memory", file=sys.stderr, flush=True)
        if sys.platform == "win32":
            os._exit(0xC0000409)
        os.kill(os.getpid(), signal.SIGABRT)
    _open(self, library, path, gpu_layers=0, **keywords)


native.Library.__init__ = library
native.Model.__init__ = model
worker.main()
