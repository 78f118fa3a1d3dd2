"""What follows a shown suggestion is asked for before it is accepted."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path

import pytest
from bench import Bench, at, text_of
from fake_engine import FakeEngine, FakeTimers, says, until

from beadline.completion.prefetch import DELAY
from beadline.completion.service import Completer
from beadline.completion.trace import TraceSink
from beadline.settings import CompletionOptions, Options

HOLE = "print(|)\n"
SHOWN = "value, other_value"
ACCEPTED = "print(value, other_value|)\n"
FOLLOWS = ", end='')"


async def shown(text: str = SHOWN, hole: str = HOLE) -> Bench:
    """A completer whose suggestion is on the screen."""
    bench = await Bench(says(text), prefetch=True).ready()
    assert text_of(await bench.ask(hole)) == text
    bench.engine.script = None
    return bench


async def fetching(bench: Bench) -> None:
    bench.timers.advance(DELAY)
    await bench.started(2)


def answer(bench: Bench, text: str = FOLLOWS) -> None:
    stream = bench.engine.streams[1]
    stream.start()
    stream.write(text)
    stream.finish()


async def test_accepting_what_is_shown_is_answered_without_the_model():
    bench = await shown()
    await fetching(bench)
    asked = bench.engine.streams[1].request
    assert asked.prefix + "|" + asked.suffix == ACCEPTED
    assert not asked.warm
    answer(bench)
    await until(lambda: not bench.completer._asker.is_busy)
    bench.edit(ACCEPTED)
    result = await bench.ask(ACCEPTED)
    assert (text_of(result), result.trace.answered_from) == (FOLLOWS[:-1], "exact")
    assert len(bench.engine.streams) == 2


async def test_a_request_that_comes_earlier_joins_it():
    bench = await shown()
    await fetching(bench)
    bench.engine.streams[1].start()
    bench.edit(ACCEPTED)
    task = bench.begin(ACCEPTED)
    generation = bench.completer._asker._generation
    assert generation is not None
    await until(lambda: generation.awaited)
    bench.engine.streams[1].write(FOLLOWS)
    bench.engine.streams[1].finish()
    result = await asyncio.wait_for(task, 20)
    assert (text_of(result), result.trace.answered_from) == (FOLLOWS[:-1], "inflight")


async def test_typing_along_and_accepting_words_leaves_it_alone():
    bench = await shown()
    for typed in ("v", "va"):
        bench.edit(f"print({typed}|)\n")
        await bench.ask(f"print({typed}|)\n")
    await fetching(bench)
    for typed in ("val", "value,", "value, ", "value, other_v"):
        bench.edit(f"print({typed}|)\n")
        result = await bench.ask(f"print({typed}|)\n")
        assert result.trace.answered_from == "typed"
        assert text_of(result) == SHOWN[len(typed) :]
        bench.timers.advance(1)
        assert not bench.engine.streams[1].cancelled, "a prefetch is not impatient"
    answer(bench)
    await until(lambda: not bench.completer._asker.is_busy)
    bench.edit(ACCEPTED)
    assert (await bench.ask(ACCEPTED)).trace.answered_from == "exact"


@pytest.mark.parametrize("hole", ["print(w|)\n", "print(1, |)\n", "print(va|x)\n"])
async def test_a_key_that_says_otherwise_ends_it(hole: str):
    bench = await shown()
    bench.edit(hole)
    bench.timers.advance(DELAY)
    await bench.completer._prefetch.drained()
    assert len(bench.engine.streams) == 1
    bench = await shown()
    await fetching(bench)
    bench.edit(hole)
    assert bench.engine.streams[1].cancelled


async def test_a_request_of_another_document_ends_it():
    bench = await shown()
    await fetching(bench)
    bench.engine.script = says("other = 2")
    assert text_of(await bench.ask("|\n", key="b.py")) == "other = 2"
    assert bench.engine.streams[1].cancelled


async def test_nothing_is_fetched_where_nothing_is_expected():
    bench = await shown("print(value)", "value = 1\n|\n")
    bench.timers.advance(DELAY)
    await bench.completer._prefetch.drained()
    assert len(bench.engine.streams) == 1


@pytest.mark.parametrize("asked", [{"automatic": False}, {"entry": 6}])
async def test_nothing_is_fetched_for_several_items_or_a_popup(asked: dict[str, int]):
    bench = await Bench(says(SHOWN), prefetch=True).ready()
    assert (await bench.ask(HOLE, **asked)).items
    assert not bench.completer._prefetch.is_busy


async def test_it_can_be_switched_off():
    bench = await Bench(says(SHOWN), prefetch=False).ready()
    assert (await bench.ask(HOLE)).items
    assert not bench.completer._prefetch.is_busy


async def test_the_editors_closer_is_behind_what_is_accepted():
    bench = await Bench(says("value,"), prefetch=True).ready()
    bench.edit("print|\n")
    bench.edit("print()|\n", caret=6)
    result = await bench.ask("print(|)\n")
    assert text_of(result) == "value,"
    await fetching(bench)
    asked = bench.engine.streams[1].request
    assert (asked.prefix, asked.suffix) == ("print(value,", "\n")


async def test_a_front_that_moves_is_warmed_beside_the_one_in_use():
    bench = await Bench(says("x"), prefetch=True).ready()
    await bench.ask("print(\n|)\n")
    shown = ", ".join(f"value_{n * n}" for n in range(35))
    bench.engine.script = says(shown)
    assert text_of(await bench.ask("print(\na, |)\n")) == shown
    bench.engine.script = None
    bench.timers.advance(DELAY)
    await bench.started(3)
    (warmup,), asked = bench.engine.warmups, bench.engine.streams[-1].request
    # Nothing is decoded, so nothing is guided.
    assert warmup.request == dataclasses.replace(asked, warm=True, guidance=None)
    assert asked.anchor > bench.engine.streams[1].request.anchor


async def test_closing_ends_it():
    bench = await shown()
    await fetching(bench)
    bench.completer.closed("a.py")
    assert bench.engine.streams[1].cancelled
    bench = await shown()
    await bench.completer.close()
    assert bench.timers.pending == []


async def test_it_leaves_a_line_in_the_trace(tmp_path: Path):
    path = tmp_path / "trace.jsonl"
    engine, timers = FakeEngine(says(SHOWN)), FakeTimers()
    sink = TraceSink(path)
    completer = Completer(
        engine,
        Options(completion=CompletionOptions(debounce_ms=0)),
        trace=sink,
        clock=timers.clock,
        call_later=timers.call_later,
    )
    await completer.ready()
    await completer.complete(at(HOLE))
    timers.advance(DELAY)
    await until(lambda: len(path.read_text().splitlines()) == 2)
    sink.close()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(e["event"], e["answered_from"], e["evaluated_tokens"]) for e in lines] == [
        ("request", "model", 10),
        ("prefetch", "", 10),
    ]
    await completer.close()
