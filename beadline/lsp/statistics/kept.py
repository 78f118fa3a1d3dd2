"""Follows an accepted text through later edits and says how much of it is alive. Stores nothing."""

from __future__ import annotations

import re

from beadline.context.difference import changed_span
from beadline.lsp.lines import Edit

_TOKEN = re.compile(r"\w+|[^\w\s]")
_LONGEST = 10_000
"""Characters looked at in the place of an accepted text, which may have grown since."""


class AcceptedText:
    """Where the accepted text is in its document, and what it was; kept in memory for minutes."""

    def __init__(self, text: str, start: int, end: int) -> None:
        """`text` lies, as far as it has arrived, at [start, end)."""
        self.text = text
        self.start = start
        self.end = end

    def follow(self, edit: Edit) -> None:
        """The document was edited."""
        removed_to, grown = edit.start + edit.removed, len(edit.text) - edit.removed
        if self._awaits(edit):
            self.end = max(self.end + grown, edit.end)
        elif removed_to <= self.start:
            self.start += grown
            self.end += grown
        elif edit.start < self.end:
            self.start = min(self.start, edit.start)
            self.end = max(self.end, removed_to) + grown

    def share(self, document: str) -> float:
        """The part of the text, 0 to 1, that is still there: a common subsequence of its tokens.

        Tokens are words and signs, weighed by their length; white space does not count.
        """
        from rapidfuzz.distance import LCSseq

        was = _TOKEN.findall(self.text)
        now = _TOKEN.findall(document[self.start : min(self.end, self.start + _LONGEST)])
        total = sum(map(len, was))
        if not total:
            return 1.0 if self.start < self.end else 0.0
        alive = sum(
            sum(map(len, was[op.src_start : op.src_end]))
            for op in LCSseq.opcodes(was, now)
            if op.tag == "equal"
        )
        return alive / total

    def _awaits(self, edit: Edit) -> bool:
        """Whether the edit brings (the rest of) the text: clients may tell of it before they do."""
        rest = self.text[self.end - self.start :]
        near = self.start <= edit.start <= self.end + len(rest)
        # As it is, over signs behind the cursor too; or in the client's own indentation.
        brings = edit.text.endswith(rest) or len(edit.text) - edit.removed >= len(rest)
        return bool(rest) and near and brings


def difference(old: str, new: str) -> Edit:
    """The one edit that makes `new` of `old`, as short as it can be."""
    start, old_end, end = changed_span(old, new)
    return Edit(start, old_end - start, new[start:end])
