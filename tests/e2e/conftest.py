"""The real server in a process of its own, with the model that is shipped, over stdio."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

import beadline
from tests.lsp.client import TIMEOUT, Client, finish

CHECKOUT = Path(beadline.__file__).resolve().parent.parent
QUICK = {"completion": {"debounceMs": 0}}
"""Settings with which every request reaches the model at once."""


class Server:
    """A running `beadline serve`."""

    def __init__(self, process: asyncio.subprocess.Process, home: Path, trace: Path) -> None:
        assert process.stdin is not None and process.stdout is not None
        self.process = process
        self.home = home
        self.trace = trace
        self.client = Client(process.stdout, process.stdin.write)

    def traces(self, **expected: Any) -> list[dict[str, Any]]:
        """Lines of the trace file so far that have these members."""
        lines = self.trace.read_text("utf-8").splitlines() if self.trace.exists() else []
        records = [json.loads(line) for line in lines]
        return [r for r in records if all(r.get(k) == v for k, v in expected.items())]

    async def traced(self, before: int = 0) -> list[dict[str, Any]]:
        """Lines of requests behind the first `before`, once there is one: an answer comes before
        its counts do."""
        async with asyncio.timeout(TIMEOUT):
            while len(found := self.traces(event="request")) <= before:
                await asyncio.sleep(0.01)
        return found[before:]

    def worker(self) -> psutil.Process:
        """The engine's process."""
        (worker,) = [child for child in self.children() if "llama.worker" in command_of(child)]
        return worker

    def children(self) -> list[psutil.Process]:
        """The processes that the server started: the engine's, and one that writes the index."""
        return psutil.Process(self.process.pid).children()

    def stderr(self) -> str:
        """What it logged so far."""
        return (self.home / "stderr").read_text("utf-8")

    async def ready(self, **initialize: Any) -> None:
        """Initialize and wait until the model is loaded."""
        initialize.setdefault("options", QUICK)
        await self.client.initialize(**initialize)
        message = await self.client.message(
            lambda m: m.get("method") == "beadline/status" and m["params"]["state"] != "starting",
            "the model",
        )
        assert message["params"]["state"] == "ready", message

    async def round_trip(self) -> None:
        """Returns when the server has handled all that was sent before."""
        await self.client.request("workspace/executeCommand", {"command": "beadline.accepted"})

    async def exit_code(self) -> int:
        """Wait for its end."""
        return await asyncio.wait_for(self.process.wait(), TIMEOUT)


async def until(condition: Callable[[], object], what: str, *, every: float = 0.001) -> None:
    """Wait for a condition of the outside world that nothing can be awaited for."""
    try:
        async with asyncio.timeout(TIMEOUT):
            while not condition():
                await asyncio.sleep(every)
    except TimeoutError:
        raise AssertionError(f"waited in vain until {what}") from None


async def start_server(
    home: Path,
    cache: Path,
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Server:
    """A server that keeps everything of its own in `home`, which it makes, and `cache`."""
    home.mkdir()
    trace = home / "trace.jsonl"
    variables = {
        **os.environ,
        "PYTHONPATH": str(CHECKOUT),
        "BEADLINE_CONFIG": str(home / "config.toml"),
        "BEADLINE_CACHE_DIR": str(cache),
        "BEADLINE_DATA_DIR": str(home / "data"),
        # Two decoding threads on a busy machine spend their time waiting for each other.
        "BEADLINE_ENGINE__THREADS": "1",
        # The cache is shared: no test goes on where another one ended.
        "BEADLINE_ENGINE__SAVE_STATE": "false",
        **(environment or {}),
    }
    command = (sys.executable, "-P", "-m", "beadline", "serve", "--stdio", "--trace", trace)
    with (home / "stderr").open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            cwd=cwd or home,
            env=variables,
        )
    return Server(process, home, trace)


def assert_clean(server: Server) -> None:
    """Nothing went wrong unnoticed."""
    for sign in ("Traceback", "An inline completion failed", "could not be handled"):
        assert sign not in server.stderr(), server.stderr()[-3000:]


Launch = Callable[..., Any]


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all servers: the probe's verdict is found once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
async def launch(tmp_path: Path, cache_dir: Path, model_path: Path) -> AsyncIterator[Launch]:
    """Starts servers; ends them after the test."""
    servers: list[Server] = []

    async def make(
        *, cwd: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> Server:
        chosen = {"BEADLINE_ENGINE__MODEL": str(model_path)}
        variables = {
            **(chosen if "BEADLINE_TEST_MODEL" in os.environ else {}),
            **(environment or {}),
        }
        home = tmp_path / f"home{len(servers)}"
        servers.append(await start_server(home, cache_dir, cwd=cwd, environment=variables))
        return servers[-1]

    yield make
    for server in servers:
        if server.process.returncode is None:
            await finish(server.client)
            assert await server.exit_code() == 0
        await server.client.ended()
        assert_clean(server)


def command_of(process: psutil.Process) -> str:
    """What a process was started with; empty for one that has ended."""
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""
