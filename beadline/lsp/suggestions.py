"""One request: snapshot, ask, and what of the answer can be shown. Knows no model and no shape.

`inline` and `plain` give the answer the shape that their clients take.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from lsprotocol import types as lsp

from beadline.completion.types import CompletionItem, CompletionRequest, CompletionResult
from beadline.context.types import Document
from beadline.errors import BeadlineError, FileError
from beadline.lsp import uris
from beadline.lsp.clock import Clock
from beadline.lsp.documents import Change, DocumentStore, Snapshot
from beadline.lsp.notebooks import Notebooks
from beadline.lsp.statistics.recorder import Answered, Labels, Offered, Recorder
from beadline.lsp.status import StatusBoard
from beadline.lsp.switch import Switch

log = logging.getLogger(__name__)

_DIGITS = re.compile("[0-9]+")
_MOST_TOLD = 1000
"""Troubles remembered as told; a session may last for weeks."""


class Completes(Protocol):
    """What this module needs of `completion.service.Completer`."""

    async def complete(self, request: CompletionRequest) -> CompletionResult: ...

    def edited(self, document: Document, offset: int | None) -> None: ...

    def closed(self, key: str) -> None: ...

    def rest(self) -> None: ...


class Watched(Protocol):
    """Is told of every request; see `progress.ModelStart`."""

    name: str

    def asked(self, *, by_hand: bool) -> None: ...


@dataclass(frozen=True)
class Asked:
    """What a client asked for."""

    method: str
    uri: str
    position: lsp.Position
    automatic: bool = True
    version: int | None = None
    """Version of the text that is meant, where the client says it."""
    popup: lsp.SelectedCompletionInfo | None = None


@dataclass(frozen=True)
class Suggestion:
    """What can be shown: `text` in place of a range that is on one line and holds the cursor."""

    number: int
    text: str
    """With `\n` alone: editors write the document's own line ends, and Neovim doubles a `\r`."""
    range: lsp.Range
    word: str
    """The part of a word that stands before the range."""
    word_start: lsp.Position


class Suggestions:
    """Answers requests; at most one per document and method is under way."""

    def __init__(
        self,
        documents: DocumentStore,
        notebooks: Notebooks,
        completer: Completes,
        model: Watched,
        *,
        switch: Switch,
        board: StatusBoard,
        recorder: Recorder,
        tell: Callable[[str], None],
        clock: Clock,
    ) -> None:
        """`tell` puts one sentence into the editor's log."""
        self._documents = documents
        self._notebooks = notebooks
        self._completer = completer
        self._model = model
        self._switch = switch
        self._board = board
        self._recorder = recorder
        self._tell = tell
        self._clock = clock
        self._running: dict[tuple[str, str], asyncio.Task[object]] = {}
        self._told: set[tuple[str, str]] = set()
        self._numbers = 0

    async def ask(self, asked: Asked) -> list[Suggestion]:
        """The answer to one request. Raises `asyncio.CancelledError` and nothing else.

        The text is taken before the first await: what the request means is the text at the
        moment it arrived, whatever is typed while it waits.
        """
        task = asyncio.current_task()
        assert task is not None
        place = asked.method, asked.uri
        if (older := self._running.get(place)) is not None:
            older.cancel()
        self._running[place] = task
        try:
            return await self._suggestions(asked)
        except BeadlineError as exc:
            self._tell_once(asked.uri, str(exc))
        except Exception as exc:
            # The fence: clients show a popup for every error. The message of a foreign exception
            # may quote source text, so it stays out of the log; its place in our code is in it.
            where = "".join(traceback.format_tb(exc.__traceback__))
            log.error("An inline completion failed: %s\n%s", type(exc).__name__, where)
        finally:
            if self._running.get(place) is task:
                del self._running[place]
        return []

    def edited(self, change: Change) -> None:
        """The text changed; a generation that it contradicts ends now."""
        self._completer.edited(change.document, change.caret)
        self._recorder.edited(change.document, change.edits)

    def closed(self, uri: str, key: str) -> None:
        """The document was closed: its requests are answered with RequestCancelled."""
        for (_, of), task in list(self._running.items()):
            if of == uri:
                task.cancel()
        self._completer.closed(key)
        self._recorder.closed(key)

    def cancel_all(self) -> None:
        """Nothing is wanted any more: all requests are answered with RequestCancelled."""
        for task in list(self._running.values()):
            task.cancel()

    def turned_off(self) -> None:
        """Suggestions are off for now: nothing is done beside the requests either."""
        self.cancel_all()
        self._completer.rest()

    async def _suggestions(self, asked: Asked) -> list[Suggestion]:
        if not uris.is_served(asked.uri):
            return []
        if not self._switch.is_on:
            if not asked.automatic:
                self._board.repeat()
            return []
        started = self._clock.seconds()
        snapshot = await self._snapshot(asked)
        if snapshot is None:
            return []
        languages = *self._documents.language_ids(asked.uri), snapshot.document.language
        if not self._switch.serves(languages):
            return []
        offset = snapshot.offset(asked.position)
        # An entry that is a whole call cannot be extended; Copilot ignores it as well.
        if asked.popup is None or ")" in asked.popup.text:
            result = await self._ask(snapshot.document, offset, asked)
            shaped = [_insertion(item, snapshot, offset) for item in result.items]
        else:
            result, shaped = await self._beyond_popup(snapshot, offset, asked.popup, asked)
        offered = [self._numbered(item) for item in shaped if item is not None]
        self._record(asked, snapshot, result, offered, started)
        return [_suggestion(item, snapshot) for item in offered]

    async def _snapshot(self, asked: Asked) -> Snapshot | None:
        """The text that is meant; None if the editor's text has gone on."""
        if not self._documents.is_open(asked.uri):
            return await asyncio.to_thread(self._documents.read, asked.uri)
        if asked.version not in (None, self._documents.version(asked.uri)):
            return None
        return self._notebooks.snapshot(asked.uri)

    async def _ask(
        self, document: Document, offset: int, asked: Asked, *, entry: int | None = None
    ) -> CompletionResult:
        self._model.asked(by_hand=not asked.automatic)
        self._board.begin()
        try:
            result = await self._completer.complete(
                CompletionRequest(document, offset, automatic=asked.automatic, entry=entry)
            )
        finally:
            self._board.end()
        log.debug("%s", result.trace.silent_reason or result.trace.answered_from)
        return result

    async def _beyond_popup(
        self, snapshot: Snapshot, offset: int, popup: lsp.SelectedCompletionInfo, asked: Asked
    ) -> tuple[CompletionResult | None, list[Offered | None]]:
        """Items for an open completion popup: they are shown only if they extend its entry.

        So the hole is asked for in the text as it would be with that entry taken.
        """
        start, end = snapshot.offset(popup.range.start), snapshot.offset(popup.range.end)
        text = snapshot.document.text
        if not start <= offset <= end or "\n" in text[start:end] or "\n" in popup.text:
            return None, []
        cursor = start + len(popup.text)
        document = dataclasses.replace(
            snapshot.document, text=text[:start] + popup.text + text[end:]
        )
        result = await self._ask(document, cursor, asked, entry=start)
        return result, [
            _offered(start, end, popup.text + item.text)
            for item in result.items
            if item.start == item.end == cursor and item.text
        ]

    def _numbered(self, item: Offered) -> Offered:
        self._numbers += 1
        return dataclasses.replace(item, number=self._numbers)

    def _record(
        self,
        asked: Asked,
        snapshot: Snapshot,
        result: CompletionResult | None,
        offered: list[Offered],
        started: float,
    ) -> None:
        if result is None:
            return
        cursor = snapshot.offset(asked.position)
        document, seconds = snapshot.document, self._clock.seconds() - started
        if offered:
            self._board.answered(seconds)
        answer = Answered(
            document,
            Labels(document.language, self._model.name),
            result.trace.answered_from,
            seconds,
            tuple(_from_cursor(item, snapshot, cursor) for item in offered),
        )
        self._recorder.answered(answer, current=self._is_current(asked.uri, document))

    def _is_current(self, uri: str, document: Document) -> bool:
        """Whether the editor still has the text that was asked about."""
        if not self._documents.is_open(uri):
            return True
        try:
            return self._notebooks.snapshot(uri).document.text == document.text
        except FileError:
            return False

    def _tell_once(self, uri: str, reason: str) -> None:
        """The same file is asked for with every key; its trouble is told once, however the
        numbers in the sentence change."""
        kind = uri, _DIGITS.sub("", reason)
        if kind not in self._told:
            if len(self._told) >= _MOST_TOLD:
                self._told.clear()
            self._told.add(kind)
            self._tell(f"No suggestions: {reason}")


def _insertion(item: CompletionItem, snapshot: Snapshot, cursor: int) -> Offered | None:
    """The item from the cursor on; None for one that no client could show."""
    text, source = item.text, snapshot.document.text
    start, end = item.start, item.end
    if not start <= cursor <= end or "\n" in source[start:end]:
        return None
    typed = source[start:cursor]
    if not text.startswith(typed) or text == typed or not snapshot.contains(start, end):
        return None
    return _offered(cursor, end, text[len(typed) :])


def _offered(start: int, end: int, text: str) -> Offered:
    return Offered(0, start, end - start, text, text)


def _suggestion(item: Offered, snapshot: Snapshot) -> Suggestion:
    start = snapshot.position(item.start)
    end = snapshot.position(item.start + item.removed)
    source = snapshot.document.text
    line = source[max(snapshot.base, source.rfind("\n", 0, item.start) + 1) : item.start]
    # Not by a pattern that ends with \\Z, which takes long lines to pieces again and again.
    length = 0
    while length < len(line) and (line[-1 - length].isalnum() or line[-1 - length] == "_"):
        length += 1
    word = line[len(line) - length :]
    word_start = snapshot.position(item.start - length)
    return Suggestion(item.number, item.sent, lsp.Range(start=start, end=end), word, word_start)


def _from_cursor(item: Offered, snapshot: Snapshot, cursor: int) -> Offered:
    """The item as the screen shows it: what it repeats of the text before the cursor is not new."""
    typed = snapshot.document.text[item.start : cursor]
    if not typed or not item.text.startswith(typed):
        return item
    return dataclasses.replace(
        item, start=cursor, removed=item.removed - len(typed), text=item.text[len(typed) :],
        lead=len(typed),
    )  # fmt: skip
