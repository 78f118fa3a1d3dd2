"""Watches what becomes of suggestions and counts it. Knows no protocol, no file and no model.

No client says all of it, so it is read off what every client sends: answers, edits, the accept
command. Texts are held while they are watched (minutes); only numbers are passed on. What each
count means is in docs/statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from beadline.completion.generation import TimerHandle
from beadline.context.types import Document
from beadline.lsp.clock import Clock
from beadline.lsp.lines import Edit
from beadline.lsp.statistics.kept import AcceptedText, difference

SHOWN_SECONDS = 0.75
"""Shorter sight of a suggestion is no look at it (peers.md: the threshold of Cody and Copilot)."""
KEPT_SECONDS = (30, 300)
"""When an accepted text is looked at again."""
LATENCY_BASE = 1.1
"""Answer times are counted in classes that are this factor wide."""
MOST_WATCHED = 64
"""Accepted texts that are watched at a time; beyond it the oldest is given up."""

_BY_KEY = 4
"""Characters that arrive in one edit and end a suggestion were accepted by a key, not typed."""


@dataclass(frozen=True)
class Labels:
    """What counts are told apart by, besides the day."""

    language: str
    model: str


@dataclass(frozen=True)
class Offered:
    """One item as it was sent."""

    number: int
    """Argument of its accept command."""
    start: int
    """Offset of the cursor it belongs at."""
    removed: int
    """Characters behind the cursor that it replaces."""
    text: str
    """LF line ends."""
    sent: str
    """`insertText`, in the client's line ends."""
    lead: int = 0
    """Characters of `sent` that stood before the cursor already."""


@dataclass(frozen=True)
class Answered:
    """One answer to one request."""

    document: Document
    labels: Labels
    source: str
    """`Trace.answered_from`."""
    seconds: float
    items: tuple[Offered, ...]


class _Suggestion:
    """What is on the screen, through the keys typed along it."""

    def __init__(self, answer: Answered, begun: float | None) -> None:
        first = answer.items[0]
        self.labels = answer.labels
        self.document = answer.document
        self.begun = begun
        """None while it is not known to be visible."""
        self.offered = {item.number: item for item in answer.items}
        self.start, self.text, self.removed = first.start, first.text, first.removed
        self.typed = 0
        self.partial = 0
        """Characters the client said were accepted of it."""
        self.accepted = False

    @property
    def cursor(self) -> int:
        return self.start + self.typed

    @property
    def rest(self) -> str:
        return self.text[self.typed :]

    def choose(self, number: int) -> None:
        """The client shows another item of the same answer."""
        item = self.offered[number]
        if item.start == self.start and not self.typed:
            self.text, self.removed = item.text, item.removed

    def continued_by(self, answer: Answered) -> bool:
        """Whether the answer shows what is on the screen already."""
        if not answer.items or answer.document.key != self.document.key:
            return False
        first = answer.items[0]
        return (first.start, first.text, first.removed) == (self.cursor, self.rest, self.removed)

    def take(self, answer: Answered) -> None:
        """Go on with an answer that continues it."""
        self.document = answer.document
        self.offered |= {item.number: item for item in answer.items}

    def follow(self, edit: Edit, document: Document) -> int | None:
        """Characters of it that an edit typed; None when the edit leads elsewhere."""
        old, new, at = self.document.text, document.text, self.cursor
        self.document = document
        if self.removed and edit == Edit(at, self.removed, self.rest):
            self.typed = len(self.text)
            return len(edit.text)
        # A client may replace what was typed before the cursor by itself and more.
        changed = difference(old[edit.start : edit.start + edit.removed], edit.text)
        edit = changed.moved(edit.start)
        count, shift = len(edit.text), edit.start - at
        # Editors that diff may place an insertion a little later, where it reads the same.
        same = (
            edit.removed == 0
            and 0 <= shift <= count
            and self.rest.startswith(new[at : at + count])
            and new[at + count : edit.start + count] == old[at : edit.start]
        )
        if not same:
            return None
        self.typed += count
        return count


class Recorder:
    """Counts; one for a server. At most one suggestion is on the screen at a time."""

    def __init__(self, count: Callable[[Labels, Mapping[str, float]], None], clock: Clock) -> None:
        """`count` takes increments by name."""
        self._count = count
        self._clock = clock
        self._current: _Suggestion | None = None
        self._client_tells = False
        """The client has said of some item that it was shown; so it says it of all."""
        self._watched: dict[AcceptedText, tuple[str, list[TimerHandle]]] = {}
        self._texts: dict[str, str] = {}
        """Newest texts of the documents with watched texts, by document key."""

    def answered(self, answer: Answered, *, current: bool) -> None:
        """An answer was sent; `current` is false when the text has gone on since it was asked."""
        counts: dict[str, float] = {"requests": 1}
        if answer.items:
            counts |= {
                "answers": 1,
                f"answered.{answer.source}": 1,
                f"latency.{_latency_class(answer.seconds)}": 1,
            }
        self._count(answer.labels, counts)
        shown = self._current
        if shown is not None and shown.continued_by(answer):
            shown.take(answer)
            return
        self._end()
        if answer.items and current:
            begun = None if self._client_tells else self._clock.seconds()
            self._current = _Suggestion(answer, begun)

    def shown(self, number: int) -> str | None:
        """textDocument/didShowCompletion; the key of the document whose suggestion it is."""
        self._client_tells = True
        current = self._offer(number)
        if current is None:
            return None
        current.choose(number)
        if current.begun is None or not current.typed:
            current.begun = self._clock.seconds()
        return current.document.key

    def partially_accepted(self, number: int, length: int) -> None:
        """didPartiallyAcceptCompletion; `length` counts UTF-16 units of what was sent."""
        current = self._offer(number)
        if current is None:
            return
        item = current.offered[number]
        part = item.sent.encode("utf-16-le")[: 2 * length].decode("utf-16-le", "ignore")
        accepted = item.start - current.start + len(part) - item.lead
        current.partial = max(current.partial, accepted)
        if current.partial >= len(current.text):
            self._accept(current, "full")

    def accepted(self, number: int) -> None:
        """The client ran the accept command, before or after it tells of the edit."""
        current = self._offer(number)
        if current is not None:
            current.choose(number)
            self._accept(current, "full")

    def edited(self, document: Document, edits: tuple[Edit, ...] | None) -> None:
        """A document changed."""
        key = document.key
        if key in self._texts:
            old, self._texts[key] = self._texts[key], document.text
            steps = edits if edits is not None else (difference(old, document.text),)
            for text, (where, _) in self._watched.items():
                if where == key:
                    for edit in steps:
                        text.follow(edit)
        current = self._current
        if current is None or current.document.key != key or current.accepted:
            return
        one = edits[0] if edits is not None and len(edits) == 1 else None
        edit = one or difference(current.document.text, document.text)
        typed = current.follow(edit, document)
        if typed is None:
            self._end()
        elif not current.rest:
            self._accept(current, "full" if typed >= _BY_KEY else "typed")

    def focused(self, key: str | None) -> None:
        """textDocument/didFocus: what another document shows is not seen any more."""
        if self._current is not None and self._current.document.key != key:
            self._end()

    def closed(self, key: str) -> None:
        """A document closed: what became of its texts cannot be known."""
        if self._current is not None and self._current.document.key == key:
            self._end()
        for text in [text for text, (where, _) in self._watched.items() if where == key]:
            self._give_up(text)
        self._texts.pop(key, None)

    def close(self) -> None:
        """The server ends."""
        self._end()
        for text in list(self._watched):
            self._give_up(text)

    def _offer(self, number: int) -> _Suggestion | None:
        current = self._current
        known = current is not None and number in current.offered and not current.accepted
        return current if known else None

    def _end(self) -> None:
        """What was on the screen is gone, unless it was accepted before."""
        ended, self._current = self._current, None
        if ended is None or ended.accepted:
            return
        seen = ended.begun is not None and self._clock.seconds() - ended.begun >= SHOWN_SECONDS
        if ended.partial:
            self._take(ended, "partial", ended.partial)
        elif seen:
            self._count(
                ended.labels, {"shown": 1, "shown_characters": len(ended.text), "rejected": 1}
            )

    def _accept(self, taken: _Suggestion, how: str) -> None:
        taken.accepted = True
        self._take(taken, how, len(taken.text))

    def _take(self, taken: _Suggestion, how: str, length: int) -> None:
        self._count(
            taken.labels,
            {
                "shown": 1,
                "shown_characters": len(taken.text),
                f"accepted_{how}": 1,
                f"accepted_{how}_characters": length,
            },
        )
        text = AcceptedText(taken.text[:length], taken.start, taken.cursor)
        self._watch(text, taken.document, taken.labels)

    def _watch(self, text: AcceptedText, document: Document, labels: Labels) -> None:
        if len(self._watched) >= MOST_WATCHED:
            self._give_up(next(iter(self._watched)))
        self._texts[document.key] = document.text
        timers = [
            self._clock.call_later(s, lambda s=s: self._look(text, labels, s)) for s in KEPT_SECONDS
        ]
        self._watched[text] = document.key, timers

    def _look(self, text: AcceptedText, labels: Labels, seconds: int) -> None:
        """The time has come to see what is left of an accepted text."""
        length = len(text.text)
        kept = text.share(self._texts[self._watched[text][0]]) * length
        self._count(
            labels, {f"kept_{seconds}s_characters": kept, f"looked_{seconds}s_characters": length}
        )
        if seconds == KEPT_SECONDS[-1]:
            self._give_up(text)

    def _give_up(self, text: AcceptedText) -> None:
        key, timers = self._watched.pop(text)
        for timer in timers:
            timer.cancel()
        if all(where != key for where, _ in self._watched.values()):
            self._texts.pop(key, None)


def _latency_class(seconds: float) -> int:
    """Number of the class of an answer time, in milliseconds."""
    return round(math.log(max(1000 * seconds, 0.01), LATENCY_BASE))


def latency_ms(number: int) -> float:
    """The time in the middle of a class."""
    return LATENCY_BASE**number
