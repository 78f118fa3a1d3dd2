"""`LlamaEngine`: the engine protocol over a worker process. Knows no tokens and no llama.cpp.

Jobs are served one at a time, in order; one job is in the worker at most. A worker that dies or
hangs takes only its job with it: the next job starts another. Every failure ends in a
`BeadlineError` whose message can be shown.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from beadline.engine import models, verdicts
from beadline.engine.fim.families import user_folder
from beadline.engine.llama import messages
from beadline.engine.llama.adapting import Adapting
from beadline.engine.llama.loading import Loading, Opener, ProbeDied, advice_on_end
from beadline.engine.llama.memory import Demand, Thrift, tells_of_memory
from beadline.engine.llama.messages import Message, PromptOptions
from beadline.engine.llama.probe import Verdicts
from beadline.engine.llama.process import WorkerProcess, default_command
from beadline.engine.llama.state import FOLDER
from beadline.engine.llama.stream import Job, LlamaStream, RenderJob, ScoreJob
from beadline.engine.llama.texts import SentTexts
from beadline.engine.protocol import EngineState, FimRequest, ModelInfo, RenderedPrompt, Score
from beadline.errors import BeadlineError, EngineCrashed, EngineUnavailable, ModelError, OutOfMemory
from beadline.settings import EngineOptions

MOST_CRASHES = 3
"""Crashes in a row after which no more workers are started by themselves."""
VERDICTS_FILE = "llama-probe.json"
SAVE_S, SAVE_PATIENCE_S = 2.5, 3.0
"""How long a worker may save states at the end, and how long it is waited for. 256 MiB at the
100 MB/s of a hard disk; the server gives the engine 5 s to end in all."""
_WITHOUT = ("fallback", "draft_model_missing", messages.NO_ADAPTER)
"""Details of a model that say what it has to do without."""
_LOG = logging.getLogger(__name__)


class LlamaEngine:
    """Implements `engine.protocol.Engine` with a GGUF model in a worker process."""

    def __init__(
        self,
        options: EngineOptions,
        *,
        prefix_tokens: int,
        suffix_tokens: int,
        cache_dir: Path,
        keep_state: bool = False,
        worker_command: Sequence[str] | None = None,
        hang_grace_s: float = 15.0,
        load_silence_s: float = 300.0,
        retry_after_s: float = 30.0,
    ) -> None:
        """Starts nothing yet. `keep_state`: where the options allow it, states of documents are
        kept below `cache_dir` at the end, and taken up again; `hang_grace_s`: silence beyond a
        request's deadline after which the worker is killed; `load_silence_s`: the same while
        loading, between two messages; `retry_after_s`: how long a failed engine refuses requests
        before it tries again.
        """
        self._options = options
        # The worker runs in another directory.
        cache_dir = cache_dir.absolute()
        self._prompts = PromptOptions(
            family=options.family,
            layout=options.layout,
            healing=options.healing,
            families_folder=str(user_folder()),
        )
        keep_state = keep_state and options.save_state and options.state_mebibytes > 0
        self._state_folder = str(cache_dir / FOLDER) if keep_state else ""
        self._opener = Opener(
            options,
            Verdicts(cache_dir / VERDICTS_FILE),
            prefix_tokens=prefix_tokens,
            suffix_tokens=suffix_tokens,
            state_folder=self._state_folder,
        )
        self._saved = asyncio.Event()
        self._thrift = Thrift(Demand(options.context_tokens, options.gpu_layers))
        self._command = list(worker_command or default_command())
        self._hang_grace_s = hang_grace_s
        self._load_silence_s = load_silence_s
        self._retry_after_s = retry_after_s
        self._state = EngineState.NEW
        self._message = "The model is not loaded yet."
        self._worker: WorkerProcess | None = None
        self._texts = SentTexts()
        """What that worker was sent."""
        self._info: ModelInfo | None = None
        self._adapting = Adapting()
        self._loading: Loading | None = None
        self._start_task: asyncio.Task[ModelInfo] | None = None
        self._pump_task: asyncio.Task[None] | None = None
        self._jobs: deque[Job] = deque()
        self._current: Job | None = None
        self._number = 0
        self._crashes = 0
        self._failure: BeadlineError | None = None
        self._failed_at = 0.0

    @property
    def state(self) -> EngineState:
        return self._state

    @property
    def state_message(self) -> str:
        """One sentence for the user: what it is doing, or why it failed."""
        return self._message

    @property
    def info(self) -> ModelInfo | None:
        """What the last loaded worker said; None before the first."""
        return self._info

    @property
    def worker_pid(self) -> int | None:
        """Process id of the running worker."""
        return self._worker.pid if self._worker is not None else None

    async def start(self) -> ModelInfo:
        """Load the model; at once when it is loaded. Tries anew after a failure.

        Raises `ModelError`, `EngineError`.
        """
        if self._state is EngineState.FAILED:
            self._crashes = 0
            self._thrift.reset()
            self._state = EngineState.NEW
        return await self._ready()

    def generate(self, request: FimRequest) -> LlamaStream:
        """Queue a generation; needs a running event loop."""
        stream = LlamaStream(self._next_number(), request, self._tell)
        self._enqueue(stream)
        return stream

    async def render(self, request: FimRequest) -> RenderedPrompt:
        """The prompt that `generate` would evaluate. Raises `ModelError`, `EngineError`."""
        job = RenderJob(self._next_number(), request)
        self._enqueue(job)
        return await job.result

    async def score(self, request: FimRequest, middle: str) -> Score:
        """How probable `middle` is behind the prompt. Raises `ModelError`, `EngineError`."""
        job = ScoreJob(self._next_number(), request, middle)
        self._enqueue(job)
        return await job.result

    @property
    def adapter(self) -> str:
        """What requests that are queued now are served with; empty: the model alone."""
        return self._adapting.key

    def use_adapter(self, path: Path | None, scale: float = 1.0) -> asyncio.Future[None]:
        """Serve the requests from now on with an adapter, or none; needs a running event loop."""
        job = self._adapting.job(self._next_number(), path, scale)
        self._enqueue(job)
        return job.result

    async def close(self) -> None:
        """End the worker; jobs that still wait fail with `EngineUnavailable`. Idempotent."""
        ready = self._state is EngineState.READY
        self._set(EngineState.CLOSED, "The engine is closed.")
        for task in (self._pump_task, self._start_task):
            if task is not None and not task.done():
                task.cancel()
                await asyncio.wait([task])
        closed = EngineUnavailable(self._message)
        running = self._current if self._current and not self._current.done.is_set() else None
        for job in (self._current, *self._jobs):
            if job is not None:
                job.fail(closed)
        self._jobs.clear()
        worker, self._worker = self._worker, None
        if worker is not None:
            if ready and self._state_folder:
                await self._save(worker, running)
            await worker.close()

    async def _save(self, worker: WorkerProcess, running: Job | None) -> None:
        """Let the worker keep its states, for a bounded time."""
        if not worker.alive:
            return
        self._saved.clear()
        if running is not None:
            worker.send({"op": "cancel", "id": running.number})
        worker.send({"op": "save", "id": self._next_number(), "seconds": SAVE_S})
        try:
            await asyncio.wait_for(self._saved.wait(), SAVE_PATIENCE_S)
        except TimeoutError:
            _LOG.info("The states of recent documents could not be saved in time.")

    # -- the queue

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _enqueue(self, job: Job) -> None:
        if self._state is EngineState.CLOSED:
            job.fail(EngineUnavailable(self._message))
            return
        self._jobs.append(job)
        if self._pump_task is None or self._pump_task.done():
            self._pump_task = asyncio.get_running_loop().create_task(self._pump())

    async def _pump(self) -> None:
        """Serve the queue until it is empty."""
        while self._jobs:
            job = self._jobs.popleft()
            if job.done.is_set():
                continue
            # Current from here on, so that nothing loses it when the engine is closed meanwhile.
            self._current = job
            try:
                await self._ready()
                await self._serve(job)
            except BeadlineError as exc:
                job.fail(exc)
            except Exception as exc:  # a mistake of ours: the queue must go on
                _LOG.exception("A request to the engine failed.")
                job.fail(EngineUnavailable(f"The request could not be served: {exc!r}."))
            self._current = None

    async def _serve(self, job: Job) -> None:
        worker = self._worker
        if job.done.is_set():
            return
        if worker is None or not worker.alive:
            job.fail(EngineCrashed("The engine's process ended before the request."))
            return
        worker.send(self._texts.pack(job.message()))
        patience = job.deadline_ms / 1000 + self._hang_grace_s
        try:
            await asyncio.wait_for(job.done.wait(), patience)
        except TimeoutError:
            worker.kill(f"it did not answer for {patience:.0f} s")
            await job.done.wait()

    def _tell(self, stream: LlamaStream, message: Message) -> None:
        if stream is self._current and self._worker is not None:
            self._worker.send(message)

    # -- the worker's life

    async def _ready(self) -> ModelInfo:
        """The loaded model, loading it if needed."""
        if self._state is EngineState.CLOSED:
            raise EngineUnavailable(self._message)
        worker = self._worker
        if self._state is EngineState.READY and self._info and worker and worker.alive:
            return self._info
        if self._state is EngineState.FAILED and self._failure is not None:
            if time.monotonic() - self._failed_at < self._retry_after_s:
                raise self._failure
            self._crashes = 0
        if self._start_task is None or self._start_task.done():
            self._set(EngineState.LOADING, "Loading the model.")
            self._start_task = asyncio.get_running_loop().create_task(self._launch())
            # All who wait may be cancelled; the failure is kept in `_failure` anyway.
            self._start_task.add_done_callback(lambda task: task.cancelled() or task.exception())
        # One caller's cancellation must not end the loading that others wait for.
        return await asyncio.shield(self._start_task)

    async def _launch(self) -> ModelInfo:
        try:
            path = models.resolve(self._options.model)
            # A damaged file must never reach native code.
            model = await asyncio.to_thread(
                models.check, path, family=self._options.family, layout=self._options.layout
            )
            measured = await asyncio.to_thread(verdicts.measured, path)
            self._prompts = self._prompts.with_verdict(measured)
            self._set(EngineState.LOADING, f"Loading {model.name}.")
            info = self._info = await self._load_patiently(path)
        except BeadlineError as exc:
            self._fail(exc)
            raise
        except OSError as exc:  # the file went away meanwhile
            gone = ModelError(f"The model {self._options.model} cannot be read: {exc}.")
            self._fail(gone)
            raise gone from exc
        except Exception as exc:  # a mistake of ours: no worker is to stay behind
            _LOG.exception("Loading the model failed.")
            if self._worker is not None:
                self._worker.kill("loading it went wrong")
            failed = EngineUnavailable(f"The engine could not be started: {exc!r}.")
            self._fail(failed)
            raise failed from exc
        missing = [info.details.get(key) for key in _WITHOUT]
        self._set(
            EngineState.READY, f"{'; '.join(filter(None, [f'{info.name} is ready', *missing]))}."
        )
        return info

    async def _load_patiently(self, path: Path) -> ModelInfo:
        """`_load`, again after a crash, until too many came in a row, and with less where memory
        did not suffice.
        """
        while True:
            loading = self._loading = Loading(path.stem, self._told_loading, self._load_silence_s)
            try:
                return await self._load(path, loading)
            except ProbeDied:
                continue
            except OutOfMemory:
                if not self._thrift.lower(opened=loading.context_tokens, gpu=loading.gpu):
                    raise
            except EngineCrashed as exc:
                self._crashes += 1
                if self._crashes >= MOST_CRASHES:
                    raise self._too_many(exc) from exc

    async def _load(self, path: Path, loading: Loading) -> ModelInfo:
        """One attempt. Raises `EngineCrashed` when the worker died (another may live), and
        `OutOfMemory`, as it says or seems to have died of it.
        """
        demand, prompts, adapter = self._thrift.demand, self._prompts, self._adapting.applied
        worker = await WorkerProcess.spawn(self._command, self._on_message, self._on_exit)
        self._worker = worker
        self._texts = SentTexts()
        info = await self._opener.open(worker, loading, path, demand, prompts, adapter)
        self._loading = None
        self._adapting.opened(info)
        if told := self._thrift.told(info):
            info = dataclasses.replace(info, details={**info.details, "fallback": told})
        return info

    def _told_loading(self, fraction: float, name: str) -> None:
        self._message = f"Loading {name} ({fraction:.0%})."

    def _on_message(self, worker: WorkerProcess, message: Message) -> None:
        if message["op"] == "log":
            _LOG.debug("%s", message["line"])
        if message["op"] == "saved":
            self._saved.set()
        if worker is not self._worker:
            return
        if self._loading is not None:
            self._loading.queue.put_nowait(message)
            return
        job = self._current
        if job is None or message.get("id") != job.number:
            return
        if message["op"] == "error":
            job.fail(messages.error_from(message))
            return
        if message["op"] in ("finished", "rendered", "scored"):
            self._crashes = 0
        job.receive(message)

    def _on_exit(self, worker: WorkerProcess) -> None:
        self._saved.set()
        if worker is not self._worker:
            return
        self._worker = None
        if self._loading is not None:
            self._loading.queue.put_nowait(None)
            return
        if self._state is EngineState.CLOSED:
            return
        message = f"The engine stopped: {worker.describe_end()}."
        ended = EngineCrashed(message, hint=advice_on_end(worker))
        if self._info is not None and not worker.reason and tells_of_memory(worker.stderr):
            info = self._info
            self._thrift.lower(opened=info.context_tokens, gpu=info.gpu_layers > 0)
        self._crashes += 1
        if self._crashes >= MOST_CRASHES:
            self._fail(self._too_many(ended))
        else:
            self._set(EngineState.NEW, f"{ended.message} The next request starts it again.")
        if self._current is not None:
            self._current.fail(ended)

    def _too_many(self, last: EngineCrashed) -> EngineUnavailable:
        return EngineUnavailable(
            f"The engine failed {self._crashes} times in a row. {last.message}",
            hint=last.hint
            or "Run `beadline doctor`; try engine.extra_buffers off, engine.gpu_layers 0, "
            "or another model.",
        )

    def _fail(self, error: BeadlineError) -> None:
        if self._state in (EngineState.CLOSED, EngineState.FAILED):
            return
        self._failure = error
        self._failed_at = time.monotonic()
        self._set(EngineState.FAILED, str(error))

    def _set(self, state: EngineState, message: str) -> None:
        self._state = state
        self._message = message
