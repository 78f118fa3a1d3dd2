"""One inline completion request: snapshot, ask, shape the answer. Knows no model and no transport.

The shape is the one every client takes: a list, never null; plain text; a range on one line that
is empty at the cursor wherever that is possible; a command under our own name as the signal that
the suggestion was accepted.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import re
import traceback
from collections.abc import Callable
from typing import Protocol

from lsprotocol import types as lsp

from beadline.completion.types import CompletionItem, CompletionRequest, CompletionResult
from beadline.context.types import Document
from beadline.errors import BeadlineError
from beadline.lsp.documents import DocumentStore, Snapshot
from beadline.lsp.protocol import InlineParams

log = logging.getLogger(__name__)

ACCEPTED_COMMAND = "beadline.accepted"
"""Run by the client after it inserted an item; its one argument is the item's number."""


_DIGITS = re.compile("[0-9]+")


class Completes(Protocol):
    """What this module needs of `completion.service.Completer`."""

    async def complete(self, request: CompletionRequest) -> CompletionResult: ...

    def edited(self, document: Document, offset: int | None) -> None: ...

    def closed(self, key: str) -> None: ...


class Watched(Protocol):
    """Is told of every request; see `progress.ModelStart`."""

    def asked(self, *, by_hand: bool) -> None: ...


class InlineCompletions:
    """Answers requests; at most one per document is under way."""

    def __init__(
        self,
        documents: DocumentStore,
        completer: Completes,
        model: Watched,
        tell: Callable[[str], None],
    ) -> None:
        """`tell` puts one sentence into the editor's log."""
        self._documents = documents
        self._completer = completer
        self._model = model
        self._tell = tell
        self._running: dict[str, asyncio.Task[object]] = {}
        self._told: set[tuple[str, str]] = set()
        self._shown = 0
        self.accepted = 0
        """Items the client said were accepted."""

    async def complete(self, params: InlineParams) -> lsp.InlineCompletionList:
        """The answer to one request. Raises `asyncio.CancelledError` and nothing else.

        The text is taken before the first await: what the request means is the text at the
        moment it arrived, whatever is typed while it waits.
        """
        uri = params.text_document.uri
        task = asyncio.current_task()
        assert task is not None
        if (older := self._running.get(uri)) is not None:
            older.cancel()
        self._running[uri] = task
        try:
            return lsp.InlineCompletionList(items=await self._items(uri, params))
        except BeadlineError as exc:
            self._tell_once(uri, str(exc))
        except Exception as exc:
            # The fence: clients show a popup for every error. The message of a foreign exception
            # may quote source text, so it stays out of the log; its place in our code is in it.
            place = "".join(traceback.format_tb(exc.__traceback__))
            log.error("An inline completion failed: %s\n%s", type(exc).__name__, place)
        finally:
            if self._running.get(uri) is task:
                del self._running[uri]
        return lsp.InlineCompletionList(items=[])

    def edited(self, document: Document, caret: int | None) -> None:
        """The text changed; a generation that it contradicts ends now."""
        self._completer.edited(document, caret)

    def closed(self, uri: str) -> None:
        """The document was closed: its request is answered with RequestCancelled."""
        if (task := self._running.get(uri)) is not None:
            task.cancel()
        self._completer.closed(uri)

    def cancel_all(self) -> None:
        """The server ends."""
        for task in list(self._running.values()):
            task.cancel()

    async def _items(self, uri: str, params: InlineParams) -> list[lsp.InlineCompletionItem]:
        if self._documents.is_open(uri):
            asked = params.text_document.version
            if asked is not None and asked != self._documents.version(uri):
                return []  # the editor's text went on before the request was read
            snapshot = self._documents.snapshot(uri)
        else:
            snapshot = await asyncio.to_thread(self._documents.read, uri)
        offset = snapshot.offset(params.position)
        popup = params.context.selected_completion_info
        if popup is not None:
            return await self._beyond_popup(snapshot, offset, popup, params)
        result = await self._ask(snapshot.document, offset, params)
        items = (_insertion(item, snapshot, offset) for item in result.items)
        return [self._with_command(item) for item in items if item is not None]

    async def _ask(self, document: Document, offset: int, params: InlineParams) -> CompletionResult:
        automatic = params.context.trigger_kind != lsp.InlineCompletionTriggerKind.Invoked
        self._model.asked(by_hand=not automatic)
        result = await self._completer.complete(
            CompletionRequest(document=document, offset=offset, automatic=automatic)
        )
        log.debug("%s", result.trace.silent_reason or result.trace.answered_from)
        return result

    async def _beyond_popup(
        self,
        snapshot: Snapshot,
        offset: int,
        popup: lsp.SelectedCompletionInfo,
        params: InlineParams,
    ) -> list[lsp.InlineCompletionItem]:
        """Items for an open completion popup: they are shown only if they extend its entry.

        So the hole is asked for in the text as it would be with that entry taken.
        """
        start, end = snapshot.offset(popup.range.start), snapshot.offset(popup.range.end)
        text = snapshot.document.text
        if not start <= offset <= end or "\n" in text[start:end] or "\n" in popup.text:
            return []
        cursor = start + len(popup.text)
        document = dataclasses.replace(
            snapshot.document, text=text[:start] + popup.text + text[end:]
        )
        result = await self._ask(document, cursor, params)
        return [
            self._with_command(
                lsp.InlineCompletionItem(
                    insert_text=popup.text + snapshot.newlines.restore(item.text, offset=start),
                    range=popup.range,
                )
            )
            for item in result.items
            if item.start == item.end == cursor and item.text
        ]

    def _with_command(self, item: lsp.InlineCompletionItem) -> lsp.InlineCompletionItem:
        self._shown += 1
        item.command = lsp.Command(
            title="Suggestion accepted", command=ACCEPTED_COMMAND, arguments=[self._shown]
        )
        return item

    def _tell_once(self, uri: str, reason: str) -> None:
        """The same file is asked for with every key; its trouble is told once, however the
        numbers in the sentence change."""
        kind = uri, _DIGITS.sub("", reason)
        if kind not in self._told:
            self._told.add(kind)
            self._tell(f"No suggestions: {reason}")


def _insertion(
    item: CompletionItem, snapshot: Snapshot, cursor: int
) -> lsp.InlineCompletionItem | None:
    """The item as LSP has it; None for one that no client could show."""
    text, source = item.text, snapshot.document.text
    start, end = item.start, item.end
    if not start <= cursor <= end or "\n" in source[start:end]:
        return None
    typed = source[start:cursor]
    if not text.startswith(typed):
        return None
    text, start = text[len(typed) :], cursor
    if not text:
        return None
    return lsp.InlineCompletionItem(
        insert_text=snapshot.newlines.restore(text, offset=start),
        range=lsp.Range(start=snapshot.position(start), end=snapshot.position(end)),
    )
