"""A worker whose native code prints to standard output, in the middle of everything."""

import os

from beadline.engine.llama import native, worker

_decode = native.Context.decode


def decode(self, *arguments, **keywords):
    os.write(1, b'{"op":"finished"}\nno newline')
    return _decode(self, *arguments, **keywords)


native.Context.decode = decode
worker.main()
