"""Which snippets a document's prompt holds, and for how long. Knows no search and no tokens.

Snippets stand at the prompt's front: another set means evaluating the whole prompt again. So the
set of a document is kept while the window stays where it is and the cursor is in the same scope
(DESIGN section 4), and on one line it is kept in any case: a scope that comes and goes with a
bracket that is just being typed is none.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from beadline.completion.reading import CHARS_PER_TOKEN, Reading
from beadline.context.types import Document, Snippet
from beadline.engine.protocol import ExtraFile
from beadline.settings import ContextOptions

MOST_OF_CONTEXT = 0.4
"""Snippets never take more of the model's context (DESIGN section 2)."""
_DOCUMENTS = 64
"""Documents whose set is remembered."""


class Retrieves(Protocol):
    """What completion needs of `context.retrieval.Retriever`."""

    def set_folders(self, folders: Sequence[Path]) -> None: ...

    def set_options(self, options: ContextOptions) -> None: ...

    def open(self, document: Document) -> None: ...

    def closed(self, key: str) -> None: ...

    def files_changed(self) -> None: ...

    def start(self) -> None: ...

    def ready(self, timeout: float | None = None) -> bool: ...

    def search(self, document: Document, offset: int, *, max_chars: int) -> tuple[Snippet, ...]: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class _Place:
    """Where a set was chosen."""

    window: int
    scope: tuple[tuple[str, int], ...]
    max_chars: int

    @classmethod
    def of(cls, reading: Reading, max_chars: int) -> _Place:
        start = reading.window.start
        # Relative to the window: an edit above it moves both.
        scope = tuple((s.kind, s.start - start) for s in reading.cursor.scopes)
        return cls(start, scope, max_chars)


@dataclass(frozen=True)
class _Chosen:
    place: _Place
    line_before: str
    """The text from the window's start to the cursor's line, to know the line again."""
    snippets: tuple[Snippet, ...]


class SnippetSets:
    """The snippets in use, by document. Not thread-safe: one thread only."""

    def __init__(self, retriever: Retrieves | None) -> None:
        self._retriever = retriever
        self._chosen: OrderedDict[str, _Chosen] = OrderedDict()

    def of(self, reading: Reading, *, max_chars: int) -> tuple[Snippet, ...]:
        """The set for a request, chosen anew where it has to be; at most `max_chars` together.

        Empty while the workspace has not been read; that is not remembered.
        """
        retriever, key = self._retriever, reading.document.key
        if retriever is None or max_chars <= 0:
            return ()
        place = _Place.of(reading, max_chars)
        window, text = reading.window, reading.document.text
        line_before = text[window.start : text.rfind("\n", 0, window.cursor) + 1]
        before = self._chosen.get(key)
        if before is not None and before.place.window == place.window:
            same_line = before.line_before == line_before and before.place.max_chars == max_chars
            if before.place == place or same_line:
                self._remember(key, _Chosen(before.place, line_before, before.snippets))
                return before.snippets
        retriever.start()
        if not retriever.ready(0.0):
            return ()
        found = retriever.search(reading.document, reading.cursor.offset, max_chars=max_chars)
        kept = before.snippets if before is not None else ()
        snippets = in_prompt_order(found, kept)
        self._remember(key, _Chosen(place, line_before, snippets))
        return snippets

    def forget(self, key: str) -> None:
        """The document closed."""
        self._chosen.pop(key, None)

    def _remember(self, key: str, chosen: _Chosen) -> None:
        self._chosen[key] = chosen
        self._chosen.move_to_end(key)
        while len(self._chosen) > _DOCUMENTS:
            self._chosen.popitem(last=False)


def in_prompt_order(
    found: Sequence[Snippet], before: Sequence[Snippet] = ()
) -> tuple[Snippet, ...]:
    """Stable ones first, then volatile ones; of each, those of the last set where they were.

    What the two sets share at the front stays evaluated. New ones come in the order found, best
    first: what does not fit into the context is dropped from the end.
    """
    places = {(s.path, s.start, s.text): n for n, s in enumerate(before)}
    last = len(places)
    return tuple(
        sorted(found, key=lambda s: (s.volatile, places.get((s.path, s.start, s.text), last)))
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


def fingerprint(snippets: Sequence[Snippet]) -> str:
    """The same for the same texts in the same order."""
    digest = hashlib.blake2b(digest_size=16)
    for snippet in snippets:
        for part in (snippet.path, snippet.text):
            data = part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest() if snippets else ""
