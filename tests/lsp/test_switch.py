"""Off: by setting, by command, for a while, by language, by path."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from beadline.settings import CompletionOptions, Options
from tests.lsp.client import TIMEOUT, Client
from tests.lsp.clock import FakeClock
from tests.lsp.conftest import READY, Session, Start

URI = "file:///folder/a.py"


async def run(client: Client, command: str, *arguments: Any) -> Any:
    return await client.request(
        "workspace/executeCommand", {"command": f"beadline.{command}", "arguments": arguments}
    )


@pytest.fixture
def session(timed: Session) -> Session:
    timed.client.open(URI, "x = ")
    return timed


async def test_a_snooze_ends_by_itself(session: Session, clock: FakeClock) -> None:
    client = session.client
    answer = await run(client, "snooze", 10)
    assert answer["state"] == "snoozed"
    assert answer["until"] == "2026-03-01T12:10:00+01:00"
    assert "12:10" in answer["message"]
    assert answer["kind"] == "Inactive"
    assert await client.complete(URI, 0, 4) == []
    assert session.engine.streams == []
    clock.advance(599)
    assert await run(client, "status") == answer
    seen = len(client.received)
    clock.advance(1)
    await client.told("beadline/status", state="ready", after=seen)
    assert len(await client.complete(URI, 0, 4)) == 1


async def test_a_snooze_until_another_day_names_the_day(session: Session) -> None:
    answer = await run(session.client, "snooze", 3 * 24 * 60)
    assert "2026-03-04 12:00" in answer["message"]


async def test_a_snooze_ends_in_time_though_the_machine_slept(
    session: Session, clock: FakeClock
) -> None:
    await run(session.client, "snooze", 10)
    clock.sleep(600)
    assert len(await session.client.complete(URI, 0, 4)) == 1
    assert (await run(session.client, "status"))["state"] == "ready"


async def test_half_an_hour_unless_told_otherwise(session: Session) -> None:
    assert (await run(session.client, "snooze"))["until"].startswith("2026-03-01T12:30:00")


async def test_zero_minutes_end_a_snooze(session: Session, clock: FakeClock) -> None:
    await run(session.client, "snooze", 10)
    assert (await run(session.client, "snooze", 0))["state"] == "ready"
    assert clock.waiting() == []
    assert len(await session.client.complete(URI, 0, 4)) == 1


async def test_a_second_snooze_counts_from_now(session: Session, clock: FakeClock) -> None:
    await run(session.client, "snooze", 10)
    clock.advance(300)
    await run(session.client, "snooze", 10)
    clock.advance(400)
    assert (await run(session.client, "status"))["state"] == "snoozed"


@pytest.mark.parametrize("minutes", [-1, "10", True, [], {}, 1e9, 10081])
async def test_minutes_that_are_none(session: Session, minutes: Any) -> None:
    client = session.client
    params = {"command": "beadline.snooze", "arguments": [minutes]}
    answer = await client.answer(client.begin("workspace/executeCommand", params))
    assert answer["error"]["code"] == -32602
    assert "minutes" in answer["error"]["message"]
    assert (await run(client, "status"))["state"] == "ready"


async def test_toggling(session: Session) -> None:
    client = session.client
    assert (await run(client, "toggle"))["state"] == "off"
    assert await client.complete(URI, 0, 4) == []
    assert (await run(client, "toggle"))["state"] == "ready"
    assert len(await client.complete(URI, 0, 4)) == 1


async def test_toggling_ends_a_snooze(session: Session) -> None:
    await run(session.client, "snooze", 10)
    assert (await run(session.client, "toggle"))["state"] == "ready"


async def test_what_is_under_way_is_cancelled(session: Session) -> None:
    client = session.client
    session.engine.gate.clear()
    msg_id = client.complete_begin(URI, 0, 4)
    await asyncio.wait_for(session.engine.asked.wait(), TIMEOUT)
    await run(client, "toggle")
    assert (await client.answer(msg_id))["error"]["code"] == -32800


async def test_off_by_setting(session: Session) -> None:
    client = session.client
    off = {"settings": {"beadline": {"completion": {"enabled": False}}}}
    client.notify("workspace/didChangeConfiguration", off)
    assert await client.complete(URI, 0, 4) == []
    assert (await run(client, "status"))["state"] == "off"
    # What was toggled stays until the setting itself changes.
    await run(client, "toggle")
    client.notify("workspace/didChangeConfiguration", off)
    assert len(await client.complete(URI, 0, 4)) == 1


async def test_who_asks_by_hand_while_it_is_off_is_told_again(session: Session) -> None:
    client = session.client
    await run(client, "toggle")
    seen = len(client.received)
    assert await client.complete(URI, 0, 4, triggerKind=1) == []
    await client.told("beadline/status", state="off", after=seen)


async def test_off_from_the_start_loads_no_model(start: Start) -> None:
    session = start(options=Options(completion=CompletionOptions(enabled=False, debounce_ms=0)))
    client = session.client
    await client.initialize(capabilities=READY)
    await client.told("beadline/status", state="off")
    client.open(URI, "x = ")
    assert await client.complete(URI, 0, 4) == []
    assert session.engine.starts == 0
    await run(client, "toggle")
    await client.complete(URI, 0, 4)
    await client.told("beadline/status", state="ready")
    assert len(await client.complete(URI, 0, 4)) == 1


@pytest.mark.parametrize("off", ["python", "elvish", "sh"])
async def test_off_by_language_in_the_editors_words_or_ours(session: Session, off: str) -> None:
    client = session.client
    uris = {"python": URI, "elvish": "file:///folder/b.elv", "sh": "file:///folder/c"}
    for language, uri in uris.items():
        client.open(uri, "x = ", language=language)
    settings = {"beadline": {"completion": {"languagesOff": [off]}}}
    client.notify("workspace/didChangeConfiguration", {"settings": settings})
    for language, uri in uris.items():
        assert bool(await client.complete(uri, 0, 4, triggerKind=1)) == (language != off)


async def test_off_by_path(session: Session) -> None:
    client = session.client
    client.open("file:///folder/secret.py", "x = ")
    settings = {"beadline": {"context": {"ignore": ["secret*"]}}}
    client.notify("workspace/didChangeConfiguration", {"settings": settings})
    assert await client.complete("file:///folder/secret.py", 0, 4) == []
    assert len(await client.complete(URI, 0, 4)) == 1
