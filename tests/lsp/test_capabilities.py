"""What the server says it can do."""

from __future__ import annotations

import pytest

from beadline import __version__
from tests.lsp.conftest import READY, Start


async def test_what_is_advertised(start: Start) -> None:
    result = await start().client.initialize(capabilities=READY)
    capabilities = result["capabilities"]
    assert result["serverInfo"] == {"name": "beadline", "version": __version__}
    assert capabilities["inlineCompletionProvider"] == {"workDoneProgress": False}
    sync = capabilities["textDocumentSync"]
    assert sync["openClose"] is True
    assert sync["change"] == 2
    assert sync["save"] == {"includeText": False}
    commands = [
        "beadline.accepted", "beadline.snooze", "beadline.toggle", "beadline.status",
        "beadline.train",
        "beadline.lastPrompt", "beadline.statistics", "beadline.indexStatus", "beadline.models",
        "beadline.doctor",
    ]  # fmt: skip
    assert capabilities["executeCommandProvider"] == {"commands": commands}
    folders = {"supported": True, "changeNotifications": True}
    assert capabilities["workspace"]["workspaceFolders"] == folders
    assert "completionProvider" not in capabilities
    assert "notebookDocumentSync" not in capabilities


async def test_notebooks_for_clients_that_have_them(start: Start) -> None:
    able = {"notebookDocument": {"synchronization": {}}}
    result = await start().client.initialize(capabilities=READY | able)
    sync = result["capabilities"]["notebookDocumentSync"]
    assert sync == {"notebookSelector": [{"notebook": "*"}]}


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (None, "utf-16"),
        ([], "utf-16"),
        (["utf-16"], "utf-16"),
        (["utf-8", "utf-16"], "utf-8"),
        (["utf-32", "utf-16"], "utf-32"),
        (["utf-7", "utf-8"], "utf-8"),
        (["utf-7"], "utf-16"),
    ],
)
async def test_the_position_encoding(start: Start, offered: list[str], chosen: str) -> None:
    general = {} if offered is None else {"general": {"positionEncodings": offered}}
    result = await start().client.initialize(capabilities=general)
    assert result["capabilities"]["positionEncoding"] == chosen


async def test_a_client_that_knows_nothing_of_inline_completion(start: Start) -> None:
    client = start().client
    await client.initialize()
    client.open("file:///a.py", "x = ")
    await client.told("beadline/status", state="ready")
    assert len(await client.complete("file:///a.py", 0, 4)) == 1
