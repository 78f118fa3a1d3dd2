"""Puts the parts of the language server together. Knows which handler serves which method.

`create_server` is the only way to one; there is no module-level server.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import traceback
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException, JsonRpcInternalError
from pygls.lsp.server import LanguageServer

from beadline import __version__
from beadline.completion.adapters import Adapted
from beadline.completion.presence import Presence
from beadline.completion.prompts import Behind
from beadline.context.types import Document
from beadline.engine.protocol import Engine, ModelInfo
from beadline.lsp import handlers, parent
from beadline.lsp.clock import Clock
from beadline.lsp.configuration import SECTION, Configuration
from beadline.lsp.documents import DocumentStore
from beadline.lsp.events import Events
from beadline.lsp.notebooks import Notebooks
from beadline.lsp.progress import ModelStart
from beadline.lsp.protocol import Protocol as WireProtocol
from beadline.lsp.protocol import make_converter
from beadline.lsp.queries import FolderStates
from beadline.lsp.registration import Registrations
from beadline.lsp.statistics.recorder import Labels, Recorder
from beadline.lsp.status import STATUS, StatusBoard
from beadline.lsp.suggestions import Completes, Suggestions
from beadline.lsp.switch import Switch
from beadline.lsp.training import Training
from beadline.lsp.transport import Output, frames
from beadline.settings import Options

log = logging.getLogger(__name__)

CLOSE_SECONDS = 5.0
"""Longest wait for the engine at the end; its worker ends with our pipe anyway."""

Count = Callable[[Labels, Mapping[str, float]], None]
"""Takes increments of the statistics."""


class ServedCompleter(Completes, Protocol):
    """`completion.service.Completer`, as far as the server uses it."""

    async def ready(self) -> ModelInfo: ...

    def opened(self, document: Document) -> None: ...

    def folders_changed(self, folders: Sequence[Path]) -> None: ...

    def files_changed(self) -> None: ...

    def seen(self, key: str) -> None: ...

    def behind(self, key: str | None = None) -> Behind | None: ...

    def reconfigure(self, options: Options) -> None: ...

    def watch_adapter(self, tell: Callable[[Adapted], None]) -> None: ...

    async def close(self) -> None: ...


class BeadlineServer(LanguageServer):
    """pygls' server with our protocol, documents and life cycle."""

    protocol: WireProtocol

    def __init__(
        self,
        options: Options,
        engine: Engine,
        completer: ServedCompleter,
        *,
        count: Count | None,
        folder_states: FolderStates | None,
        clock: Clock,
        poll_seconds: float,
    ) -> None:
        super().__init__(
            "beadline",
            __version__,
            notebook_document_sync=_ALL_NOTEBOOKS,
            protocol_cls=WireProtocol,
            converter_factory=make_converter,
        )
        self.protocol.on_malformed = self._lose
        self.engine = engine
        self.completer = completer
        self.folder_states: FolderStates = folder_states or tuple
        self.configuration = Configuration(options)
        self.documents = DocumentStore(max_bytes=options.context.max_file_bytes)
        self.notebooks = Notebooks(self.documents)
        self.board = StatusBoard(self._send_status, clock.call_later)
        self.switch = Switch(
            options.completion, self.board, clock, lambda: self.suggestions.turned_off()
        )
        self.model = ModelStart(engine, completer.ready, self, self.board)
        self.recorder = Recorder(count or _nowhere, clock)
        self.suggestions = Suggestions(
            self.documents,
            self.notebooks,
            completer,
            self.model,
            switch=self.switch,
            board=self.board,
            recorder=self.recorder,
            tell=self.log_to_editor,
            clock=clock,
        )
        self.events = Events(self.recorder, self.notebooks.key, self.completer.seen)
        self.registrations = Registrations(self, SECTION)
        self.training = Training(self)
        completer.watch_adapter(self._adapted)
        self.presence = Presence()
        self.exit_code = 0
        self._poll_seconds = poll_seconds
        self._stopped = asyncio.Event()
        self._closing: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._pull = 0
        self._begun = False

    # Life cycle

    def begin(self) -> None:
        """The client is ready."""
        self._begun = True
        self.board.open()
        if self.switch.is_on:
            self.model.begin()
        self.registrations.begin()
        self._offer_plain_completion()
        self.pull_configuration()

    async def run(self, reader: asyncio.StreamReader, output: Output) -> int:
        """Serve until `exit`, the end of the input, or the end of the editor; the exit code."""
        self.protocol.set_writer(output)
        receiving = asyncio.create_task(self._receive(reader))
        stopping = asyncio.create_task(self._stopped.wait())
        try:
            await asyncio.wait({receiving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            receiving.cancel()
            stopping.cancel()
            await asyncio.gather(receiving, stopping, return_exceptions=True)
            await self.close()
            # Callbacks send the answers of handlers that ended just now.
            for _ in range(3):
                await asyncio.sleep(0)
            output.close()
        return self.exit_code

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        async for body in frames(reader):
            try:
                self.protocol.receive(body)
            except Exception as exc:
                place = "".join(traceback.format_tb(exc.__traceback__))
                log.error("A message could not be handled: %s\n%s", type(exc).__name__, place)
            # Handlers are tasks: let this message's run to its first await, so that it sees the
            # texts as they are now and not after the messages that came in the same chunk.
            await asyncio.sleep(0)
            if self._stopped.is_set():
                return

    def stop(self, exit_code: int) -> None:
        """End `run` soon."""
        self.exit_code = exit_code
        self._stopped.set()

    async def close(self) -> None:
        """End what runs, the engine last. Idempotent, and bounded in time."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self.suggestions.cancel_all()
        self.switch.close()
        self.board.close()
        self.recorder.close()
        for task in self._tasks:
            task.cancel()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                trained = asyncio.create_task(self.training.close())
                await self.model.close()
                await self.completer.close()
                await trained
        except TimeoutError:
            log.warning("The engine did not end within %.0f s.", CLOSE_SECONDS)
        except Exception as exc:
            log.error("The engine did not end cleanly: %s: %s", type(exc).__name__, exc)

    def watch(self, pid: int | None) -> None:
        """End the server when the editor's process is gone."""

        async def wait() -> None:
            await parent.gone(pid, poll_seconds=self._poll_seconds)
            log.warning("The editor's process %s is gone; ending.", pid)
            self.stop(1)

        self.spawn(wait())

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run it beside everything else; it ends with the server."""
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # What the editor is told

    def report_server_error(self, error: Exception, source: Any) -> None:
        """pygls calls this for every error; a popup for each is nobody's wish."""
        if isinstance(error, JsonRpcInternalError):
            # Ours. Its message may quote source text; where it happened is in our code.
            place = "".join((error.data or {}).get("traceback", ()))
            log.error("A message could not be handled: %s", place)
        elif not isinstance(error, JsonRpcException):
            log.error("A message could not be handled: %s", type(error).__name__)

    @property
    def shows_progress(self) -> bool:
        """Whether the client takes progress that the server began."""
        window = self.client_capabilities.window
        return bool(window and window.work_done_progress)

    def _send_status(self, params: dict[str, Any]) -> None:
        self.protocol.notify(STATUS, params)

    def show(self, kind: lsp.MessageType, message: str) -> None:
        """A message for the user's eyes."""
        self.window_show_message(lsp.ShowMessageParams(type=kind, message=message))

    def log_to_editor(self, message: str) -> None:
        """A line in the editor's log of this server."""
        self.window_log_message(
            lsp.LogMessageParams(type=lsp.MessageType.Warning, message=f"beadline: {message}")
        )

    def remark(self, text: str) -> None:
        """What works less well than it could: told once, and seen in the status; empty: nothing."""
        if text:
            self.log_to_editor(text)
        self.board.remark(text)

    async def create_progress(self, token: str) -> None:
        """Ask the client for a progress display."""
        await self.work_done_progress.create_async(token)

    def begin_progress(self, token: str, title: str, *, cancellable: bool = False) -> None:
        """Show it."""
        begin = lsp.WorkDoneProgressBegin(title=title, cancellable=cancellable)
        self.work_done_progress.begin(token, begin)

    def report_progress(self, token: str, message: str, percentage: int | None) -> None:
        """Say how far it is."""
        report = lsp.WorkDoneProgressReport(message=message, percentage=percentage)
        self.work_done_progress.report(token, report)

    def on_cancel(self, token: str, cancelled: Callable[[], None]) -> None:
        """Call `cancelled` when the user ends what a display stands for."""
        self.work_done_progress.tokens[token].add_done_callback(lambda _: cancelled())

    def end_progress(self, token: str, message: str) -> None:
        """Take it away."""
        self.work_done_progress.end(token, lsp.WorkDoneProgressEnd(message=message))

    def _adapted(self, now: Adapted) -> None:
        """Documents are served with another adapter."""
        self.board.adapter(now.name, now.refused)
        if now.refused:
            self.log_to_editor(now.refused)

    # Texts

    def set_folders(self, folders: Sequence[Path]) -> None:
        """The workspace has these folders now."""
        self.documents.folders = folders
        self.completer.folders_changed(folders)

    def _lose(self, method: str, params: Any) -> None:
        """A notification could not be read: what it may have changed is not known any more."""
        match method:
            case lsp.TEXT_DOCUMENT_DID_OPEN | lsp.TEXT_DOCUMENT_DID_CHANGE:
                uri, lose = _uri(params, "textDocument"), self.documents.lose
            case lsp.NOTEBOOK_DOCUMENT_DID_OPEN | lsp.NOTEBOOK_DOCUMENT_DID_CHANGE:
                uri, lose = _uri(params, "notebookDocument"), self.notebooks.lose
            case _:
                return
        if uri is not None:
            self.suggestions.closed(uri, self.notebooks.key(uri))
            lose(uri)

    # Settings

    def configured(self, messages: list[str]) -> None:
        """Let new options hold, and tell what was not taken."""
        options = self.configuration.options
        # Whether anything is suggested at all is the switch's to say: commands overrule settings.
        enabled = dataclasses.replace(options.completion, enabled=True)
        self.completer.reconfigure(dataclasses.replace(options, completion=enabled))
        self.switch.reconfigure(options.completion)
        if self._begun:
            self._offer_plain_completion()
        for message in messages:
            self.show(lsp.MessageType.Warning, f"beadline: {message}")

    def _offer_plain_completion(self) -> None:
        if self.server_capabilities.completion_provider is None:
            wanted = self.configuration.options.completion.plain_completion
            if wanted:
                handlers.plain_completion(self)
            self.registrations.plain_completion(wanted)

    @property
    def indents_as_is(self) -> bool:
        """Whether the client can be told to leave the indentation of an entry alone."""
        document = self.client_capabilities.text_document
        item = document and document.completion and document.completion.completion_item
        modes = item and item.insert_text_mode_support
        return bool(modes and lsp.InsertTextMode.AsIs in modes.value_set)

    def pull_configuration(self) -> None:
        """Ask the client for our section, if it can be asked."""
        workspace = self.client_capabilities.workspace
        if workspace and workspace.configuration:
            self._pull += 1
            self.spawn(self._pull_configuration(self._pull))

    async def _pull_configuration(self, number: int) -> None:
        try:
            answer = await self.workspace_configuration_async(
                lsp.ConfigurationParams(items=[lsp.ConfigurationItem(section=SECTION)])
            )
        except Exception as exc:
            log.info("The client gave no settings: %s", exc)
            return
        # Answers may come late: only the newest question's counts.
        if number == self._pull and isinstance(answer, list | tuple) and answer:
            self.configured(self.configuration.update({SECTION: answer[0]}))


_ALL_NOTEBOOKS = lsp.NotebookDocumentSyncOptions(
    notebook_selector=[lsp.NotebookDocumentFilterWithNotebook(notebook="*")]
)


def _nowhere(labels: Labels, increments: Mapping[str, float]) -> None:
    """Counts nothing."""


def _uri(params: Any, member: str) -> str | None:
    document = params.get(member) if isinstance(params, dict) else None
    uri = document.get("uri") if isinstance(document, dict) else None
    return uri if isinstance(uri, str) else None


def create_server(
    options: Options,
    *,
    engine: Engine,
    completer: ServedCompleter,
    count: Count | None = None,
    folder_states: FolderStates | None = None,
    clock: Clock | None = None,
    poll_seconds: float = parent.POLL_SECONDS,
) -> BeadlineServer:
    """A server with all its handlers. Must be called inside the asyncio loop that runs it.

    `count` takes the increments of the statistics; without it nothing is counted. `folder_states`
    says how the indexes of the workspace's folders are; without it there are none.
    """
    server = BeadlineServer(
        options,
        engine,
        completer,
        count=count,
        folder_states=folder_states,
        clock=clock or Clock(),
        poll_seconds=poll_seconds,
    )
    handlers.register(server)
    return server
