"""Whatever is wrong, the server lives, and says what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Launch, Server
from tests.lsp.client import inline_params

pytestmark = pytest.mark.slow

METHOD = "textDocument/inlineCompletion"


async def is_alive(server: Server) -> None:
    """A model's answer to a fresh question."""
    before = len(server.traces(event="request"))
    uri = (server.home / f"alive{before}.py").as_uri()
    server.client.open(uri, "import os\n\nprint(os.")
    await server.client.complete(uri, 2, 9, triggerKind=1)
    assert (await server.traced(before))[-1]["answered_from"] == "model"


@pytest.fixture
async def server(launch: Launch) -> Server:
    server = await launch()
    await server.ready()
    return server


def make_bad_file(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.py"
    match kind:
        case "directory":
            path.mkdir()
        case "large":
            path.write_bytes(b"x = 1\n" * 3_500_000)
        case "binary":
            path.write_bytes(b"\x7fELF\x00\x00\x01")
        case "latin1":
            path.write_bytes(b"name = '\xe4\xf6'\n")
    return path


async def test_files_that_cannot_be_read(server: Server, tmp_path: Path) -> None:
    reasons = {
        "missing": "There is no file",
        "directory": "is a directory",
        "large": "too large: 21,000,000 bytes",
        "binary": "binary file",
        "latin1": "not valid UTF-8",
    }
    for number, (kind, reason) in enumerate(reasons.items(), start=1):
        path = make_bad_file(tmp_path, kind)
        assert await server.client.complete(path.as_uri(), 0, 0) == []
        told = server.client.all("window/logMessage")
        assert len(told) == number
        assert reason in told[-1]["message"]
        await is_alive(server)


async def test_a_buffer_of_20_megabytes(server: Server, tmp_path: Path) -> None:
    uri = (tmp_path / "large.py").as_uri()
    server.client.open(uri, "x = 1\n" * 3_500_000)
    assert await server.client.complete(uri, 5, 4) == []
    (told,) = server.client.all("window/logMessage")
    assert "21,000,000 bytes" in told["message"]
    await is_alive(server)


async def test_positions_outside_the_file(server: Server, tmp_path: Path) -> None:
    uri = (tmp_path / "short.py").as_uri()
    server.client.open(uri, "import os\nprint(")
    for line, column in ((0, 999), (999, 0), (2**31 - 1, 2**31 - 1)):
        for item in await server.client.complete(uri, line, column, triggerKind=1):
            assert item["range"]["start"]["line"] in (0, 1)
            assert item["range"]["start"]["character"] in (6, 9)
        await is_alive(server)


async def test_an_unknown_language(server: Server, tmp_path: Path) -> None:
    uri = (tmp_path / "words.zzz").as_uri()
    server.client.open(uri, "first second\nfirst ", language="klingon")
    await server.client.complete(uri, 1, 6, triggerKind=1)
    assert (await server.traced())[-1]["answered_from"] == "model"
    await is_alive(server)


async def test_an_unknown_setting(launch: Launch) -> None:
    server = await launch()
    await server.ready(options={"completion": {"debounceMs": 0, "nosuch": 1, "maxTokens": "many"}})
    told = await server.client.told("window/showMessage")
    assert "completion.nosuch" in told["message"]
    assert "completion.max_tokens must be a whole number" in told["message"]
    await is_alive(server)


async def test_malformed_messages(server: Server) -> None:
    client = server.client
    server.client.send(b"{no json")
    assert (await client.message(lambda m: "error" in m))["error"]["code"] == -32700
    for params in (None, {}, {**inline_params("x", 0, 0), "position": {"line": -1}}):
        answer = await client.answer(client.begin(METHOD, params))
        assert answer["error"]["code"] == -32602
        assert METHOD in answer["error"]["message"]
    client.send_bytes(b"Content-Length: 99999999999999999999\r\nnonsense\r\n\r\n")
    client.send({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": [1]})
    await is_alive(server)


def truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def no_gguf(_: bytes) -> bytes:
    return b"PK\x03\x04 a pickle, perhaps"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [(truncated, "truncated"), (no_gguf, "GGUF")],
)
async def test_a_model_that_cannot_be_used(
    launch: Launch, tmp_path: Path, model_path: Path, spoil, reason: str
) -> None:
    path = tmp_path / "spoiled.gguf"
    path.write_bytes(spoil(model_path.read_bytes()))
    server = await launch(environment={"BEADLINE_ENGINE__MODEL": str(path)})
    client = server.client
    await client.initialize()
    shown = await client.told("window/showMessage", type=1)
    assert reason in shown["message"]
    uri = (tmp_path / "a.py").as_uri()
    client.open(uri, "print(")
    for _ in range(3):
        assert await client.complete(uri, 0, 6, triggerKind=1) == []
    assert len(client.all("window/showMessage")) == 1
    status = await client.told("beadline/status", state="error")
    assert reason in status["message"]


async def test_a_model_that_does_not_exist(launch: Launch, tmp_path: Path) -> None:
    server = await launch(environment={"BEADLINE_ENGINE__MODEL": str(tmp_path / "none.gguf")})
    await server.client.initialize()
    shown = await server.client.told("window/showMessage", type=1)
    assert "none.gguf" in shown["message"]
