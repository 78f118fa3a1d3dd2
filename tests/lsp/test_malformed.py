"""No message, however wrong, ends the server or leaves a request unanswered."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.examples import examples
from tests.lsp.client import TIMEOUT, Client, inline_params, request
from tests.lsp.conftest import Session, Start

URI = "file:///folder/a.py"
METHOD = "textDocument/inlineCompletion"
POSITION = {"line": 0, "character": 0}


async def is_alive(client: Client) -> None:
    client.open("file:///folder/alive.py", "x = ")
    assert len(await client.complete("file:///folder/alive.py", 0, 4)) == 1


BAD_PARAMS: list[Any] = [
    None,
    {},
    [],
    [1, 2],
    "text",
    7,
    {"textDocument": None, "position": POSITION},
    {"textDocument": {}, "position": POSITION},
    {"textDocument": {"uri": 5}, "position": POSITION},
    {"textDocument": {"uri": URI, "version": "new"}, "position": POSITION},
    {"textDocument": {"uri": URI}},
    {"textDocument": {"uri": URI}, "position": None},
    {"textDocument": {"uri": URI}, "position": {"line": -1, "character": 0}},
    {"textDocument": {"uri": URI}, "position": {"line": 1e300, "character": 0}},
    {"textDocument": {"uri": URI}, "position": {"line": "one", "character": 0}},
    {"textDocument": {"uri": URI}, "position": {"line": [], "character": {}}},
    {"textDocument": {"uri": URI}, "position": POSITION, "context": "no"},
    {"textDocument": {"uri": URI}, "position": POSITION, "context": {"triggerKind": 9}},
    {"textDocument": {"uri": URI}, "position": POSITION, "context": {"triggerKind": []}},
    inline_params(URI, 0, 0, selectedCompletionInfo={"range": 1}),
]


@pytest.mark.parametrize("params", BAD_PARAMS, ids=repr)
async def test_malformed_params_get_an_error_response(session: Session, params: Any) -> None:
    client = session.client
    message = {"jsonrpc": "2.0", "id": "bad", "method": METHOD, "params": params}
    client.send(message)
    answer = await client.answer("bad")
    assert answer["error"]["code"] == -32602
    assert METHOD in answer["error"]["message"]
    assert not answer["error"].get("data")
    await is_alive(client)
    assert client.all("window/showMessage") == []


async def test_what_the_client_sent_is_not_logged(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    params = {"textDocument": {"uri": URI}, "position": {"line": "secret_name", "character": 0}}
    session.client.send({"jsonrpc": "2.0", "id": 1000, "method": METHOD, "params": params})
    assert "secret_name" in (await session.client.answer(1000))["error"]["message"]
    assert METHOD in caplog.text
    assert "secret_name" not in caplog.text


async def test_a_message_without_params(session: Session) -> None:
    session.client.send(request("none", METHOD, None))
    assert (await session.client.answer("none"))["error"]["code"] == -32602


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"nonsense",
        b"[" * 100_000,
        b'{"jsonrpc": "2.0", "id": 1, "method": "shutdown"',
    ],
    ids=lambda m: repr(m[:20]),
)
async def test_what_is_not_json_is_a_parse_error(session: Session, message: bytes) -> None:
    client = session.client
    client.send(message)
    answer = await client.message(lambda m: "error" in m)
    assert answer["id"] is None
    assert answer["error"]["code"] == -32700
    await is_alive(client)


@pytest.mark.parametrize(
    "message",
    [
        [],
        [request(1, "shutdown", None)],
        None,
        5,
        "text",
        {},
        {"jsonrpc": "1.0", "id": "x", "method": "shutdown"},
        {"id": "x", "method": "shutdown"},
        {"jsonrpc": "2.0", "id": "x", "method": 5},
        {"jsonrpc": "2.0", "id": {"a": 1}, "method": "shutdown"},
        {"jsonrpc": "2.0", "id": None, "method": "shutdown"},
        {"jsonrpc": "2.0", "id": 1.5, "method": "shutdown"},
        {"jsonrpc": "2.0", "id": True, "method": "shutdown"},
    ],
    ids=repr,
)
async def test_what_is_no_request_is_an_invalid_request(session: Session, message: Any) -> None:
    client = session.client
    client.send(message)
    answer = await client.message(lambda m: "error" in m)
    assert answer["error"]["code"] == -32600
    expected = message.get("id") if isinstance(message, dict) else None
    assert answer["id"] == (expected if expected == "x" else None)
    await is_alive(client)


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": 5}},
        {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": None},
        {"jsonrpc": "2.0", "method": "textDocument/didChange"},
        {"jsonrpc": "2.0", "method": "textDocument/didClose", "params": []},
        {"jsonrpc": "2.0", "method": "workspace/didChangeConfiguration", "params": 3},
        {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {}},
        {"jsonrpc": "2.0", "method": "$/setTrace", "params": {"value": "loud"}},
        {"jsonrpc": "2.0", "method": "textDocument/didFocus", "params": {}},
        {"jsonrpc": "2.0", "method": "no/such/method", "params": {"type_name": "1 bad"}},
        {"jsonrpc": "2.0", "id": "never-asked", "result": None},
        {"jsonrpc": "2.0", "id": "never-asked", "error": {"code": "x"}},
        {"jsonrpc": "2.0", "id": ["never-asked"], "result": None},
        {"jsonrpc": "2.0"},
    ],
    ids=repr,
)
async def test_malformed_notifications_and_responses_are_ignored(
    session: Session, message: Any
) -> None:
    session.client.send(message)
    await is_alive(session.client)
    assert session.client.all("window/showMessage") == []


async def test_unknown_methods_are_answered(session: Session) -> None:
    answer = await session.client.answer(session.client.begin("no/such/method", {"jsonrpc": 1}))
    assert answer["error"]["code"] == -32601


async def test_json_that_looks_like_a_message_inside_a_message(session: Session) -> None:
    """pygls' parser takes every object with `jsonrpc` for a message."""
    inner = {"jsonrpc": "2.0", "id": 1, "method": METHOD, "params": {}}
    session.client.notify("workspace/didChangeConfiguration", {"settings": {"beadline": inner}})
    answer = await session.client.answer(
        session.client.begin("workspace/executeCommand", {"command": "no", "arguments": [inner]})
    )
    assert answer["error"]["code"] == -32602
    await is_alive(session.client)


async def test_answering_ones_own_request_is_ignored(session: Session) -> None:
    client, engine = session.client, session.engine
    client.open(URI, "x = ")
    engine.gate.clear()
    msg_id = client.complete_begin(URI, 0, 4)
    await asyncio.wait_for(engine.asked.wait(), TIMEOUT)
    client.send({"jsonrpc": "2.0", "id": msg_id, "result": {"items": []}})
    client.notify("$/cancelRequest", {"id": msg_id})
    assert (await client.answer(msg_id))["error"]["code"] == -32800


async def test_before_initialize(start: Start) -> None:
    client = start().client
    client.notify("textDocument/didOpen", {})
    answer = await client.answer(client.begin(METHOD, inline_params(URI, 0, 0)))
    assert answer["error"]["code"] == -32002
    await client.initialize()
    await client.told("beadline/status", state="ready")
    await is_alive(client)


async def test_initialize_twice(session: Session) -> None:
    answer = await session.client.answer(session.client.begin("initialize", {"capabilities": {}}))
    assert answer["error"]["code"] == -32600
    await is_alive(session.client)


@pytest.mark.parametrize("root", ["file://[::1", "%%", "", "untitled:", "file:///%00", "http://x"])
async def test_a_root_that_is_no_folder_is_no_obstacle(start: Start, root: str) -> None:
    session = start()
    await session.client.request("initialize", {"rootUri": root, "capabilities": {}})
    session.client.notify("initialized", {})
    await session.client.told("beadline/status", state="ready")
    await is_alive(session.client)


async def test_a_malformed_initialize_can_be_corrected(start: Start) -> None:
    client = start().client
    answer = await client.answer(client.begin("initialize", {"processId": "x"}))
    assert answer["error"]["code"] == -32602
    await client.initialize()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
SHAPES = st.fixed_dictionaries(
    {},
    optional={
        "textDocument": st.fixed_dictionaries({"uri": JSON}) | JSON,
        "position": st.fixed_dictionaries({"line": JSON, "character": JSON}) | JSON,
        "context": st.fixed_dictionaries({"triggerKind": JSON}) | JSON,
        "contentChanges": JSON,
        "settings": JSON,
    },
)


@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(params=SHAPES | JSON)
async def test_any_params_are_answered(session: Session, params: Any) -> None:
    client = session.client
    answer = await client.answer(
        client.begin(METHOD, params) if params is not None else _none(client)
    )
    assert "result" in answer or answer["error"]["code"] == -32602
    for method in ("textDocument/didChange", "workspace/didChangeConfiguration"):
        client.send({"jsonrpc": "2.0", "method": method, "params": params})
    assert (
        await client.request("workspace/executeCommand", {"command": "beadline.accepted"}) is None
    )


def _none(client: Client) -> int:
    return client.begin(METHOD)
