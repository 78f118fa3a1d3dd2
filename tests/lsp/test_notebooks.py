"""Cells of a notebook: one document to the model, many to the editor."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lsp.client import Message, insert
from tests.lsp.conftest import READY, Session, Start

NOTEBOOK = "file:///folder/n.ipynb"


def uri(name: str) -> str:
    return f"vscode-notebook-cell:/folder/n.ipynb#{name}"


def cell(name: str, kind: int = 2) -> Message:
    return {"kind": kind, "document": uri(name)}


def text(name: str, content: str, language: str = "python") -> Message:
    return {"uri": uri(name), "languageId": language, "version": 1, "text": content}


class Notebook:
    """A notebook in the client."""

    def __init__(self, session: Session) -> None:
        self.client = session.client
        self.session = session

    def open(self, *cells: tuple[Message, Message]) -> None:
        document = {
            "uri": NOTEBOOK,
            "notebookType": "jupyter-notebook",
            "version": 1,
            "cells": [cell for cell, _ in cells],
        }
        texts = [text for _, text in cells]
        params = {"notebookDocument": document, "cellTextDocuments": texts}
        self.client.notify("notebookDocument/didOpen", params)

    def change(self, cells: Any) -> None:
        identity = {"uri": NOTEBOOK, "version": 2}
        params = {"notebookDocument": identity, "change": {"cells": cells}}
        self.client.notify("notebookDocument/didChange", params)

    def edit(self, name: str, *changes: Message) -> None:
        document = {"uri": uri(name), "version": 2}
        self.change({"textContent": [{"document": document, "changes": changes}]})

    async def asked(self, name: str, line: int, character: int) -> tuple[str, str]:
        """Prefix and suffix that the model was given."""
        await self.client.complete(uri(name), line, character, triggerKind=1)
        request = self.session.engine.streams[-1].request
        return request.prefix, request.suffix


@pytest.fixture
async def notebook(start: Start) -> Notebook:
    session = start()
    able = {**READY, "notebookDocument": {"synchronization": {}}}
    await session.client.initialize(capabilities=able)
    await session.client.told("beadline/status", state="ready")
    notebook = Notebook(session)
    notebook.open(
        (cell("a"), text("a", "import os\r\n")),
        (cell("m", 1), text("m", "# Title = ", "markdown")),
        (cell("b"), text("b", "é = 1\r\nx = \r\nz = 3")),
        (cell("j"), text("j", "let q = 1", "javascript")),
        (cell("c"), text("c", "y = 2")),
    )
    return notebook


async def test_code_cells_are_joined_and_answers_are_in_the_cell(notebook: Notebook) -> None:
    assert await notebook.asked("b", 1, 4) == ("import os\n\né = 1\nx = ", "\nz = 3\ny = 2")
    (item,) = await notebook.client.complete(uri("b"), 1, 4)
    at = {"line": 1, "character": 4}
    assert item["range"] == {"start": at, "end": at}
    request = notebook.session.engine.streams[-1].request
    assert request.path == "n.ipynb"


async def test_new_lines_are_those_of_the_cell(notebook: Notebook) -> None:
    notebook.session.engine.script = lambda _: ["f(\n    1,\n)"]
    (item,) = await notebook.client.complete(uri("b"), 1, 4)
    assert item["insertText"] == "f(\n    1,\n)"


async def test_edits_of_one_cell_are_seen_from_another(notebook: Notebook) -> None:
    notebook.edit("a", insert(0, 9, ".path"))
    prefix, _ = await notebook.asked("b", 1, 4)
    assert prefix == "import os.path\n\né = 1\nx = "
    # Clients may also speak of the cell's text alone.
    notebook.client.change(uri("c"), 3, {"text": "yy = 2"})
    assert (await notebook.asked("b", 1, 4))[1] == "\nz = 3\nyy = 2"


async def test_cells_that_move(notebook: Notebook) -> None:
    array = {"start": 0, "deleteCount": 1, "cells": []}
    notebook.change({"structure": {"array": array, "didClose": [{"uri": uri("a")}]}})
    assert (await notebook.asked("b", 1, 4))[0] == "é = 1\nx = "
    array = {"start": 4, "deleteCount": 0, "cells": [cell("d")]}
    notebook.change({"structure": {"array": array, "didOpen": [text("d", "w = 4")]}})
    assert (await notebook.asked("b", 1, 4))[1] == "\nz = 3\ny = 2\nw = 4"
    notebook.change({"data": [cell("c", 1)]})
    assert (await notebook.asked("b", 1, 4))[1] == "\nz = 3\nw = 4"


async def test_a_cell_that_is_removed_takes_its_request_along(notebook: Notebook) -> None:
    engine, client = notebook.session.engine, notebook.client
    engine.gate.clear()
    waiting = client.complete_begin(uri("b"), 1, 4)
    await engine.asked.wait()
    array = {"start": 1, "deleteCount": 1, "cells": []}
    notebook.change({"structure": {"array": array, "didClose": [{"uri": uri("b")}]}})
    assert (await client.answer(waiting))["error"]["code"] == -32800
    engine.gate.set()
    assert await client.complete(uri("b"), 1, 4) == []


@pytest.mark.parametrize("how", ["removed", "markdown", "language"])
async def test_the_last_cell_of_a_language_closes_its_document(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    closed: list[str] = []
    monkeypatch.setattr(notebook.session.server.completer, "closed", closed.append)
    gone = [{"uri": uri("j")}]
    (at,) = (n for n, name in enumerate("ambjc") if name == "j")
    array = {"start": at, "deleteCount": 1, "cells": [] if how == "removed" else [cell("j")]}
    opened = [] if how == "removed" else [text("j", "q = ", "python")]
    if how == "markdown":
        notebook.change({"data": [cell("j", 1)]})
    else:
        notebook.change({"structure": {"array": array, "didClose": gone, "didOpen": opened}})
    await notebook.client.request("workspace/executeCommand", {"command": "beadline.status"})
    assert f"{NOTEBOOK}#javascript" in closed
    assert f"{NOTEBOOK}#python" not in closed


async def test_opening_again_without_a_close_is_another_notebook(notebook: Notebook) -> None:
    engine, client = notebook.session.engine, notebook.client
    engine.gate.clear()
    waiting = client.complete_begin(uri("b"), 1, 4)
    await engine.asked.wait()
    notebook.open((cell("d"), text("d", "w = ")))
    assert (await client.answer(waiting))["error"]["code"] == -32800
    engine.gate.set()
    assert await notebook.asked("d", 0, 4) == ("w = ", "")
    assert await client.complete(uri("b"), 1, 4) == []


async def test_languages_and_markdown_stay_apart(notebook: Notebook) -> None:
    assert await notebook.asked("j", 0, 8) == ("let q = ", "1")
    assert await notebook.asked("m", 0, 10) == ("# Title = ", "")


async def test_a_suggestion_stays_in_its_cell(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    from beadline.completion.types import CompletionItem, CompletionResult, Trace

    async def across(request: Any) -> CompletionResult:
        end = request.document.text.index("y = 2")
        return CompletionResult((CompletionItem("1", request.offset, end),), Trace())

    monkeypatch.setattr(notebook.session.server.completer, "complete", across)
    assert await notebook.client.complete(uri("b"), 2, 5) == []


async def test_a_closed_notebook_is_forgotten(notebook: Notebook) -> None:
    cells = [{"uri": uri(name)} for name in "ambjc"]
    params = {"notebookDocument": {"uri": NOTEBOOK}, "cellTextDocuments": cells}
    notebook.client.notify("notebookDocument/didClose", params)
    for name in "ambjc":
        assert await notebook.client.complete(uri(name), 0, 0) == []
    assert notebook.session.engine.streams == []


async def test_a_cell_with_a_nul_is_left_out(notebook: Notebook) -> None:
    notebook.edit("a", insert(0, 0, "\0"))
    assert (await notebook.asked("b", 1, 4))[0] == "é = 1\nx = "
    assert await notebook.client.complete(uri("a"), 0, 3) == []


async def test_after_a_change_that_cannot_be_read_nothing_until_it_is_opened_again(
    notebook: Notebook,
) -> None:
    client = notebook.client
    params = {"notebookDocument": {"uri": NOTEBOOK}, "change": {"cells": 5}}
    client.notify("notebookDocument/didChange", params)
    for _ in range(2):
        assert await client.complete(uri("b"), 1, 4) == []
    (told,) = client.all("window/logMessage")
    assert "could not be read" in told["message"]
    notebook.open((cell("b"), text("b", "x = ")))
    assert await notebook.asked("b", 0, 4) == ("x = ", "")


async def test_typing_and_accepting_in_a_cell_are_counted(notebook: Notebook) -> None:
    client = notebook.client
    (item,) = await client.complete(uri("b"), 1, 4)
    notebook.edit("b", insert(1, 4, item["insertText"]))
    params = {"command": "beadline.accepted", "arguments": item["command"]["arguments"]}
    await client.request("workspace/executeCommand", params)
    counts = notebook.session.counts
    assert counts["python", "accepted_full"] + counts["python", "accepted_typed"] == 1


async def test_cells_of_clients_without_notebooks_stand_alone(session: Session) -> None:
    session.client.open(uri("a"), "x = ")
    assert len(await session.client.complete(uri("a"), 0, 4)) == 1
    assert session.engine.streams[0].request.prefix == "x = "
