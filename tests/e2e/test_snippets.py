"""Snippets of a real repository in what the real server asks its model."""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.context.retrieval.git import repository, write
from tests.e2e.conftest import QUICK, Launch, Server
from tests.lsp.client import TIMEOUT

QUEUE = '''class JobQueue:
    """Jobs that wait."""

    def enqueue_job(self, job, priority):
        self.waiting_jobs.append((priority, job))
'''
SECRET = "k9#fjW2x" + "Qp7!"
MAIN = "from queues import JobQueue\n\nqueue = JobQueue()\nqueue.enqueue_job(\n"


def made(folder: Path) -> Path:
    return repository(
        folder,
        {
            "queues.py": QUEUE, "main.py": MAIN, ".gitignore": "local.py\n",
            "local.py": QUEUE, "credentials.py": QUEUE, ".env": "enqueue_job=1\n",
            "old.py": QUEUE.replace("Jobs that wait.", f"password = '{SECRET}'"),
        },
    )  # fmt: skip


async def asked(server: Server, root: Path) -> dict[str, Any]:
    """The trace of the first request in `main.py` that has snippets."""
    uri = (root / "main.py").as_uri()
    async with asyncio.timeout(TIMEOUT):
        for number in count():
            # What was decided at a cursor holds for this text: each time it is another one.
            server.client.open(uri, f"# {number}\n{MAIN}")
            before = len(server.traces(event="request"))
            await server.client.complete(uri, 4, 18)
            (trace,) = await server.traced(before)
            if trace["snippets"]:
                return trace
            server.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    raise AssertionError


async def test_the_definition_is_in_the_prompt_and_no_secret(tmp_path: Path, launch: Launch):
    root = made(tmp_path / "work")
    server = await launch()
    await server.ready(root=root.as_uri(), options=QUICK)
    trace = await asked(server, root)
    assert trace["snippets"][0]["path"] == "queues.py"
    assert trace["snippets"][0]["source"] == "definition"
    assert {each["path"] for each in trace["snippets"]} <= {"queues.py", "old.py"}
    assert SECRET not in server.trace.read_text("utf-8") + server.stderr()


@pytest.mark.slow
async def test_without_a_place_for_the_index(tmp_path: Path, launch: Launch):
    root = made(tmp_path / "work")
    write(tmp_path, {"cache": "a file is no folder"})
    server = await launch(environment={"BEADLINE_CACHE_DIR": str(tmp_path / "cache")})
    await server.ready(root=root.as_uri(), options=QUICK)
    trace = await asked(server, root)
    assert trace["snippets"][0]["path"] == "queues.py"
    told = await server.client.message(
        lambda m: m.get("method") == "window/logMessage" and "memory" in m["params"]["message"],
        "the index in memory",
    )
    assert "Traceback" not in told["params"]["message"]
