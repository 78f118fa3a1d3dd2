"""How the server ends, and that its engine ends with it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from beadline.engine.protocol import EngineState
from beadline.lsp import parent
from tests.lsp.client import finish, insert
from tests.lsp.conftest import READY, Session, Start
from tests.lsp.engine import FakeEngine


async def test_shutdown_and_exit(session: Session) -> None:
    await session.client.request("shutdown")
    assert session.engine.state is EngineState.CLOSED
    answer = await session.client.answer(session.client.begin("shutdown"))
    assert answer["error"]["code"] == -32600
    session.client.notify("exit")
    assert await session.exit_code() == 0


async def test_exit_without_shutdown(session: Session) -> None:
    session.client.notify("exit")
    assert await session.exit_code() == 1
    assert session.engine.state is EngineState.CLOSED


async def test_exit_before_initialize(start: Start) -> None:
    session = start()
    session.client.notify("exit")
    assert await session.exit_code() == 1


async def test_the_end_of_the_input(session: Session) -> None:
    session.input.feed_eof()
    assert await session.exit_code() == 0
    assert session.engine.state is EngineState.CLOSED


async def test_shutdown_while_the_model_loads(start: Start) -> None:
    engine = FakeEngine()
    engine.loadable.clear()
    session = start(engine)
    await session.client.initialize(capabilities=READY)
    await session.client.told("beadline/status", state="starting")
    await finish(session.client)
    assert await session.exit_code() == 0


@pytest.fixture
def editor():
    """A process that ends when its standard input does."""
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    )
    yield process
    process.communicate()


async def test_the_end_of_the_editor(start: Start, editor: subprocess.Popen) -> None:
    session = start(poll=0.01)
    await session.client.initialize(capabilities=READY, process_id=editor.pid)
    await session.client.told("beadline/status", state="ready")
    editor.communicate()
    assert await session.exit_code() == 1
    assert session.engine.state is EngineState.CLOSED


@pytest.mark.parametrize("process_id", [0, -1, 2**31 - 1])
async def test_an_editor_that_cannot_be_seen_is_not_watched(start: Start, process_id: int) -> None:
    session = start(poll=0.0)
    await session.client.initialize(capabilities=READY, process_id=process_id)
    await finish(session.client)
    assert await session.exit_code() == 0


def test_processes_are_told_apart(editor: subprocess.Popen) -> None:
    assert parent.is_alive(os.getpid())
    assert parent.is_alive(editor.pid)
    editor.communicate()
    assert not parent.is_alive(editor.pid)


async def test_nothing_stays_of_messages_that_were_handled(session: Session) -> None:
    client = session.client
    client.open("file:///folder/a.py", "x = \n")
    for version in range(2, 50):
        client.change("file:///folder/a.py", version, insert(0, 4, "y"))
        await client.complete("file:///folder/a.py", 0, 5)
    assert session.server.protocol._request_futures == {}
