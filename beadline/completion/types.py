"""The request and the answer of `completion`. Knows no editor protocol and no engine.

Offsets are code points into the request's LF-normalised text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from beadline.context.types import Document


@dataclass(frozen=True)
class CompletionRequest:
    """A cursor in a snapshot of a document."""

    document: Document
    offset: int
    automatic: bool = True
    """False when the user asked for it by a key (LSP triggerKind Invoked)."""
    max_tokens: int | None = None
    """None: from the options."""
    entry: int | None = None
    """Where the selected entry of a completion popup starts, when `document` is the text as it
    would be with that entry taken: [entry, offset) is not typed yet, or only in part."""
    silence: bool = True
    """False, for measurements: what the rules of silence would hold back is shown as well. The
    model is asked as for any other request, and may say that nothing belongs there."""

    @property
    def is_plain(self) -> bool:
        """What came of it holds for the next one as well: nobody asked by a key, and no popup is
        open."""
        return self.may_be_silent and self.entry is None and self.max_tokens is None

    @property
    def may_be_silent(self) -> bool:
        """The rules of silence hold."""
        return self.automatic and self.silence


@dataclass(frozen=True)
class CompletionItem:
    """`text` replaces the range [start, end) of the document; a pure insertion has start == end."""

    text: str
    start: int
    end: int


@dataclass
class Trace:
    """The numbers of one request (DESIGN section 8); one JSON object a line in the trace file."""

    event: str = "request"
    """`request`; without one `abandoned` (nobody waited for it any more), `warm`, `prefetch`."""
    order: int = 0
    """Of the answered requests of a session, which: their lines may come in another order."""
    total_ms: float = 0.0
    context_ms: float = 0.0
    queue_ms: float = 0.0
    prompt_ms: float = 0.0
    first_token_ms: float = 0.0
    generate_ms: float = 0.0
    prompt_tokens: int = 0
    reused_tokens: int = 0
    evaluated_tokens: int = 0
    generated_tokens: int = 0
    drafted_tokens: int = 0
    accepted_tokens: int = 0
    decided_ms: float = 0.0
    """Of the engine's time, from the start of prompt evaluation to the token with which the answer
    was final; the times above go on until the engine has stopped."""
    attempts: int = 0
    """Answers of the model that were judged; more than one when the first broke the syntax."""
    eog_probability: float = 0.0
    """The model's probability at the cursor that nothing belongs there."""
    confidence: float = 0.0
    """Estimated probability that what is shown, or was silenced for it, is right."""
    features: dict[str, float] = field(default_factory=dict)
    """What `confidence` was estimated from (`confidence.Features`)."""
    older_snippets: bool = False
    """The prompt held a set of snippets that is about to be replaced."""
    prefix_tokens: int = 0
    suffix_tokens: int = 0
    snippet_tokens: int = 0
    """Shares of the (last) prompt: text before and after the cursor, other files."""
    cache_weight: float = 0.0
    cache_match: float = 0.0
    cache_scope: str = ""
    """Of the (last) answer: mean weight of the cache model, mean length of its matches in tokens,
    and the scope they were in most often (`buffer`, `open`, `directory`, `repository`)."""
    layout: str = ""
    family: str = ""
    answered_from: str = ""
    """`model`, `exact`, `typed`, `prefix` or `inflight`; empty when nothing was asked."""
    stop_reason: str = ""
    silent_reason: str = ""
    """Why no item is shown; empty when there is one."""
    expected: str = ""
    snippets: list[dict[str, Any]] = field(default_factory=list)
    """{path, source, tokens} of each snippet in the prompt; `tokens` is an estimate, a third of
    its characters, because the prompt's tokens are counted as a whole."""

    _uncounted: int = field(default=0, repr=False, compare=False)
    _then: Callable[[Trace], None] | None = field(default=None, repr=False, compare=False)

    def answered(self, source: str, stop_reason: str, eog_probability: float) -> None:
        """An answer was found."""
        self.answered_from, self.stop_reason = source, stop_reason
        self.eog_probability = eog_probability

    def await_counts(self) -> None:
        """Counts of one more answer are still to come: the engine gives them when it has stopped,
        and an answer that was cut is given before that."""
        self._uncounted += 1

    def counted(self) -> None:
        """They are here."""
        self._uncounted -= 1
        if not self._uncounted and self._then is not None:
            then, self._then = self._then, None
            then(self)

    def when_counted(self, then: Callable[[Trace], None]) -> None:
        """Call `then` once no counts are still to come."""
        if self._uncounted:
            self._then = then
        else:
            then(self)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, times rounded to 0.01 ms."""
        return {
            key: round(value, 2 if key.endswith("_ms") else 4) if type(value) is float else value
            for key, value in vars(self).items()
            if not key.startswith("_")
        }


@dataclass(frozen=True)
class CompletionResult:
    """What may be shown, and how it came about."""

    items: tuple[CompletionItem, ...]
    """Best first: at most one for an automatic request, several different ones for an Invoked."""
    trace: Trace
