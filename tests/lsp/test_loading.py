"""While the model loads, when it cannot be loaded, when it comes back."""

from __future__ import annotations

import pytest

from beadline.engine.protocol import EngineState
from beadline.errors import EngineCrashed, ModelError
from tests.lsp.client import Client
from tests.lsp.conftest import READY, Start
from tests.lsp.engine import FakeEngine

URI = "file:///folder/a.py"
WITH_PROGRESS = {**READY, "window": {"workDoneProgress": True}}


async def progress(client: Client, kind: str) -> dict:
    message = await client.message(
        lambda m: m.get("method") == "$/progress" and m["params"]["value"]["kind"] == kind, kind
    )
    return message["params"]


async def test_an_empty_list_at_once_and_the_word_loading(start: Start) -> None:
    engine = FakeEngine()
    engine.loadable.clear()
    client = start(engine).client
    await client.initialize(capabilities=WITH_PROGRESS)
    await client.told("beadline/status", state="starting")
    begun = await progress(client, "begin")
    assert "loading" in begun["value"]["title"]
    client.open(URI, "x = ")
    assert await client.complete(URI, 0, 4) == []
    engine.loadable.set()
    ended = await progress(client, "end")
    assert ended["token"] == begun["token"]
    assert "fake" in (await client.told("beadline/status", state="ready"))["message"]
    assert len(await client.complete(URI, 0, 4)) == 1


async def test_no_progress_for_clients_that_do_not_show_it(start: Start) -> None:
    client = start().client
    await client.initialize(capabilities=READY)
    await client.told("beadline/status", state="ready")
    assert client.all("$/progress") == []
    assert client.all("window/workDoneProgress/create") == []


async def test_a_client_that_never_answers_the_progress_request(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = start().client
    monkeypatch.setattr(client, "_serve", lambda _: None)
    await client.initialize(capabilities=WITH_PROGRESS)
    await client.told("beadline/status", state="ready")
    client.open(URI, "x = ")
    assert len(await client.complete(URI, 0, 4)) == 1
    asked = await client.message(lambda m: m.get("method") == "window/workDoneProgress/create")
    client.send({"jsonrpc": "2.0", "id": asked["id"], "result": None})
    assert len(await client.complete(URI, 0, 4)) == 1
    assert client.all("$/progress") == []


@pytest.mark.parametrize(
    "failure",
    [ModelError("evil.gguf is truncated.", hint="Download it again."), RuntimeError("bug")],
    ids=repr,
)
async def test_a_model_that_cannot_be_loaded_is_told_once(start: Start, failure: Exception) -> None:
    engine = FakeEngine()
    engine.failure = failure
    client = start(engine).client
    await client.initialize(capabilities=WITH_PROGRESS)
    shown = await client.told("window/showMessage", type=1)
    expected = "Download it again" if isinstance(failure, ModelError) else "beadline doctor"
    assert expected in shown["message"]
    await client.told("beadline/status", state="error")
    client.open(URI, "x = ")
    for _ in range(3):
        assert await client.complete(URI, 0, 4) == []
    assert len(client.all("window/showMessage")) == 1


async def test_who_asks_by_hand_is_told_the_reason_again(start: Start) -> None:
    engine = FakeEngine()
    engine.failure = ModelError("It is truncated.")
    client = start(engine).client
    await client.initialize(capabilities=READY)
    await client.told("beadline/status", state="error")
    seen = len(client.received)
    client.open(URI, "x = ")
    assert await client.complete(URI, 0, 4, triggerKind=1) == []
    status = await client.told("beadline/status", state="error", after=seen)
    assert "truncated" in status["message"]


async def test_an_engine_that_recovers_is_told(start: Start) -> None:
    engine = FakeEngine()
    engine.failure = EngineCrashed("The engine's process ended.")
    client = start(engine).client
    await client.initialize(capabilities=READY)
    await client.told("beadline/status", state="error")
    engine.state = EngineState.READY
    client.open(URI, "x = ")
    await client.complete(URI, 0, 4)
    await client.told("beadline/status", state="ready")
