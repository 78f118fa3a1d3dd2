"""What every engine takes and gives: frozen dataclasses and one small Protocol.

Knows text segments, token counts and stop reasons. Does not know documents, editors or files.
All texts are LF-normalised `str`; nothing in them is ever taken for a special token.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio

from beadline.engine.guidance import Guidance


class Layout(StrEnum):
    """Order of prefix, suffix and middle in the prompt (see `engine/fim/render.py`)."""

    PSM = "psm"
    """PRE P SUF S MID: the cursor is at the end of P."""
    ANCHORED = "anchored"
    """PRE P[:anchor] SUF S MID P[anchor:]: the model continues the text after the anchor."""
    SPM = "spm"
    """PRE SUF S MID P ("SPM-v2", Bavarian et al. 2022): the anchored layout with anchor 0."""
    SUFFIX_FIRST = "suffix_first"
    """SUF S PRE P MID ("SPM-v1"), or without MID."""
    LEFT_TO_RIGHT = "left_to_right"
    """P alone: for models without fill-in-the-middle tokens. The suffix is not used."""


@dataclass(frozen=True)
class ExtraFile:
    """Text from another file that goes before the current file in repository form."""

    path: str
    text: str


@dataclass(frozen=True)
class FimRequest:
    """One hole to fill."""

    prefix: str
    """Text before the cursor, as far back as the caller wants it used."""
    suffix: str
    """Text after the cursor, as far as the caller wants it used."""
    anchor: int = -1
    """Offset into `prefix` of the line anchor (code points); -1 means `len(prefix)`, i.e. PSM."""
    path: str = ""
    """Path of the file, relative to the repository, with forward slashes; may be empty."""
    repo: str = ""
    """Name of the repository; may be empty."""
    extra: tuple[ExtraFile, ...] = ()
    """Snippets, stable first."""
    layout: Layout | None = None
    """None: the family's default for this request."""
    max_tokens: int = 64
    """Upper bound on generated tokens."""
    deadline_ms: int = 5000
    """Upper bound on the time from the start of prompt evaluation to the last token."""
    stop_at_newline: bool = False
    """Newline rule: end before the first newline that follows a non-blank character."""
    require_text: bool = False
    """The hole cannot be empty: no end before the first non-blank character."""
    temperature: float = 0.0
    """0 is greedy."""
    seed: int = 0
    """Only used with a temperature above 0."""
    ignore_stops: bool = False
    """Only `max_tokens` and `deadline_ms` end it; tokens that are no text are not chosen."""
    warm: bool = False
    """Evaluate the prompt beside what the sequence holds and decode nothing. The next request of
    the same sequence takes up whichever shares more with its prompt."""
    sequence: str = ""
    """Key of the KV sequence to reuse; one per document."""
    healing: bool = True
    """False: a half-typed word is not healed, even where the engine does."""
    guidance: Guidance | None = None
    """What else is known of what may follow; engines without logits may leave it."""


@dataclass(frozen=True)
class Usage:
    """Counts and times of one generation, measured in the worker (DESIGN section 8)."""

    prompt_tokens: int = 0
    reused_tokens: int = 0
    evaluated_tokens: int = 0
    generated_tokens: int = 0
    drafted_tokens: int = 0
    accepted_tokens: int = 0
    queue_ms: float = 0.0
    prompt_ms: float = 0.0
    first_token_ms: float = 0.0
    generate_ms: float = 0.0
    prefix_tokens: int = 0
    suffix_tokens: int = 0
    snippet_tokens: int = 0
    """Shares of the prompt, as in `RenderedPrompt`."""
    cache_weight: float = 0.0
    """Mean weight of the cache model in the choices it was asked about (`engine.cache_model`),"""
    cache_match: float = 0.0
    """mean length of the longest match, in tokens, and"""
    cache_scope: str = ""
    """the scope it was found in most often; empty: nothing was asked, or found."""
    layout: str = ""
    family: str = ""


@dataclass(frozen=True)
class Started:
    """The prompt is evaluated; the first token is about to be chosen."""

    usage: Usage
    eog_probability: float
    """Probability that the hole is empty: mass of all end-of-generation tokens at the cursor. With
    token healing: that the typed text is spelled exactly and ends there."""


@dataclass(frozen=True)
class Piece:
    """Decoded text of one or more tokens; always whole UTF-8 characters, never empty."""

    text: str
    tokens: int = 1
    logprob: float = 0.0
    """Sum of the natural log-probabilities of its tokens."""
    elapsed_ms: float = 0.0
    """From the start of prompt evaluation to its last token."""
    agreed: int = 0
    """Of its tokens, those that the cache model expected too."""


@dataclass(frozen=True)
class Finished:
    """The last event of every stream that did not raise."""

    reason: str
    """`eog` (a stop token, or a text by which the family ends), `length`, `newline`, `deadline`,
    `cancelled`, or `warm`: the prompt is evaluated, as asked."""
    usage: Usage


Event = Started | Piece | Finished


@dataclass(frozen=True)
class Observation:
    """One token of a text, as the cache model saw the place in front of it."""

    terms: tuple[float, ...]
    """What its weight rests on (`engine.cache_model.interpolation.TERMS`); empty: it found nothing,
    and has no weight."""
    logprob: float
    """Of the token by the model alone, of all that does not end the middle."""
    counts: tuple[tuple[int, int, float, int, float], ...]
    """Of every order and scope in which something was found: order, scope, occurrences, different
    tokens that followed, and how often the token did."""
    ending: tuple[float, ...] = ()
    """What tells whether the middle ends there instead (`engine.cache_model.ending.TERMS`); empty
    as `terms` is."""


@dataclass(frozen=True)
class Score:
    """How probable a text is as the middle of a hole (`engine/llama/score.py` has the definition).
    Natural logarithms."""

    logprob: float
    """Of the text, given the prompt and the typed bytes that healing took back."""
    end_logprob: float | None
    """That the middle ends behind it: mass of all stop tokens; None where the text was cut."""
    tokens: int
    """Tokens scored; with healing those that spell the typed bytes are among them."""
    bytes: int
    """Of the text that was scored, in UTF-8; what healing took back is not counted."""
    typed_bytes: int
    """Bytes that healing took back."""
    usage: Usage
    """Counts of tokens, those of the text included; no times."""
    observations: tuple[Observation, ...] = ()
    """What the cache model said of every token of the text that was not spelled, where the request
    holds one: what its weights are fitted to."""
    ending: tuple[float, ...] = ()
    """As of an observation, behind the text; empty where it was cut, or nothing is known."""


@dataclass(frozen=True)
class RenderedPrompt:
    """The exact prompt, for `--show-prompt`."""

    tokens: tuple[int, ...]
    text: str
    """All tokens spelled out, special ones by their names; empty where nobody reads it."""
    layout: str
    family: str
    dropped_prefix: int = 0
    """Characters cut from the front of the prefix to fit the budget."""
    dropped_suffix: int = 0
    """Characters cut from the end of the suffix to fit the budget."""
    typed: bytes = b""
    """End of the prefix that was left out for token healing: decoding spells it first."""
    prefix_tokens: int = 0
    """Of text before the cursor, and of what stands in one text with it."""
    suffix_tokens: int = 0
    snippet_tokens: int = 0
    """Of other files."""


@dataclass(frozen=True)
class ModelInfo:
    """What the worker learned about the loaded model."""

    path: str
    name: str
    family: str
    architecture: str
    context_tokens: int
    """Context the engine was opened with."""
    parameters: int
    vocabulary_size: int
    build: str
    """Library version and system info line."""
    safe_parameters: bool = False
    """True when the start-up probe fell back (see `engine/llama/probe.py`)."""
    gpu_layers: int = 0
    details: dict[str, str] = field(default_factory=dict)
    """Among others `family_from` (metadata, keys, tokens, user or none), `layouts` (the one in use
    first), `layout_from` (user, verdict or family), `kind` (base, instruct or unknown),
    `partial_removal` (yes or no: whether the prompt can be reused while typing), `healing`
    (on or off), `sequences` (how many KV sequences there are: one a recently used document, and a
    spare) and `state` (kept or not kept: whether those of recent documents are there again in the
    next session). `adapter_missing` says why an adapter that was in use before the worker was
    started again is not any more."""


def adapter_key(path: Path | None, scale: float = 1.0) -> str:
    """How an engine names the adapter in use (`Engine.adapter`)."""
    return "" if path is None else f"{path.absolute()} {scale:g}"


class EngineState(StrEnum):
    """Where an engine is in its life."""

    NEW = "new"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"
    CLOSED = "closed"


class Stream(Protocol):
    """One running generation. Iterating yields `Started`, then `Piece`s, then `Finished`.

    Raises `EngineError` from the iteration when the worker dies. `cancel` may be called at any
    time, any number of times; the stream then ends with `Finished("cancelled")`.
    """

    def __aiter__(self) -> AsyncIterator[Event]: ...

    def cancel(self) -> None: ...


class Engine(Protocol):
    """What `completion` needs of an engine. All methods belong to one asyncio loop."""

    @property
    def state(self) -> EngineState: ...

    @property
    def state_message(self) -> str:
        """One sentence for the user: what it is doing, or why it failed."""
        ...

    async def start(self) -> ModelInfo:
        """Load the model; restarts a dead worker. Raises `ModelError` or `EngineError`."""
        ...

    def generate(self, request: FimRequest) -> Stream:
        """Queue a generation. Requests are served one at a time, in order."""
        ...

    async def render(self, request: FimRequest) -> RenderedPrompt:
        """The prompt that `generate` would evaluate, without evaluating it."""
        ...

    async def score(self, request: FimRequest, middle: str) -> Score:
        """How probable `middle` is behind the prompt that `generate` would evaluate.

        Of a longer middle the first `request.max_tokens` tokens count (those of the middle alone,
        whatever the layout). Raises `EngineError` when it does not fit the context.
        """
        ...

    @property
    def adapter(self) -> str:
        """What requests are served with that are queued now: an `adapter_key`, empty for the model
        alone. Part of every key by which answers are remembered."""
        ...

    def use_adapter(self, path: Path | None, scale: float = 1.0) -> asyncio.Future[None]:
        """Serve all requests that are queued from now on with an adapter (a GGUF file) over the
        model's weights, its changes multiplied with `scale`; None: without any.

        Nothing has to be awaited: requests keep their order. The future raises `AdapterError` when
        the adapter cannot be used, and `EngineError` when memory does not suffice or the worker
        died of it; then those requests are served by the model alone. What was evaluated under
        another adapter is never reused.
        """
        ...

    async def close(self) -> None:
        """End the worker. Idempotent."""
        ...
