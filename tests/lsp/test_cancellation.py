"""Requests end at once; generations live as long as the text agrees with them."""

from __future__ import annotations

import asyncio

from tests.lsp.client import TIMEOUT, insert, notification, request
from tests.lsp.client import inline_params as params
from tests.lsp.conftest import Session

URI = "file:///folder/a.py"
CANCELLED = -32800
METHOD = "textDocument/inlineCompletion"


async def generating(session: Session, *pieces: str) -> int:
    """A request whose generation has begun and goes no further for now; its id."""
    session.engine.script = lambda _: pieces
    session.engine.gate.clear()
    session.client.open(URI, "x = \n")
    msg_id = session.client.complete_begin(URI, 0, 4)
    await asyncio.wait_for(session.engine.asked.wait(), TIMEOUT)
    await asyncio.wait_for(session.engine.streams[-1].started.wait(), TIMEOUT)
    return msg_id


async def test_the_client_cancels(session: Session) -> None:
    msg_id = await generating(session, "42")
    session.client.notify("$/cancelRequest", {"id": msg_id})
    answer = await session.client.answer(msg_id)
    assert answer["error"]["code"] == CANCELLED
    assert not answer["error"].get("data")


async def test_a_cancel_in_the_same_write(session: Session) -> None:
    session.client.open(URI, "x = \n")
    session.engine.gate.clear()
    session.client.send(
        request("a", METHOD, params(URI, 0, 4)), notification("$/cancelRequest", {"id": "a"})
    )
    assert (await session.client.answer("a"))["error"]["code"] == CANCELLED


async def test_cancelling_the_unknown_is_ignored(session: Session) -> None:
    for msg_id in (999, "none", None, {}):
        session.client.notify("$/cancelRequest", {"id": msg_id})
    session.client.open(URI, "x = \n")
    assert len(await session.client.complete(URI, 0, 4)) == 1


async def test_a_new_request_of_the_document_answers_the_older(session: Session) -> None:
    older = await generating(session, "42")
    newer = session.client.complete_begin(URI, 0, 4)
    assert (await session.client.answer(older))["error"]["code"] == CANCELLED
    session.engine.gate.set()
    answer = await session.client.answer(newer)
    assert answer["result"]["items"][0]["insertText"] == "42"
    assert len(session.engine.streams) == 1, "the newer request joins the generation"


async def test_requests_of_different_documents_leave_each_other_alone(session: Session) -> None:
    session.client.open("file:///folder/b.py", "y = \n")
    first = await generating(session, "42")
    second = session.client.complete_begin("file:///folder/b.py", 0, 4)
    session.engine.gate.set()
    for msg_id in (first, second):
        assert "error" not in await session.client.answer(msg_id)


async def test_an_agreeing_keystroke_joins_the_generation(session: Session) -> None:
    older = await generating(session, "[1", ", 2]")
    session.client.change(URI, 2, insert(0, 4, "["))
    newer = session.client.complete_begin(URI, 0, 5)
    assert (await session.client.answer(older))["error"]["code"] == CANCELLED
    session.engine.gate.set()
    (item,) = (await session.client.answer(newer))["result"]["items"]
    assert item["insertText"] == "1, 2]"
    assert len(session.engine.streams) == 1
    assert not session.engine.streams[0].cancelled


async def test_a_contradicting_change_stops_the_generation(session: Session) -> None:
    await generating(session, "42")
    session.engine.script = lambda _: ["99"]
    session.client.change(URI, 2, insert(0, 0, "import os\n"))
    await asyncio.wait_for(session.engine.streams[0].stopped.wait(), TIMEOUT)
    newer = session.client.complete_begin(URI, 1, 4)
    session.engine.gate.set()
    (item,) = (await session.client.answer(newer))["result"]["items"]
    assert item["insertText"] == "99"


async def test_closing_the_document_ends_both(session: Session) -> None:
    msg_id = await generating(session, "42")
    session.client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert (await session.client.answer(msg_id))["error"]["code"] == CANCELLED
    await asyncio.wait_for(session.engine.streams[0].stopped.wait(), TIMEOUT)


async def test_shutdown_answers_what_is_open(session: Session) -> None:
    msg_id = await generating(session, "42")
    await session.client.request("shutdown")
    assert (await session.client.answer(msg_id))["error"]["code"] == CANCELLED


async def test_a_flood_is_answered_completely(session: Session) -> None:
    client = session.client
    client.open(URI, "x = \n")
    client.send(*(request(f"r{n}", METHOD, params(URI, 0, 4)) for n in range(200)))
    answers = [await client.answer(f"r{n}") for n in range(200)]
    assert "result" in answers[-1]
    for answer in answers:
        assert "result" in answer or answer["error"]["code"] == CANCELLED


async def test_a_crash_in_mid_generation_costs_one_answer(session: Session) -> None:
    msg_id = await generating(session, "42")
    session.engine.streams[0].crash()
    assert (await session.client.answer(msg_id))["result"] == {"items": []}
    session.engine.gate.set()
    assert len(await session.client.complete(URI, 0, 4)) == 1
