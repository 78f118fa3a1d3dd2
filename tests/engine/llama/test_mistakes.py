"""Mistakes of our own in the client: one request fails, with a message, and the rest goes on."""

from __future__ import annotations

import asyncio

import pytest

from beadline.engine.protocol import EngineState
from beadline.errors import EngineUnavailable
from tests.engine.llama.test_engine import REQUEST, TIMEOUT_S, collect


async def test_a_mistake_of_ours_costs_one_request(engine_factory) -> None:
    engine = engine_factory()
    await engine.start()
    broken, waiting = engine.generate(REQUEST), engine.generate(REQUEST)
    broken.message = lambda: 1 // 0
    with pytest.raises(EngineUnavailable, match="ZeroDivisionError"):
        await collect(broken)
    assert (await collect(waiting))[-1].usage.generated_tokens > 0
    assert engine.state is EngineState.READY


async def test_a_mistake_of_ours_while_loading_leaves_no_worker(engine_factory) -> None:
    engine = engine_factory(retry_after_s=0)
    load, seen = engine._opener.open, []

    async def broken(worker, *rest):
        seen.append(worker)
        raise RuntimeError("a mistake")

    engine._opener.open = broken
    with pytest.raises(EngineUnavailable, match="a mistake"):
        await collect(engine.generate(REQUEST))
    assert engine.state is EngineState.FAILED
    (worker,) = seen
    await asyncio.wait_for(worker._exited.wait(), TIMEOUT_S)
    assert engine.worker_pid is None
    engine._opener.open = load
    assert (await collect(engine.generate(REQUEST)))[-1].usage.generated_tokens > 0
