"""Asked by a key: several different items, longer ones, each of them remembered."""

from __future__ import annotations

import asyncio

import pytest
from bench import Bench, end, text_of
from fake_engine import FakeStream, until

HOLE = "value = 1\n|\n"


def answers(*texts: str, logprobs: tuple[float, ...] = ()):
    """By the seed: the first text is the greedy answer; behind the last one it is given again."""

    def play(stream: FakeStream) -> None:
        number = min(stream.request.seed, len(texts) - 1)
        stream.start()
        stream.write(texts[number], logprob=logprobs[number] if logprobs else 0.0)
        stream.finish()

    return play


async def test_three_different_items_the_greedy_one_first():
    bench = await Bench(answers("print(value)", "value += 1", "print(value)", "del value")).ready()
    result = await bench.ask(HOLE, automatic=False)
    assert [i.text for i in result.items] == ["print(value)", "value += 1", "del value"]
    assert {(i.start, i.end) for i in result.items} == {(10, 10)}
    seeds = [(s.request.seed, s.request.temperature > 0) for s in bench.engine.streams]
    assert seeds == [(0, False), (1, True), (2, True), (3, True)]
    assert len({s.request.prefix for s in bench.engine.streams}) == 1, "the prompt stays warm"
    assert result.trace.attempts == 4


async def test_sampled_items_come_by_their_mean_log_probability():
    script = answers("print(value)", "value += 1", "del value", logprobs=(-9.0, -5.0, -1.0))
    bench = await Bench(script).ready()
    result = await bench.ask(HOLE, automatic=False)
    assert [i.text for i in result.items] == ["print(value)", "del value", "value += 1"]


async def test_an_item_that_had_to_be_cut_comes_last():
    bench = await Bench(answers("print(value) = =", "value += 1", "del value")).ready()
    result = await bench.ask(HOLE, automatic=False)
    assert [i.text for i in result.items] == ["value += 1", "del value", "print(value)"]


@pytest.mark.parametrize("items", [1, 2, 5])
async def test_no_more_items_than_asked_for(items: int):
    script = answers(*(f"value += {n}" for n in range(20)))
    bench = await Bench(script, invoked_items=items).ready()
    assert len((await bench.ask(HOLE, automatic=False)).items) == items
    assert len(bench.engine.streams) == items


async def test_items_are_different_after_post_processing():
    script = answers("print(value)", "print(value)  ", "print( value )", "print(value)\nvalue = 1")
    bench = await Bench(script).ready()
    result = await bench.ask(HOLE, automatic=False)
    assert [i.text for i in result.items] == ["print(value)"]
    assert len(bench.engine.streams) == 6, "a bounded number of attempts"


async def test_the_deadline_ends_the_asking():
    bench = await Bench(deadline_ms=1000).ready()
    task = bench.begin(HOLE, automatic=False)
    await bench.started()
    bench.timers.now += 2
    answers("print(value)")(bench.engine.streams[0])
    assert text_of(await end(task)) == "print(value)"
    assert len(bench.engine.streams) == 1


async def test_they_may_be_longer():
    bench = await Bench(answers("x"), max_tokens=10, max_lines=2).ready()
    await bench.ask(HOLE)
    await bench.ask(HOLE, automatic=False)
    first, *others = bench.engine.streams
    assert first.request.max_tokens == 10
    assert {s.request.max_tokens for s in others} == {20}
    await bench.ask(HOLE, automatic=False, max_tokens=7)
    assert bench.engine.streams[-1].request.max_tokens == 7
    bench = await Bench(
        answers("def f():\n" + "".join(f"    x{n}()\n" for n in range(9))), max_lines=2
    ).ready()
    longer = await bench.ask(HOLE, automatic=False)
    assert 2 < text_of(longer).count("\n") + 1 <= 4


async def test_what_was_not_shown_of_an_item_follows_it():
    line = f"total = values[{', '.join(f'{n}' for n in range(50))}]"
    hole = "def g(values):\n    |\n"
    bench = await Bench(answers(f"{line}\n    return total total\n"), invoked_items=1).ready()
    assert text_of(await bench.ask(hole, automatic=False)) == line
    asked = len(bench.engine.streams)
    result = await bench.ask(hole.replace("|", f"{line}\n    |"))
    assert (text_of(result), result.trace.answered_from) == ("return total", "prefix")
    assert len(bench.engine.streams) == asked


async def test_typing_along_any_of_them_asks_nothing():
    bench = await Bench(answers("print(value)", "value += 1", "value -= 1")).ready()
    await bench.ask(HOLE, automatic=False)
    asked = len(bench.engine.streams)
    for typed, rest in (("v", "alue += 1"), ("value ", "+= 1"), ("value -", "= 1")):
        result = await bench.ask(f"value = 1\n{typed}|\n")
        assert (text_of(result), result.trace.answered_from) == (rest, "typed")
    assert len(bench.engine.streams) == asked


async def test_cancelling_ends_the_asking():
    bench = await Bench().ready()
    task = bench.begin(HOLE, automatic=False)
    await bench.started()
    answers("print(value)")(bench.engine.streams[0])
    await bench.started(2)
    task.cancel()
    await asyncio.wait({task})
    bench.timers.advance(1)
    assert bench.engine.streams[1].cancelled
    assert len(bench.engine.streams) == 2


async def test_a_newer_request_ends_the_asking_and_keeps_what_was_found():
    bench = await Bench().ready()
    task = bench.begin(HOLE, automatic=False)
    await bench.started()
    answers("print(value)")(bench.engine.streams[0])
    await bench.started(2)
    bench.engine.script = answers("w = 2")
    newer = await bench.ask("value = 1\nw|\n")
    assert newer.trace.answered_from == "model"
    result = await end(task)
    assert [i.text for i in result.items] == ["print(value)"]
    assert result.trace.silent_reason == ""


async def test_an_automatic_request_gets_one_item_and_asks_once():
    bench = await Bench(answers("print(value)", "value += 1")).ready()
    assert len((await bench.ask(HOLE)).items) == 1
    await until(lambda: len(bench.engine.streams) == 1)
