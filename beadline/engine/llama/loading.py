"""What a worker says while it loads a model, or how it ends. Starts none, decides on no retries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from beadline.engine.llama import messages
from beadline.engine.llama.memory import tells_of_memory, was_killed
from beadline.engine.llama.messages import Message
from beadline.engine.llama.process import WorkerProcess
from beadline.errors import EngineCrashed, OutOfMemory


class Loading:
    """Messages of a worker that is not ready yet."""

    def __init__(
        self, name: str, on_progress: Callable[[float, str], None], silence_s: float
    ) -> None:
        """`name` of the model, for the user; `on_progress` gets the share that is loaded, and
        the name; after `silence_s` without a message the worker is killed.
        """
        self._name = name
        self._on_progress = on_progress
        self._silence_s = silence_s
        self.gpu = False
        """Whether the worker's library can use one."""
        self.context_tokens = 0
        """What it tried to open after the weights were there; 0 before."""
        self.queue: asyncio.Queue[Message | None] = asyncio.Queue()
        """None stands for the worker's end."""

    async def wait_for(self, worker: WorkerProcess, wanted: str) -> Message:
        """The next `wanted` message; raises what the worker reports instead, `EngineCrashed` or
        `OutOfMemory` when it ends.
        """
        while True:
            try:
                message = await asyncio.wait_for(self.queue.get(), self._silence_s)
            except TimeoutError:
                worker.kill(f"it said nothing for {self._silence_s:.0f} s while loading")
                continue
            if message is None:
                ended = f"The engine stopped while loading: {worker.describe_end()}."
                memory = tells_of_memory(worker.stderr) or was_killed(worker.returncode)
                if memory and not worker.reason:
                    raise OutOfMemory(ended, hint="Use a smaller model or context.")
                raise EngineCrashed(ended)
            if message["op"] == "error":
                await worker.close()
                raise messages.error_from(message)
            if message["op"] == "progress":
                self._on_progress(message["fraction"], self._name)
            if message["op"] == "opening":
                self.context_tokens = message["context_tokens"]
            if message["op"] == wanted:
                return message
