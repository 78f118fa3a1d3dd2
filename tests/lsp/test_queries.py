"""What a client may ask besides suggestions: the prompt, the counts, the index, the models."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from beadline.context.index.state import FolderState
from beadline.engine.models import BUILTIN_FILE
from beadline.errors import EngineUnavailable
from beadline.lsp import diagnosis
from beadline.lsp.statistics import database
from beadline.settings import CompletionOptions, EngineOptions, Options
from tests.lsp.client import TIMEOUT, Client, Message, insert
from tests.lsp.conftest import READY, Session, Start

URI = "file:///folder/a.py"
OTHER = "file:///folder/b.py"
TEXT = "an_unmistakable_name = \n"
SCRIPT = ["compute(alpha)"]
FAILED, INVALID, CANCELLED = -32803, -32602, -32800


def begin(client: Client, command: str, *arguments: Any) -> int:
    """Send the command; the request's id."""
    params = {"command": f"beadline.{command}", "arguments": arguments}
    return client.begin("workspace/executeCommand", params)


async def answer(client: Client, command: str, *arguments: Any) -> Message:
    return await client.answer(begin(client, command, *arguments))


async def ask(client: Client, command: str, *arguments: Any) -> Any:
    answered = await answer(client, command, *arguments)
    assert "error" not in answered, answered
    return answered["result"]


@pytest.fixture
def session(session: Session) -> Session:
    session.engine.script = lambda _: SCRIPT
    session.client.open(URI, TEXT)
    return session


# -- the prompt


async def test_the_prompt_behind_a_suggestion(session: Session) -> None:
    client = session.client
    assert await ask(client, "lastPrompt", URI) is None
    assert await ask(client, "lastPrompt") is None
    (item,) = await client.complete(URI, 0, 23)
    request = session.engine.streams[0].request
    found = await ask(client, "lastPrompt", URI)
    assert found == {
        "uri": URI,
        "path": request.path,
        "suggestion": item["insertText"],
        "answeredFrom": "model",
        "prompt": request.prefix + request.suffix,
        "typed": "",
        "family": "qwen",
        "layout": "psm",
        "prefix": TEXT[:23],
        "suffix": "\n",
        "dropped": {"prefix": 0, "suffix": 0},
        "tokens": {"prompt": 0, "prefix": 0, "suffix": 0, "snippets": 0},
        "snippets": [],
    }
    assert await ask(client, "lastPrompt") == found


async def test_the_last_suggestion_is_that_of_any_document_or_of_one(session: Session) -> None:
    client = session.client
    client.open(OTHER, "y = \n")
    await client.complete(URI, 0, 23)
    await client.complete(OTHER, 0, 4)
    assert (await ask(client, "lastPrompt"))["uri"] == OTHER
    assert (await ask(client, "lastPrompt", URI))["uri"] == URI
    client.change(URI, 2, insert(0, 23, "c"))
    await client.complete(URI, 0, 24)
    found = await ask(client, "lastPrompt")
    assert (found["uri"], found["answeredFrom"]) == (URI, "typed")
    assert (found["suggestion"], found["prefix"]) == ("ompute(alpha)", TEXT[:23])
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert await ask(client, "lastPrompt", URI) is None
    assert (await ask(client, "lastPrompt"))["uri"] == OTHER


async def test_a_prompt_that_cannot_be_rendered(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def render(_: object) -> None:
        raise EngineUnavailable("The model is loading.", hint="Wait.")

    await session.client.complete(URI, 0, 23)
    monkeypatch.setattr(session.engine, "render", render)
    refused = await answer(session.client, "lastPrompt", URI)
    assert refused["error"] == {"code": FAILED, "message": "The model is loading. Wait."}


async def test_the_text_of_a_prompt_is_in_the_answer_alone(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    client = session.client
    with caplog.at_level(logging.DEBUG, logger="beadline"):
        await client.complete(URI, 0, 23)
        assert "an_unmistakable_name" in (await ask(client, "lastPrompt"))["prompt"]
    assert "an_unmistakable_name" not in caplog.text
    told = [message for message in client.received if "method" in message]
    assert "an_unmistakable_name" not in str(told)
    assert "an_unmistakable_name" not in session.trace.read_text("utf-8")


@pytest.mark.parametrize("argument", [1, True, [], {}])
async def test_a_document_that_is_none(session: Session, argument: Any) -> None:
    refused = await answer(session.client, "lastPrompt", argument)
    assert refused["error"]["code"] == INVALID and "URI" in refused["error"]["message"]


# -- statistics


async def test_the_counts(own_folders: Path, session: Session) -> None:
    path = own_folders / "data" / database.FILE_NAME
    empty = await ask(session.client, "statistics")
    assert (empty["enabled"], empty["file"], empty["since"]) == (True, str(path), None)
    assert empty["total"]["requests"] == 0 and empty["languages"] == empty["models"] == {}
    with closing(database.connect(path)) as connection:
        rows = [("2026-01-02", "python", "nano", "requests", 5.0)]
        database.add(connection, rows)
    found = await ask(session.client, "statistics")
    assert found["since"] == "2026-01-02" and found["languages"]["python"]["requests"] == 5
    assert found["models"]["nano"] == found["total"]
    recent = await ask(session.client, "statistics", 1)
    assert recent["since"] > "2026-01-02" and recent["total"]["requests"] == 0


async def test_counts_that_cannot_be_read(own_folders: Path, session: Session) -> None:
    (own_folders / "data" / database.FILE_NAME).mkdir(parents=True)
    refused = await answer(session.client, "statistics")
    assert refused["error"]["code"] == FAILED
    assert "statistics file" in refused["error"]["message"]


@pytest.mark.parametrize("days", [0, -1, 36_501, "7", 1.5, True])
async def test_days_that_are_none(session: Session, days: Any) -> None:
    refused = await answer(session.client, "statistics", days)
    assert refused["error"]["code"] == INVALID and "days" in refused["error"]["message"]


# -- index


async def test_how_the_index_is(session: Session) -> None:
    assert await ask(session.client, "indexStatus") == {"folders": [], "problems": []}
    one = FolderState("/one", "/cache/one", 3, 17, 4096, True, "2026-01-02T03:04:05+01:00")
    two = FolderState("/two", "", 0, 0, 0, False, "", "It is kept in memory.")
    session.server.folder_states = lambda: [one, two]
    found = await ask(session.client, "indexStatus")
    assert found["folders"][0] == {
        "folder": "/one", "database": "/cache/one", "files": 3, "chunks": 17, "bytes": 4096,
        "complete": True, "updated": "2026-01-02T03:04:05+01:00", "problem": "",
    }  # fmt: skip
    assert found["problems"] == [found["folders"][1]["problem"]] == ["It is kept in memory."]


# -- models


async def test_the_models_there_are(own_folders: Path, session: Session) -> None:
    folder = own_folders / "data" / "models"
    folder.mkdir(parents=True)
    (folder / "broken.gguf").write_bytes(b"no model")
    found = await ask(session.client, "models")
    assert (found["configured"], found["folder"]) == ("builtin", str(folder))
    builtin, broken = found["models"]
    assert (builtin["value"], builtin["builtin"], builtin["configured"]) == ("builtin", True, True)
    assert builtin["path"] == str(BUILTIN_FILE) and builtin["size"] == BUILTIN_FILE.stat().st_size
    assert builtin["family"] == "beadline" and builtin["problem"] == ""
    assert broken["value"] == broken["path"] == str(folder / "broken.gguf")
    assert "not a GGUF file" in broken["problem"] and not broken["configured"]


async def test_the_configured_model_is_listed_wherever_it_lies(
    start: Start, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "mine.gguf"
    shutil.copy(BUILTIN_FILE, elsewhere)
    for path, problem in ((elsewhere, ""), (tmp_path / "gone.gguf", "There is no model file")):
        options = Options(
            engine=EngineOptions(model=str(path)), completion=CompletionOptions(debounce_ms=0)
        )
        client = start(options=options).client
        await client.initialize(capabilities=READY)
        found = await ask(client, "models")
        assert found["configured"] == str(path)
        (chosen,) = [model for model in found["models"] if model["configured"]]
        assert chosen["value"] == str(path) and chosen["problem"].startswith(problem)
        assert bool(chosen["problem"]) == bool(problem)


# -- the doctor


def doctor_is(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """The doctor's process runs this instead; its arguments are `sys.argv[1:]`."""
    monkeypatch.setattr(
        diagnosis.processes,
        "command_line",
        lambda before="": [sys.executable, "-c", f"import sys; {code}"],
    )


@pytest.mark.parametrize(("code", "ok"), [(0, True), (1, False)])
async def test_what_the_doctor_says(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, ok: bool
) -> None:
    doctor_is(monkeypatch, f"print('ok', *sys.argv[1:], '\\u00b5'); sys.exit({code})")
    client = start().client
    await client.initialize(capabilities=READY, root=tmp_path.as_uri())
    found = await ask(client, "doctor")
    line = f"ok doctor --model builtin --workspace {tmp_path} \u00b5"
    assert found == {"ok": ok, "text": line}


async def test_a_doctor_that_falls_ill(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    doctor_is(monkeypatch, "print('begun'); sys.exit('it broke')")
    # Exit code 1 with a report is a report; without one its last words are.
    assert (await ask(session.client, "doctor"))["text"] == "begun"
    doctor_is(monkeypatch, "sys.exit('it broke')")
    assert await ask(session.client, "doctor") == {"ok": False, "text": "it broke"}
    monkeypatch.setattr(diagnosis.processes, "command_line", lambda before="": ["/no/such/program"])
    refused = await answer(session.client, "doctor")
    assert refused["error"]["code"] == FAILED and "in a terminal" in refused["error"]["message"]


async def test_a_doctor_that_is_not_waited_for_any_more_ends(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, processes = tmp_path / "begun", []
    doctor_is(monkeypatch, f"import time; open({str(begun)!r}, 'w').close(); time.sleep(600)")
    spawn = asyncio.create_subprocess_exec

    async def watched(*line: str, **options: Any) -> asyncio.subprocess.Process:
        process = await spawn(*line, **options)
        processes.append(process)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", watched)
    client = session.client
    msg_id = begin(client, "doctor")
    async with asyncio.timeout(TIMEOUT):
        while not begun.exists():
            await asyncio.sleep(0.01)
    client.notify("$/cancelRequest", {"id": msg_id})
    assert (await client.answer(msg_id))["error"]["code"] == CANCELLED
    async with asyncio.timeout(TIMEOUT):
        while processes[0].returncode is None:
            await asyncio.sleep(0.01)
    assert len(await client.complete(URI, 0, 23)) == 1


@pytest.mark.slow
async def test_the_real_doctor(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEADLINE_ENGINE__THREADS", "1")
    found = await ask(session.client, "doctor")
    assert found["ok"], found["text"]
    assert found["text"].endswith("beadline works here.") and "\x1b" not in found["text"]
