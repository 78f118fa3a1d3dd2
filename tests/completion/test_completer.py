"""The completer at its boundary: requests in, results and engine calls out; a scripted engine."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import stat
import sys
from pathlib import Path

import pytest
from bench import SOON, Bench, at, document, end, text_of
from fake_engine import FakeEngine, FakeTimers, says, until

from beadline.completion.service import Completer
from beadline.completion.trace import TraceSink
from beadline.engine.protocol import EngineState
from beadline.errors import EngineCrashed, EngineUnavailable, ModelError
from beadline.settings import CompletionOptions, Options


async def test_an_answer_of_the_model():
    bench = await Bench(says("print(value)")).ready()
    result = await bench.ask("value = 1\n|\n")
    (item,) = result.items
    assert (item.text, item.start, item.end) == ("print(value)", 10, 10)
    trace = result.trace
    assert (trace.answered_from, trace.silent_reason) == ("model", "")
    assert trace.stop_reason == "eog"
    assert trace.expected == "line"
    assert (trace.prompt_tokens, trace.family) == (10, "fake")
    (stream,) = bench.engine.streams
    assert (stream.request.prefix, stream.request.suffix) == ("value = 1\n", "\n")
    assert stream.request.sequence == "a.py"
    assert 0 <= stream.request.anchor <= 10


async def test_the_stop_rule_ends_the_stream():
    bench = await Bench().ready()
    task = bench.begin("x = f(|)\n")
    await bench.started()
    stream = bench.engine.streams[0]
    stream.start()
    stream.write("a, b)")
    stream.write("\nmore = 1\n")
    result = await end(task)
    assert text_of(result) == "a, b"
    assert stream.cancelled
    assert result.trace.stop_reason not in ("", "cancelled")


async def test_typing_along_asks_the_model_once():
    bench = await Bench(says("print(value)")).ready()
    await bench.ask("value = 1\n|\n")
    for count in range(1, len("print(value)")):
        typed = "print(value)"[:count]
        result = await bench.ask(f"value = 1\n{typed}|\n")
        assert text_of(result) == "print(value)"[count:]
        assert result.trace.answered_from == "typed"
        assert result.trace.evaluated_tokens == 0
    assert len(bench.engine.streams) == 1


async def test_going_back_is_answered_from_the_cache():
    bench = await Bench(says("print(value)")).ready()
    first = await bench.ask("value = 1\n|\n")
    await bench.ask("value = 1\nq|\n")
    again = await bench.ask("value = 1\n|\n")
    assert text_of(again) == text_of(first)
    assert again.trace.answered_from == "exact"
    further = await bench.ask("value = 1\npri|\n")
    assert (text_of(further), further.trace.answered_from) == ("nt(value)", "typed")
    assert len(bench.engine.streams) == 2


async def test_walk_back_after_another_suggestion_was_shown():
    bench = await Bench(says("print(value)")).ready()
    await bench.ask("value = 1\n|\n")
    bench.engine.script = says("w = 2")
    await bench.ask("value = 1\ns|\n")
    result = await bench.ask("value = 1\nprin|\n")
    assert (text_of(result), result.trace.answered_from) == ("t(value)", "prefix")


async def test_an_agreeing_keystroke_joins_the_running_generation():
    bench = await Bench().ready()
    first = bench.begin("value = 1\n|\n")
    await bench.started()
    stream = bench.engine.streams[0]
    stream.start()
    stream.write("pr")
    first.cancel()
    await asyncio.wait({first})
    bench.completer.edited(document("value = 1\np\n"), 11)
    second = bench.begin("value = 1\np|\n")
    stream.write("int(value)")
    stream.finish()
    result = await end(second)
    assert text_of(result) == "rint(value)"
    assert result.trace.answered_from in ("inflight", "prefix")
    assert len(bench.engine.streams) == 1
    assert not stream.cancelled


async def test_joining_reports_the_counts_of_the_generation_once():
    bench = await Bench().ready()
    first = bench.begin("value = 1\n|\n")
    await bench.started()
    second = bench.begin("value = 1\np|\n")
    generation = bench.completer._asker._generation
    assert generation is not None
    await until(lambda: generation._waiters == 2)
    bench.engine.streams[0].start()
    bench.engine.streams[0].write("print(value)")
    bench.engine.streams[0].finish()
    results = [await end(first), await end(second)]
    assert [text_of(r) for r in results] == ["print(value)", "rint(value)"]
    assert [r.trace.answered_from for r in results] == ["model", "inflight"]
    assert [r.trace.evaluated_tokens for r in results] == [10, 0]


async def test_a_contradicting_keystroke_stops_the_generation():
    bench = await Bench().ready()
    first = bench.begin("value = 1\n|\n")
    await bench.started()
    bench.engine.streams[0].start()
    bench.engine.streams[0].write("print")
    await until(lambda: bench.completer._asker._generation.text == "print")  # type: ignore[union-attr]
    bench.completer.edited(document("value = 1\nw\n"), 11)
    assert bench.engine.streams[0].cancelled
    result = await end(first)
    assert result.items == ()
    assert result.trace.silent_reason == "superseded"
    assert result.trace.stop_reason == "contradicted"
    bench.engine.script = says("hile True:\n    pass")
    second = await bench.ask("value = 1\nw|\n")
    assert second.trace.answered_from == "model"
    assert len(bench.engine.streams) == 2


async def test_typing_ahead_that_turns_out_wrong_asks_the_model_again():
    bench = await Bench().ready()
    first = bench.begin("value = 1\n|\n")
    await bench.started()
    bench.engine.streams[0].start()
    bench.engine.streams[0].write("pr")
    second = bench.begin("value = 1\npro|\n")
    generation = bench.completer._asker._generation
    assert generation is not None
    await until(lambda: generation._waiters == 2)
    bench.engine.script = says("cess(value)")
    bench.engine.streams[0].write("int")
    assert text_of(await end(second)) == "cess(value)"
    assert (await end(first)).trace.silent_reason == "superseded"
    assert len(bench.engine.streams) == 2


async def test_an_older_request_does_not_take_the_engine_from_a_newer_one():
    bench = await asked_just_now(debounce_ms=50)
    bench.engine.script = None
    old = bench.begin("value = 1\n|\n")
    await until(lambda: 0.05 in bench.timers.pending)
    new = bench.begin("value = 1\nw|\n", automatic=False)
    await bench.started()
    bench.timers.advance(0.05)
    assert (await end(old)).trace.silent_reason == "superseded"
    bench.engine.streams[0].start()
    bench.engine.streams[0].write("ork(value)")
    bench.engine.streams[0].finish()
    bench.engine.script = says("ork(value)")
    assert text_of(await end(new)) == "ork(value)"
    assert all(s.request.prefix.endswith("w") for s in bench.engine.streams)


async def test_300_ms_without_a_request_end_the_generation(tmp_path: Path):
    bench = await Bench().ready()
    task = bench.begin("value = 1\n|\n")
    await bench.started()
    task.cancel()
    await asyncio.wait({task})
    bench.timers.advance(0.29)
    assert not bench.engine.streams[0].cancelled
    bench.timers.advance(0.02)
    assert bench.engine.streams[0].cancelled


async def test_closing_the_document_ends_its_generation():
    bench = await Bench().ready()
    task = bench.begin("value = 1\n|\n")
    await bench.started()
    bench.completer.closed("other.py")
    assert not bench.engine.streams[0].cancelled
    bench.completer.closed("a.py")
    assert bench.engine.streams[0].cancelled
    assert (await end(task)).items == ()


async def test_another_document_takes_the_engine():
    bench = await Bench().ready()
    first = bench.begin("value = 1\n|\n")
    await bench.started()
    bench.engine.script = says("other = 2")
    second = await bench.ask("|\n", key="b.py")
    assert text_of(second) == "other = 2"
    assert bench.engine.streams[0].cancelled
    assert (await end(first)).trace.silent_reason == "superseded"


async def test_a_crash_is_an_empty_answer_and_the_next_request_works():
    bench = await Bench().ready()
    task = bench.begin("value = 1\n|\n")
    await bench.started()
    bench.engine.crash(EngineCrashed("killed"))
    result = await end(task)
    assert (result.items, result.trace.silent_reason) == ((), "engine_crashed")
    bench.engine.script = says("print(value)")
    assert text_of(await bench.ask("value = 1\n|\n")) == "print(value)"
    assert bench.engine.starts == 2


async def test_a_worker_that_died_unnoticed_is_started_again():
    bench = await Bench(says("print(value)")).ready()
    bench.engine._state = EngineState.FAILED
    assert text_of(await bench.ask("value = 1\n|\n")) == "print(value)"


async def test_loading_is_answered_at_once():
    bench = Bench(says("print(value)"))
    bench.engine.may_start.clear()
    for _ in range(2):
        result = await bench.ask("value = 1\n|\n")
        assert (result.items, result.trace.silent_reason) == ((), "loading")
    assert bench.engine.starts == 1
    bench.engine.may_start.set()
    await bench.completer.ready()
    assert text_of(await bench.ask("value = 1\n|\n")) == "print(value)"


async def test_a_model_that_cannot_load_is_not_tried_at_every_key():
    bench = Bench(says("x"))
    bench.engine.start_error = ModelError("no such file")
    with pytest.raises(ModelError):
        await bench.completer.ready()
    for _ in range(3):
        assert (await bench.ask("x = |\n")).trace.silent_reason == "engine_unavailable"
    bench.timers.advance(3600)
    assert (await bench.ask("x = |\n")).trace.silent_reason == "engine_unavailable"
    assert bench.engine.starts == 1


async def test_an_engine_that_failed_is_tried_again_later():
    bench = Bench(says("print(value)"))
    bench.engine.start_error = EngineUnavailable("busy")
    with pytest.raises(EngineUnavailable):
        await bench.completer.ready()
    assert (await bench.ask("x = |\n")).trace.silent_reason == "engine_unavailable"
    bench.engine.start_error = None
    bench.timers.advance(1)
    assert (await bench.ask("x = |\n")).trace.silent_reason == "loading"
    await bench.completer.ready()
    assert text_of(await bench.ask("value = 1\n|\n")) == "print(value)"


async def asked_just_now(**completion: object) -> Bench:
    """A completer whose model was asked a moment ago, so that the next question has to wait."""
    bench = await Bench(says("print(value)"), **completion).ready()
    assert text_of(await bench.ask("other = 1\n|\n", key="b.py")) == "print(value)"
    bench.engine.streams.clear()
    return bench


async def test_a_burst_waits_before_the_engine_and_never_before_a_hit():
    bench = await asked_just_now(debounce_ms=50)
    task = bench.begin("value = 1\n|\n")
    await until(lambda: 0.05 in bench.timers.pending)
    assert bench.engine.streams == []
    bench.timers.advance(0.05)
    assert text_of(await end(task)) == "print(value)"
    hit = await bench.ask("value = 1\npri|\n")
    assert text_of(hit) == "nt(value)"


async def test_the_first_key_after_a_pause_does_not_wait():
    bench = await asked_just_now(debounce_ms=50)
    bench.timers.advance(0.05)
    assert text_of(await bench.ask("value = 1\n|\n")) == "print(value)"


async def test_a_request_cancelled_while_it_rests_never_reaches_the_engine():
    bench = await asked_just_now(debounce_ms=50)
    task = bench.begin("value = 1\n|\n")
    await until(lambda: 0.05 in bench.timers.pending)
    task.cancel()
    await asyncio.wait({task})
    assert 0.05 not in bench.timers.pending
    bench.timers.advance(0.15)
    assert bench.engine.streams == []


async def test_asking_by_a_key_does_not_rest():
    bench = await Bench(says("print(value)"), debounce_ms=50).ready()
    assert text_of(await bench.ask("value = 1\n|\n", automatic=False)) == "print(value)"


async def test_new_options_forget_what_was_computed_under_the_old_ones():
    bench = await Bench(says("print(value)")).ready()
    await bench.ask("value = 1\n|\n")
    bench.completer.reconfigure(
        dataclasses.replace(
            bench.options, completion=CompletionOptions(debounce_ms=0, max_tokens=7)
        )
    )
    assert (await bench.ask("value = 1\n|\n")).trace.answered_from == "model"
    assert bench.engine.streams[-1].request.max_tokens == 7


async def test_after_close_every_request_ends_empty():
    bench = await Bench().ready()
    task = bench.begin("value = 1\n|\n")
    await bench.started()
    await asyncio.wait_for(bench.completer.close(), SOON)
    assert (await end(task)).items == ()
    assert (await bench.ask("x = |\n")).trace.silent_reason == "engine_unavailable"
    assert bench.engine.state is EngineState.CLOSED
    await bench.completer.close()


async def test_every_request_leaves_one_line_in_the_trace(tmp_path: Path):
    path = tmp_path / "new" / "trace.jsonl"
    engine, timers = FakeEngine(says("print(secret)")), FakeTimers()
    sink = TraceSink(path)
    completer = Completer(
        engine,
        Options(completion=CompletionOptions(debounce_ms=0)),
        trace=sink,
        clock=timers.clock,
        call_later=timers.call_later,
    )
    await completer.ready()
    await completer.complete(at("secret = 1\n|\n"))
    await completer.complete(at("secret = 1\nprint(|\n"))
    engine.script = None
    task = asyncio.create_task(completer.complete(at("|\n", key="b.py")))
    await until(lambda: len(engine.streams) == 2)
    task.cancel()
    await asyncio.wait({task})
    timers.advance(1)
    await until(lambda: len(path.read_text().splitlines()) == 4)
    sink.close()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [
        (e["event"], e["answered_from"], e["silent_reason"], e["stop_reason"]) for e in lines
    ] == [
        ("request", "model", "", "eog"),
        ("request", "typed", "", "eog"),
        ("request", "", "cancelled", ""),
        ("abandoned", "", "", "unclaimed"),
    ]
    assert "secret" not in path.read_text()
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await completer.close()
