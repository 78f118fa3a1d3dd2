"""A generation's life: who may wait for it, what ends it, what it leaves behind."""

from __future__ import annotations

import asyncio

import pytest
from fake_engine import FakeStream, FakeTimers, until

from beadline.completion.generation import PATIENCE, Base, Generation
from beadline.context.types import Document
from beadline.engine.protocol import FimRequest, Usage
from beadline.errors import EngineCrashed


class CutAt:
    """A stop rule that cuts after a number of characters."""

    reason = "node_end"

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._fed = 0

    def feed(self, piece: str) -> int | None:
        self._fed += len(piece)
        return self._limit if self._fed >= self._limit else None

    def finish(self) -> int:
        return self._fed


def document(text: str, key: str = "a.py") -> Document:
    return Document(key, key, "python", text)


class Scenario:
    """A generation at the `|` of `x = |\\n`, with everything it depends on in hand."""

    def __init__(self, limit: int = 1000, empty_threshold: float = 0.5) -> None:
        self.stream = FakeStream(FimRequest("x = ", "\n"))
        self.timers = FakeTimers()
        self.answered: list[Generation] = []
        self.ended: list[Generation] = []
        self.generation = Generation(
            self.stream,
            CutAt(limit),
            Base(document("x = \n"), 4),
            scope="",
            empty_threshold=empty_threshold,
            call_later=self.timers.call_later,
            on_answer=self.answered.append,
            on_end=self.ended.append,
        )

    async def written(self, text: str) -> None:
        self.stream.write(text)
        await until(lambda: self.generation.text.endswith(text) or self.generation.finished)


async def test_it_collects_the_text_to_the_end():
    scenario = Scenario()
    scenario.stream.start(0.1)
    scenario.stream.write("foo")
    scenario.stream.write("()")
    scenario.stream.finish("eog")
    await asyncio.wait_for(scenario.generation.wait(), 10)
    generation = scenario.generation
    assert (generation.text, generation.stop_reason) == ("foo()", "eog")
    assert generation.complete
    assert generation.eog_probability == 0.1
    counts: list[Usage] = []
    generation.charge(counts.append)
    generation.charge(counts.append)
    assert [usage.evaluated_tokens for usage in counts] == [10, 0], "counts are given once"
    assert counts[1].family == "fake"


async def test_the_stop_rule_cuts_and_cancels_the_stream():
    scenario = Scenario(limit=4)
    scenario.stream.write("foo(")
    scenario.stream.write("more")
    await asyncio.wait_for(scenario.generation.wait(), 10)
    assert (scenario.generation.text, scenario.generation.stop_reason) == ("foo(", "node_end")
    assert scenario.stream.cancelled
    assert scenario.generation.complete


async def test_a_cut_text_is_answered_before_the_engine_has_stopped():
    scenario = Scenario(limit=4)
    scenario.stream.finishes_on_cancel = False
    scenario.stream.write("foo(", elapsed_ms=7.0)
    await asyncio.wait_for(scenario.generation.wait(), 10)
    generation = scenario.generation
    assert scenario.answered == [generation]
    assert scenario.ended == []
    assert generation.decided_ms == 7.0
    counts: list[Usage] = []
    generation.charge(counts.append)
    assert counts == []
    scenario.stream.finish("cancelled")
    await until(lambda: bool(scenario.ended))
    assert counts[0].generated_tokens == 1
    assert (generation.stop_reason, generation.text) == ("node_end", "foo(")
    assert scenario.answered == [generation], "once"


async def test_a_crash_behind_the_cut_leaves_the_answer():
    scenario = Scenario(limit=4)
    scenario.stream.finishes_on_cancel = False
    scenario.stream.write("foo(")
    await asyncio.wait_for(scenario.generation.wait(), 10)
    scenario.stream.fail(EngineCrashed("gone"))
    await until(lambda: bool(scenario.ended))
    assert scenario.generation.error is None
    assert scenario.generation.complete


async def test_a_cut_text_that_contradicts_the_newest_one_is_no_answer():
    scenario = Scenario(limit=4)
    scenario.stream.finishes_on_cancel = False
    scenario.generation.observe(document("x = foo(b\n"), 9)
    scenario.stream.write("foo(")
    await asyncio.wait_for(scenario.generation.wait(), 10)
    assert scenario.generation.stopped
    assert scenario.answered == []


async def test_a_hole_that_is_likely_empty_is_not_filled():
    scenario = Scenario(empty_threshold=0.5)
    scenario.stream.start(0.6)
    await asyncio.wait_for(scenario.generation.wait(), 10)
    assert scenario.generation.stop_reason == "eog_probability"
    assert scenario.stream.cancelled


async def test_it_goes_on_while_the_text_agrees():
    scenario = Scenario()
    await scenario.written("foo(")
    scenario.generation.observe(document("x = fo\n"), 6)
    scenario.generation.observe(document("x = foo(ba\n"), 10)
    assert not scenario.generation.finished, "it may still write `ba`"
    await scenario.written("bar")
    assert not scenario.generation.finished


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("x = fa\n", 6),
        ("y = fo\n", 6),
        ("x = fo\nz\n", 6),
        ("x =\n", 3),
        ("x = fo\n", 5),
    ],
)
async def test_a_contradicting_text_stops_it_at_once(text: str, offset: int):
    scenario = Scenario()
    await scenario.written("foo(")
    scenario.generation.observe(document(text), offset)
    assert scenario.generation.finished
    assert scenario.generation.stop_reason == "contradicted"
    assert scenario.stream.cancelled
    assert not scenario.generation.complete
    assert scenario.generation.newest(document(text), offset)


async def test_a_later_piece_may_contradict_what_was_typed_ahead():
    scenario = Scenario()
    await scenario.written("fo")
    scenario.generation.observe(document("x = foo(b\n"), 9)
    await scenario.written("o(a")
    assert scenario.generation.stop_reason == "contradicted"


async def test_several_requests_wait_for_the_same_text():
    scenario = Scenario()
    waiters = [asyncio.create_task(scenario.generation.wait()) for _ in range(3)]
    await until(lambda: scenario.generation.awaited)
    scenario.stream.write("foo")
    scenario.stream.finish()
    await asyncio.wait_for(asyncio.gather(*waiters), 10)


async def test_without_a_request_it_ends_after_300_ms():
    scenario = Scenario()
    assert scenario.timers.pending == [PATIENCE]
    waiter = asyncio.create_task(scenario.generation.wait())
    await until(lambda: scenario.generation.awaited)
    assert scenario.timers.pending == []
    scenario.timers.advance(10)
    assert not scenario.generation.finished
    waiter.cancel()
    await asyncio.wait({waiter})
    assert not scenario.generation.finished, "a cancelled request leaves it alive"
    scenario.timers.advance(PATIENCE - 0.01)
    assert not scenario.generation.finished
    scenario.timers.advance(0.01)
    assert scenario.generation.stop_reason == "unclaimed"
    assert scenario.stream.cancelled


async def test_a_second_request_in_time_keeps_it_alive():
    scenario = Scenario()
    first = asyncio.create_task(scenario.generation.wait())
    await until(lambda: scenario.generation.awaited)
    first.cancel()
    await asyncio.wait({first})
    scenario.timers.advance(0.2)
    second = asyncio.create_task(scenario.generation.wait())
    await until(lambda: scenario.generation.awaited)
    scenario.timers.advance(5)
    scenario.stream.write("foo")
    scenario.stream.finish()
    await asyncio.wait_for(second, 10)
    assert scenario.generation.complete


async def test_stopping_releases_the_waiters_before_the_engine_is_done():
    scenario = Scenario()
    waiter = asyncio.create_task(scenario.generation.wait())
    await until(lambda: scenario.generation.awaited)
    scenario.generation.stop("superseded")
    await asyncio.wait_for(waiter, 10)
    scenario.generation.stop("closed")
    assert scenario.generation.stop_reason == "superseded"
    await asyncio.wait_for(scenario.generation.drained(), 10)
    assert scenario.ended == [scenario.generation]


async def test_a_crash_ends_it_with_the_error():
    scenario = Scenario()
    scenario.stream.write("fo")
    scenario.stream.fail(EngineCrashed("gone"))
    await asyncio.wait_for(scenario.generation.wait(), 10)
    assert isinstance(scenario.generation.error, EngineCrashed)
    assert not scenario.generation.complete
    await asyncio.wait_for(scenario.generation.drained(), 10)
    assert scenario.ended == [scenario.generation]
