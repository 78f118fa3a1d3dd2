"""`LlamaEngine` over real worker processes: what completion relies on."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

import psutil
import pytest

from beadline.engine.protocol import EngineState, FimRequest, Finished, Piece, Started
from beadline.errors import EngineCrashed, EngineUnavailable, ModelError

TIMEOUT_S = 60
PREFIX = "import os\n\n\ndef size_of(path):\n    return os."
REQUEST = FimRequest(prefix=PREFIX, suffix="\n", path="a.py", max_tokens=10)
LONG = FimRequest(prefix=PREFIX, suffix="\n", max_tokens=400, deadline_ms=100_000)


async def collect(stream) -> list:
    async with asyncio.timeout(TIMEOUT_S):
        return [event async for event in stream]


async def first_piece(stream):
    """The rest of the stream after its first piece."""
    events = aiter(stream)
    async with asyncio.timeout(TIMEOUT_S):
        while not isinstance(await anext(events), Piece):
            pass
    return events


def text_of(events: list) -> str:
    return "".join(event.text for event in events if isinstance(event, Piece))


async def test_start_tells_about_the_model(engine_factory, model_path) -> None:
    engine = engine_factory()
    assert engine.state is EngineState.NEW
    info = await engine.start()
    assert engine.state is EngineState.READY
    assert info == await engine.start()
    assert (info.path, info.family, info.architecture) == (str(model_path), "beadline", "llama")
    assert "llama-cpp-python" in info.build
    assert info.name in engine.state_message
    assert info.context_tokens > 0 < info.parameters


async def test_a_generation(engine_factory) -> None:
    engine = engine_factory()
    events = await collect(engine.generate(REQUEST))
    assert isinstance(events[0], Started)
    assert 0 <= events[0].eog_probability <= 1
    finished = events[-1]
    assert isinstance(finished, Finished)
    usage = finished.usage
    assert usage.prompt_tokens == usage.reused_tokens + usage.evaluated_tokens > 0
    assert (usage.family, usage.layout) == ("beadline", "anchored")
    assert usage.queue_ms > 0
    again = await collect(engine.generate(REQUEST))
    assert text_of(again) == text_of(events)
    assert again[-1].usage.evaluated_tokens == 1


async def test_render_is_what_generate_evaluates(engine_factory) -> None:
    engine = engine_factory()
    prompt = await engine.render(REQUEST)
    events = await collect(engine.generate(REQUEST))
    assert len(prompt.tokens) == events[-1].usage.prompt_tokens
    assert PREFIX in prompt.text
    assert prompt.family == "beadline"


async def test_requests_are_served_in_order(engine_factory) -> None:
    engine = engine_factory()
    order: list[int] = []

    async def run(number: int) -> None:
        await collect(engine.generate(REQUEST))
        order.append(number)

    await asyncio.gather(*(run(number) for number in range(5)))
    assert order == [0, 1, 2, 3, 4]


async def test_sequences_by_key(engine_factory) -> None:
    engine = engine_factory()
    one = FimRequest(prefix="x = 1\ny = ", suffix="", max_tokens=2, sequence="one")
    two = FimRequest(prefix="class A:\n    ", suffix="", max_tokens=2, sequence="two")
    for request in (one, two):
        await collect(engine.generate(request))
    for request in (one, two):
        assert (await collect(engine.generate(request)))[-1].usage.evaluated_tokens == 1


async def test_cancel_in_the_middle(engine_factory, worker_script) -> None:
    engine = engine_factory(worker_command=worker_script("endless"))
    stream = engine.generate(LONG)
    rest = await first_piece(stream)
    stream.cancel()
    stream.cancel()
    events = await collect(rest)
    assert [type(event) for event in events] == [Finished]
    assert events[0].reason == "cancelled"
    assert events[0].usage.generated_tokens < 400
    assert (await collect(engine.generate(REQUEST)))[-1].usage.generated_tokens == 10


async def test_cancel_in_the_queue_and_while_loading(engine_factory, worker_script) -> None:
    engine = engine_factory(worker_command=worker_script("endless"))
    loading = engine.generate(LONG)
    queued = engine.generate(LONG)
    loading.cancel()
    queued.cancel()
    for stream in (loading, queued):
        (finished,) = await collect(stream)
        assert (finished.reason, finished.usage.prompt_tokens) == ("cancelled", 0)
    assert (await collect(engine.generate(REQUEST)))[-1].reason == "length"


async def test_a_cancelled_render_does_not_hold_up_the_queue(engine_factory) -> None:
    engine = engine_factory(hang_grace_s=600)
    task = asyncio.create_task(engine.render(REQUEST))
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert (await collect(engine.generate(REQUEST)))[-1].usage.generated_tokens


async def test_the_deadline(engine_factory, worker_script) -> None:
    engine = engine_factory(worker_command=worker_script("endless"))
    await engine.start()
    request = FimRequest(prefix=PREFIX, suffix="", max_tokens=100_000, deadline_ms=50)
    events = await collect(engine.generate(request))
    assert events[-1].reason == "deadline"


async def test_a_consumer_that_stops_taking_holds_the_worker(engine_factory, worker_script) -> None:
    engine = engine_factory(worker_command=worker_script("endless"))
    stream = engine.generate(FimRequest(prefix=PREFIX, suffix="", max_tokens=60, deadline_ms=1500))
    rest = await first_piece(stream)
    await asyncio.wait_for(stream.done.wait(), TIMEOUT_S)
    events = await collect(rest)
    assert events[-1].reason == "deadline"
    # One piece was taken; at most four tokens more were run.
    assert events[-1].usage.generated_tokens <= 1 + 4


async def test_killed_in_the_middle_and_the_next_is_served(engine_factory, worker_script) -> None:
    engine = engine_factory(worker_command=worker_script("endless"))
    stream = engine.generate(LONG)
    waiting = engine.generate(REQUEST)
    rest = await first_piece(stream)
    pid = engine.worker_pid
    psutil.Process(pid).kill()
    with pytest.raises(EngineCrashed, match="The engine stopped"):
        await collect(rest)
    # Neither what waited in the queue nor what comes later notices.
    assert (await collect(waiting))[-1].reason == "length"
    assert (await collect(engine.generate(REQUEST)))[-1].reason == "length"
    assert engine.worker_pid != pid


async def test_killed_while_idle(engine_factory) -> None:
    engine = engine_factory()
    await engine.start()
    worker = engine._worker
    psutil.Process(engine.worker_pid).kill()
    await asyncio.wait_for(worker._exited.wait(), TIMEOUT_S)
    assert engine.state is EngineState.NEW
    assert (await collect(engine.generate(REQUEST)))[-1].usage.prompt_tokens


async def test_a_hanging_worker_is_ended(engine_factory, worker_script) -> None:
    engine = engine_factory(worker_command=worker_script("stuck"), hang_grace_s=0.2,
                            options={"extra_buffers": "on"})  # fmt: skip
    await engine.start()
    request = FimRequest(prefix=PREFIX, suffix="", deadline_ms=50)
    with pytest.raises(EngineCrashed, match="did not answer"):
        await collect(engine.generate(request))
    assert engine.worker_pid is None


async def test_a_cancelled_stream_of_a_hanging_worker_still_ends_as_cancelled(
    engine_factory, worker_script
) -> None:
    engine = engine_factory(worker_command=worker_script("stuck"), hang_grace_s=0.2,
                            options={"extra_buffers": "on"})  # fmt: skip
    await engine.start()
    stream = engine.generate(FimRequest(prefix=PREFIX, suffix="", deadline_ms=50))
    await asyncio.sleep(0)
    stream.cancel()
    assert (await collect(stream))[-1].reason == "cancelled"


@pytest.mark.slow
async def test_three_crashes_in_a_row(engine_factory, worker_script) -> None:
    engine = engine_factory(worker_command=worker_script("fault_always"),
                            options={"extra_buffers": "on"}, retry_after_s=3600)  # fmt: skip
    for _ in range(3):
        with pytest.raises(EngineCrashed, match="The engine stopped"):
            await collect(engine.generate(REQUEST))
    assert engine.state is EngineState.FAILED
    assert "3 times in a row" in engine.state_message
    with pytest.raises(EngineUnavailable, match="3 times in a row"):
        await collect(engine.generate(REQUEST))
    # A retry by hand is possible, and counts anew.
    await engine.start()
    assert engine.state is EngineState.READY
    with pytest.raises(EngineCrashed):
        await collect(engine.generate(REQUEST))
    assert engine.state is EngineState.NEW


async def test_crashes_while_loading_end_in_a_message(engine_factory, worker_script) -> None:
    engine = engine_factory(worker_command=worker_script("fault_at_load"), retry_after_s=0)
    with pytest.raises(EngineUnavailable, match=r"free\(\): invalid pointer"):
        await engine.start()
    assert engine.state is EngineState.FAILED
    # The time to try again by itself has come.
    with pytest.raises(EngineUnavailable):
        await collect(engine.generate(REQUEST))


async def test_a_command_that_does_not_exist(engine_factory, tmp_path) -> None:
    engine = engine_factory(worker_command=[str(tmp_path / "none")])
    with pytest.raises(EngineUnavailable, match="could not be started"):
        await engine.start()


async def test_bad_models_never_reach_the_worker(
    engine_factory, worker_script, model_path, tmp_path
) -> None:
    half = tmp_path / "half.gguf"
    half.write_bytes(model_path.read_bytes()[:100_000])
    wrong = {"family": "starcoder"}
    for path, options, message in ((half, {}, "truncated"), (model_path, wrong, "<fim_middle>")):
        engine = engine_factory(
            model=path, options=options, worker_command=worker_script("fault_at_load")
        )
        with pytest.raises(ModelError, match=message):
            await engine.start()
        assert engine.state is EngineState.FAILED
        assert message in engine.state_message
        with pytest.raises(ModelError, match=message):
            await collect(engine.generate(REQUEST))


async def test_a_repaired_model_is_loaded_by_start(engine_factory, model_path, tmp_path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(model_path.read_bytes()[:1000])
    engine = engine_factory(model=path)
    with pytest.raises(ModelError):
        await engine.start()
    path.write_bytes(model_path.read_bytes())
    assert (await engine.start()).path == str(path)


async def test_a_prompt_is_cut_to_what_the_context_holds(engine_factory) -> None:
    engine = engine_factory(options={"context_tokens": 256}, prefix_tokens=4000)
    request = FimRequest(prefix="x = 1\n" * 5000, suffix="y = 2\n" * 500, max_tokens=4)
    events = await collect(engine.generate(request))
    assert 64 < events[-1].usage.prompt_tokens < 256
    assert engine.state is EngineState.READY


async def test_close_ends_everything(engine_factory, worker_script) -> None:
    engine = engine_factory(worker_command=worker_script("endless"))
    running, waiting = engine.generate(LONG), engine.generate(LONG)
    rest = await first_piece(running)
    worker = engine._worker
    await engine.close()
    await engine.close()
    assert worker.returncode is not None
    with pytest.raises(EngineUnavailable, match="closed"):
        await collect(rest)
    for stream in (waiting, engine.generate(REQUEST)):
        with pytest.raises(EngineUnavailable, match="closed"):
            await collect(stream)
    with pytest.raises(EngineUnavailable):
        await engine.start()


async def test_close_while_loading(engine_factory) -> None:
    engine = engine_factory()
    stream = engine.generate(REQUEST)
    await asyncio.sleep(0)
    await engine.close()
    with pytest.raises(EngineUnavailable):
        await collect(stream)
    assert engine.state is EngineState.CLOSED


async def test_no_worker_outlives_its_server(model_path, tmp_path) -> None:
    server = f"""
import asyncio, pathlib, sys
from beadline.engine.llama.client import LlamaEngine
from beadline.settings import EngineOptions

async def main():
    engine = LlamaEngine(EngineOptions(model={str(model_path)!r}, threads=1), prefix_tokens=64,
                         suffix_tokens=16, cache_dir=pathlib.Path({str(tmp_path)!r}))
    await engine.start()
    print(engine.worker_pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", server, stdout=asyncio.subprocess.PIPE
    )
    line = await asyncio.wait_for(process.stdout.readline(), TIMEOUT_S)
    worker = psutil.Process(int(line))
    process.kill()
    await process.wait()
    await asyncio.to_thread(psutil.wait_procs, [worker], TIMEOUT_S)
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


async def test_a_lone_surrogate_is_served(engine_factory) -> None:
    engine = engine_factory()
    events = await collect(
        engine.generate(FimRequest(prefix="a = '\ud800", suffix="", max_tokens=2))
    )
    assert isinstance(events[-1], Finished)


class TestProbe:
    """The AMX fault: the probe meets it, the engine goes round it, the verdict stays."""

    @pytest.mark.slow
    async def test_a_fault_falls_back_and_is_remembered(
        self, engine_factory, worker_script, tmp_path
    ) -> None:
        command = worker_script("fault_with_extra_buffers")
        engine = engine_factory(worker_command=command)
        info = await engine.start()
        assert info.safe_parameters
        assert (await collect(engine.generate(REQUEST)))[-1].usage.generated_tokens
        (file,) = (tmp_path / "cache").iterdir()
        if sys.platform != "win32":
            assert file.stat().st_mode & 0o777 == 0o600
        # Remembered: the next start does not die first. One attempt is all it gets.
        second = engine_factory(worker_command=command)
        spawned = _count_spawns(second)
        assert (await second.start()).safe_parameters
        assert len(spawned) == 1

    async def test_a_sound_library_is_probed_once(self, engine_factory, tmp_path) -> None:
        assert not (await engine_factory().start()).safe_parameters
        (file,) = (tmp_path / "cache").iterdir()
        assert "true" in file.read_text()

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"extra_buffers": 3}', b"\xff\xfe"])
    async def test_a_corrupted_file_is_probed_again(
        self, engine_factory, tmp_path, content
    ) -> None:
        file = tmp_path / "cache" / "llama-probe.json"
        file.parent.mkdir()
        file.write_bytes(content)
        await engine_factory().start()
        assert b"true" in file.read_bytes()

    async def test_a_cache_that_cannot_be_written_is_no_obstacle(
        self, engine_factory, worker_script, tmp_path
    ) -> None:
        (tmp_path / "cache").write_text("a file where the directory belongs")
        command = worker_script("fault_with_extra_buffers")
        assert (await engine_factory(worker_command=command).start()).safe_parameters

    async def test_off_is_off_and_on_is_on(self, engine_factory, tmp_path) -> None:
        off = await engine_factory(options={"extra_buffers": "off"}).start()
        on = await engine_factory(options={"extra_buffers": "on"}).start()
        assert (off.safe_parameters, on.safe_parameters) == (True, False)
        assert not (tmp_path / "cache").exists()

    async def test_on_does_not_fall_back(self, engine_factory, worker_script) -> None:
        engine = engine_factory(
            worker_command=worker_script("fault_with_extra_buffers"),
            options={"extra_buffers": "on"},
        )
        await engine.start()
        with pytest.raises(EngineCrashed, match="The engine stopped"):
            await collect(engine.generate(REQUEST))


def _count_spawns(engine) -> list[Path]:
    """Fills with one entry per attempt of the engine to load."""
    spawned: list[Path] = []
    load = engine._load

    async def counted(path: Path, loading: object):
        spawned.append(path)
        return await load(path, loading)

    engine._load = counted
    return spawned
