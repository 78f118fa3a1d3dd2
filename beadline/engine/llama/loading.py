"""How a worker is asked to load a model, and what it says meanwhile. Starts none, tries once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from beadline.engine import models
from beadline.engine.cache_model.weights import values_of, weights_of
from beadline.engine.llama import messages
from beadline.engine.llama.installation import here, other_processor
from beadline.engine.llama.memory import Demand, tells_of_memory, was_killed
from beadline.engine.llama.messages import Message, PromptOptions
from beadline.engine.llama.probe import (
    Verdicts,
    died_of_fault,
    met_unknown_instruction,
    verdict_key,
)
from beadline.engine.llama.process import WorkerProcess
from beadline.engine.llama.stream import Adapter
from beadline.engine.protocol import ModelInfo
from beadline.errors import EngineCrashed, OutOfMemory
from beadline.settings import EngineOptions


class ProbeDied(EngineCrashed):
    """The start-up probe met the fault it looks for; the next attempt avoids it."""


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
                raise EngineCrashed(ended, hint=advice_on_end(worker))
            if message["op"] == "error":
                await worker.close()
                raise messages.error_from(message)
            if message["op"] == "progress":
                self._on_progress(message["fraction"], self._name)
            if message["op"] == "opening":
                self.context_tokens = message["context_tokens"]
            if message["op"] == wanted:
                return message


class Opener:
    """Has workers load the model with an engine's options, and keeps the probe's verdicts."""

    def __init__(
        self,
        options: EngineOptions,
        verdicts: Verdicts,
        *,
        prefix_tokens: int,
        suffix_tokens: int,
        state_folder: str,
    ) -> None:
        """`state_folder`: where states of documents are kept; empty: nowhere."""
        self._options = options
        self._verdicts = verdicts
        self._windows = {"prefix_tokens": prefix_tokens, "suffix_tokens": suffix_tokens}
        self._state_folder = state_folder

    async def open(
        self,
        worker: WorkerProcess,
        loading: Loading,
        path: Path,
        demand: Demand,
        prompts: PromptOptions,
        adapter: Adapter | None = None,
    ) -> ModelInfo:
        """What the worker says when it is ready, `adapter` in use where it can be. Raises
        `ProbeDied`, and as `Loading.wait_for`.
        """
        hello = await loading.wait_for(worker, "hello")
        loading.gpu = hello["gpu"]
        options, draft = self._options, models.named(self._options.draft_model)
        # The draft model's weights are decoded by the same code, and may be of another type.
        key = verdict_key(hello["library"] + draft, path, demand.gpu_layers)
        setting = options.extra_buffers
        verdict = self._verdicts.get(key) if setting == "auto" else setting == "on"
        worker.send(
            {
                "op": "load",
                "path": str(path),
                **asdict(demand),
                "threads": options.threads,
                "use_extra_bufts": verdict is not False,
                "probe": verdict is None,
                "prompts": asdict(prompts),
                "kv_bytes": options.kv_mebibytes << 20,
                "adapter": adapter,
                "state": self._state_folder,
                "state_bytes": options.state_mebibytes << 20,
                "drafts": options.drafts,
                "draft_model": draft,
                "cache": await self._cache_weights(path),
                **self._windows,
            }
        )
        if verdict is None:
            await self._probed(worker, loading, key)
        ready = await loading.wait_for(worker, "ready")
        return messages.info_from(ready["info"])

    async def _cache_weights(self, model: Path) -> Message | None:
        """What the cache model of a worker is weighed by; None where it is switched off."""
        if not self._options.cache_model:
            return None
        return values_of(await asyncio.to_thread(weights_of, model))

    async def _probed(self, worker: WorkerProcess, loading: Loading, key: str) -> None:
        """Wait for the probe, and remember what it found."""
        try:
            await loading.wait_for(worker, "probed")
        except EngineCrashed as exc:
            if died_of_fault(worker.returncode) and not worker.reason:
                self._verdicts.put(key, False)
                raise ProbeDied(exc.message) from exc
            raise
        self._verdicts.put(key, True)


def advice_on_end(worker: WorkerProcess) -> str:
    """What the user can do about the way in which a worker ended; empty where nothing is known."""
    unfit = met_unknown_instruction(worker.returncode) and not worker.reason
    return other_processor(here()) if unfit else ""
