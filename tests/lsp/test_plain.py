"""`textDocument/completion`, for clients without inline completion."""

from __future__ import annotations

from typing import Any

import pytest

from beadline.settings import CompletionOptions, Options
from tests.lsp.client import Client
from tests.lsp.conftest import READY, Session, Start

URI = "file:///folder/a.py"
ON = {"completion": {"plainCompletion": True}}
AS_IS = {
    "textDocument": {
        "completion": {"completionItem": {"insertTextModeSupport": {"valueSet": [1, 2]}}}
    }
}
DYNAMIC = {"textDocument": {"completion": {"dynamicRegistration": True}}}


async def entries(client: Client, line: int, character: int) -> list[Any]:
    params = {
        "textDocument": {"uri": URI},
        "position": {"line": line, "character": character},
        "context": {"triggerKind": 1},
    }
    result = await client.request("textDocument/completion", params)
    assert result["isIncomplete"] is True
    return result["items"]


@pytest.fixture
async def session(start: Start) -> Session:
    session = start()
    result = await session.client.initialize(capabilities=AS_IS, options=ON)
    provider = result["capabilities"]["completionProvider"]
    assert "." in provider["triggerCharacters"]
    await session.client.told("beadline/status", state="ready")
    return session


async def test_one_entry_that_begins_with_the_typed_word(session: Session) -> None:
    session.engine.script = lambda _: ["pute(a, b)"]
    session.client.open(URI, "x = com\n")
    (item,) = await entries(session.client, 0, 7)
    assert item["textEdit"] == {
        "range": {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 7}},
        "newText": "compute(a, b)",
    }
    assert item["label"] == item["filterText"] == "compute(a, b)"
    assert item["sortText"] == "0"
    assert "preselect" not in item
    assert item["insertTextFormat"] == 1
    assert item["insertTextMode"] == 1
    assert item["command"]["command"] == "beadline.accepted"


async def test_several_lines(session: Session) -> None:
    session.engine.script = lambda _: ["\n    return 1", "\n    "]
    session.client.open(URI, "import os\r\ndef f():\r\n\r\nx = 1\r\n")
    (item,) = await entries(session.client, 1, 8)
    assert item["label"] == "return 1"
    assert item["filterText"] == "return 1"
    assert item["textEdit"]["newText"].startswith("\n    return 1")


async def test_a_label_says_that_there_is_more(session: Session) -> None:
    session.engine.script = lambda _: ["[\n    1,\n]"]
    session.client.open(URI, "x = \n")
    (item,) = await entries(session.client, 0, 4)
    assert item["label"] == "[…"
    assert item["documentation"]["value"] == "[\n    1,\n]"


async def test_a_word_of_other_letters(session: Session) -> None:
    session.engine.script = lambda _: ["ße"]
    session.client.open(URI, "x = 😀grö\n")
    (item,) = await entries(session.client, 0, 9)
    assert item["textEdit"]["range"]["start"] == {"line": 0, "character": 6}
    assert item["textEdit"]["newText"] == "größe"


async def test_the_other_kind_of_request_is_not_cancelled(session: Session) -> None:
    client = session.client
    client.open(URI, "x = \n")
    session.engine.gate.clear()
    inline = client.complete_begin(URI, 0, 4)
    params = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 4}}
    plain = client.begin("textDocument/completion", params)
    session.engine.gate.set()
    assert "items" in (await client.answer(inline))["result"]
    assert len((await client.answer(plain))["result"]["items"]) == 1


async def test_nothing_is_an_empty_list(session: Session) -> None:
    session.client.open("git:/a.py", "x = ")
    params = {"textDocument": {"uri": "git:/a.py"}, "position": {"line": 0, "character": 4}}
    answer = await session.client.request("textDocument/completion", params)
    assert answer["items"] == []


async def test_it_is_off_unless_asked_for(start: Start) -> None:
    client = start().client
    result = await client.initialize(capabilities=READY)
    assert "completionProvider" not in result["capabilities"]
    answer = await client.answer(client.begin("textDocument/completion", {}))
    assert "error" in answer


async def test_it_can_be_turned_on_by_the_users_own_settings(start: Start) -> None:
    options = Options(completion=CompletionOptions(plain_completion=True, debounce_ms=0))
    result = await start(options=options).client.initialize(capabilities=READY)
    assert "completionProvider" in result["capabilities"]


async def test_turned_on_and_off_while_it_runs(start: Start) -> None:
    session = start()
    client = session.client
    await client.initialize(capabilities=DYNAMIC)
    await client.told("beadline/status", state="ready")
    client.open(URI, "x = \n")
    client.notify("workspace/didChangeConfiguration", {"settings": {"beadline": ON}})
    (offer,) = (await client.told("client/registerCapability"))["registrations"]
    assert offer["method"] == "textDocument/completion"
    assert "." in offer["registerOptions"]["triggerCharacters"]
    assert len(await entries(client, 0, 4)) == 1
    off = {"settings": {"beadline": {"completion": {"plainCompletion": False}}}}
    client.notify("workspace/didChangeConfiguration", off)
    (taken,) = (await client.told("client/unregisterCapability"))["unregisterations"]
    assert taken["id"] == offer["id"]
    params = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 4}}
    assert (await client.request("textDocument/completion", params))["items"] == []
