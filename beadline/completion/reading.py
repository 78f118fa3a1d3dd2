"""Reads a document for one request: tree, cursor, window. Knows no engine and no event loop.

Everything here runs on one thread of its own, because parsing a large file takes longer than a
keystroke may wait and because parser state belongs to one thread.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from beadline.completion import postprocess, silence
from beadline.completion.ladder import Answer
from beadline.context.cursor import read_cursor
from beadline.context.syntax import SyntaxTree, SyntaxTrees, adds_error
from beadline.context.types import CursorContext, Document, Window
from beadline.context.window import place
from beadline.settings import ContextOptions

CHARS_PER_TOKEN = 3
"""Budget of characters per token; code has 3 to 4, and the renderer trims what is too much."""
ANCHOR_TOKENS = 96
"""Most tokens between the anchor and the cursor (DESIGN section 4)."""
NEIGHBOURHOOD = 8000
"""Characters on each side of the cursor that post-processing looks at."""
_WINDOWS = 64
"""Documents whose window is remembered."""


@dataclass(frozen=True)
class Reading:
    """What one request needs to know about its document; an immutable snapshot."""

    document: Document
    cursor: CursorContext
    window: Window
    tree: SyntaxTree | None


@dataclass(frozen=True)
class Verdict:
    """What may be shown, or why nothing is."""

    text: str
    silent_reason: str = ""


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


def judge(reading: Reading, answer: Answer) -> Verdict:
    """Post-process an answer at the reading's cursor and decide whether it is shown."""
    text, offset = reading.document.text, reading.cursor.offset
    before = text[max(0, offset - NEIGHBOURHOOD) : offset]
    after = text[offset : offset + NEIGHBOURHOOD]
    tidied = postprocess.tidy(answer.text, before, after, stop_reason=answer.stop_reason)
    reason = silence.of_answer(tidied, answer.text, before, after, stop_reason=answer.stop_reason)
    if reason:
        return Verdict("", reason)
    tree = reading.tree
    if tree is None:
        return Verdict(tidied)
    valid = postprocess.longest_valid(
        tidied, lambda candidate: adds_error(tree, offset, offset, candidate)
    )
    if not valid:
        return Verdict("", silence.ADDS_ERROR)
    reason = silence.of_answer(valid, answer.text, before, after)
    return Verdict("" if reason else valid, reason)
