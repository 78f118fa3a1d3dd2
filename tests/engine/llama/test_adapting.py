"""Adapters of a running engine: swapped between requests, kept over crashes, dropped when unfit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from beadline.engine.llama.client import LlamaEngine
from beadline.engine.llama.messages import NO_ADAPTER
from beadline.engine.protocol import FimRequest, Score
from beadline.errors import AdapterError, EngineUnavailable
from tests.engine.conftest import EngineFactory
from tests.engine.llama.loras import make

TIMEOUT_S = 60
MIDDLE = "path.getsize(path)"
REQUEST = FimRequest(
    prefix="import os\n\n\ndef size_of(path):\n    return os.",
    suffix="\n",
    path="a.py",
    sequence="a",
)


@pytest.fixture
def adapter(model_path: Path, tmp_path: Path) -> Path:
    return make(tmp_path / "a.gguf", model_path)


async def score(engine: LlamaEngine) -> Score:
    async with asyncio.timeout(TIMEOUT_S):
        return await engine.score(REQUEST, MIDDLE)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():
            await asyncio.sleep(0.01)


async def kill(engine: LlamaEngine) -> None:
    psutil.Process(engine.worker_pid).kill()
    await until(lambda: engine.worker_pid is None)


async def test_requests_are_served_with_the_adapter_in_use(
    engine_factory: EngineFactory, adapter: Path
) -> None:
    engine = engine_factory()
    assert engine.adapter == ""
    plain = await score(engine)
    warm = await score(engine)
    assert warm.usage.reused_tokens > 0
    await engine.use_adapter(adapter)
    assert str(adapter) in engine.adapter
    tuned = await score(engine)
    assert abs(tuned.logprob - plain.logprob) > 0.1
    assert tuned.usage.reused_tokens == 0, "keys and values of other weights"
    assert (await score(engine)).usage.reused_tokens > 0
    await engine.use_adapter(adapter, 0.5)
    assert (await score(engine)).logprob not in (tuned.logprob, plain.logprob)
    await engine.use_adapter(None)
    assert engine.adapter == ""
    again = await score(engine)
    assert again.logprob == pytest.approx(plain.logprob, abs=1e-3)


async def test_the_order_of_calls_counts_and_nobody_has_to_wait(
    engine_factory: EngineFactory, adapter: Path
) -> None:
    engine = engine_factory()
    plain = asyncio.ensure_future(engine.score(REQUEST, MIDDLE))
    await asyncio.sleep(0)  # it is queued
    changed = engine.use_adapter(adapter)
    changed.cancel()  # who waits for it may go
    tuned = asyncio.ensure_future(engine.score(REQUEST, MIDDLE))
    async with asyncio.timeout(TIMEOUT_S):
        first, second = await plain, await tuned
    assert abs(first.logprob - second.logprob) > 0.1
    assert str(adapter) in engine.adapter


async def test_a_new_worker_takes_the_adapter_up(
    engine_factory: EngineFactory, adapter: Path
) -> None:
    engine = engine_factory()
    await engine.use_adapter(adapter)
    tuned = await score(engine)
    await kill(engine)
    assert (await score(engine)).logprob == pytest.approx(tuned.logprob, abs=1e-3)
    assert str(adapter) in engine.adapter


async def test_an_adapter_that_is_gone_when_a_new_worker_starts(
    engine_factory: EngineFactory, adapter: Path
) -> None:
    engine = engine_factory()
    plain = await score(engine)
    await engine.use_adapter(adapter)
    adapter.unlink()
    await kill(engine)
    assert (await score(engine)).logprob == pytest.approx(plain.logprob, abs=1e-3)
    assert engine.adapter == ""
    assert engine.info is not None
    assert "There is no adapter" in engine.info.details[NO_ADAPTER]
    assert "There is no adapter" in engine.state_message


async def test_one_that_does_not_fit_leaves_the_model_alone(
    engine_factory: EngineFactory, adapter: Path, model_path: Path, tmp_path: Path
) -> None:
    engine = engine_factory()
    plain = await score(engine)
    await engine.use_adapter(adapter)
    other = make(tmp_path / "other.gguf", model_path, architecture="qwen2")
    with pytest.raises(AdapterError, match="does not fit"):
        await engine.use_adapter(other)
    assert engine.adapter == ""
    assert (await score(engine)).logprob == pytest.approx(plain.logprob, abs=1e-3)


async def test_a_closed_engine_takes_none(engine_factory: EngineFactory, adapter: Path) -> None:
    engine = engine_factory()
    await engine.close()
    with pytest.raises(EngineUnavailable):
        await engine.use_adapter(adapter)
    assert engine.adapter == ""
