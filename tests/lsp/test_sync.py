"""The text a completion is asked for is the text the editor has, in every encoding."""

from __future__ import annotations

import pytest

from tests.lsp.client import insert, replace
from tests.lsp.conftest import READY, Session, Start

URI = "file:///folder/a.py"
COLUMNS = {"utf-8": 10, "utf-16": 8, "utf-32": 7}
"""Column after `s = "😀" ` in the client's units."""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_incremental_edits_beside_an_emoji(start: Start, encoding: str) -> None:
    session = start()
    client = session.client
    await client.initialize(capabilities={**READY, "general": {"positionEncodings": [encoding]}})
    await client.told("beadline/status", state="ready")
    client.open(URI, 's = "😀"\nt = 2\n')
    column = COLUMNS[encoding]
    client.change(URI, 2, insert(0, column, " "))
    client.change(URI, 3, insert(0, column + 1, "+ "))
    items = await client.complete(URI, 0, column + 3)
    assert session.engine.streams[0].request.prefix.endswith('s = "😀" + ')
    assert session.engine.streams[0].request.suffix == "\nt = 2\n"
    at = {"line": 0, "character": column + 3}
    assert items[0]["range"] == {"start": at, "end": at}


async def test_form_feeds_and_line_separators_end_no_line(session: Session) -> None:
    client = session.client
    client.open(URI, "a = '\f\u2028'\nb = \n")
    client.change(URI, 2, replace(1, 0, 1, 1, "c"))
    await client.complete(URI, 1, 4)
    assert session.engine.streams[0].request.prefix == "a = '\f\u2028'\nc = "


async def test_the_whole_text_can_be_sent(session: Session) -> None:
    client = session.client
    client.open(URI, "old\n")
    client.change(URI, 2, {"text": "new = "})
    await client.complete(URI, 0, 6)
    assert session.engine.streams[0].request.prefix == "new = "


async def test_a_request_means_the_text_it_arrived_with(session: Session) -> None:
    """Request and the next change in one write: the request must not see the change."""
    client = session.client
    client.open(URI, "x = ")
    session.engine.gate.clear()
    params = {
        "textDocument": {"uri": URI},
        "position": {"line": 0, "character": 4},
        "context": {"triggerKind": 2},
    }
    change = {
        "textDocument": {"uri": URI, "version": 2},
        "contentChanges": [replace(0, 0, 0, 1, "y")],
    }
    client.send(
        {"jsonrpc": "2.0", "id": 7, "method": "textDocument/inlineCompletion", "params": params},
        {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": change},
    )
    session.engine.gate.set()
    await client.answer(7)
    assert session.engine.streams[0].request.prefix == "x = "


async def test_saving_changes_nothing(session: Session) -> None:
    client = session.client
    client.open(URI, "x = ")
    client.notify("textDocument/didSave", {"textDocument": {"uri": URI}})
    assert len(await client.complete(URI, 0, 4)) == 1


async def test_a_closed_document_is_forgotten(session: Session) -> None:
    client = session.client
    client.open(URI, "x = ")
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert await client.complete(URI, 0, 4) == []
    assert session.engine.streams == []


BAD_CHANGES = [
    None,
    [{"text": None}],
    [{"range": {"start": {"line": -1, "character": 0}, "end": {"line": 0, "character": 0}}}],
    [insert(0, 0, "y"), {"text": 5}],
]


@pytest.mark.parametrize("changes", BAD_CHANGES, ids=repr)
@pytest.mark.parametrize("cure", ["full", "open"])
async def test_after_a_change_that_cannot_be_read_the_text_is_not_known(
    session: Session, changes: object, cure: str
) -> None:
    client = session.client
    client.open(URI, "x = ")
    identity = {"uri": URI, "version": 2}
    params = {"textDocument": identity, "contentChanges": changes}
    client.notify("textDocument/didChange", params)
    client.change(URI, 3, insert(0, 0, "a"))
    for _ in range(2):
        assert await client.complete(URI, 0, 4) == []
    (told,) = client.all("window/logMessage")
    assert "could not be read" in told["message"]
    if cure == "full":
        client.change(URI, 4, {"text": "x = "})
    else:
        client.open(URI, "x = ", version=4)
    assert len(await client.complete(URI, 0, 4)) == 1
    assert session.engine.streams[0].request.prefix == "x = "


async def test_such_a_change_ends_what_is_under_way(session: Session) -> None:
    client = session.client
    client.open(URI, "x = ")
    session.engine.gate.clear()
    msg_id = client.complete_begin(URI, 0, 4)
    client.notify("textDocument/didChange", {"textDocument": {"uri": URI}})
    assert (await client.answer(msg_id))["error"]["code"] == -32800


async def test_a_nul_comes_and_goes(session: Session) -> None:
    client = session.client
    client.open(URI, "x = ")
    client.change(URI, 2, insert(0, 0, "\0"))
    assert await client.complete(URI, 0, 5) == []
    client.change(URI, 3, replace(0, 0, 0, 1, ""))
    assert len(await client.complete(URI, 0, 4)) == 1
