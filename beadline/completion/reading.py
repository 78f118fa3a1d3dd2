"""Reads a document for one request: tree, cursor, window. Knows no engine and no event loop.

Everything here runs on one thread of its own, because parsing a large file takes longer than a
keystroke may wait and because parser state belongs to one thread.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property

from beadline.context import languages
from beadline.context.cursor import read_cursor
from beadline.context.hole import Hole, look
from beadline.context.syntax import SyntaxTree, SyntaxTrees
from beadline.context.types import CursorContext, Document, Snippet, Window
from beadline.context.window import place
from beadline.settings import ContextOptions

CHARS_PER_TOKEN = 3
"""Budget of characters per token; code has 3 to 4, and the renderer trims what is too much."""
ANCHOR_TOKENS = 96
"""Most tokens between the anchor and the cursor (DESIGN section 4)."""
_WINDOWS = 64
"""Documents whose window is remembered."""


@dataclass(frozen=True)
class Reading:
    """What one request needs to know about its document; an immutable snapshot."""

    document: Document
    cursor: CursorContext
    window: Window
    tree: SyntaxTree | None
    snippets: tuple[Snippet, ...] = ()
    """From other files, in the order of the prompt."""

    @cached_property
    def hole(self) -> Hole:
        """The text around the cursor by lines and brackets."""
        offset = self.cursor.offset
        if self.tree is not None:
            return self.tree.hole_at(offset)
        return look(self.document.text, offset, languages.get(self.document.language))


class Reader:
    """Keeps trees and windows of recently read documents. Not thread-safe: one thread only."""

    def __init__(self) -> None:
        self._trees = SyntaxTrees()
        self._windows: OrderedDict[str, tuple[Document, Window]] = OrderedDict()

    def read(self, document: Document, offset: int, options: ContextOptions) -> Reading:
        """Parse (incrementally), classify the cursor and place the window.

        Raises `UnicodeEncodeError` for lone surrogates in the window: no model can read them.
        """
        tree = self._trees.parse(document)
        cursor = read_cursor(document, offset, tree)
        window = place(
            document,
            cursor,
            self._previous(document),
            prefix_chars=options.prefix_tokens * CHARS_PER_TOKEN,
            suffix_chars=options.suffix_tokens * CHARS_PER_TOKEN,
            anchor_chars=ANCHOR_TOKENS * CHARS_PER_TOKEN,
            tree=tree,
        )
        document.text[window.start : window.end].encode("utf-8")
        self._windows[document.key] = (document, window)
        self._windows.move_to_end(document.key)
        while len(self._windows) > _WINDOWS:
            self._windows.popitem(last=False)
        return Reading(document, cursor, window, tree)

    def forget(self, key: str) -> None:
        """The document closed."""
        self._windows.pop(key, None)
        self._trees.forget(key)

    def _previous(self, document: Document) -> Window | None:
        """The last window, while the text before its anchor is what it was."""
        document_before, window = self._windows.get(document.key, (None, None))
        if document_before is None or window is None:
            return None
        if not document.text.startswith(document_before.text[: window.anchor]):
            return None
        return window
