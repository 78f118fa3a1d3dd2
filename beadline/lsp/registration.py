"""What is asked of the client after it has started: settings, watched files, plain completion.

Knows the client's capabilities, and nothing of what the answers are for.
"""

from __future__ import annotations

import logging
from collections.abc import Coroutine
from typing import Any, Protocol

from lsprotocol import types as lsp

from beadline.lsp.plain import TRIGGERS

log = logging.getLogger(__name__)

PLAIN = "beadline-plain-completion"
_FILES = "**/*"
"""Every file may be a snippet's source, and every ignore file may change which are."""


class Client(Protocol):
    """What is needed of `server.BeadlineServer`."""

    @property
    def client_capabilities(self) -> lsp.ClientCapabilities: ...

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None: ...

    async def client_register_capability_async(self, params: lsp.RegistrationParams) -> None: ...

    async def client_unregister_capability_async(
        self, params: lsp.UnregistrationParams
    ) -> None: ...


class Registrations:
    """Registers with clients that take it, and with no other."""

    def __init__(self, client: Client, section: str) -> None:
        self._client = client
        self._section = section
        self._plain = False

    def begin(self) -> None:
        """The client has been initialized."""
        workspace = self._client.client_capabilities.workspace
        wanted = []
        if workspace and _dynamic(workspace.did_change_configuration):
            options = lsp.DidChangeConfigurationRegistrationOptions(section=self._section)
            wanted.append(
                lsp.Registration(
                    id="beadline-settings",
                    method=lsp.WORKSPACE_DID_CHANGE_CONFIGURATION,
                    register_options=options,
                )
            )
        if workspace and _dynamic(workspace.did_change_watched_files):
            watcher = lsp.FileSystemWatcher(glob_pattern=_FILES)
            wanted.append(
                lsp.Registration(
                    id="beadline-files",
                    method=lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                    register_options=lsp.DidChangeWatchedFilesRegistrationOptions([watcher]),
                )
            )
        if wanted:
            self._client.spawn(self._register(wanted))

    def plain_completion(self, wanted: bool) -> None:
        """Offer `textDocument/completion`, or take the offer back."""
        document = self._client.client_capabilities.text_document
        if wanted == self._plain or not (document and _dynamic(document.completion)):
            return
        self._plain = wanted
        if wanted:
            options = lsp.CompletionRegistrationOptions(trigger_characters=TRIGGERS)
            offer = lsp.Registration(
                id=PLAIN, method=lsp.TEXT_DOCUMENT_COMPLETION, register_options=options
            )
            self._client.spawn(self._register([offer]))
        else:
            self._client.spawn(self._unregister(PLAIN, lsp.TEXT_DOCUMENT_COMPLETION))

    async def _register(self, registrations: list[lsp.Registration]) -> None:
        try:
            await self._client.client_register_capability_async(
                lsp.RegistrationParams(registrations=registrations)
            )
        except Exception as exc:
            log.info("The client registers nothing: %s", exc)

    async def _unregister(self, name: str, method: str) -> None:
        try:
            await self._client.client_unregister_capability_async(
                lsp.UnregistrationParams([lsp.Unregistration(id=name, method=method)])
            )
        except Exception as exc:
            log.info("The client takes nothing back: %s", exc)


def _dynamic(capability: Any) -> bool:
    return bool(capability and capability.dynamic_registration)
