"""Chooses the stable range of text around the cursor. Knows no tokens and no model.

KV state is reused as long as the prompt's front does not change (DESIGN section 4), so the start
and the anchor stay where they were until a limit makes them move.
"""

from __future__ import annotations

import re

from beadline.context.types import CursorContext, Document, Window

_KEEP_AFTER_MOVE = 0.6
"""Share of the prefix budget that is left before the cursor when the start has to move."""
_LEAST_PREFIX = 0.2
"""Below this share of the budget (cursor went up) the start moves as well."""
_SEARCH = 0.25
"""Share of the budget searched for a better start: a definition, else a top-level line."""

_DEFINITION = re.compile(r"^(?:def |class |async def |@|function |func |fn |export |public )", re.M)
_TOP_LEVEL = re.compile(r"^[^\s)\]}#\"']", re.M)


def place(
    document: Document,
    cursor: CursorContext,
    previous: Window | None,
    *,
    prefix_chars: int,
    suffix_chars: int,
    anchor_chars: int,
) -> Window:
    """The window for a cursor; budgets in characters.

    `previous` is the last window of the same document, given only while the text before
    `previous.anchor` is unchanged. Guaranteed: start <= anchor <= cursor <= end, at most
    `prefix_chars` before and `suffix_chars` after the cursor, and `anchor` is the start of a line
    unless that line is longer than a budget.
    """
    text, offset = document.text, cursor.offset
    start = _start(text, offset, previous, prefix_chars)
    anchor = _anchor(text, offset, start, previous, anchor_chars)
    return Window(start, anchor, offset, _end(text, offset, suffix_chars))


def _start(text: str, offset: int, previous: Window | None, budget: int) -> int:
    if previous is not None and previous.start <= offset:
        used = offset - previous.start
        if used <= budget and (previous.start == 0 or used >= _LEAST_PREFIX * budget):
            return previous.start
    if offset <= budget:
        return 0
    target = offset - int(_KEEP_AFTER_MOVE * budget)
    limit = min(offset, target + int(_SEARCH * budget))
    for pattern in (_DEFINITION, _TOP_LEVEL):
        from_line = _line_start_at_or_after(text, target)
        if from_line < limit and (match := pattern.search(text, from_line, limit)):
            return match.start()
    line = _line_start_at_or_after(text, target)
    return line if line <= offset else target


def _anchor(text: str, offset: int, start: int, previous: Window | None, budget: int) -> int:
    if previous is not None and start <= previous.anchor <= offset <= previous.anchor + budget:
        return previous.anchor
    line = max(text.rfind("\n", 0, offset) + 1, start)
    if offset - line <= budget:
        return line
    # A very long line: steps of the budget, so that the anchor still rests while typing.
    return line + (offset - line) // budget * budget if budget > 0 else offset


def _end(text: str, offset: int, budget: int) -> int:
    limit = offset + budget
    if limit >= len(text):
        return len(text)
    newline = text.rfind("\n", offset, limit)
    return newline + 1 if newline >= 0 else limit


def _line_start_at_or_after(text: str, offset: int) -> int:
    if offset <= 0 or text[offset - 1] == "\n":
        return offset
    newline = text.find("\n", offset)
    return newline + 1 if newline >= 0 else len(text) + 1
