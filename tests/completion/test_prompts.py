"""The prompt behind what a document shows, however the suggestion was come by."""

from __future__ import annotations

from bench import Bench, at, document
from fake_engine import says, until
from test_snippets import TWO, FakeRetriever

from beadline.completion.ladder import Shown
from beadline.completion.prefetch import DELAY
from beadline.completion.prompts import KEPT, Prompts
from beadline.engine.protocol import FimRequest


def shown(key: str, prompt: int) -> Shown:
    return Shown(document("", key), 0, 0, f"of {key}", "line", "eog", prompt=prompt)


async def test_it_is_what_the_model_was_asked_with():
    bench = await Bench(says("print(value)"), retriever=FakeRetriever(*TWO)).ready()
    assert bench.completer.behind() is None
    await bench.ask("value = 1\n|\n")
    (stream,) = bench.engine.streams
    behind = bench.completer.behind("a.py")
    assert behind is not None and behind is bench.completer.behind()
    assert behind.sent.request == stream.request
    assert [snippet.path for snippet in behind.sent.snippets] == ["c.py", "b.py"]
    assert (behind.suggestion, behind.answered_from) == ("print(value)", "model")


async def test_it_stays_while_the_suggestion_is_typed_along():
    bench = await Bench(says("print(value)")).ready()
    await bench.ask("value = 1\n|\n")
    first = bench.completer.behind()
    bench.edit("value = 1\npri|\n")
    await bench.ask("value = 1\npri|\n")
    behind = bench.completer.behind()
    assert first is not None and behind is not None
    assert behind.sent is first.sent
    assert (behind.suggestion, behind.answered_from) == ("nt(value)", "typed")


async def test_what_was_fetched_ahead_has_a_prompt_of_its_own():
    bench = await Bench(says("value, other_value"), prefetch=True).ready()
    await bench.ask("print(|)\n")
    bench.engine.script = says(", end='')")
    bench.timers.advance(DELAY)
    await bench.started(2)
    await until(lambda: not bench.completer._asker.is_busy)
    bench.edit("print(value, other_value|)\n")
    result = await bench.ask("print(value, other_value|)\n")
    assert result.items and len(bench.engine.streams) == 2
    behind = bench.completer.behind()
    assert behind is not None and behind.sent.request == bench.engine.streams[1].request


async def test_a_closed_document_has_none():
    bench = await Bench(says("print(value)")).ready()
    for key in ("a.py", "b.py"):
        await bench.ask("value = 1\n|\n", key=key)
    bench.completer.closed("b.py")
    assert bench.completer.behind("b.py") is None
    behind = bench.completer.behind()
    assert behind is not None and behind.sent.request.sequence == "a.py"


async def test_measurements_keep_nothing():
    bench = await Bench(says("print(value)"), exact_tokens=4).ready()
    await bench.completer.complete(at("value = 1\n|\n"))
    assert bench.engine.streams and bench.completer.behind() is None


def test_the_oldest_are_forgotten():
    prompts = Prompts()
    numbers = [prompts.sent(FimRequest("", "", sequence=str(n)), ()) for n in range(KEPT + 1)]
    assert len({0, *numbers}) == KEPT + 2
    prompts.shown(shown("0", numbers[1]), "model")
    assert prompts.behind("0") is not None
    prompts.shown(shown("0", numbers[0]), "exact")
    assert prompts.behind("0") is None, "nothing is told rather than something else's"
    for number in range(KEPT + 5):
        prompts.shown(shown(str(number), numbers[-1]), "model")
    assert prompts.behind("0") is None and prompts.behind(str(KEPT + 4)) is not None
