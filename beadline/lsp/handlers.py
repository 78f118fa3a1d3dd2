"""Which method is handled by what. Every handler is thin; knows no work but handing on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcInvalidParams

from beadline.engine import models
from beadline.lsp import events, inline, plain, queries
from beadline.lsp.lines import Encoding
from beadline.lsp.protocol import InlineParams
from beadline.lsp.switch import MOST_MINUTES, SNOOZE_MINUTES
from beadline.lsp.uris import file_path, is_served

if TYPE_CHECKING:
    from beadline.lsp.server import BeadlineServer

SNOOZE_COMMAND = "beadline.snooze"
TOGGLE_COMMAND = "beadline.toggle"
STATUS_COMMAND = "beadline.status"
TRAIN_COMMAND = "beadline.train"


def register(server: BeadlineServer) -> None:
    """Give the server all its handlers."""
    _life_cycle(server)
    _folders_and_files(server)
    _texts(server)
    _notebooks(server)
    _settings(server)
    _suggestions(server)
    _events(server)
    _commands(server)
    queries.register(server)


def _life_cycle(server: BeadlineServer) -> None:
    @server.feature(lsp.INITIALIZE)
    def initialize(params: lsp.InitializeParams) -> None:
        encoding = server.protocol.workspace.position_encoding
        # pygls chose it among the three kinds that we know too.
        server.documents.encoding = cast(Encoding, getattr(encoding, "value", encoding))
        folders = [folder.uri for folder in params.workspace_folders or ()]
        if not folders and params.root_uri:
            folders = [params.root_uri]
        server.set_folders([p for p in map(file_path, folders) if p is not None])
        server.configured(server.configuration.initialize(params.initialization_options))
        if server.configuration.options.completion.plain_completion:
            # pygls advertises the features that there are when this handler returns.
            plain_completion(server, lsp.CompletionOptions(trigger_characters=plain.TRIGGERS))
        server.watch(params.process_id)

    @server.feature(lsp.INITIALIZED)
    def initialized(_: lsp.InitializedParams) -> None:
        server.begin()

    @server.feature(lsp.SHUTDOWN)
    async def shutdown(*_: Any) -> None:
        await server.close()

    @server.feature(lsp.EXIT)
    def leave(*_: Any) -> None:
        server.stop(0 if server.protocol.ending else 1)


def _folders_and_files(server: BeadlineServer) -> None:
    @server.feature(lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders_changed(params: lsp.DidChangeWorkspaceFoldersParams) -> None:
        removed = {file_path(folder.uri) for folder in params.event.removed}
        added = [file_path(folder.uri) for folder in params.event.added]
        kept = [folder for folder in server.documents.folders if folder not in removed]
        server.set_folders(kept + [p for p in added if p is not None and p not in kept])

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(_: lsp.DidChangeWatchedFilesParams) -> None:
        server.completer.files_changed()

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE, lsp.SaveOptions(include_text=False))
    def saved(_: lsp.DidSaveTextDocumentParams) -> None:
        server.completer.files_changed()


def _texts(server: BeadlineServer) -> None:
    documents = server.documents

    def close(uri: str) -> None:
        documents.close(uri)
        server.suggestions.closed(uri, uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        if is_served(item.uri):
            if documents.is_open(item.uri):  # again, without a close: it may be another text
                close(item.uri)
            document = documents.open(item.uri, item.language_id, item.version, item.text)
            if document is not None:
                server.completer.opened(document)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        identity = params.text_document
        if is_served(identity.uri):
            server.presence.keystroke()
            change = documents.change(identity.uri, identity.version, params.content_changes)
            if change is not None:
                server.suggestions.edited(server.notebooks.edited(change))

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        close(params.text_document.uri)


def _notebooks(server: BeadlineServer) -> None:
    def close(uri: str) -> None:
        for gone in server.notebooks.close(uri):
            server.suggestions.closed(gone, gone)

    @server.feature(lsp.NOTEBOOK_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenNotebookDocumentParams) -> None:
        close(params.notebook_document.uri)  # opened again without a close
        for document in server.notebooks.open(params):
            server.completer.opened(document)

    @server.feature(lsp.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def changed(params: lsp.DidChangeNotebookDocumentParams) -> None:
        done = server.notebooks.change(params)
        for gone in done.gone:
            server.suggestions.closed(gone, gone)
        for change in done.changes:
            server.suggestions.edited(change)

    @server.feature(lsp.NOTEBOOK_DOCUMENT_DID_SAVE)
    def saved(_: lsp.DidSaveNotebookDocumentParams) -> None:
        server.completer.files_changed()

    @server.feature(lsp.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseNotebookDocumentParams) -> None:
        close(params.notebook_document.uri)


def _settings(server: BeadlineServer) -> None:
    @server.feature(lsp.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def settings_changed(params: lsp.DidChangeConfigurationParams) -> None:
        if params.settings:
            server.configured(server.configuration.update(params.settings))
        else:
            server.pull_configuration()


def _suggestions(server: BeadlineServer) -> None:
    # Without an options object pygls does not advertise the capability, and an empty one is nothing
    # to clients that read objects as lists (lsp-mode with plists).
    options = lsp.InlineCompletionOptions(work_done_progress=False)

    @server.feature(lsp.TEXT_DOCUMENT_INLINE_COMPLETION, options)
    async def complete(params: InlineParams) -> lsp.InlineCompletionList:
        server.presence.keystroke()
        return await inline.complete(server.suggestions, params)


def plain_completion(server: BeadlineServer, options: lsp.CompletionOptions | None = None) -> None:
    """Handle `textDocument/completion` from now on; idempotent."""
    if lsp.TEXT_DOCUMENT_COMPLETION in server.protocol.fm.features:
        return

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, options)
    async def complete(params: lsp.CompletionParams) -> lsp.CompletionList:
        if not server.configuration.options.completion.plain_completion:
            return lsp.CompletionList(is_incomplete=False, items=[])
        return await plain.complete(server.suggestions, params, as_is=server.indents_as_is)


def _events(server: BeadlineServer) -> None:
    @server.feature(events.DID_SHOW)
    def shown(params: Any) -> None:
        server.events.shown(params)

    @server.feature(events.DID_PARTIALLY_ACCEPT)
    def partially_accepted(params: Any) -> None:
        server.events.partially_accepted(params)

    @server.feature(events.DID_FOCUS)
    def focused(params: Any) -> None:
        server.events.focused(params)

    @server.command(inline.ACCEPTED_COMMAND)
    def accepted(*arguments: Any) -> None:
        server.events.accepted(arguments)


def _commands(server: BeadlineServer) -> None:
    """They answer with what holds afterwards, in the shape of the status notification."""

    @server.command(SNOOZE_COMMAND)
    def snooze(*arguments: Any) -> dict[str, Any]:
        server.switch.snooze(_minutes(arguments))
        return server.board.now()

    @server.command(TOGGLE_COMMAND)
    def toggle(*_: Any) -> dict[str, Any]:
        server.switch.toggle()
        return server.board.now()

    @server.command(STATUS_COMMAND)
    def status(*_: Any) -> dict[str, Any]:
        return server.board.now()

    @server.command(TRAIN_COMMAND)
    def train(*arguments: Any) -> dict[str, Any]:
        folder = _folder(arguments, server.documents.folders)
        model = models.named(server.configuration.base.engine.model)
        server.training.begin([str(folder), "--model", model])
        return server.board.now()


def _minutes(arguments: tuple[Any, ...]) -> float:
    minutes = arguments[0] if arguments and arguments[0] is not None else SNOOZE_MINUTES
    number = isinstance(minutes, int | float) and not isinstance(minutes, bool)
    if not number or not math.isfinite(minutes) or not 0 <= minutes <= MOST_MINUTES:
        raise JsonRpcInvalidParams(
            f"{SNOOZE_COMMAND} takes a number of minutes from 0 to {MOST_MINUTES:.0f}."
        )
    return minutes


def _folder(arguments: tuple[Any, ...], folders: Sequence[Path]) -> Path:
    """The workspace folder that is meant: the one that the URI is in, or the only one."""
    if arguments and arguments[0] is not None:
        path = file_path(arguments[0]) if isinstance(arguments[0], str) else None
        inside = [f for f in folders if path is not None and (path == f or f in path.parents)]
        if not inside:
            raise JsonRpcInvalidParams(f"{TRAIN_COMMAND} takes a URI in a folder of the workspace.")
        return max(inside, key=lambda folder: len(folder.parts))
    if len(folders) != 1:
        raise JsonRpcInvalidParams(
            f"{TRAIN_COMMAND} takes the URI of a folder: the workspace has {len(folders)}."
        )
    return folders[0]
