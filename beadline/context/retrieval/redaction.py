"""What never leaves its file as a snippet: private files, secrets. Knows no index and no prompt.

The index leaves out what it can (`index`), but names and rules change while it lives, buffers are
read before they are indexed, and a skeleton is not a chunk: so this is asked about every snippet
that is given.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from beadline.context.ignore import known_spec
from beadline.context.retrieval.secrets import secret_name, secret_spans
from beadline.context.types import Snippet

_REMEMBERED = 4096


class Redaction:
    """Says what may be shown, by the user's patterns and by what a secret looks like."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """`patterns`: gitignore patterns of private files, relative to the workspace."""
        self._spec = known_spec(tuple(patterns))
        self._known: dict[str, bool] = {}
        """By path: whether it may leave."""
        self._clean: dict[str, bool] = {}
        """By text: whether it has no secret. One search after the other asks about the same."""

    def may_leave(self, path: str) -> bool:
        """Whether text of a file may be shown, by its path in the workspace."""
        known = self._known.get(path)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[path] = not self._is_private(path)
        return known

    def allowed(self, snippet: Snippet) -> bool:
        """Whether a snippet may be shown."""
        return self.may_leave(snippet.path) and self._is_clean(snippet.text)

    def _is_private(self, path: str) -> bool:
        if not path or secret_name(PurePosixPath(path).name):
            return True
        # In a workspace of several folders the first part is the folder's name.
        below = path.partition("/")[2]
        return self._spec.match_file(path) or bool(below and self._spec.match_file(below))

    def _is_clean(self, text: str) -> bool:
        known = self._clean.get(text)
        if known is None:
            if len(self._clean) >= _REMEMBERED:
                self._clean.clear()
            known = self._clean[text] = not secret_spans(text)
        return known
