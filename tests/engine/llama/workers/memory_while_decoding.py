"""A worker that dies of an allocation while decoding in a context of more than 2000 tokens."""

import os
import signal
import sys

from beadline.engine.llama import native, worker

_decode = native.Context.decode


def decode(self, *arguments, **keywords):
    if self.context_tokens > 2000:
        print("CUDA error: out of memory", file=sys.stderr, flush=True)
        if sys.platform == "win32":
            os._exit(0xC0000409)
        os.kill(os.getpid(), signal.SIGABRT)
    return _decode(self, *arguments, **keywords)


native.Context.decode = decode
worker.main()
