"""A completion popup is open: the hole is in the text as it would be with its entry taken."""

from __future__ import annotations

import asyncio

import pytest
from bench import Bench, at, end, text_of
from fake_engine import says, until

ENTRY = 4
"""Offset of the word that the popup completes in `x = `."""


async def asked(bench: Bench, hole: str = "x = foo_bar|\ny\n") -> None:
    """A request for the popup's entry `foo_bar` that the next key cancelled."""
    task = bench.begin(hole, entry=ENTRY)
    await bench.started()
    bench.engine.streams[0].start()
    task.cancel()
    await asyncio.wait({task})


@pytest.mark.parametrize(
    "typed", ["x = fo|\ny\n", "x = FO|\ny\n", "x = fb|\ny\n", "x = foo_bar|\ny\n"]
)
async def test_typing_towards_the_entry_keeps_the_generation(typed: str):
    bench = await Bench().ready()
    await asked(bench)
    bench.edit(typed)
    assert not bench.engine.streams[0].cancelled
    again = bench.begin("x = foo_bar|\ny\n", entry=ENTRY)
    generation = bench.completer._asker._generation
    assert generation is not None
    await until(lambda: generation.awaited)
    bench.engine.streams[0].write("(1)")
    bench.engine.streams[0].finish()
    result = await end(again)
    assert (text_of(result), result.trace.answered_from) == ("(1)", "inflight")
    assert len(bench.engine.streams) == 1


@pytest.mark.parametrize(
    "typed", ["x = q|\ny\n", "x = foo_baz|\ny\n", "x = fo|\nz\n", "z = fo|\ny\n", "x =|\ny\n"]
)
async def test_typing_something_else_stops_it(typed: str):
    bench = await Bench().ready()
    await asked(bench)
    bench.edit(typed)
    assert bench.engine.streams[0].cancelled


async def test_a_text_that_was_really_typed_is_contradicted_by_taking_it_back():
    bench = await Bench().ready()
    task = bench.begin("x = foo_bar|\ny\n")
    await bench.started()
    bench.engine.streams[0].start()
    task.cancel()
    await asyncio.wait({task})
    bench.edit("x = foo_ba|\ny\n")
    assert bench.engine.streams[0].cancelled


async def test_the_answer_is_there_while_the_entry_is_typed_and_when_it_is_taken():
    bench = await Bench(says("(1)[0]")).ready()
    for typed in ("x = f|\ny\n", "x = fo|\ny\n", "x = foo|\ny\n"):
        bench.edit(typed)
        result = await bench.ask("x = foo_bar|\ny\n", entry=ENTRY)
        assert text_of(result) == "(1)[0]"
    bench.edit("x = foo_bar|\ny\n")
    taken = await bench.ask("x = foo_bar|\ny\n")
    assert (text_of(taken), taken.trace.answered_from) == ("(1)[0]", "exact")
    bench.edit("x = foo_bar(1|\ny\n")
    further = await bench.ask("x = foo_bar(1|\ny\n")
    assert (text_of(further), further.trace.answered_from) == (")[0]", "typed")
    assert len(bench.engine.streams) == 1


@pytest.mark.parametrize(
    ("answer", "shown", "reason"), [("_baz(1)", "", "longer_entry"), (".baz(1)", ".baz(1)", "")]
)
async def test_the_word_of_an_entry_is_whole(answer: str, shown: str, reason: str):
    bench = await Bench(says(answer)).ready()
    result = await bench.ask("x = foo_bar|\ny\n", entry=ENTRY)
    assert (text_of(result), result.trace.silent_reason) == (shown, reason)


async def test_what_is_typed_along_does_not_lengthen_an_entry():
    bench = await Bench(says("value_list.append(x)")).ready()
    assert text_of(await bench.ask("x = foo.|\n")) == "value_list.append(x)"
    asked = await bench.ask("x = foo.value|\n", entry=8)
    assert asked.items == ()


async def test_another_entry_is_another_hole():
    bench = await Bench(says("(1)")).ready()
    await bench.ask("x = foo_bar|\ny\n", entry=ENTRY)
    bench.engine.script = says("(2)")
    assert text_of(await bench.ask("x = foo_baz|\ny\n", entry=ENTRY)) == "(2)"
    assert text_of(await bench.ask("x = foo_bar|\ny\n", entry=ENTRY)) == "(1)"
    assert len(bench.engine.streams) == 2


async def test_the_popup_closed_and_the_typed_text_is_asked_about():
    bench = await Bench().ready()
    await asked(bench)
    bench.engine.script = says("o(3)")
    result = await bench.ask("x = fo|\ny\n")
    assert text_of(result) == "o(3)"
    assert bench.engine.streams[1].request.prefix == "x = fo"


async def test_an_entry_that_nobody_typed_does_not_change_what_the_editor_closed():
    bench = await Bench(says("a")).ready()
    bench.edit("x = f|\n")
    bench.edit("x = f()|\n")
    await bench.ask("x = f(value|)\n", entry=6)
    await bench.completer.complete(at("x = f(|)\n"))
    assert bench.engine.streams[-1].request.suffix == "\n"
