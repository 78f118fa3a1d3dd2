"""Closing brackets and quotes that the editor put behind the cursor. Knows texts; no syntax.

An editor that closes brackets by itself turns a typed `foo(` into `foo(|)`. That `)` is not the
user's text: a hole is read in the text without it, so that neither the prompt nor a running
generation changes with it, and the item says what becomes of it (`settle`).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

from beadline.context.difference import changed_span
from beadline.context.hole import Hole
from beadline.context.lexer import Lexer
from beadline.context.types import Document

PAIRS = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'", "`": "`"}
"""What editors close by themselves."""
CLOSERS = frozenset(PAIRS.values())
_DOCUMENTS = 64
"""Documents whose closers are remembered."""


@dataclass(frozen=True)
class UserText:
    """A document without the closers that its editor inserted right behind the cursor."""

    document: Document
    offset: int
    closers: str = ""
    """What was taken out at `offset`."""


@dataclass(frozen=True)
class _Known:
    """What the changes of one document told."""

    text: str
    closers: tuple[int, ...] = ()
    """Offsets of closers that nobody typed."""
    caret: int | None = None
    """Where the cursor is after the last change, if that change inserted a closer."""
    opened: int | None = None
    """Offset behind an opener that the last change inserted by itself."""


class AutoClosed:
    """Follows the changes of documents and remembers which closers the editor inserted."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self.replaceable = True
        """Whether the editor can replace them; where it cannot they count as the user's own."""

    def see(self, document: Document) -> None:
        """Take the newest text of a document; called for every change, at least."""
        key = document.key
        known = self._known.get(key)
        self._known[key] = (
            _Known(document.text) if known is None else _after_change(known, document.text)
        )
        self._known.move_to_end(key)
        while len(self._known) > _DOCUMENTS:
            self._known.popitem(last=False)

    def without(self, document: Document, offset: int) -> UserText:
        """The document as the user typed it up to `offset`.

        Remembers nothing: a request's text may be older than the last change that was seen.
        """
        known = self._known.get(document.key)
        if known is None or not self.replaceable:
            return UserText(document, offset)
        text, closers = document.text, _after_change(known, document.text).closers
        end = offset
        while end in closers:
            end += 1
        if end == offset:
            return UserText(document, offset)
        plain = replace(document, text=text[:offset] + text[end:])
        return UserText(plain, offset, text[offset:end])

    def edited(self, document: Document, offset: int | None) -> tuple[Document, int | None]:
        """The user's text right after a change, and the cursor in it as far as it is known.

        `offset` is the end of the inserted text, the best guess a server has of the cursor.
        """
        self.see(document)
        caret = self._known[document.key].caret
        offset = offset if caret is None or offset is None else caret
        if offset is None:
            return document, None
        plain = self.without(document, offset)
        return plain.document, plain.offset

    def forget(self, key: str) -> None:
        """The document closed."""
        self._known.pop(key, None)


def _after_change(known: _Known, text: str) -> _Known:
    if text == known.text:
        return known
    start, old_end, end = changed_span(known.text, text)
    inserted = text[start:end]
    grown = end - old_end
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    # Behind the cursor, or on another line, a closer has become the user's.
    closers = tuple(at + grown for at in known.closers if at >= old_end and at + grown < line_end)
    if old_end > start:
        return _Known(text, closers)
    if len(inserted) == 2 and PAIRS.get(inserted[0]) == inserted[1]:
        return _Known(text, (start + 1, *closers), caret=start + 1)
    if len(inserted) == 1:
        if known.opened == start and PAIRS[text[start - 1]] == inserted:
            return _Known(text, (start, *closers), caret=start)
        if inserted in PAIRS:
            return _Known(text, closers, opened=end)
    return _Known(text, closers)


@dataclass(frozen=True)
class Settled:
    """An insertion into the user's text, as a change of the editor's text."""

    text: str
    replaced: int
    """How many of the editor's closers right of the cursor `text` replaces."""


def settle(text: str, hole: Hole, closers: str) -> Settled:
    """How `text`, meant for `hole` without `closers`, goes into the text that has them.

    Closers that the suggestion does not bring itself stay where they are, behind it. Those that
    it ends with are taken off it, since an insertion at the cursor is what every client shows
    alike. Those in its middle are replaced: they are in it in the same order, which is what
    clients need to show the rest of it.
    """
    if not closers:
        return Settled(text, 0)
    # A string that they do not close is the user's: they close what is around it.
    string = "" if closers.startswith(hole.scanned.string) else hole.scanned.string
    wanted = _state(hole, string + closers)
    for count in range(len(closers) + 1):
        # Only what it has itself can take the place of a closer.
        if in_order(closers[:count], text) and _state(hole, text + closers[count:]) == wanted:
            break
    else:
        # It leaves something of its own open: what it closed before that is its own as well.
        closes = _closes_all(text, hole, len(wanted[0])) and in_order(closers, text)
        count = len(closers) if closes else 0
    if count and text.endswith(closers[:count]):
        return Settled(text[: len(text) - count], 0)
    return Settled(text, count)


def in_order(characters: str, text: str) -> bool:
    """Whether `text` has the characters in their order, with anything between them."""
    rest = iter(text)
    return all(character in rest for character in characters)


def _state(hole: Hole, text: str) -> tuple[tuple[str, ...], str, int]:
    """Open brackets, open string and number of closers without an opener behind `text`."""
    lexer = Lexer(hole.language, hole.scanned)
    extra = sum(lexer.feed(character) == "extra" for character in text)
    return tuple(lexer.stack), lexer.string, extra


def _closes_all(text: str, hole: Hole, depth: int) -> bool:
    """Whether `text` somewhere leaves no more than `depth` brackets open, outside of strings."""
    lexer = Lexer(hole.language, hole.scanned)
    for character in text:
        lexer.feed(character)
        if len(lexer.stack) <= depth and not lexer.string:
            return True
    return False
