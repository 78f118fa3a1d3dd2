"""Idle time: newer frames are evaluated beside the one in use, and any key comes first."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path

from bench import Bench, at, document, end
from fake_engine import FakeEngine, FakeTimers, says, until
from test_snippets import TWO, FakeRetriever, snippet

from beadline.completion.service import Completer
from beadline.completion.trace import TraceSink
from beadline.context.syntax import SyntaxTree
from beadline.context.types import Document, Interrupted, SearchInterrupted, Snippet
from beadline.engine.protocol import EngineState
from beadline.errors import EngineCrashed
from beadline.settings import CompletionOptions, Options

FIRST, NEXT = "def f():\n    x = 1\n    |\n", "def f():\n    x = 1\n    y = 2\n    |\n"


class Interruptible(FakeRetriever):
    """Searches until it may go on or is interrupted."""

    def __init__(self, *found: Snippet) -> None:
        super().__init__(*found)
        self.searching, self.goes_on = threading.Event(), threading.Event()
        self.goes_on.set()
        self.given_up = 0

    def search(
        self,
        document: Document,
        offset: int,
        *,
        max_chars: int,
        tree: SyntaxTree | None = None,
        interrupted: Interrupted | None = None,
    ) -> tuple[Snippet, ...]:
        self.searching.set()
        while not self.goes_on.wait(0.001):
            assert interrupted is not None
            if interrupted():
                self.given_up += 1
                raise SearchInterrupted
        return super().search(document, offset, max_chars=max_chars, tree=tree)


async def swapping(**completion: object) -> tuple[Bench, FakeRetriever]:
    """A completer that was asked in two statements; other snippets are found for the second."""
    retriever = FakeRetriever(*TWO)
    bench = await Bench(says("z = 3"), retriever=retriever, **completion).ready()
    bench.engine.warms_at_once = False
    await bench.ask(FIRST)
    retriever.found = (snippet("new.py", "n" * 768),)
    await bench.ask(NEXT)
    return bench, retriever


def extras(bench: Bench) -> list[list[str]]:
    return [[e.path for e in s.request.extra] for s in bench.engine.streams]


async def warming(bench: Bench, count: int = 1) -> None:
    bench.timers.advance(0.15)
    await until(lambda: len(bench.engine.warmups) == count)


async def test_newer_snippets_are_taken_when_they_are_warm_and_not_before():
    bench, _ = await swapping()
    await warming(bench)
    (warmup,) = bench.engine.warmups
    assert [e.path for e in warmup.request.extra] == ["new.py"]
    assert warmup.request.sequence == "a.py"
    assert not warmup.cancelled
    warmup.finish("warm")
    await bench.completer._idle.drained()
    result = await bench.ask(NEXT.replace("|", "q|"))
    assert extras(bench) == [["c.py", "b.py"], ["c.py", "b.py"], ["new.py"]]
    assert not result.trace.older_snippets
    asked = bench.engine.streams[-1].request
    assert (warmup.request.prefix + "q", warmup.request.suffix) == (asked.prefix, asked.suffix)
    assert warmup.request.anchor == asked.anchor


async def test_a_request_ends_the_warm_up_and_is_served_with_the_older_ones():
    bench, _ = await swapping()
    await warming(bench)
    result = await bench.ask(NEXT.replace("|", "q|"))
    assert bench.engine.warmups[0].cancelled
    assert extras(bench)[-1] == ["c.py", "b.py"]
    assert result.trace.older_snippets
    await warming(bench, 2)
    bench.engine.warmups[1].finish("warm")
    await bench.completer._idle.drained()
    await bench.ask(NEXT.replace("|", "r|"))
    assert extras(bench)[-1] == ["new.py"], "the next idle time goes on"


async def test_a_key_ends_the_warm_up_and_begins_a_new_idle_time():
    bench, _ = await swapping()
    await warming(bench)
    bench.edit(NEXT.replace("|", "q|"))
    assert bench.engine.warmups[0].cancelled
    await bench.completer._idle.drained()
    bench.timers.advance(0.14)
    bench.edit(NEXT.replace("|", "qr|"))
    bench.timers.advance(0.14)
    await asyncio.sleep(0)
    assert len(bench.engine.warmups) == 1
    await warming(bench, 2)
    assert bench.engine.warmups[1].request.prefix.endswith("    qr")


async def test_a_key_while_the_search_runs_lets_nothing_be_warmed():
    bench, retriever = await swapping()
    found = len(retriever.searches)
    bench.timers.advance(0.15)
    bench.edit(NEXT.replace("|", "q|"))
    await bench.completer._idle.drained()
    assert len(retriever.searches) == found + 1
    assert bench.engine.warmups == []


async def test_a_key_ends_the_search_and_the_next_idle_time_searches_again():
    retriever = Interruptible(*TWO)
    bench = await Bench(says("z = 3"), retriever=retriever).ready()
    bench.engine.warms_at_once = False
    await bench.ask(FIRST)
    await bench.ask(NEXT)
    retriever.found = (snippet("new.py", "n" * 768),)
    retriever.goes_on.clear()
    retriever.searching.clear()
    bench.timers.advance(0.15)
    await until(retriever.searching.is_set)
    bench.edit(NEXT.replace("|", "q|"))
    await bench.completer._idle.drained()
    assert retriever.given_up
    retriever.goes_on.set()
    await warming(bench)
    (warmup,) = bench.engine.warmups
    assert [e.path for e in warmup.request.extra] == ["new.py"]
    assert warmup.request.prefix.endswith("    q")


async def test_a_key_elsewhere_while_the_search_runs_lets_nothing_be_warmed():
    bench, _ = await swapping()
    bench.timers.advance(0.15)
    bench.edit("other = 1|\n", key="b.py")
    await bench.completer._idle.drained()
    assert bench.engine.warmups == []


async def test_an_edit_of_several_places_leaves_nothing_to_warm():
    bench, _ = await swapping()
    bench.completer.edited(document("def g():\n    pass\n"), None)
    bench.timers.advance(1)
    await bench.completer._idle.drained()
    assert bench.engine.warmups == []


async def test_nothing_is_done_while_suggestions_are_off():
    bench, _ = await swapping()
    bench.completer.rest()
    bench.edit(NEXT.replace("|", "q|"))
    assert bench.timers.pending == []


async def test_nothing_is_done_for_a_language_that_is_off():
    bench, retriever = await swapping()
    bench.options = Options(completion=CompletionOptions(prefetch=False, languages_off=("python",)))
    bench.completer._options = bench.options
    found = len(retriever.searches)
    await bench.rest()
    assert (len(retriever.searches), bench.engine.warmups) == (found, [])


async def test_a_prompt_that_takes_too_long_is_warmed_on():
    bench, _ = await swapping()
    await warming(bench)
    bench.engine.warmups[0].finish("deadline")
    await bench.completer._idle.drained()
    await warming(bench, 2)
    assert bench.engine.warmups[1].request.prefix == bench.engine.warmups[0].request.prefix


async def test_what_other_documents_say_is_searched_for_again():
    bench, retriever = await swapping()
    await warming(bench)
    bench.engine.warmups[0].finish("warm")
    await bench.completer._idle.drained()
    await bench.ask(NEXT.replace("|", "q|"))
    await bench.rest()
    found = len(retriever.searches)
    bench.edit("helper = 1|\n", key="b.py")
    await bench.ask(NEXT.replace("|", "qr|"))
    await bench.rest()
    assert len(retriever.searches) == found + 1


async def test_typing_along_what_is_shown_searches_nothing():
    bench, retriever = await swapping()
    found = len(retriever.searches)
    for typed in ("z|", "z |", "z =|"):
        bench.edit(NEXT.replace("|", typed))
        assert (await bench.ask(NEXT.replace("|", typed))).trace.answered_from == "typed"
        bench.timers.advance(0.1)
    assert len(retriever.searches) == found


async def test_a_generation_under_way_comes_first():
    bench, _ = await swapping()
    bench.engine.script = None
    task = bench.begin(NEXT.replace("|", "w|"))
    await bench.started(3)
    task.cancel()
    await asyncio.wait({task})
    bench.timers.advance(0.15)
    assert not bench.engine.streams[-1].cancelled
    assert bench.completer._idle._task is None, "it lives on for the next keystroke"
    bench.timers.advance(0.15)
    assert bench.engine.streams[-1].cancelled, "nobody wanted it"
    await warming(bench)


async def test_nothing_is_warmed_for_a_document_that_nobody_asked_in():
    bench = await Bench(says("x"), retriever=FakeRetriever(*TWO)).ready()
    bench.completer.opened(document("x = 1\n"))
    bench.edit("x = 12|\n")
    assert bench.timers.pending == []


async def test_a_closed_document_is_not_warmed():
    bench, _ = await swapping()
    bench.completer.closed("a.py")
    assert bench.timers.pending == []
    bench, _ = await swapping()
    await warming(bench)
    bench.completer.closed("a.py")
    assert bench.engine.warmups[0].cancelled


async def test_a_popups_text_is_not_warmed():
    bench = await Bench(says("(1)"), retriever=FakeRetriever(*TWO)).ready()
    await bench.ask("x = foo_bar|\n", entry=4)
    assert bench.timers.pending == []


async def test_an_engine_that_dies_while_it_warms_is_started_again():
    bench, _ = await swapping()
    await warming(bench)
    bench.engine._state = EngineState.FAILED
    bench.engine.warmups[0].fail(EngineCrashed("killed"))
    await bench.completer._idle.drained()
    await until(lambda: bench.engine.starts == 2)
    assert (await bench.ask(NEXT.replace("|", "q|"))).items


async def test_a_text_that_no_model_can_read_is_left_alone():
    bench, _ = await swapping()
    bench.edit(NEXT.replace("|", "'\ud800'|"))
    await bench.rest()
    assert bench.engine.warmups == []


async def test_the_end_of_the_server_ends_the_warm_up():
    bench, _ = await swapping()
    await warming(bench)
    closing = asyncio.create_task(bench.completer.close())
    await end(closing)  # type: ignore[arg-type]
    assert bench.engine.warmups[0].cancelled
    assert bench.timers.pending == []


async def test_switching_back_to_a_document_sends_the_prompt_that_it_had():
    retriever = FakeRetriever(*TWO)
    bench = await Bench(says("z = 3"), retriever=retriever).ready()
    await bench.ask(FIRST)
    retriever.found = (snippet("new.py", "n" * 768),)
    await bench.ask("other = 1\n|\n", key="b.py")
    await bench.ask(FIRST.replace("|", "q|"))
    assert extras(bench) == [["c.py", "b.py"], ["new.py"], ["c.py", "b.py"]]


async def test_every_warm_up_leaves_a_line_in_the_trace(tmp_path: Path):
    path = tmp_path / "trace.jsonl"
    engine, timers = FakeEngine(says("print(secret)")), FakeTimers()
    sink, retriever = TraceSink(path), FakeRetriever(*TWO, is_ready=False)
    completer = Completer(
        engine,
        Options(completion=CompletionOptions(debounce_ms=0, prefetch=False)),
        retriever=retriever,
        trace=sink,
        clock=timers.clock,
        call_later=timers.call_later,
    )
    await completer.ready()
    await completer.complete(at("secret = 1\n|\n"))
    retriever.is_ready = True
    timers.advance(0.15)
    await completer._idle.drained()
    sink.close()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(e["event"], e["stop_reason"], e["evaluated_tokens"]) for e in lines] == [
        ("request", "eog", 10),
        ("warm", "warm", 10),
    ]
    assert [s["path"] for s in lines[1]["snippets"]] == ["c.py", "b.py"]
    assert "secret" not in path.read_text()
    await completer.close()


async def test_a_workspace_that_is_read_meanwhile_is_searched_without_another_key():
    retriever = FakeRetriever(*TWO, is_ready=False)
    bench = await Bench(says("z = 3"), retriever=retriever).ready()
    await bench.ask(FIRST)
    for looks in (0.3, 0.6, 1.2):
        await bench.rest()
        assert not bench.engine.warmups and not retriever.searches
        assert bench.timers.pending == [looks]
        bench.timers.advance(looks - 0.15)
    retriever.is_ready = True
    await bench.rest()
    assert [e.path for e in bench.engine.warmups[-1].request.extra] == ["c.py", "b.py"]
    assert bench.timers.pending == []
    assert len(retriever.searches) == 1
