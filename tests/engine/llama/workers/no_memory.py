"""A worker for which no memory ever suffices."""

from beadline.engine.llama import native, worker
from beadline.errors import OutOfMemory


def init(self, model, *, context_tokens, **keywords):
    raise OutOfMemory(f"A context of {context_tokens} tokens does not fit.", hint="Buy some.")


native.Context.__init__ = init
worker.main()
