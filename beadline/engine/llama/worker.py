"""The worker process: reads messages, loads the model, decodes. Knows few files: models, states.

The client talks to it over stdin and stdout (see `messages`). Nothing here survives the end of
stdin: a reader thread ends the process at once, in the middle of a decode too, because the server
is then gone and nobody wants the result.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from beadline import __version__
from beadline.engine.cache_model.weights import weights_from
from beadline.engine.fim.render import Budget
from beadline.engine.guide import Guide, Guides
from beadline.engine.llama import messages, native, probe
from beadline.engine.llama.decoder import Control, Decoder, Limits
from beadline.engine.llama.drafters import open_drafters
from beadline.engine.llama.grounding import Grounding
from beadline.engine.llama.lora import Adapters
from beadline.engine.llama.messages import Message, PromptOptions
from beadline.engine.llama.monitoring import Monitoring
from beadline.engine.llama.pipes import Inbox, Pipe, own_streams
from beadline.engine.llama.prompts import Prompts
from beadline.engine.llama.sampling import Sampler
from beadline.engine.llama.saving import SavedStates
from beadline.engine.llama.score import Scorer
from beadline.engine.llama.speculation import Speculation
from beadline.engine.llama.spelling import Spelling
from beadline.engine.llama.state import StateFiles, digest
from beadline.engine.llama.texts import KeptTexts
from beadline.engine.llama.threads import decoding_threads
from beadline.engine.protocol import (
    Event,
    FimRequest,
    Finished,
    ModelInfo,
    Piece,
    RenderedPrompt,
    Score,
    Started,
    Usage,
)
from beadline.errors import BeadlineError, EngineError

CONTEXT_TOKENS = 8192
"""Most context taken when the options do not say."""
LEAST_CONTEXT = 256
"""llama.cpp rounds a sequence's context up to a multiple of it, but not the batch with it."""
CPU_CHUNK, GPU_CHUNK = 128, 512
"""Most prompt tokens per decode; a decoder takes less where that takes long."""


class Worker:
    """Serves one client until its stdin ends."""

    def __init__(self, inbox: Inbox, pipe: Pipe) -> None:
        self._inbox = inbox
        self._pipe = pipe
        self._texts = KeptTexts()

    def run(self) -> None:
        """Say hello, load, then serve. Returns only when nothing could be loaded."""
        try:
            library = native.load_library()
            self._pipe.send({"op": "hello", "library": library.identity, "gpu": library.gpu})
            load = self._inbox.take()
            loaded = _Loaded(library, load, self._pipe, self._inbox)
        except BeadlineError as exc:
            self._pipe.send(messages.error_message(exc))
            return
        self._pipe.send({"op": "ready", "info": asdict(loaded.info)})
        while True:
            self._serve(loaded, self._inbox.take())

    def _serve(self, loaded: _Loaded, message: Message) -> None:
        job = message["id"]
        if "request" in message:
            self._texts.unpack(message)
        self._inbox.begin(job)
        try:
            if message["op"] == "render":
                request = messages.request_from(message["request"])
                prompt = loaded.render(request, spelled=True)
                values = messages.prompt_values(prompt)
                self._pipe.send({"op": "rendered", "id": job, "prompt": values})
            elif message["op"] == "score":
                request = messages.request_from(message["request"])
                values = messages.score_values(loaded.score(request, message["middle"]))
                self._pipe.send({"op": "scored", "id": job, "score": values})
            elif message["op"] == "generate":
                self._generate(loaded, job, message)
            elif message["op"] == "adapt":
                loaded.adapt(message["adapter"])
                self._pipe.send({"op": "adapted", "id": job})
            elif message["op"] == "save":
                kept = loaded.save(message["seconds"])
                self._pipe.send({"op": "saved", "id": job, "documents": kept})
            else:
                raise EngineError(f"The worker does not know {message['op']!r}.")
        except BeadlineError as exc:
            self._pipe.send(messages.error_message(exc, job))

    def _generate(self, loaded: _Loaded, job: int, message: Message) -> None:
        request = messages.request_from(message["request"])
        prompt = loaded.render(request)

        def named(usage: Usage) -> Message:
            return asdict(
                replace(
                    usage,
                    prefix_tokens=prompt.prefix_tokens,
                    suffix_tokens=prompt.suffix_tokens,
                    snippet_tokens=prompt.snippet_tokens,
                    layout=prompt.layout,
                    family=prompt.family,
                )
            )

        for event in loaded.events(request, prompt, self._inbox):
            match event:
                case Started(usage, eog):
                    self._pipe.send(
                        {"op": "started", "id": job, "usage": named(usage), "eog_probability": eog}
                    )
                case Piece():
                    self._inbox.sent(event.tokens)
                    self._pipe.send(
                        {
                            "op": "piece",
                            "id": job,
                            "text": event.text,
                            "tokens": event.tokens,
                            "logprob": event.logprob,
                            "elapsed_ms": event.elapsed_ms,
                            "agreed": event.agreed,
                        }
                    )
                case Finished(reason, usage):
                    self._pipe.send(
                        {"op": "finished", "id": job, "reason": reason, "usage": named(usage)}
                    )


class _Loaded:
    """The model, its context, and what rendering needs."""

    def __init__(self, library: native.Library, load: Message, pipe: Pipe, inbox: Inbox) -> None:
        path = Path(load["path"])
        told = -1.0

        def progress(fraction: float) -> None:
            nonlocal told
            if fraction - told >= 0.05:
                told = fraction
                pipe.send({"op": "progress", "fraction": fraction})

        model = native.Model(
            library,
            path,
            gpu_layers=load["gpu_layers"],
            use_extra_bufts=load["use_extra_bufts"],
            on_progress=progress,
        )
        self.prompts = Prompts(model, path, PromptOptions(**load["prompts"]))
        trained = model.trained_context
        context_tokens = load["context_tokens"] or min(trained or CONTEXT_TOKENS, CONTEXT_TOKENS)
        context_tokens = max(context_tokens, LEAST_CONTEXT)
        threads = load["threads"] or decoding_threads()
        pipe.send({"op": "opening", "context_tokens": context_tokens})
        context = native.Context(
            model,
            context_tokens=context_tokens,
            sequences=sequences_within(
                load["kv_bytes"],
                model.kv_bytes_per_token * context_tokens,
                most=load["sequences"],
            ),
            batch_tokens=GPU_CHUNK if model.gpu_layers else CPU_CHUNK,
            threads=threads,
            batch_threads=threads,
        )
        pipe.send({"op": "loaded"})
        if load["probe"]:
            probe.decode_probe(context)
        drafters = open_drafters(
            context,
            wanted=load["drafts"],
            draft_path=load["draft_model"],
            not_text=self.prompts.stop | self.prompts.vocabulary.control,
            threads=threads,
            gpu_layers=load["gpu_layers"],
            probed=load["probe"],
        )
        if load["probe"]:
            pipe.send({"op": "probed"})
        self._drafts = drafters.cache
        self._monitoring = Monitoring(self.prompts)
        self._grounding: Grounding | None = None
        if load["cache"] is not None:
            self._grounding = Grounding(self.prompts, weights_from(load["cache"]))
        self.saved = _saved_states(context, self.prompts, load, pipe) if load["state"] else None
        self.decoder = Decoder(
            context,
            self.prompts.vocabulary.spell,
            saved=self.saved,
            on_evaluated=self.saved.measured if self.saved else None,
            speculation=Speculation(drafters.drafters, enabled=bool(drafters.drafters)),
        )
        self._adapters = Adapters(context)
        missing: dict[str, str] = {}
        try:
            self.adapt(load["adapter"])
        except BeadlineError as exc:
            missing[messages.NO_ADAPTER] = exc.message.rstrip(".")
        self._scorer = Scorer(
            context,
            self.decoder.sequences,
            self.prompts.vocabulary,
            self.prompts.stop,
            cancelled=inbox.cancelled,
        )
        self._budget = Budget(
            context=context.context_tokens,
            prefix=load["prefix_tokens"],
            suffix=load["suffix_tokens"],
        )
        metadata = self.prompts.vocabulary.metadata
        self.info = ModelInfo(
            path=str(path),
            name=metadata.get("general.name", path.stem),
            family=self.prompts.form.family.name,
            architecture=metadata.get("general.architecture", ""),
            context_tokens=context.context_tokens,
            parameters=model.parameters,
            vocabulary_size=model.vocabulary_size,
            build=library.build,
            safe_parameters=not load["use_extra_bufts"],
            gpu_layers=model.gpu_layers,
            details={
                "threads": str(threads),
                "sequences": str(context.sequences),
                "state": "kept" if self.saved else "not kept",
                "chunk_tokens": str(context.batch_tokens),
                "trained_context": str(trained),
                "partial_removal": "yes" if model.partial_removal else "no",
                **missing,
                **drafters.details(),
                **self.prompts.details(),
            },
        )

    def events(
        self, request: FimRequest, prompt: RenderedPrompt, control: Control
    ) -> Iterator[Event]:
        """What the decoder makes of a prompt."""
        if request.warm:
            yield self.decoder.warm(
                prompt.tokens,
                sequence=request.sequence,
                deadline_ms=request.deadline_ms,
                control=control,
            )
            return
        limits = Limits(
            max_tokens=request.max_tokens,
            deadline_ms=request.deadline_ms,
            stop=self.prompts.stop,
            not_text=self.prompts.vocabulary.control,
            stop_at_newline=request.stop_at_newline,
            require_text=request.require_text,
            ignore_stops=request.ignore_stops,
        )
        yield from self.decoder.generate(
            prompt.tokens,
            sequence=request.sequence,
            limits=limits,
            sampler=Sampler(request.temperature, request.seed),
            control=control,
            spelling=self.spelling(prompt),
            cleaner=self.prompts.cleaner(request),
            guides=self.guides(request, prompt),
        )

    def adapt(self, adapter: Sequence[Any] | None) -> None:
        """Serve with the adapter (path, scale) from now on, or with none; with none where it
        cannot be used. Raises `AdapterError`, `EngineError`.
        """
        sequences = self.decoder.sequences
        sequences.adapter = self._adapters.use_none()
        if adapter:
            path, scale = adapter
            sequences.adapter = self._adapters.use(Path(path), scale)

    def guides(self, request: FimRequest, prompt: RenderedPrompt) -> Guides:
        """What is known besides the prompt: the cache first, then what may follow at all."""
        cache = self._grounding.guide(request, prompt) if self._grounding is not None else None
        if self._drafts is not None:
            self._drafts.scopes = cache.scopes if cache is not None else None
        guides: list[Guide] = [cache] if cache is not None else []
        return Guides([*guides, *self._monitoring.guides(request, prompt)], cache)

    def save(self, seconds: float) -> int:
        """Keep the states of recent documents, for so long at most; how many are kept."""
        documents = self.decoder.sequences.documents()
        return self.saved.save(documents, seconds=seconds) if self.saved else 0

    def render(self, request: FimRequest, *, spelled: bool = False) -> RenderedPrompt:
        return self.prompts.render(request, self._budget, spelled=spelled)

    def score(self, request: FimRequest, middle: str) -> Score:
        healer, prompt = self.prompts.healer, self.render(request)
        return self._scorer.score(
            prompt,
            middle,
            most=request.max_tokens,
            sequence=request.sequence,
            table=healer.table if healer else None,
            cache=self._grounding.guide(request, prompt) if self._grounding is not None else None,
        )

    def spelling(self, prompt: RenderedPrompt) -> Spelling | None:
        """What decoding owes a prompt that was cut for token healing."""
        healer = self.prompts.healer
        if not healer or not prompt.typed:
            return None
        # As a tokenizer would write it: the model may well choose the same.
        likely = self.prompts.vocabulary.encode(prompt.typed.decode("utf-8", "replace"))
        return Spelling(prompt.typed, healer.table, likely)


def _saved_states(
    context: native.Context, prompts: Prompts, load: Message, pipe: Pipe
) -> SavedStates | None:
    """What is kept between sessions; None for models whose state is of no use to a prompt that
    is not its continuation: llama.cpp keeps of a sliding window only what the last token sees.
    """
    model = context.model
    if not model.partial_removal or model.sliding_window:
        return None
    status = model.path.stat()
    identity = digest(
        __version__,
        probe.machine(),
        model.library.identity,
        *(model.path.resolve(), status.st_size, status.st_mtime_ns),
        *(model.gpu_layers, model.use_extra_bufts, context.context_tokens, context.sequences),
        prompts.identity,
    )
    return SavedStates(
        context,
        StateFiles(Path(load["state"]), identity=identity, limit=load["state_bytes"]),
        identity=identity,
        tell=lambda line: pipe.send({"op": "log", "line": line}),
    )


def sequences_within(budget: int, sequence_bytes: int, *, most: int) -> int:
    """How many KV sequences of that size fit the budget: 1 to `most`."""
    return max(1, min(most, budget // max(1, sequence_bytes)))


def main() -> None:
    """Take over stdin and stdout, serve, end the process."""
    incoming, outgoing = own_streams()
    inbox = Inbox()
    threading.Thread(target=inbox.read, args=(incoming,), daemon=True).start()
    Worker(inbox, Pipe(outgoing)).run()
    # Not a normal exit: freeing a model takes time, and the reader thread holds a stream's lock.
    outgoing.flush()
    os._exit(1)


if __name__ == "__main__":
    main()
