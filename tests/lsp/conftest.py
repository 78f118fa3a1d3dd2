"""An in-process server over byte streams, with a scripted engine and the real completer."""

from __future__ import annotations

import asyncio
import io
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from beadline.completion.service import Completer
from beadline.completion.trace import TraceSink
from beadline.lsp.server import BeadlineServer, create_server
from beadline.lsp.statistics.recorder import Labels
from beadline.lsp.transport import Output
from beadline.settings import CompletionOptions, Options
from tests.lsp.client import TIMEOUT, Client
from tests.lsp.clock import FakeClock
from tests.lsp.engine import FakeEngine

READY = {"textDocument": {"inlineCompletion": {}}}


class Pipe(io.RawIOBase):
    """What the server writes goes to the client's reader."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._reader.feed_data(bytes(data))
        return len(data)


@dataclass
class Session:
    """A running server and its client."""

    server: BeadlineServer
    engine: FakeEngine
    client: Client
    input: asyncio.StreamReader
    task: asyncio.Task[int]
    trace: Path
    counts: Counter[tuple[str, str]]
    """What was counted, by language and name."""

    async def exit_code(self) -> int:
        """Wait for the server's end."""
        return await asyncio.wait_for(asyncio.shield(self.task), TIMEOUT)


Start = Callable[..., Session]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts servers; ends them after the test."""
    sessions: list[Session] = []

    def make(
        engine: FakeEngine | None = None,
        *,
        options: Options | None = None,
        clock: FakeClock | None = None,
        poll: float = 3.0,
    ) -> Session:
        engine = engine or FakeEngine()
        options = options or Options(completion=CompletionOptions(debounce_ms=0))
        trace = tmp_path / "trace.jsonl"
        seconds = clock.clock().seconds if clock else time.perf_counter
        completer = Completer(engine, options, trace=TraceSink(trace), clock=seconds)
        counts: Counter[tuple[str, str]] = Counter()

        def count(labels: Labels, increments: Mapping[str, float]) -> None:
            counts.update({(labels.language, name): n for name, n in increments.items()})

        server = create_server(
            options,
            engine=engine,
            completer=completer,
            count=count,
            clock=clock.clock() if clock else None,
            poll_seconds=poll,
        )
        requests, answers = asyncio.StreamReader(), asyncio.StreamReader()
        output = Output(Pipe(answers), lambda: server.stop(1))  # type: ignore[arg-type]

        async def run() -> int:
            try:
                return await server.run(requests, output)
            finally:
                answers.feed_eof()

        task = asyncio.create_task(run())
        session = Session(
            server, engine, Client(answers, requests.feed_data), requests, task, trace, counts
        )
        sessions.append(session)
        return session

    yield make
    for session in sessions:
        session.input.feed_eof()
        await session.exit_code()
        await session.client.ended()


@pytest.fixture
def clock() -> FakeClock:
    """The time of `timed`."""
    return FakeClock()


@pytest.fixture
async def timed(start: Start, clock: FakeClock) -> Session:
    """An initialized server whose model is loaded and whose time is the test's."""
    session = start(clock=clock)
    await session.client.initialize(capabilities=READY)
    await session.client.told("beadline/status", state="ready")
    return session


@pytest.fixture
async def session(start: Start) -> Session:
    """An initialized server whose model is loaded."""
    session = start()
    await session.client.initialize(capabilities=READY)
    await session.client.told("beadline/status", state="ready")
    return session
