"""Which snippets go into a document's prompt, and in what order. Knows no frames and no tokens.

Snippets stand at the prompt's front: another set means evaluating what follows the first
difference again. So a set changes from its back, and what a new search does not find any more
leaves only when its room is needed. When a set is chosen anew is `reading`'s to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from beadline.completion.frames import CHARS_PER_TOKEN
from beadline.context.retrieval.fusion import DEFINITION
from beadline.context.syntax import SyntaxTree
from beadline.context.types import Document, Interrupted, Snippet
from beadline.engine.protocol import ExtraFile
from beadline.settings import ContextOptions

MOST_OF_CONTEXT = 0.4
"""Snippets never take more of the model's context (DESIGN section 2)."""


class Retrieves(Protocol):
    """What completion needs of `context.retrieval.Retriever`."""

    def set_folders(self, folders: Sequence[Path]) -> None: ...

    def set_options(self, options: ContextOptions) -> None: ...

    def open(self, document: Document) -> None: ...

    def closed(self, key: str) -> None: ...

    def files_changed(self) -> None: ...

    def start(self) -> None: ...

    def ready(self, timeout: float | None = None) -> bool: ...

    def search(
        self,
        document: Document,
        offset: int,
        *,
        max_chars: int,
        tree: SyntaxTree | None = None,
        interrupted: Interrupted | None = None,
    ) -> tuple[Snippet, ...]: ...

    def close(self) -> None: ...


def in_prompt_order(
    found: Sequence[Snippet],
    before: Sequence[Snippet] = (),
    *,
    max_chars: int = 0,
    own: str = "",
) -> tuple[Snippet, ...]:
    """Those found and, where they leave room, those of the last set; stable ones first.

    What the two sets share at the front stays evaluated: of each kind those of the last set are
    where they were, new ones follow in the order found, best first. So what does not fit into the
    model's context, which is dropped from the end, is of the newest. Of the document at `own`, and
    of a text that a found one overlaps, nothing is kept that was not found again: it may stand in
    the window by now, or be out of date.
    """
    newest = {(s.path, s.text): s for s in found}
    known = {(s.path, s.text) for s in before}
    room = max_chars - sum(len(s.text) for s in found)
    kept: list[Snippet] = []
    for snippet in before:
        again = newest.get((snippet.path, snippet.text))
        if again is not None:
            kept.append(again)
        elif len(snippet.text) <= room and snippet.path != own and not _is_older(snippet, found):
            room -= len(snippet.text)
            kept.append(snippet)
    new = [s for s in found if (s.path, s.text) not in known]
    return tuple(sorted([*kept, *new], key=lambda s: s.volatile))


def _is_older(snippet: Snippet, found: Sequence[Snippet]) -> bool:
    """Whether a found one shows the same text, or the signatures of the same file."""
    start, end = snippet.start, snippet.start + len(snippet.text)
    return any(
        s.path == snippet.path
        and (
            s.source == snippet.source == DEFINITION
            or (s.start < end and start < s.start + len(s.text))
        )
        for s in found
    )


def most_chars(snippet_tokens: int, context_tokens: int) -> int:
    """Budget in characters; `context_tokens` 0: not known yet."""
    most = int(MOST_OF_CONTEXT * context_tokens) if context_tokens else snippet_tokens
    return min(snippet_tokens, most) * CHARS_PER_TOKEN


def as_files(snippets: Sequence[Snippet]) -> tuple[ExtraFile, ...]:
    """Snippets as the engine takes them."""
    return tuple(ExtraFile(s.path, s.text) for s in snippets)


def in_trace(snippets: Sequence[Snippet]) -> list[dict[str, Any]]:
    """Snippets as the trace tells them: no text, tokens estimated."""
    return [
        {"path": s.path, "source": s.source, "tokens": -(-len(s.text) // CHARS_PER_TOKEN)}
        for s in snippets
    ]
