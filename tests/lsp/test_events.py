"""What clients tell of suggestions, on the wire, and what is counted of it."""

from __future__ import annotations

from typing import Any

import pytest

from beadline.settings import CompletionOptions, Options
from tests.lsp.client import Client, insert, replace
from tests.lsp.clock import FakeClock
from tests.lsp.conftest import READY, Session, Start

URI = "file:///folder/a.py"
OTHER = "file:///folder/b.py"


@pytest.fixture
def session(timed: Session) -> Session:
    timed.engine.script = lambda _: ["compute(alpha)"]
    timed.client.open(URI, "x = \n")
    return timed


async def settled(client: Client) -> None:
    """Returns when everything sent before was handled."""
    await client.request("workspace/executeCommand", {"command": "beadline.status"})


def counted(session: Session, name: str) -> float:
    return session.counts["python", name]


async def accept(client: Client, item: dict[str, Any]) -> Any:
    command = {key: item["command"][key] for key in ("command", "arguments")}
    return await client.request("workspace/executeCommand", command)


async def test_accepting_runs_our_command(session: Session) -> None:
    client = session.client
    (item,) = await client.complete(URI, 0, 4)
    assert await accept(client, item) is None
    client.change(URI, 2, insert(0, 4, item["insertText"]))
    await settled(client)
    assert counted(session, "accepted_full_characters") == len("compute(alpha)")
    assert await accept(client, item) is None
    assert counted(session, "accepted_full") == 1


async def test_what_is_left_after_a_while(session: Session, clock: FakeClock) -> None:
    client = session.client
    (item,) = await client.complete(URI, 0, 4)
    client.change(URI, 2, insert(0, 4, item["insertText"]))
    client.change(URI, 3, replace(0, 12, 0, 17, "b"))
    await settled(client)
    clock.advance(30)
    assert counted(session, "looked_30s_characters") == 14
    assert counted(session, "kept_30s_characters") == 9


async def test_shown_long_enough_and_typed_away(session: Session, clock: FakeClock) -> None:
    client = session.client
    await client.complete(URI, 0, 4)
    clock.advance(1)
    client.change(URI, 2, insert(0, 4, "z"))
    await settled(client)
    assert (counted(session, "shown"), counted(session, "rejected")) == (1, 1)


async def test_shown_is_when_the_client_says_so(session: Session, clock: FakeClock) -> None:
    client = session.client
    (item,) = await client.complete(URI, 0, 4)
    clock.advance(0.5)
    client.notify("textDocument/didShowCompletion", {"item": item})
    await settled(client)
    clock.advance(0.5)
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    await settled(client)
    assert counted(session, "shown") == 0


async def test_accepted_in_part(session: Session) -> None:
    client = session.client
    (item,) = await client.complete(URI, 0, 4)
    for length in (3, 7):
        params = {"item": item, "acceptedLength": length}
        client.notify("textDocument/didPartiallyAcceptCompletion", params)
    client.change(URI, 2, insert(0, 4, "compute"))
    client.change(URI, 3, insert(0, 11, "["))
    await settled(client)
    assert counted(session, "accepted_partial_characters") == 7


@pytest.mark.parametrize(
    ("params", "shown"),
    [({"textDocument": {"uri": OTHER}}, 1), ({}, 1), ({"textDocument": {"uri": URI}}, 0)],
)
async def test_focus(session: Session, clock: FakeClock, params: Any, shown: int) -> None:
    client = session.client
    client.open(OTHER, "")
    await client.complete(URI, 0, 4)
    clock.advance(1)
    client.notify("textDocument/didFocus", params)
    await settled(client)
    assert counted(session, "shown") == shown


async def test_an_open_popup(session: Session) -> None:
    session.engine.script = lambda _: ["(path)"]
    client = session.client
    client.change(URI, 2, {"text": "x = os.lis\n"})
    span = {"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 10}}
    popup = {"range": span, "text": "listdir"}
    (item,) = await client.complete(URI, 0, 10, selectedCompletionInfo=popup)
    client.change(URI, 3, {"range": span, "text": item["insertText"]})
    await accept(client, item)
    await settled(client)
    assert counted(session, "accepted_full_characters") == len("tdir(path)")


BAD: list[tuple[str, Any]] = [
    ("didShowCompletion", None),
    ("didShowCompletion", {}),
    ("didShowCompletion", {"item": {"command": {"arguments": ["1"]}}}),
    ("didShowCompletion", {"item": {"command": {"arguments": [True]}}}),
    ("didPartiallyAcceptCompletion", {"item": {"command": {"arguments": [1]}}}),
    (
        "didPartiallyAcceptCompletion",
        {"item": {"command": {"arguments": [1]}}, "acceptedLength": 0},
    ),
    ("didPartiallyAcceptCompletion", {"acceptedLength": 1}),
    ("didFocus", None),
    ("didFocus", {"textDocument": 5}),
    ("didFocus", {"textDocument": {}}),
]


@pytest.mark.parametrize(("method", "params"), BAD, ids=repr)
async def test_malformed_events_are_ignored_with_one_line(
    session: Session, caplog: pytest.LogCaptureFixture, method: str, params: Any
) -> None:
    client = session.client
    client.notify(f"textDocument/{method}", params)
    await settled(client)
    (record,) = [r for r in caplog.records if r.name == "beadline.lsp.events"]
    assert method in record.getMessage()
    assert client.all("window/showMessage") == []


@pytest.mark.parametrize("arguments", [None, [], ["?"], [1, 2], [None], [{}]], ids=repr)
async def test_malformed_acceptance_is_ignored(
    session: Session, caplog: pytest.LogCaptureFixture, arguments: Any
) -> None:
    params = {"command": "beadline.accepted", "arguments": arguments}
    assert await session.client.request("workspace/executeCommand", params) is None
    assert "malformed accept command" in caplog.text


async def test_answers_are_counted_with_their_source(session: Session) -> None:
    client = session.client
    await client.complete(URI, 0, 4)
    await client.complete(URI, 0, 4)
    client.change(URI, 2, insert(0, 4, "c"))
    await client.complete(URI, 0, 5)
    client.open(OTHER, "x = 1\n")
    await client.complete(OTHER, 0, 5)
    assert counted(session, "requests") == 4
    assert counted(session, "answers") == 3
    assert counted(session, "answered.model") == 1
    assert counted(session, "answered.exact") == 1
    assert counted(session, "answered.typed") == 1


async def test_nothing_is_counted_while_it_is_off(start: Start) -> None:
    session = start(options=Options(completion=CompletionOptions(enabled=False)))
    client = session.client
    await client.initialize(capabilities=READY)
    client.open(URI, "x = ")
    await client.complete(URI, 0, 4)
    assert session.counts == {}
