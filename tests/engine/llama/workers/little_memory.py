"""A worker on a machine where a context of more than 2000 tokens in all does not fit."""

from beadline.engine.llama import native, worker
from beadline.errors import OutOfMemory

_open = native.Context.__init__


def init(self, model, *, context_tokens, sequences, **keywords):
    if context_tokens * sequences > 2000:
        raise OutOfMemory(f"{context_tokens} tokens in {sequences} sequences do not fit.")
    _open(self, model, context_tokens=context_tokens, sequences=sequences, **keywords)


native.Context.__init__ = init
worker.main()
