"""What became of the suggestions that were shown. Knows texts, offsets and time; no engine.

Nobody says that a suggestion was rejected, so it is read off the edits: something else was typed
at its place while it could be seen, or it was deleted right after it was accepted. Moving
elsewhere says nothing, and blanks and line ends only move what stands there. What was rejected is
remembered by the code around, for this session.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from beadline.completion.confidence import first_line
from beadline.completion.ladder import Shown
from beadline.context.types import Document

SEEN_SECONDS = 0.75
"""Shorter sight of a suggestion is no look at it (the threshold of Cody and Copilot)."""
RECENT = 20
"""Suggestions that the recent share of acceptance counts."""
PRIOR_SHARE = 0.1
"""Share of acceptance before anything was seen, an assumption. Weights are fitted with it, so it
changes with them."""
PRIOR_WEIGHT = 5
"""Suggestions that the prior share counts for."""
_DOCUMENTS = 64
_REJECTED = 128
"""Rejected suggestions remembered of a document."""
_BY_KEY = 2
"""Characters that arrive in one edit and end a suggestion were accepted by a key, not typed."""

Place = tuple[str, str, str]
"""The line above that says something, the cursor's line up to the cursor, and the suggestion up to
the end of its first line."""


class Acceptance:
    """Share of the last suggestions that were taken."""

    def __init__(self) -> None:
        self._taken: deque[bool] = deque(maxlen=RECENT)

    def note(self, taken: bool) -> None:
        """One more suggestion was seen, and taken or not."""
        self._taken.append(taken)

    def correct(self) -> None:
        """The last one was not taken after all."""
        if self._taken:
            self._taken[-1] = False

    @property
    def share(self) -> float:
        """0 to 1; starts at the prior share."""
        count = len(self._taken) + PRIOR_WEIGHT
        return (sum(self._taken) + PRIOR_WEIGHT * PRIOR_SHARE) / count


@dataclass(frozen=True)
class _Visible:
    """A suggestion that may be on the screen."""

    base: Shown
    """As it was first shown."""
    rest: Shown
    """What is left of it."""
    begun: float | None
    """When it became visible; None while that is not known."""


@dataclass(frozen=True)
class _Taken:
    """A suggestion that was accepted and not edited since, but for deletions at its end."""

    shown: Shown
    left: int
    """Characters of it that are still there."""


class History:
    """Follows every document's suggestion and remembers the rejected ones."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        """`seconds` is the completer's clock."""
        self._seconds = seconds
        self._visible: OrderedDict[str, _Visible] = OrderedDict()
        self._taken: OrderedDict[str, _Taken] = OrderedDict()
        self._rejected: OrderedDict[str, OrderedDict[Place, None]] = OrderedDict()
        self._acceptance = Acceptance()
        self._client_tells = False
        """The client has said of some suggestion that it is visible; so it says it of all."""

    def shown(self, shown: Shown) -> None:
        """A suggestion was answered for the newest text of its document."""
        key = shown.document.key
        before = self._visible.get(key)
        if before is not None and _same(before.rest, shown):
            return
        if before is not None:
            self._lost(before)
        begun = None if self._client_tells else self._seconds()
        self._visible[key] = _Visible(shown, shown, begun)
        self._visible.move_to_end(key)
        while len(self._visible) > _DOCUMENTS:
            self._visible.popitem(last=False)

    def seen(self, key: str) -> None:
        """The client says that the document's suggestion is visible now."""
        self._client_tells = True
        visible = self._visible.get(key)
        if visible is not None and (visible.begun is None or visible.base == visible.rest):
            self._visible[key] = replace(visible, begun=self._seconds())

    def edited(self, document: Document, offset: int | None) -> None:
        """A document changed; `offset` is the cursor as far as it is known."""
        self._follow_taken(document)
        visible = self._visible.pop(document.key, None)
        if visible is None:
            return
        rest = visible.rest
        if document.text == rest.document.text:
            self._visible[document.key] = visible
        elif document.text == _accepted(visible.base):
            self._accept(visible, document)
        elif (further := _further(visible, document, offset)) is not None:
            self._visible[document.key] = replace(visible, rest=further)
        elif (typed := _inserted(rest, document)).strip() and self._was_seen(visible):
            common = _common(typed, rest.text)
            self._acceptance.note(not rest.text[common:].strip())
            if common < len(typed):
                self._reject(rest, common)
        else:
            self._lost(visible)

    def rejected(self, shown: Shown) -> bool:
        """Whether this was rejected at this place before."""
        return _place(shown, 0) in self._rejected.get(shown.document.key, ())

    def acceptance(self) -> float:
        """Recent share of suggestions that were taken, 0 to 1."""
        return self._acceptance.share

    def forget(self, key: str) -> None:
        """The document closed: what it showed is gone. What was rejected in it stays rejected."""
        self._visible.pop(key, None)
        self._taken.pop(key, None)

    def _was_seen(self, visible: _Visible) -> bool:
        return visible.begun is not None and self._seconds() - visible.begun >= SEEN_SECONDS

    def _lost(self, visible: _Visible) -> None:
        """Gone from the screen, by an edit or a move elsewhere."""
        if self._was_seen(visible):
            self._acceptance.note(False)

    def _accept(self, visible: _Visible, document: Document) -> None:
        self._acceptance.note(True)
        if len(document.text) - len(visible.rest.document.text) >= _BY_KEY:
            self._taken[document.key] = _Taken(visible.base, len(visible.base.text))
            while len(self._taken) > _DOCUMENTS:
                self._taken.popitem(last=False)

    def _follow_taken(self, document: Document) -> None:
        """An accepted suggestion that is deleted before anything else is edited was none."""
        taken = self._taken.pop(document.key, None)
        if taken is None:
            return
        shown = taken.shown
        if document.text == shown.document.text:
            self._acceptance.correct()
            self._reject(shown, 0)
            return
        before, after = shown.document.text[: shown.offset], shown.document.text[shown.end :]
        left = len(document.text) - len(before) - len(after)
        if 0 < left <= taken.left and document.text == before + shown.text[:left] + after:
            self._taken[document.key] = replace(taken, left=left)

    def _reject(self, shown: Shown, typed: int) -> None:
        """Remember what is left of `shown` behind its first `typed` characters."""
        if not shown.text[typed:].strip():
            return
        key = shown.document.key
        places = self._rejected.setdefault(key, OrderedDict())
        self._rejected.move_to_end(key)
        places[_place(shown, typed)] = None
        while len(places) > _REJECTED:
            places.popitem(last=False)
        while len(self._rejected) > _DOCUMENTS:
            self._rejected.popitem(last=False)


def _same(first: Shown, second: Shown) -> bool:
    return (first.offset, first.end, first.text) == (second.offset, second.end, second.text) and (
        first.document.text == second.document.text
    )


def _accepted(shown: Shown) -> str:
    text = shown.document.text
    return text[: shown.offset] + shown.text + text[shown.end :]


def _further(visible: _Visible, document: Document, offset: int | None) -> Shown | None:
    """What is left for a user who typed along, or went back in what he typed along."""
    base = visible.base
    if document.text == base.document.text:
        return base
    if offset is None:
        offset = base.offset + len(document.text) - len(base.document.text)
    return base.rest(document, offset)


def _inserted(rest: Shown, document: Document) -> str:
    """What an edit inserted at the suggestion's place; empty for every other edit."""
    old, new, at = rest.document.text, document.text, rest.offset
    grown = len(new) - len(old)
    if grown <= 0 or not new.startswith(old[:at]) or not new.endswith(old[at:]):
        return ""
    return new[at : at + grown]


def _common(first: str, second: str) -> int:
    for count, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return count
    return min(len(first), len(second))


def _place(shown: Shown, typed: int) -> Place:
    """Where and what `shown` is for a user who typed its first `typed` characters."""
    text = shown.document.text[: shown.offset] + shown.text[:typed]
    left = shown.text[typed:]
    start = text.rfind("\n") + 1
    above = text[:start].rstrip()
    said = left[: first_line(left)[1]].rstrip()
    return above[above.rfind("\n") + 1 :], text[start:], said
