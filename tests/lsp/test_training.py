"""`beadline.train`: a child process, its progress in the editor, cancel, and its end."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from beadline.completion.adapters import Adapted
from beadline.lsp import training
from beadline.lsp.training import Training
from tests.lsp.client import Client
from tests.lsp.conftest import READY, Session, Start

WITH_PROGRESS = {**READY, "window": {"workDoneProgress": True}}
TRAIN = "beadline.train"

SAYS = """
import json, sys
def say(**event):
    print(json.dumps(event), flush=True)
"""


def program(body: str) -> list[str]:
    """A child that does `body`; its arguments follow."""
    return [sys.executable, "-c", SAYS + body]


async def started(start: Start, tmp_path: Path, body: str, **capabilities: Any) -> Session:
    """A session whose training is the program."""
    session = start()
    session.server.training = Training(session.server, program(body))
    await session.client.initialize(
        capabilities=capabilities or WITH_PROGRESS, root=tmp_path.as_uri()
    )
    await session.client.told("beadline/status", state="ready")
    return session


async def execute(client: Client, *arguments: Any) -> Any:
    return await client.request(
        "workspace/executeCommand", {"command": TRAIN, "arguments": list(arguments)}
    )


async def progress(client: Client, kind: str, after: int) -> dict[str, Any]:
    message = await client.message(
        lambda m: m.get("method") == "$/progress" and m["params"]["value"]["kind"] == kind,
        kind,
        after=after,
    )
    return message["params"]


async def test_progress_and_the_end(start: Start, tmp_path: Path) -> None:
    body = """
say(event="progress", message="reading", share=0.256)
print("not for us", flush=True)
say(event="progress", message="reading", share=None)
say(event="end", message="The adapter r-1 is active: " + " ".join(sys.argv[1:]))
"""
    session = await started(start, tmp_path, body)
    client, seen = session.client, len(session.client.received)
    answer = await execute(client)
    assert answer["state"] == "ready"
    shown = await client.told("window/showMessage", after=seen, type=3)
    model = session.server.configuration.base.engine.model
    assert shown["message"] == (
        f"beadline: The adapter r-1 is active: train {tmp_path} --model {model} --events"
    )
    assert not session.server.training.is_running


async def test_what_it_does_is_shown_and_can_be_cancelled(start: Start, tmp_path: Path) -> None:
    body = """
say(event="progress", message="tuning", share=0.256)
sys.stdin.read()
sys.exit(130)
"""
    session = await started(start, tmp_path, body)
    client, seen = session.client, len(session.client.received)
    await execute(client)
    begun = await progress(client, "begin", seen)
    assert begun["value"]["cancellable"] is True
    report = await progress(client, "report", seen)
    assert (report["value"]["message"], report["value"]["percentage"]) == ("tuning", 26)
    client.notify("window/workDoneProgress/cancel", {"token": begun["token"]})
    ended = await progress(client, "end", seen)
    assert ended["token"] == begun["token"]
    assert "goes on where it was" in ended["value"]["message"]
    shown = await client.told("window/showMessage", after=seen)
    assert shown["type"] == 3
    assert "goes on where it was" in shown["message"]


async def test_one_that_does_not_end_by_itself_is_killed(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "GRACE_S", 0.1)
    body = """
import threading
say(event="progress", message="tuning")
threading.Event().wait()
"""
    session = await started(start, tmp_path, body)
    client, seen = session.client, len(session.client.received)
    await execute(client)
    begun = await progress(client, "begin", seen)
    client.notify("window/workDoneProgress/cancel", {"token": begun["token"]})
    assert "Training was stopped" in (await progress(client, "end", seen))["value"]["message"]


async def test_a_failure_is_told_in_the_commands_words(start: Start, tmp_path: Path) -> None:
    body = """
print("Traceback of something", file=sys.stderr)
print("beadline: There is no git repository here.", file=sys.stderr)
sys.exit(2)
"""
    session = await started(start, tmp_path, body, **READY)
    client, seen = session.client, len(session.client.received)
    await execute(client)
    shown = await client.told("window/showMessage", after=seen, type=1)
    assert shown["message"] == "beadline: Training failed: There is no git repository here."
    assert client.all("$/progress") == []


async def test_a_program_that_cannot_be_started(start: Start, tmp_path: Path) -> None:
    session = await started(start, tmp_path, "", **READY)
    session.server.training = Training(session.server, [str(tmp_path / "nothing")])
    seen = len(session.client.received)
    await execute(session.client)
    shown = await session.client.told("window/showMessage", after=seen, type=1)
    assert "could not be started" in shown["message"]


async def test_only_one_at_a_time(start: Start, tmp_path: Path) -> None:
    session = await started(start, tmp_path, "sys.stdin.read()", **READY)
    client, seen = session.client, len(session.client.received)
    await execute(client)
    await execute(client)
    shown = await client.told("window/showMessage", after=seen)
    assert "running already" in shown["message"]
    session.server.training.cancel()
    await client.message(
        lambda m: "Training was stopped" in str(m.get("params")), "the end", after=seen
    )


async def test_it_ends_with_the_server(start: Start, tmp_path: Path) -> None:
    pids = tmp_path / "pid"
    body = f"""
import os
with open({str(pids)!r}, "w") as file:
    file.write(str(os.getpid()))
say(event="progress", message="here", share=0.5)
sys.stdin.read()
"""
    session = await started(start, tmp_path, body)
    client, seen = session.client, len(session.client.received)
    await execute(client)
    await progress(client, "report", seen)
    pid = int(pids.read_text())
    await client.request("shutdown")
    client.notify("exit")
    assert await session.exit_code() == 0
    assert not psutil.pid_exists(pid)


async def test_the_folder_is_one_of_the_workspace(start: Start, tmp_path: Path) -> None:
    body = 'say(event="end", message=json.dumps(sys.argv[1:]))'
    session = await started(start, tmp_path, body, **READY)
    client = session.client
    inner = tmp_path / "inner"
    folders = {"added": [{"uri": inner.as_uri(), "name": "inner"}], "removed": []}
    client.notify("workspace/didChangeWorkspaceFolders", {"event": folders})
    for argument, folder in (
        (tmp_path.as_uri(), tmp_path),
        ((tmp_path / "a.py").as_uri(), tmp_path),
        ((inner / "b" / "c.py").as_uri(), inner),
    ):
        seen = len(client.received)
        await execute(client, argument)
        shown = await client.told("window/showMessage", after=seen)
        assert json.loads(shown["message"].removeprefix("beadline: "))[1] == str(folder)
    for wrong in ([], ["file:///elsewhere"], [7], ["not a uri"], [{"uri": tmp_path.as_uri()}]):
        params = {"command": TRAIN, "arguments": wrong}
        answer = await client.answer(client.begin("workspace/executeCommand", params))
        assert answer["error"]["code"] == -32602


async def test_the_status_says_which_adapter_serves(session: Session) -> None:
    client = session.client
    session.server._adapted(Adapted("r-1"))
    assert (await client.told("beadline/status", adapter="r-1"))["state"] == "ready"
    seen = len(client.received)
    session.server._adapted(Adapted(refused="It was made for another model: train again."))
    status = await client.told("beadline/status", after=seen)
    assert "adapter" not in status
    assert "train again" in status["refused"]
    logged = await client.told("window/logMessage", after=seen)
    assert "train again" in logged["message"]
