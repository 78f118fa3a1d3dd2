"""The shape of the answers, and what is asked in odd ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from beadline.completion.types import CompletionItem, CompletionRequest, CompletionResult, Trace
from beadline.settings import ContextOptions, Options
from tests.lsp.client import inline_params
from tests.lsp.conftest import READY, Session, Start

URI = "file:///folder/a.py"


async def test_an_item_is_a_plain_insertion_at_the_cursor(session: Session) -> None:
    client = session.client
    client.open(URI, "x = \n")
    (item,) = await client.complete(URI, 0, 4)
    at = {"line": 0, "character": 4}
    assert item["insertText"] == "42"
    assert item["range"] == {"start": at, "end": at}
    assert item["command"]["command"] == "beadline.accepted"


async def test_nothing_is_an_empty_list(session: Session) -> None:
    session.engine.script = lambda _: []
    client = session.client
    client.open(URI, "x = \n")
    answer = await client.answer(client.complete_begin(URI, 0, 4))
    assert answer["result"] == {"items": []}


async def test_new_lines_are_line_feeds_whatever_the_document_has(session: Session) -> None:
    session.engine.script = lambda _: ["\n    return 1", "\n    "]
    client = session.client
    client.open(URI, "import os\r\ndef f():\r\n\r\nx = 1\r\n")
    (item,) = await client.complete(URI, 1, 8)
    assert item["insertText"].startswith("\n    return 1")
    assert "\r" not in item["insertText"]
    assert "\r" not in session.engine.streams[0].request.prefix


async def test_a_position_outside_the_text_is_clamped(session: Session) -> None:
    client = session.client
    client.open(URI, "x = ")
    (item,) = await client.complete(URI, 999, 999)
    at = {"line": 0, "character": 4}
    assert item["range"] == {"start": at, "end": at}


async def test_trigger_kinds_of_all_clients(session: Session) -> None:
    client = session.client
    client.open(URI, "x = ")
    for context in ({"triggerKind": 0}, {"triggerKind": 1}, {"triggerKind": 2}, {}, None):
        params = inline_params(URI, 0, 4)
        if context is None:
            del params["context"]
        else:
            params["context"] = context
        result = await client.request("textDocument/inlineCompletion", params)
        assert len(result["items"]) == 1, context


async def test_the_extras_of_copilots_clients(session: Session) -> None:
    client = session.client
    client.open(URI, "x = ", version=3)
    params = inline_params(URI, 0, 4)
    params["formattingOptions"] = {"tabSize": 4, "insertSpaces": True}
    for version, count in ((3, 1), (None, 1), (2, 0)):
        params["textDocument"] = {"uri": URI, "version": version}
        result = await client.request("textDocument/inlineCompletion", params)
        assert len(result["items"]) == count, version


async def test_items_extend_the_selected_entry_of_the_popup(session: Session) -> None:
    session.engine.script = lambda _: ["(path)"]
    client = session.client
    client.open(URI, "x = os.lis\n")
    span = {"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 10}}
    popup = {"range": span, "text": "listdir"}
    (item,) = await client.complete(URI, 0, 10, selectedCompletionInfo=popup)
    assert item["insertText"] == "listdir(path)"
    assert item["range"] == span
    assert session.engine.streams[0].request.prefix == "x = os.listdir"


async def test_an_entry_that_is_a_whole_call_is_ignored(session: Session) -> None:
    session.engine.script = lambda _: ["tdir(path)"]
    client = session.client
    client.open(URI, "x = os.lis\n")
    span = {"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 10}}
    popup = {"range": span, "text": "listdir($1)"}
    (item,) = await client.complete(URI, 0, 10, selectedCompletionInfo=popup)
    assert item["insertText"] == "tdir(path)"


@pytest.mark.parametrize(
    "popup",
    [
        {"range": {"start": (1, 0), "end": (1, 2)}, "text": "elsewhere"},
        {"range": {"start": (0, 0), "end": (1, 0)}, "text": "lines"},
        {"range": {"start": (0, 4), "end": (0, 4)}, "text": "two\nlines"},
    ],
)
async def test_a_popup_no_item_can_extend(session: Session, popup: dict) -> None:
    client = session.client
    client.open(URI, "x = \nyy\n")
    span = {k: {"line": v[0], "character": v[1]} for k, v in popup["range"].items()}
    info = {"range": span, "text": popup["text"]}
    assert await client.complete(URI, 0, 4, selectedCompletionInfo=info) == []


async def test_a_file_that_is_not_open_is_read_from_the_disk(
    session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = ")
    assert len(await session.client.complete(path.as_uri(), 0, 4)) == 1


async def test_bad_files_are_told_once_and_answered_with_nothing(
    session: Session, tmp_path: Path
) -> None:
    (tmp_path / "binary.py").write_bytes(b"\x00\x01")
    (tmp_path / "latin.py").write_bytes(b"x = '\xe4'")
    with (tmp_path / "large.py").open("wb") as file:
        file.truncate(20_000_000)
    reasons = {
        "missing.py": "no file",
        "": "directory",
        "binary.py": "binary",
        "latin.py": "UTF-8",
        "large.py": "too large",
    }
    for number, (name, reason) in enumerate(reasons.items(), start=1):
        for _ in range(2):
            assert await session.client.complete((tmp_path / name).as_uri(), 0, 0) == []
        told = session.client.all("window/logMessage")
        assert len(told) == number
        assert reason in told[-1]["message"]


async def test_a_buffer_that_is_too_large_is_told_once(start: Start) -> None:
    session = start(options=Options(context=ContextOptions(max_file_bytes=20_000)))
    client = session.client
    await client.initialize(capabilities=READY)
    await client.told("beadline/status", state="ready")
    client.open(URI, "x = 1\n" * 3_500)
    for version in range(2, 5):
        assert await client.complete(URI, 0, 4) == []
        client.change(URI, version, {"text": "x = 1\n" * (3_500 + version)})
    (told,) = client.all("window/logMessage")
    assert "21,000 bytes" in told["message"]
    client.change(URI, 9, {"text": "x = "})
    assert len(await client.complete(URI, 0, 4)) == 1


async def test_an_unknown_language_is_completed_by_lines(session: Session) -> None:
    client = session.client
    client.open("file:///folder/a.zzz", "value = ", language="zzz")
    assert len(await client.complete("file:///folder/a.zzz", 0, 8)) == 1


async def test_a_failure_inside_is_an_empty_list_and_a_log_without_source(
    session: Session, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "_".join(("secret", "source", "text"))

    async def fail(_: object) -> None:
        raise ValueError(secret)

    monkeypatch.setattr(session.server.completer, "complete", fail)
    client = session.client
    client.open(URI, "x = ")
    assert await client.complete(URI, 0, 4) == []
    assert "ValueError" in caplog.text
    assert secret not in caplog.text
    assert client.all("window/showMessage") == []


async def test_an_unknown_command_is_an_error(session: Session) -> None:
    client = session.client
    answer = await client.answer(client.begin("workspace/executeCommand", {"command": "rm"}))
    assert answer["error"]["code"] == -32602
    assert not answer["error"].get("data")


async def test_all_items_of_an_answer_in_their_order(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def three(request: CompletionRequest) -> CompletionResult:
        at = request.offset
        items = tuple(CompletionItem(text, at, at) for text in ("first", "second", "third"))
        return CompletionResult(items, Trace(answered_from="model"))

    monkeypatch.setattr(session.server.completer, "complete", three)
    session.client.open(URI, "x = ")
    items = await session.client.complete(URI, 0, 4, triggerKind=1)
    assert [item["insertText"] for item in items] == ["first", "second", "third"]
    assert len({item["command"]["arguments"][0] for item in items}) == 3


@pytest.mark.parametrize("character", ["a", " ", "(", "é"])
async def test_a_line_of_tens_of_thousands_of_characters(session: Session, character: str) -> None:
    """What is quadratic in it does not end within the time-out."""
    client = session.client
    count = 30_000
    line = character * count
    client.open(URI, f"{line}.{line}", language="plaintext")
    for column in (0, count, count + 1, 2 * count + 1):
        await client.complete(URI, 0, column, triggerKind=1)
