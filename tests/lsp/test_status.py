"""The status notification: its shape, and that it says only what has changed."""

from __future__ import annotations

import asyncio

from beadline.lsp.status import BUSY_SECONDS
from tests.lsp.client import TIMEOUT
from tests.lsp.clock import FakeClock
from tests.lsp.conftest import READY, Session, Start

URI = "file:///folder/a.py"


async def test_the_shape(session: Session) -> None:
    starting, ready = session.client.all("beadline/status")[-2:]
    assert starting == {
        "state": "starting", "message": "Loading the model.", "busy": True, "kind": "Normal",
    }  # fmt: skip
    assert ready == {
        "state": "ready", "message": ready["message"], "busy": False, "kind": "Normal",
        "model": "fake",
    }  # fmt: skip


async def test_nothing_is_told_before_the_client_is_ready(start: Start) -> None:
    client = start().client
    await client.request("initialize", {"processId": None, "capabilities": {}})
    assert [m for m in client.received if "method" in m] == []


async def test_working_while_an_answer_takes_long(start: Start) -> None:
    clock = FakeClock()
    session = start(clock=clock)
    client, engine = session.client, session.engine
    await client.initialize(capabilities=READY)
    await client.told("beadline/status", state="ready")
    client.open(URI, "x = ")
    engine.gate.clear()
    msg_id = client.complete_begin(URI, 0, 4)
    await asyncio.wait_for(engine.asked.wait(), TIMEOUT)
    clock.advance(BUSY_SECONDS)
    working = await client.told("beadline/status", state="working")
    assert working["busy"] and working["kind"] == "Normal"
    seen = len(client.received)
    engine.gate.set()
    await client.answer(msg_id)
    await client.told("beadline/status", state="ready", after=seen)


async def test_quick_answers_tell_nothing(session: Session) -> None:
    client = session.client
    told = len(client.all("beadline/status"))
    client.open(URI, "x = ")
    for _ in range(3):
        await client.complete(URI, 0, 4)
    assert len(client.all("beadline/status")) == told


async def test_what_works_less_well_is_one_line(session: Session) -> None:
    client = session.client
    ready = client.all("beadline/status")[-1]["message"]
    session.server.remark("The index is kept in memory.")
    await client.told("window/logMessage", message="beadline: The index is kept in memory.")
    await client.told("beadline/status", message=f"{ready} The index is kept in memory.")
    seen = len(client.received)
    session.server.remark("")
    await client.told("beadline/status", message=ready, after=seen)
    assert len(client.all("window/logMessage")) == 1
