"""A worker that never comes back from its first decode; says so on standard error."""

import sys
import time

from beadline.engine.llama import native, worker


def decode(self, *arguments, **keywords):
    print("decoding", file=sys.stderr, flush=True)
    time.sleep(3600)  # like native code, it lets other threads run


native.Context.decode = decode
worker.main()
