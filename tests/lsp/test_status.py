"""The status notification: its shape, and that it says only what has changed."""

from __future__ import annotations

import asyncio

from beadline.lsp.status import BUSY_SECONDS, LATENCY_SECONDS
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


async def test_quick_answers_tell_nothing_but_their_latency_after_a_while(
    timed: Session, clock: FakeClock
) -> None:
    client = timed.client
    told = len(client.all("beadline/status"))
    client.open(URI, "x = ")
    for _ in range(3):
        await client.complete(URI, 0, 4)
    assert len(client.all("beadline/status")) == told
    clock.advance(LATENCY_SECONDS)
    await client.told("beadline/status", latencyMs=0)
    assert len(client.all("beadline/status")) == told + 1
    await client.complete(URI, 0, 4)
    clock.advance(LATENCY_SECONDS)
    await client.request("workspace/executeCommand", {"command": "beadline.status"})
    assert len(client.all("beadline/status")) == told + 1, "it was the same"


async def test_the_latency_is_that_of_the_last_suggestion(timed: Session, clock: FakeClock) -> None:
    client, engine = timed.client, timed.engine
    client.open(URI, "x = ")
    engine.gate.clear()
    msg_id = client.complete_begin(URI, 0, 4)
    await asyncio.wait_for(engine.asked.wait(), TIMEOUT)
    clock.advance(0.2)
    working = await client.told("beadline/status", state="working")
    assert "latencyMs" not in working
    engine.gate.set()
    assert (await client.answer(msg_id))["result"]["items"]
    clock.advance(LATENCY_SECONDS)
    assert (await client.told("beadline/status", latencyMs=200))["state"] == "ready"
    engine.script = lambda _: []
    client.open("file:///folder/b.py", "y = ")
    assert await client.complete("file:///folder/b.py", 0, 4) == []
    status = await client.request("workspace/executeCommand", {"command": "beadline.status"})
    assert status["latencyMs"] == 200, "an answer without a suggestion has none"


async def test_nothing_is_told_after_the_end(timed: Session, clock: FakeClock) -> None:
    client = timed.client
    client.open(URI, "x = ")
    await client.complete(URI, 0, 4)
    await client.request("shutdown")
    told = len(client.all("beadline/status"))
    clock.advance(LATENCY_SECONDS)
    client.notify("exit")
    assert await timed.exit_code() == 0
    await client.ended()
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
