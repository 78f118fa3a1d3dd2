"""Puts the parts of the language server together. Knows which handler serves which method.

`create_server` is the only way to one; there is no module-level server.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import Any, Protocol, cast

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from beadline import __version__
from beadline.context.positions import Encoding
from beadline.engine.protocol import Engine, ModelInfo
from beadline.lsp import parent
from beadline.lsp.configuration import SECTION, Configuration
from beadline.lsp.documents import DocumentStore, file_path
from beadline.lsp.inline import ACCEPTED_COMMAND, Completes, InlineCompletions
from beadline.lsp.progress import STATUS, ModelStart
from beadline.lsp.protocol import InlineParams, make_converter
from beadline.lsp.protocol import Protocol as WireProtocol
from beadline.lsp.transport import Output, frames
from beadline.settings import Options

log = logging.getLogger(__name__)

CLOSE_SECONDS = 5.0
"""Longest wait for the engine at the end; its worker ends with our pipe anyway."""


class ServedCompleter(Completes, Protocol):
    """`completion.service.Completer`, as far as the server uses it."""

    async def ready(self) -> ModelInfo: ...

    def reconfigure(self, options: Options) -> None: ...

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
        poll_seconds: float = parent.POLL_SECONDS,
    ) -> None:
        super().__init__(
            "beadline", __version__, protocol_cls=WireProtocol, converter_factory=make_converter
        )
        self.completer = completer
        self.configuration = Configuration(options)
        self.documents = DocumentStore(max_bytes=options.context.max_file_bytes)
        self.model = ModelStart(engine, completer.ready, self)
        self.inline = InlineCompletions(self.documents, completer, self.model, self.log_to_editor)
        self.exit_code = 0
        self._poll_seconds = poll_seconds
        self._stopped = asyncio.Event()
        self._closing: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._pull = 0

    # Life cycle

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
        self.inline.cancel_all()
        for task in self._tasks:
            task.cancel()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.model.close()
                await self.completer.close()
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

        self._spawn(wait())

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # What the editor is told

    def report_server_error(self, error: Exception, source: Any) -> None:
        """pygls calls this for every error; a popup for each is nobody's wish."""
        log.warning("%s while handling a message.", type(error).__name__)

    @property
    def shows_progress(self) -> bool:
        """Whether the client takes progress that the server began."""
        window = self.client_capabilities.window
        return bool(window and window.work_done_progress)

    def status(self, state: str, message: str) -> None:
        """The custom notification `beadline/status`."""
        self.protocol.notify(STATUS, {"state": state, "message": message})

    def show(self, kind: lsp.MessageType, message: str) -> None:
        """A message for the user's eyes."""
        self.window_show_message(lsp.ShowMessageParams(type=kind, message=message))

    def log_to_editor(self, message: str) -> None:
        """A line in the editor's log of this server."""
        self.window_log_message(
            lsp.LogMessageParams(type=lsp.MessageType.Warning, message=f"beadline: {message}")
        )

    async def create_progress(self, token: str) -> None:
        """Ask the client for a progress display."""
        await self.work_done_progress.create_async(token)

    def begin_progress(self, token: str, title: str) -> None:
        """Show it."""
        self.work_done_progress.begin(token, lsp.WorkDoneProgressBegin(title=title))

    def end_progress(self, token: str, message: str) -> None:
        """Take it away."""
        self.work_done_progress.end(token, lsp.WorkDoneProgressEnd(message=message))

    # Settings

    def configured(self, messages: list[str]) -> None:
        """Let new options hold, and tell what was not taken."""
        self.completer.reconfigure(self.configuration.options)
        for message in messages:
            self.show(lsp.MessageType.Warning, f"beadline: {message}")

    def pull_configuration(self) -> None:
        """Ask the client for our section, if it can be asked."""
        workspace = self.client_capabilities.workspace
        if workspace and workspace.configuration:
            self._pull += 1
            self._spawn(self._pull_configuration(self._pull))

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

    def register_for_settings(self) -> None:
        """Ask to be told of changed settings, where the client wants to be asked."""
        workspace = self.client_capabilities.workspace
        dynamic = workspace and workspace.did_change_configuration
        if not (dynamic and dynamic.dynamic_registration):
            return
        registration = lsp.Registration(
            id="beadline-settings",
            method=lsp.WORKSPACE_DID_CHANGE_CONFIGURATION,
            register_options=lsp.DidChangeConfigurationRegistrationOptions(section=SECTION),
        )
        self._spawn(self._register(lsp.RegistrationParams(registrations=[registration])))

    async def _register(self, params: lsp.RegistrationParams) -> None:
        try:
            await self.client_register_capability_async(params)
        except Exception as exc:
            log.info("The client does not tell of changed settings: %s", exc)


def create_server(
    options: Options,
    *,
    engine: Engine,
    completer: ServedCompleter,
    poll_seconds: float = parent.POLL_SECONDS,
) -> BeadlineServer:
    """A server with all its handlers. Must be called inside the asyncio loop that runs it."""
    server = BeadlineServer(options, engine, completer, poll_seconds=poll_seconds)
    _life_cycle(server)
    _texts(server)
    _settings(server)
    _completions(server)
    return server


def _life_cycle(server: BeadlineServer) -> None:
    @server.feature(lsp.INITIALIZE)
    def initialize(params: lsp.InitializeParams) -> None:
        encoding = server.protocol.workspace.position_encoding
        # pygls chose it among the three kinds that we know too.
        server.documents.encoding = cast(Encoding, getattr(encoding, "value", encoding))
        folders = [folder.uri for folder in params.workspace_folders or ()]
        if not folders and params.root_uri:
            folders = [params.root_uri]
        server.documents.folders = [p for p in map(file_path, folders) if p is not None]
        messages = server.configuration.initialize(params.initialization_options)
        server.configured(messages)
        server.watch(params.process_id)

    @server.feature(lsp.INITIALIZED)
    def initialized(_: lsp.InitializedParams) -> None:
        server.model.begin()
        server.register_for_settings()
        server.pull_configuration()

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders_changed(params: lsp.DidChangeWorkspaceFoldersParams) -> None:
        removed = {file_path(folder.uri) for folder in params.event.removed}
        added = [file_path(folder.uri) for folder in params.event.added]
        kept = [folder for folder in server.documents.folders if folder not in removed]
        server.documents.folders = kept + [p for p in added if p is not None and p not in kept]

    @server.feature(lsp.SHUTDOWN)
    async def shutdown(*_: Any) -> None:
        await server.close()

    @server.feature(lsp.EXIT)
    def leave(*_: Any) -> None:
        server.stop(0 if server.protocol.ending else 1)


def _texts(server: BeadlineServer) -> None:
    documents = server.documents

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        documents.open(item.uri, item.language_id, item.version, item.text)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        identity = params.text_document
        change = documents.change(identity.uri, identity.version, params.content_changes)
        if change is not None:
            server.inline.edited(change.snapshot.document, change.caret)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE, lsp.SaveOptions(include_text=False))
    def saved(_: lsp.DidSaveTextDocumentParams) -> None:
        """The buffer is the truth; nothing changes when the disk catches up with it."""

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        documents.close(params.text_document.uri)
        server.inline.closed(params.text_document.uri)


def _settings(server: BeadlineServer) -> None:
    @server.feature(lsp.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def settings_changed(params: lsp.DidChangeConfigurationParams) -> None:
        if params.settings:
            server.configured(server.configuration.update(params.settings))
        else:
            server.pull_configuration()


def _completions(server: BeadlineServer) -> None:
    # Without an options object pygls does not advertise the capability.
    @server.feature(lsp.TEXT_DOCUMENT_INLINE_COMPLETION, lsp.InlineCompletionOptions())
    async def complete(params: InlineParams) -> lsp.InlineCompletionList:
        return await server.inline.complete(params)

    @server.command(ACCEPTED_COMMAND)
    def accepted(*_: Any) -> None:
        server.inline.accepted += 1
