"""Out of memory: what is given up, in which order, and that the user is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.llama.memory import (
    LEAST_CONTEXT,
    SEQUENCES,
    Demand,
    Thrift,
    tells_of_memory,
    was_killed,
)
from beadline.engine.protocol import EngineState, FimRequest, Finished
from beadline.errors import EngineCrashed, OutOfMemory

REQUEST = FimRequest(prefix="def f():\n    return ", suffix="\n", max_tokens=4)


@pytest.mark.parametrize(
    ("log", "memory"),
    [
        ("ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 9", True),
        ("failed to initialize the context: failed to allocate buffer for kv cache", True),
        ("unable to allocate CUDA0 buffer", True),
        ("cudaMalloc failed: out of memory", True),
        ("ggml_vulkan: Device memory allocation failed: ErrorOutOfDeviceMemory", True),
        ("ggml_aligned_malloc: insufficient memory (attempted to allocate 12 MB)", True),
        ("error loading model: missing tensor 'blk.0.attn_q.weight'", False),
        ("free(): invalid pointer", False),
    ],
)
def test_logs_that_tell_of_memory(log: str, memory: bool) -> None:
    assert tells_of_memory(log) is memory


def test_a_kill_by_the_system_is_taken_for_memory() -> None:
    assert was_killed(-9)
    assert not any(was_killed(code) for code in (None, 0, 1, -6, -11))


def test_the_order_of_what_is_given_up() -> None:
    thrift = Thrift(Demand(0, -1))
    seen = []
    opened = 8192
    while thrift.lower(opened=opened, gpu=True):
        demand = thrift.demand
        seen.append((demand.context_tokens, demand.gpu_layers, demand.sequences))
        opened = demand.context_tokens or 8192
    on_gpu = [(4096, -1, 1), (2048, -1, 1), (1024, -1, 1)]
    on_cpu = [(0, 0, SEQUENCES), (4096, 0, 1), (2048, 0, 1), (1024, 0, 1)]
    assert seen == on_gpu + on_cpu


@given(asked=st.integers(256, 1 << 20), layers=st.integers(-1, 99), gpu=st.booleans())
def test_it_ends_and_never_asks_for_more(asked: int, layers: int, gpu: bool) -> None:
    thrift = Thrift(Demand(asked, layers))
    steps = 0
    while thrift.lower(opened=thrift.demand.context_tokens, gpu=gpu):
        steps += 1
        assert min(asked, LEAST_CONTEXT) <= thrift.demand.context_tokens <= asked
        assert thrift.demand.gpu_layers in (layers, 0)
        assert steps <= 2 * 12
    thrift.reset()
    assert thrift.demand == Demand(asked, layers)


def test_weights_that_do_not_fit_leave_the_gpu_at_once() -> None:
    thrift = Thrift(Demand(4096, -1))
    assert thrift.lower(opened=0, gpu=True)
    assert thrift.demand == Demand(4096, 0)
    assert not thrift.lower(opened=0, gpu=True)
    assert not Thrift(Demand(4096, -1)).lower(opened=0, gpu=False)


@pytest.mark.slow
async def test_a_smaller_context(engine_factory, worker_script) -> None:
    engine = engine_factory(
        worker_command=worker_script("little_memory"), options={"context_tokens": 4096}
    )
    info = await engine.start()
    assert (info.context_tokens, info.details["sequences"]) == (1024, "1")
    assert "1024 tokens instead of 4096" in info.details["fallback"]
    assert info.details["fallback"] in engine.state_message
    events = [event async for event in engine.generate(REQUEST)]
    assert isinstance(events[-1], Finished)


@pytest.mark.slow
async def test_a_full_gpu_leaves_the_cpu(engine_factory, worker_script) -> None:
    engine = engine_factory(worker_command=worker_script("full_gpu"))
    info = await engine.start()
    assert engine.state is EngineState.READY
    assert "the CPU instead of the GPU" in info.details["fallback"]
    assert not info.safe_parameters


@pytest.mark.parametrize("probed", [True, False])
@pytest.mark.slow
async def test_a_worker_that_dies_for_memory_while_decoding(
    engine_factory, worker_script, probed: bool
) -> None:
    """In the probe nobody notices; later it costs the one request."""
    engine = engine_factory(
        worker_command=worker_script("memory_while_decoding"),
        options={"context_tokens": 4096, "extra_buffers": "auto" if probed else "on"},
    )
    info = await engine.start()
    if not probed:
        assert info.context_tokens == 4096
        for _ in range(2):
            with pytest.raises(EngineCrashed, match="out of memory"):
                _ = [event async for event in engine.generate(REQUEST)]
    events = [event async for event in engine.generate(REQUEST)]
    assert isinstance(events[-1], Finished)
    info = await engine.start()
    assert info.context_tokens == 1024
    # Not mistaken for the fault that the probe looks for.
    assert not info.safe_parameters


async def test_no_memory_at_all(engine_factory, worker_script) -> None:
    engine = engine_factory(
        worker_command=worker_script("no_memory"), options={"context_tokens": 2048}
    )
    with pytest.raises(OutOfMemory, match="1024 tokens does not fit"):
        await engine.start()
    assert engine.state is EngineState.FAILED
    assert "Buy some." in engine.state_message


async def test_enough_memory_needs_no_words(engine_factory) -> None:
    engine = engine_factory()
    info = await engine.start()
    assert "fallback" not in info.details
    assert "memory" not in engine.state_message
