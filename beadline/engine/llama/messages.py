"""The lines that server and worker exchange: one JSON object each. Knows no pipes, no llama.cpp.

To the worker:
    load      path, gpu_layers, context_tokens, threads, use_extra_bufts, probe,
              prefix_tokens, suffix_tokens, sequences, kv_bytes,
              adapter ([absolute path, scale]; null: none),
              state (absolute folder of saved states; empty: none), state_bytes,
              drafts, draft_model (an absolute path; empty: none)
              cache (weights, as `engine.cache_model.weights` has them; null: off)
    generate  id, request, texts      render  id, request, texts
    score     id, request, texts, middle       (`texts`: see `engine.llama.texts`)
    cancel    id                 credit  id, tokens                save   id, seconds
    adapt     id, adapter (as above)
From the worker:
    hello     library, gpu                 at once; what the probe's verdicts are kept under, and
                                           whether this build can use a GPU
    progress  fraction                     while loading
    opening   context_tokens               the weights are there; the context comes next
    loaded                                 weights and context are there; the probe may follow
    probed                                 the probe's decode survived
    ready     info
    started   id, usage, eog_probability   piece  id, text, tokens, logprob, elapsed_ms, agreed
    finished  id, reason, usage            rendered  id, prompt        scored  id, score
    adapted   id
    saved     id, documents                log       line (of the worker's decisions; no text)
    error     id (absent while loading), kind ("model", "memory",
              "adapter" or "engine"), message, hint
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from beadline.engine.fim.detect import Measured
from beadline.engine.guidance import guidance_from, guidance_values
from beadline.engine.protocol import (
    ExtraFile,
    FimRequest,
    Layout,
    ModelInfo,
    Observation,
    RenderedPrompt,
    Score,
    Usage,
)
from beadline.errors import AdapterError, BeadlineError, EngineError, ModelError, OutOfMemory

Message = dict[str, Any]

AHEAD = 4
"""Tokens that a worker may run beyond what its client has consumed (DESIGN section 2)."""
LINE_LIMIT = 64 << 20
"""Longest line in bytes; a rendered prompt of the largest context stays far below."""
NO_ADAPTER = "adapter_missing"
"""Detail of a model whose worker could not take up the adapter that the one before it had."""
_ENCODER = json.JSONEncoder(separators=(",", ":"))
_KINDS: dict[str, type[BeadlineError]] = {
    "model": ModelError,
    "memory": OutOfMemory,
    "adapter": AdapterError,
}
"""Errors that the server tells apart; every other one is an `EngineError`."""


@dataclass(frozen=True)
class PromptOptions:
    """What the user's options say about prompts; JSON values."""

    family: str = "auto"
    layout: str = "auto"
    verdict_family: str = ""
    verdict_layout: str = ""
    """What a measurement of this model said (`engine/verdicts.py`), and for which family; empty:
    there is none."""
    healing: bool = True
    families_folder: str = ""
    """Where the user's own families are; empty: nowhere."""

    def with_verdict(self, measured: Measured | None) -> PromptOptions:
        """The same, with what was measured of the model."""
        family, layout = (measured.family, measured.layout) if measured is not None else ("", "")
        return replace(self, verdict_family=family, verdict_layout=layout)


def encode(message: Message) -> bytes:
    """One line, ASCII only, so that lone surrogates and any newline survive."""
    return _ENCODER.encode(message).encode("ascii") + b"\n"


def decode(line: bytes) -> Message | None:
    """The message of a line; None for what is no message."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) and "op" in message else None


def request_values(request: FimRequest) -> Message:
    """A request as JSON values."""
    guidance = None if request.guidance is None else guidance_values(request.guidance)
    return {**asdict(replace(request, guidance=None)), "guidance": guidance}


def request_from(values: Message) -> FimRequest:
    """The inverse of `request_values`."""
    extra = tuple(ExtraFile(**item) for item in values["extra"])
    layout = None if values["layout"] is None else Layout(values["layout"])
    guidance = values["guidance"]
    guidance = None if guidance is None else guidance_from(guidance)
    return FimRequest(**{**values, "extra": extra, "layout": layout, "guidance": guidance})


def prompt_values(prompt: RenderedPrompt) -> Message:
    """A prompt as JSON values; bytes as hexadecimal digits."""
    return {**asdict(prompt), "typed": prompt.typed.hex()}


def prompt_from(values: Message) -> RenderedPrompt:
    """The inverse of `prompt_values`."""
    tokens, typed = tuple(values["tokens"]), bytes.fromhex(values["typed"])
    return RenderedPrompt(**{**values, "tokens": tokens, "typed": typed})


def score_values(score: Score) -> Message:
    """A score as JSON values."""
    return asdict(score)


def score_from(values: Message) -> Score:
    """The inverse of `score_values`."""
    observations = tuple(
        Observation(
            terms=tuple(each["terms"]),
            logprob=each["logprob"],
            counts=tuple((o, s, t, d, c) for o, s, t, d, c in each["counts"]),
            ending=tuple(each["ending"]),
        )
        for each in values["observations"]
    )
    usage = usage_from(values["usage"])
    told = {"usage": usage, "observations": observations, "ending": tuple(values["ending"])}
    return Score(**{**values, **told})


def usage_from(values: Message) -> Usage:
    return Usage(**values)


def info_from(values: Message) -> ModelInfo:
    return ModelInfo(**values)


def error_message(error: BeadlineError, job: int | None = None) -> Message:
    """The message that carries `error` to the server."""
    kinds = (kind for kind, type_ in _KINDS.items() if isinstance(error, type_))
    message: Message = {
        "op": "error",
        "kind": next(kinds, "engine"),
        "message": error.message,
        "hint": error.hint,
    }
    if job is not None:
        message["id"] = job
    return message


def error_from(message: Message) -> BeadlineError:
    """The error that an `error` message carries."""
    kind = _KINDS.get(message["kind"], EngineError)
    return kind(message["message"], hint=message["hint"])
