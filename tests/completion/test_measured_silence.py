"""With the rules of silence off, for measurements: what they hold back is shown, none is forced."""

from __future__ import annotations

import pytest
from bench import Bench, text_of
from fake_engine import FakeStream

from beadline.completion import silence


def answers(text: str, *, eog: float = 0.0, logprob: float = 0.0):
    def play(stream: FakeStream) -> None:
        stream.start(eog)
        if text:
            stream.write(text, logprob=logprob)
        stream.finish()

    return play


async def test_a_complete_statement_is_asked_about():
    bench = await Bench(answers(" + 2")).ready()
    assert (await bench.ask("value = 1|\n")).trace.silent_reason == silence.EXPECTED_NOTHING
    assert not bench.engine.streams
    assert text_of(await bench.ask("value = 1|\n", silence=False)) == " + 2"
    assert len(bench.engine.streams) == 1


@pytest.mark.parametrize("hole", ["value = 1\n|\n", "print(|)\n"])
async def test_the_doubt_of_the_model_holds_nothing_back(hole: str):
    bench = await Bench(answers("value", eog=0.95)).ready()
    assert text_of(await bench.ask(hole)) == ""
    assert text_of(await bench.ask(hole, silence=False)) == "value"


async def test_what_is_unlikely_to_be_right_is_shown():
    bench = await Bench(answers("value + 1", logprob=-30.0), least_confidence=100).ready()
    assert text_of(await bench.ask("x = |\n")) == ""
    assert text_of(await bench.ask("x = |\n", silence=False)) == "value + 1"


async def test_an_empty_answer_stays_empty():
    bench = await Bench(answers("", eog=0.99)).ready()
    result = await bench.ask("value = 1\n|\n", silence=False)
    assert not result.items
    assert not bench.engine.streams[-1].request.require_text, "nothing is forced"


async def test_it_is_asked_as_any_other_request():
    bench = await Bench(answers("value")).ready()
    await bench.ask("print(|)\n")
    await bench.ask("print(|)\n", silence=False, key="b.py")
    first, second = (stream.request for stream in bench.engine.streams)
    assert (first.prefix, first.suffix, first.max_tokens, first.require_text) == (
        second.prefix, second.suffix, second.max_tokens, second.require_text
    )  # fmt: skip
