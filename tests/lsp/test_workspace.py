"""Folders, files on the disk, and what the completer is told of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from beadline.context.types import Document
from tests.lsp.conftest import READY, Session, Start


class Told:
    """Calls of the completer, in order."""

    def __init__(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[str, Any]] = []
        for name in ("opened", "edited", "closed", "folders_changed", "files_changed"):
            monkeypatch.setattr(session.server.completer, name, self._hear(name))

    def _hear(self, name: str) -> Any:
        def hear(*args: Any) -> None:
            first = args[0] if args else None
            self.calls.append((name, first.text if isinstance(first, Document) else first))

        return hear


async def settled(session: Session) -> None:
    await session.client.request("workspace/executeCommand", {"command": "beadline.status"})


@pytest.fixture
def told(session: Session, monkeypatch: pytest.MonkeyPatch) -> Told:
    return Told(session, monkeypatch)


async def test_texts(session: Session, told: Told) -> None:
    uri = "file:///folder/a.py"
    session.client.open(uri, "x\r\n")
    session.client.change(uri, 2, {"text": "y"})
    session.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    await settled(session)
    assert told.calls == [("opened", "x\n"), ("edited", "y"), ("closed", uri)]


async def test_opening_again_without_a_close(session: Session, told: Told) -> None:
    client, uri = session.client, "file:///folder/a.py"
    client.open(uri, "x")
    client.open(uri, "y", version=7)
    await settled(session)
    assert told.calls == [("opened", "x"), ("closed", uri), ("opened", "y")]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/didSave", {"textDocument": {"uri": "file:///folder/a.py"}}),
        ("workspace/didChangeWatchedFiles", {"changes": [{"uri": "file:///x.py", "type": 1}]}),
        ("notebookDocument/didSave", {"notebookDocument": {"uri": "file:///n.ipynb"}}),
    ],
)
async def test_files(session: Session, told: Told, method: str, params: Any) -> None:
    session.client.notify(method, params)
    await settled(session)
    assert told.calls == [("files_changed", None)]


async def test_several_folders(start: Start, tmp_path: Path) -> None:
    session = start()
    client = session.client
    folders = [tmp_path / name for name in ("one", "two", "three")]
    named = [{"uri": folder.as_uri(), "name": folder.name} for folder in folders]
    params = {"processId": None, "capabilities": READY, "workspaceFolders": named[:2]}
    await client.request("initialize", params)
    client.notify("initialized", {})
    await client.told("beadline/status", state="ready")
    uris = [(folder / "a.py").as_uri() for folder in folders]
    for uri in uris:
        client.open(uri, "x = ")
    event = {"added": [named[2], {"uri": "untitled:x", "name": "x"}], "removed": named[:1]}
    client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    await settled(session)
    assert list(session.server.documents.folders) == folders[1:]
    repos = []
    for uri in uris[1:]:
        await client.complete(uri, 0, 4)
        repos.append(session.engine.streams[-1].request.repo)
    assert repos == ["two", "three"]


async def test_cells_are_in_the_folder_of_their_notebook(session: Session, tmp_path: Path) -> None:
    client = session.client
    notebook, cell = (tmp_path / "sub" / "n.ipynb").as_uri(), "vscode-notebook-cell:n#1"
    document = {
        "uri": notebook,
        "notebookType": "jupyter-notebook",
        "version": 1,
        "cells": [{"kind": 2, "document": cell}],
    }
    text = {"uri": cell, "languageId": "python", "version": 1, "text": "x = "}
    params = {"notebookDocument": document, "cellTextDocuments": [text]}
    client.notify("notebookDocument/didOpen", params)
    event = {"added": [{"uri": tmp_path.as_uri(), "name": "x"}], "removed": []}
    client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    await client.complete(cell, 0, 4)
    request = session.engine.streams[-1].request
    assert (request.repo, request.path) == (tmp_path.name, "sub/n.ipynb")


async def test_the_completer_is_told_of_the_folders(
    session: Session, told: Told, tmp_path: Path
) -> None:
    event = {"added": [{"uri": tmp_path.as_uri(), "name": "x"}], "removed": []}
    session.client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    await settled(session)
    assert told.calls == [("folders_changed", [tmp_path])]


async def test_removing_a_folder_that_was_never_there(session: Session) -> None:
    event = {"added": [], "removed": [{"uri": "file:///never", "name": "x"}]}
    session.client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    session.client.open("file:///folder/a.py", "x = ")
    assert len(await session.client.complete("file:///folder/a.py", 0, 4)) == 1


async def test_files_are_watched_where_the_client_can(start: Start) -> None:
    client = start().client
    workspace = {"didChangeWatchedFiles": {"dynamicRegistration": True}}
    await client.initialize(capabilities={**READY, "workspace": workspace})
    (registration,) = (await client.told("client/registerCapability"))["registrations"]
    assert registration["method"] == "workspace/didChangeWatchedFiles"
    assert registration["registerOptions"] == {"watchers": [{"globPattern": "**/*"}]}


async def test_nothing_is_registered_with_others(session: Session) -> None:
    assert session.client.all("client/registerCapability") == []
