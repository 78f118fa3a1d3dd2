"""The JSON-RPC layer on top of pygls: every request gets an answer. Knows no documents.

What pygls 2.1 leaves open and this subclass closes: malformed params of a request are never
answered; JSON objects that carry `jsonrpc` deep inside a message are taken for messages; errors
carry tracebacks and raise popups; requests before `initialize` and after `shutdown` get no reply;
a future stays for every notification; its own document store splits lines at form feeds.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Generator
from typing import Any
from urllib.parse import urlsplit

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override
from lsprotocol import converters
from lsprotocol import types as lsp
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
    LanguageServerProtocol,
    lsp_method,
)

log = logging.getLogger(__name__)

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
INVALID_PARAMS = -32602
NOT_INITIALIZED = -32002


@attrs.define
class InlineParams:
    """`InlineCompletionParams` and the two fields that Copilot's clients add to them."""

    text_document: lsp.OptionalVersionedTextDocumentIdentifier
    position: lsp.Position
    context: lsp.InlineCompletionContext
    formatting_options: lsp.FormattingOptions | None = None
    work_done_token: lsp.ProgressToken | None = None


@attrs.define
class InlineRequest:
    """The request that carries `InlineParams`."""

    id: int | str
    params: InlineParams
    method: str = lsp.TEXT_DOCUMENT_INLINE_COMPLETION
    jsonrpc: str = "2.0"


def make_converter() -> Converter:
    """lsprotocol's converter, knowing `InlineRequest`, and leaving unknown params as plain JSON."""
    converter = converters.get_converter()
    # First, because a generated hook keeps the hooks it found for its fields.
    converter.register_structure_hook(str, _string)
    converter.register_structure_hook(
        lsp.OptionalVersionedTextDocumentIdentifier, _versioned_identifier
    )
    converter.register_structure_hook(
        InlineParams,
        make_dict_structure_fn(
            InlineParams,
            converter,
            text_document=override(rename="textDocument"),
            formatting_options=override(rename="formattingOptions"),
            work_done_token=override(rename="workDoneToken"),
        ),
    )
    for kind in (JsonRPCRequestMessage, JsonRPCNotification, JsonRPCResponseMessage):
        converter.register_structure_hook(kind, _plain)
    return converter


def _string(value: Any, _: Any) -> str:
    """cattrs would make one of anything: a text that is null would be "None"."""
    if not isinstance(value, str):
        raise ValueError("must be a string")
    return value


def _versioned_identifier(value: Any, _: Any) -> lsp.OptionalVersionedTextDocumentIdentifier:
    """lsprotocol insists on the `version` key; standard clients do not send it here."""
    uri, version = value["uri"], value.get("version")
    if not isinstance(uri, str) or (version is not None and type(version) is not int):
        raise ValueError("uri must be a string, version a whole number")
    return lsp.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version)


def _plain(value: dict[str, Any], cls: type) -> Any:
    """Messages of unknown methods, fields we do not know left out, params as they came."""
    return cls(**{field.name: value.get(field.name) for field in attrs.fields(cls)})


class Protocol(LanguageServerProtocol):
    """pygls' protocol with the gaps closed; see the module's docstring."""

    begun = False
    """True once a well-formed `initialize` arrived."""
    ending = False
    """True once `shutdown` arrived."""
    on_malformed: Callable[[str, Any], None] | None = None
    """Is told the method and the params of a notification that could not be read."""

    def receive(self, body: bytes) -> None:
        """Take one message body off the wire. Never raises on what the client sent."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(None, PARSE_ERROR, "The message is not valid JSON.")
            return
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            self._refuse(_answerable(message), INVALID_REQUEST, "Not a JSON-RPC 2.0 message.")
            return
        if "method" in message and not self._admit(message):
            return
        try:
            structured = self._structure(message)
        except Exception as exc:  # whatever cattrs or a converter's hook makes of foreign content
            self._reject_content(message, exc)
            return
        if message.get("method") == lsp.INITIALIZE:
            self.begun = True
        elif message.get("method") == lsp.SHUTDOWN and "id" in message:
            self.ending = True
        self.handle_message(structured)

    def _admit(self, message: dict[str, Any]) -> bool:
        """Whether a request or notification may be handled now; if not, it has been answered."""
        method, is_request = message["method"], "id" in message
        if not isinstance(method, str):
            self._refuse(_answerable(message), INVALID_REQUEST, "The method is not a string.")
            return False
        if is_request and _answerable(message) is None:
            self._refuse(None, INVALID_REQUEST, "The id is neither a string nor a number.")
            return False
        if method == lsp.EXIT:
            return True
        reason = 0, ""
        if self.ending:
            reason = INVALID_REQUEST, "The server is shutting down."
        elif not self.begun and method != lsp.INITIALIZE:
            reason = NOT_INITIALIZED, "The server has not been initialized."
        elif self.begun and method == lsp.INITIALIZE:
            reason = INVALID_REQUEST, "The server has been initialized already."
        if reason[0] and is_request:
            self._refuse(message["id"], *reason)
        return not reason[0]

    def _structure(self, message: dict[str, Any]) -> Any:
        if message.get("method") == lsp.TEXT_DOCUMENT_INLINE_COMPLETION:
            _normalise_trigger(message.get("params"))
        elif message.get("method") == lsp.INITIALIZE:
            _drop_unreadable_root(message.get("params"))
        # As pygls does it, which however logs what does not fit with all its contents.
        if "method" in message:
            fallback = JsonRPCRequestMessage if "id" in message else JsonRPCNotification
            kind = self.get_message_type(message["method"]) or fallback
        elif "error" in message:
            kind = lsp.ResponseErrorMessage
        else:
            kind = self._result_types.pop(message["id"], None) or JsonRPCResponseMessage
        return self._converter.structure(message, kind)

    def _reject_content(self, message: dict[str, Any], exc: Exception) -> None:
        method = message.get("method")
        if "id" not in message:
            log.warning("Ignored a malformed %r notification.", method)
            if self.on_malformed is not None and isinstance(method, str):
                self.on_malformed(method, message.get("params"))
        elif isinstance(method, str):
            cause = _innermost(exc.__cause__ or exc)
            # The cause quotes what the client sent: it goes back to the client and not to the log.
            what = f"Malformed params of {method}"
            self._refuse(message["id"], INVALID_PARAMS, f"{what}: {cause}.", logged=f"{what}.")
        else:
            log.warning("Ignored a malformed response of the client.")
            identity = _answerable(message)
            waiting = self._request_futures.pop(identity, None) if identity is not None else None
            if waiting is not None:
                waiting.cancel()

    def _refuse(
        self, msg_id: int | str | None, code: int, reason: str, *, logged: str = ""
    ) -> None:
        log.warning("Refused a message: %s", logged or reason)
        # Not as a ResponseErrorMessage: its converter drops an id that is null.
        error = {"code": code, "message": reason}
        self._send_data({"jsonrpc": "2.0", "id": msg_id, "error": error})

    def get_message_type(self, method: str) -> type[Any] | None:
        """The class a message of this method is structured into."""
        if method == lsp.TEXT_DOCUMENT_INLINE_COMPLETION:
            return InlineRequest
        return super().get_message_type(method)

    def _execute_handler(
        self,
        msg_id: Any,
        handler: Any,
        callback: Any,
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        # pygls forgets the futures of requests alone, so that every keystroke would leave one.
        super()._execute_handler(msg_id, handler, callback, args, kwargs)
        future = self._request_futures.get(msg_id)
        if future is not None:
            future.add_done_callback(lambda done: self._forget(msg_id, done))
            # The handler of a command runs within pygls' own: who cancels that one means it too.
            outer = getattr(callback, "keywords", {}).get("result_future")
            if outer is not None:
                outer.add_done_callback(lambda done: done.cancelled() and future.cancel())

    def _forget(self, msg_id: Any, done: Any) -> None:
        if self._request_futures.get(msg_id) is done:
            del self._request_futures[msg_id]

    def _send_response(
        self, msg_id: Any, result: Any | None = None, error: lsp.ResponseError | None = None
    ) -> None:
        if error is not None:
            # pygls puts a traceback here: paths of this machine, lines of no use to a client.
            error = lsp.ResponseError(code=error.code, message=error.message)
        super()._send_response(msg_id, result=result, error=error)

    def _handle_response(
        self, msg_id: Any, result: Any | None = None, error: lsp.ResponseError | None = None
    ) -> None:
        waiting = self._request_futures.get(msg_id)
        # A task is a request of the client, which is not the client's to answer; and we may have
        # stopped waiting for what we asked.
        if isinstance(waiting, asyncio.Future) or (waiting is not None and waiting.done()):
            log.info("Ignored an answer nobody waits for.")
            return
        super()._handle_response(msg_id, result, error)

    # pygls' built-in handlers of these keep a second copy of every text, in its own line model,
    # and raise KeyError for folders and notebooks that they have not seen.

    @lsp_method(lsp.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: lsp.DidOpenTextDocumentParams) -> Any:
        """Only the feature handler."""
        yield from self._feature(lsp.TEXT_DOCUMENT_DID_OPEN, params)

    @lsp_method(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: lsp.DidChangeTextDocumentParams) -> Any:
        """Only the feature handler."""
        yield from self._feature(lsp.TEXT_DOCUMENT_DID_CHANGE, params)

    @lsp_method(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: lsp.DidCloseTextDocumentParams) -> Any:
        """Only the feature handler."""
        yield from self._feature(lsp.TEXT_DOCUMENT_DID_CLOSE, params)

    @lsp_method(lsp.NOTEBOOK_DOCUMENT_DID_OPEN)
    def lsp_notebook_document__did_open(self, params: lsp.DidOpenNotebookDocumentParams) -> Any:
        """Only the feature handler."""
        yield from self._feature(lsp.NOTEBOOK_DOCUMENT_DID_OPEN, params)

    @lsp_method(lsp.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def lsp_notebook_document__did_change(self, params: lsp.DidChangeNotebookDocumentParams) -> Any:
        """Only the feature handler."""
        yield from self._feature(lsp.NOTEBOOK_DOCUMENT_DID_CHANGE, params)

    @lsp_method(lsp.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def lsp_notebook_document__did_close(self, params: lsp.DidCloseNotebookDocumentParams) -> Any:
        """Only the feature handler."""
        yield from self._feature(lsp.NOTEBOOK_DOCUMENT_DID_CLOSE, params)

    @lsp_method(lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def lsp_workspace__did_change_workspace_folders(
        self, params: lsp.DidChangeWorkspaceFoldersParams
    ) -> Any:
        """Only the feature handler."""
        yield from self._feature(lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, params)

    @lsp_method(lsp.EXIT)
    def lsp_exit(self, *args: Any) -> Any:
        """Only the feature handler: pygls raises SystemExit and loses the exit code."""
        yield from self._feature(lsp.EXIT, *args)

    def _feature(self, name: str, *args: Any) -> Generator[Any, Any, None]:
        handler: Callable[..., Any] | None = self.fm.features.get(name)
        if handler is not None:
            yield handler, args, {}


def _answerable(message: Any) -> int | str | None:
    """The id that an answer can carry, or None."""
    identity = message.get("id") if isinstance(message, dict) else None
    return identity if isinstance(identity, str) or type(identity) is int else None


def _normalise_trigger(params: Any) -> None:
    """vscode-languageclient 9 sends VS Code's own numbers, 0 and 1; some clients send none."""
    if isinstance(params, dict):
        context = params.setdefault("context", {"triggerKind": 2})
        if isinstance(context, dict):
            kind = context.get("triggerKind")
            context["triggerKind"] = {0: 1, None: 2}.get(kind, kind)


def _drop_unreadable_root(params: Any) -> None:
    """pygls fails at a root URI that `urlsplit` does not read, and the session would be lost."""
    root = params.get("rootUri") if isinstance(params, dict) else None
    try:
        urlsplit(root if isinstance(root, str) else "")
    except ValueError:
        params["rootUri"] = None


def _innermost(exc: BaseException) -> str:
    """What went wrong, in the words of the deepest error, shortened; no user text of length."""
    while isinstance(exc, BaseExceptionGroup) and exc.exceptions:
        exc = exc.exceptions[0]
    words = f"missing {exc}" if isinstance(exc, KeyError) else str(exc) or type(exc).__name__
    return words if len(words) <= 120 else words[:117] + "..."
