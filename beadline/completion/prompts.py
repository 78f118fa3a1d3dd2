"""What the model was asked with, for a user who wants to see it. Knows no protocol and no model.

The texts are kept in memory alone: those of the last prompts, and which of them is behind what each
document shows. Nothing of it is written or logged anywhere.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from beadline.completion.ladder import Shown
from beadline.context.types import Snippet
from beadline.engine.protocol import FimRequest

KEPT = 32
"""Prompts kept, and documents whose last suggestion is; the oldest are forgotten."""


@dataclass(frozen=True)
class Sent:
    """One prompt, before it was rendered."""

    request: FimRequest
    """Its `sequence` is the key of the document."""
    snippets: tuple[Snippet, ...]
    """In the order of the prompt."""


@dataclass(frozen=True)
class Behind:
    """A suggestion, and the prompt behind it."""

    sent: Sent
    suggestion: str
    """As it was shown last: what was typed of it is not in it any more."""
    answered_from: str
    """`Trace.answered_from` of the request that it was shown for."""


class Prompts:
    """Remembers prompts by number. Used from the event loop only."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._sent: OrderedDict[int, Sent] = OrderedDict()
        self._behind: OrderedDict[str, Behind] = OrderedDict()

    def sent(self, request: FimRequest, snippets: Sequence[Snippet]) -> int:
        """The model is asked; the number by which the answer knows it. Never 0."""
        number = next(self._numbers)
        self._sent[number] = Sent(request, tuple(snippets))
        if len(self._sent) > KEPT:
            self._sent.popitem(last=False)
        return number

    def shown(self, shown: Shown, answered_from: str) -> None:
        """A suggestion is about to be shown, in place of the one before in its document."""
        key = shown.document.key
        self._behind.pop(key, None)
        sent = self._sent.get(shown.prompt)
        if sent is None:
            return
        self._behind[key] = Behind(sent, shown.text, answered_from)
        if len(self._behind) > KEPT:
            self._behind.popitem(last=False)

    def behind(self, key: str | None = None) -> Behind | None:
        """The prompt behind the last suggestion of a document; without a key, of the one that was
        shown last. None where there is none, or it is not kept any more."""
        if key is not None:
            return self._behind.get(key)
        return next(reversed(self._behind.values()), None)

    def forget(self, key: str) -> None:
        """The document closed: nothing of it is kept."""
        self._behind.pop(key, None)
        for number in [n for n, sent in self._sent.items() if sent.request.sequence == key]:
            del self._sent[number]
