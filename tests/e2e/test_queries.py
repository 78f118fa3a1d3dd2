"""What a real server with a real model and index answers to who asks about it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.context.retrieval.git import repository
from tests.e2e.conftest import QUICK, Launch, Server
from tests.lsp.client import TIMEOUT

pytestmark = pytest.mark.slow

HELPERS = '''\
def unmistakable_total(prices, discount):
    """The sum of the prices."""
    return sum(prices) - discount
'''
MAIN = """\
from helpers import unmistakable_total


def report(prices, discount):
    return unmistakable_total("""


async def ask(server: Server, command: str, *arguments: Any) -> Any:
    params = {"command": f"beadline.{command}", "arguments": arguments}
    return await server.client.request("workspace/executeCommand", params)


async def indexed(server: Server) -> dict[str, Any]:
    """The index of the only folder, once all of it was looked at."""
    async with asyncio.timeout(TIMEOUT):
        while True:
            (folder,) = (await ask(server, "indexStatus"))["folders"]
            if folder["complete"]:
                return folder
            await asyncio.sleep(0.05)


async def test_the_prompt_with_its_snippets_and_the_index_they_come_from(
    launch: Launch, tmp_path: Path
) -> None:
    root = repository(tmp_path / "work", {"helpers.py": HELPERS, "main.py": MAIN + "\n"})
    server = await launch(cwd=root)
    await server.ready(root=root.as_uri(), options=QUICK)
    client = server.client
    (before,) = (await ask(server, "indexStatus"))["folders"]
    assert before["folder"] == str(root.resolve())
    uri = (root / "main.py").as_uri()
    client.open(uri, MAIN + "\n")
    folder = await indexed(server)
    assert (folder["files"], folder["problem"]) == (2, "")
    assert folder["chunks"] > 0 and folder["updated"] and folder["bytes"] > 0
    line, character = MAIN.count("\n"), len(MAIN.rpartition("\n")[2])
    (item, *_) = await client.complete(uri, line, character, triggerKind=1)
    found = await ask(server, "lastPrompt", uri)
    assert (found["uri"], found["path"]) == (uri, "main.py")
    assert (found["suggestion"], found["answeredFrom"]) == (item["insertText"], "model")
    assert (found["prefix"], found["suffix"]) == (MAIN, "\n")
    (snippet,) = [each for each in found["snippets"] if each["source"] == "definition"]
    assert snippet["path"] == "helpers.py" and "callee" in snippet["reason"].split(", ")
    assert "def unmistakable_total(prices, discount)" in snippet["text"]
    assert snippet["text"] in found["prompt"] and "report(prices" in found["prompt"]
    tokens = found["tokens"]
    assert tokens["prompt"] > tokens["prefix"] > 0 and tokens["snippets"] > 0
    assert found["dropped"] == {"prefix": 0, "suffix": 0}
    (trace,) = await server.traced()
    assert [each["path"] for each in trace["snippets"]] == [s["path"] for s in found["snippets"]]
    assert (trace["family"], trace["layout"]) == (found["family"], found["layout"])
    for text in (server.stderr(), server.trace.read_text("utf-8")):
        assert "unmistakable_total" not in text


async def test_models_and_statistics(launch: Launch, tmp_path: Path) -> None:
    server = await launch()
    await server.ready()
    found = await ask(server, "models")
    (chosen,) = [model for model in found["models"] if model["configured"]]
    assert chosen["problem"] == "" and chosen["family"] and chosen["size"] > 0
    assert found["folder"] == str(server.home / "data" / "models")
    counts = await ask(server, "statistics", 7)
    assert counts["enabled"] and counts["file"].startswith(str(server.home))
    status = await ask(server, "status")
    assert "latencyMs" not in status
    uri = (tmp_path / "a.py").as_uri()
    server.client.open(uri, "import os\n\nprint(os.")
    assert await server.client.complete(uri, 2, 9, triggerKind=1)
    assert (await ask(server, "status"))["latencyMs"] >= 0
