"""Keys that need no model, at the completer's boundary: what is asked, and what is answered."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from bench import Bench, at, end, text_of
from fake_engine import FakeStream, says, until

from beadline.completion.clock import ContextThread
from beadline.completion.confidence import Estimator
from beadline.completion.history import SEEN_SECONDS
from beadline.completion.prefetch import DELAY
from beadline.completion.types import CompletionResult, Trace

NEWLINE = "def f(values):\n    total = 0\n|\n"


async def told(bench: Bench, hole: str, **rest: bool) -> CompletionResult:
    """The editor tells of the change, then asks."""
    bench.edit(hole)
    return await bench.ask(hole, **rest)


def from_where(result: CompletionResult) -> tuple[str, str]:
    return text_of(result), result.trace.answered_from


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What requests waited for on the context's thread: reading, parsing, judging."""
    done: list[object] = []
    run = ContextThread.run

    def noted(self: ContextThread, trace: Trace, task: Callable[[], Any]) -> Any:
        done.append(task)
        return run(self, trace, task)

    monkeypatch.setattr(ContextThread, "run", noted)
    return done


async def test_the_same_cursor_again_reads_nothing(work: list[object]):
    bench = await Bench(says("print(value)"), prefetch=False).ready()
    first = await bench.ask("value = 1\n|\n")
    await bench.ask("value = 1\nq|\n")
    assert work
    work.clear()
    again = await bench.ask("value = 1\n|\n")
    assert from_where(again) == (text_of(first), "exact")
    assert (work, again.trace.expected) == ([], "line")
    assert again.trace.stop_reason == first.trace.stop_reason


async def test_a_silence_holds_for_the_same_text():
    bench = await Bench(says(""), prefetch=False).ready()
    first = await bench.ask("value = 1\n|\n")
    assert first.trace.silent_reason == "empty_answer"
    again = await bench.ask("value = 1\n|\n")
    assert (again.trace.silent_reason, again.trace.answered_from) == ("empty_answer", "exact")
    assert again.trace.attempts == 0
    nothing = [await bench.ask("value = 1|\n") for _ in range(2)]
    assert {r.trace.silent_reason for r in nothing} == {"expected_nothing"}
    assert {r.trace.answered_from for r in nothing} == {""}
    assert len(bench.engine.streams) == 1


async def test_what_an_engine_could_not_say_is_asked_again():
    bench = Bench(says("print(value)"), prefetch=False)
    assert (await bench.ask("value = 1\n|\n")).trace.silent_reason == "loading"
    await bench.ready()
    assert text_of(await bench.ask("value = 1\n|\n")) == "print(value)"


async def test_words_and_lines_are_accepted_of_one_answer():
    lines = "for value in values:\n        total += value"
    bench = await Bench(says(lines), prefetch=False).ready()
    assert text_of(await told(bench, NEWLINE.replace("|", "    |"))) == lines
    for taken in ("for", "for value", "for value in values:", "for value in values:\n        "):
        result = await told(bench, NEWLINE.replace("|", f"    {taken}|"))
        assert from_where(result) == (lines[len(taken) :], "typed")
    for taken in ("for value", "for", "f"):  # and back again
        result = await told(bench, NEWLINE.replace("|", f"    {taken}|"))
        assert from_where(result) == (lines[len(taken) :], "typed")
    assert len(bench.engine.streams) == 1


async def test_a_word_accepted_of_a_running_generation_joins_it():
    bench = await Bench(prefetch=False).ready()
    first = bench.begin("value = 1\n|\n")
    await bench.started()
    stream = bench.engine.streams[0]
    stream.start()
    stream.write("print")
    bench.edit("value = 1\nprint|\n")
    second = bench.begin("value = 1\nprint|\n")
    generation = bench.completer._asker._generation
    assert generation is not None
    await until(lambda: generation._waiters == 2)
    stream.write("(value)")
    stream.finish()
    assert text_of(await end(first)) == "print(value)"
    assert from_where(await end(second)) == ("(value)", "inflight")
    assert len(bench.engine.streams) == 1 and not stream.cancelled


async def test_the_rest_of_what_was_written_follows_an_accept():
    """The syntax check shows one line of two; that is longer than any walk back."""
    first_line = f"total = values[{', '.join(f'{n}' for n in range(50))}]"
    bench = await Bench(says(f"{first_line}\n    return total total\n"), prefetch=False).ready()
    hole = "def g(values):\n    |\n"
    assert text_of(await told(bench, hole)) == first_line
    bench.engine.script = says("never asked")
    await told(bench, hole.replace("|", f"{first_line}|"))
    result = await told(bench, hole.replace("|", f"{first_line}\n    |"))
    assert from_where(result) == ("return total", "prefix")
    assert len(bench.engine.streams) == 1


async def test_what_was_fetched_ahead_is_judged_before_it_is_asked_for():
    bench = await Bench(says("value, other"), prefetch=True).ready()
    hole = "print(|)\n"
    shown = text_of(await told(bench, hole))
    bench.engine.script = says(", end='')")
    bench.timers.advance(DELAY)
    ladder = bench.completer._ladder
    before = len(ladder._decisions)
    await until(lambda: len(ladder._decisions) > before)
    result = await told(bench, hole.replace("|", f"{shown}|"))
    assert (result.trace.answered_from, result.trace.context_ms) == ("exact", 0.0)
    assert text_of(result) == ", end=''"


async def test_brackets_that_the_editor_closes_are_typed_along():
    bench = await Bench(says("foo(bar)"), prefetch=False).ready()
    await told(bench, "x = |\n")
    bench.edit("x = foo|\n")
    bench.edit("x = foo()|\n", caret=len("x = foo("))
    result = await bench.ask("x = foo(|)\n")
    assert from_where(result) == ("bar", "typed")


async def test_two_documents_keep_their_own_suggestions():
    bench = await Bench(prefetch=False).ready()
    for key, text in (("a.py", "alpha(1)"), ("b.py", "beta(2)")):
        bench.engine.script = says(text)
        assert text_of(await bench.ask("x = |\n", key=key)) == text
    bench.engine.script = says("never asked")
    assert from_where(await bench.ask("x = al|\n", key="a.py")) == ("pha(1)", "typed")
    assert from_where(await bench.ask("x = be|\n", key="b.py")) == ("ta(2)", "typed")
    assert from_where(await bench.ask("x = |\n", key="a.py")) == ("alpha(1)", "exact")


async def test_who_asks_by_a_key_gets_the_answer_of_now():
    bench = await Bench(says("print(value)"), prefetch=False, invoked_items=1).ready()
    head = "y = 1\n" * 200
    await bench.ask(head + "value = 1\n|\n", automatic=False)
    assert (await bench.ask(head + "value = 1\n|\n", automatic=False)).trace.answered_from == (
        "exact"
    )
    bench.engine.script = says("print(other)")
    changed = await bench.ask("z = 2\n" + head[6:] + "value = 1\n|\n", automatic=False)
    assert from_where(changed) == ("print(other)", "model")


async def test_a_rejected_suggestion_does_not_come_again_by_itself():
    bench = await Bench(says("print(value)"), prefetch=False).ready()
    await told(bench, "value = 1\n|\n")
    bench.timers.advance(SEEN_SECONDS)
    bench.engine.script = says("ork = 3")
    assert text_of(await told(bench, "value = 1\nw|\n")) == "ork = 3"
    again = await told(bench, "value = 1\n|\n")
    assert (again.items, again.trace.silent_reason) == ((), "rejected_before")
    bench.engine.script = says("print(value)")
    by_hand = await bench.ask("value = 1\n|\n", automatic=False)
    assert "print(value)" in [item.text for item in by_hand.items]
    bench.edit("value = 1\n|\n")
    moved = await told(bench, "import os\nvalue = 1\n|\n")
    assert moved.trace.silent_reason == "rejected_before"


async def test_an_undone_accept_is_a_rejection_and_a_quick_key_is_none():
    bench = await Bench(says("print(value)"), prefetch=False).ready()
    await told(bench, "value = 1\n|\n")
    bench.edit("value = 1\nprint(value)|\n")
    undone = await told(bench, "value = 1\n|\n")
    assert undone.trace.silent_reason == "rejected_before"
    bench.engine.script = says("del value")
    assert text_of(await told(bench, "other = 1\n|\n")) == "del value"
    await told(bench, "other = 1\nq|\n")
    assert text_of(await told(bench, "other = 1\n|\n")) == "del value"


def unsure(stream: FakeStream) -> None:
    """Sure of the end alone."""
    stream.start()
    stream.write("foo", logprob=-9.0)
    stream.write("(bar)", logprob=-0.1)
    stream.finish()


@pytest.fixture
def by_logprob(monkeypatch: pytest.MonkeyPatch) -> None:
    """An estimate that is the model's own probability of the line."""
    estimator = Estimator({"line_logprob": 1.0}, 0.0)
    monkeypatch.setattr("beadline.completion.gate.estimator_of", lambda _: estimator)


@pytest.mark.usefixtures("by_logprob")
async def test_what_is_unlikely_to_be_right_waits_until_it_is_likelier():
    bench = await Bench(unsure, prefetch=False, least_confidence=10).ready()
    first = await told(bench, "x = |\n")
    assert (first.items, first.trace.silent_reason) == ((), "low_confidence")
    assert 0 < first.trace.confidence < 0.1
    await bench.completer.settled()
    typed = await told(bench, "x = fo|\n")
    assert typed.trace.silent_reason == "low_confidence"
    sure = await told(bench, "x = foo|\n")
    assert from_where(sure) == ("(bar)", "typed")
    assert sure.trace.confidence > 0.1
    again = await told(bench, "x = |\n")
    assert (again.trace.silent_reason, again.trace.answered_from) == ("low_confidence", "exact")
    by_hand = await bench.ask("x = |\n", automatic=False)
    assert text_of(by_hand) == "foo(bar)"


@pytest.mark.usefixtures("by_logprob")
async def test_nobody_waits_for_the_checks_of_what_is_too_unlikely():
    bench = await Bench(unsure, prefetch=False, least_confidence=10).ready()
    assert (await told(bench, "x = |\n")).trace.silent_reason == "low_confidence"
    assert bench.completer._ladder._decisions == {}
    await bench.completer.settled()
    assert len(bench.completer._ladder._decisions) == 1


@pytest.mark.usefixtures("by_logprob")
async def test_what_the_checks_make_likely_is_shown_to_the_next_request():
    def sure_of_the_beginning(stream: FakeStream) -> None:
        stream.start()
        for text, logprob in (("foo", -0.3), ("(bar)", -0.4), (" baz", -9.0)):
            stream.write(text, logprob=logprob)
        stream.finish()

    bench = await Bench(sure_of_the_beginning, prefetch=False, least_confidence=10).ready()
    assert (await told(bench, "x = |\n")).trace.silent_reason == "low_confidence"
    await bench.completer.settled()
    assert from_where(await told(bench, "x = |\n")) == ("foo(bar)", "exact")


@pytest.mark.usefixtures("by_logprob")
async def test_along_an_unlikely_line_nothing_is_read_until_it_is_likelier(work: list[object]):
    def broken(stream: FakeStream) -> None:
        stream.start()
        stream.write("= ", logprob=-9.0)
        stream.write("foo", logprob=-0.1)
        stream.finish()

    bench = await Bench(broken, prefetch=False, least_confidence=10).ready()
    assert (await told(bench, "x = |\n")).trace.silent_reason == "low_confidence"
    await bench.completer.settled()  # the syntax check leaves nothing of it
    work.clear()
    along = await told(bench, "x = =|\n")
    assert (along.trace.silent_reason, along.trace.answered_from) == ("low_confidence", "typed")
    assert work == []
    assert 0 < along.trace.confidence < 0.1
    elsewhere = await told(bench, "x = fa|\n")
    assert elsewhere.trace.answered_from == "model"
    likelier = await told(bench, "x = = |\n")
    assert likelier.trace.answered_from == "prefix"


@pytest.mark.usefixtures("by_logprob")
async def test_the_end_of_an_unlikely_line_that_a_limit_cut_is_asked_for():
    def cut(stream: FakeStream) -> None:
        stream.start()
        for text in ("first", "(second", ".thi"):
            stream.write(text, logprob=-9.0)
        stream.finish(reason="length")

    bench = await Bench(cut, prefetch=False, least_confidence=10).ready()
    assert (await told(bench, "x = |\n")).trace.silent_reason == "low_confidence"
    assert (await told(bench, "x = fir|\n")).trace.answered_from == "typed"
    assert (await told(bench, "x = first(se|\n")).trace.answered_from == "model"


@pytest.mark.usefixtures("by_logprob")
async def test_what_is_shown_stays_however_unlikely_its_rest_is():
    def sure(stream: FakeStream) -> None:
        stream.start()
        stream.write("foo", logprob=-0.1)
        stream.write("(bar)", logprob=-1.5)
        stream.finish()

    bench = await Bench(sure, prefetch=False, least_confidence=15).ready()
    assert text_of(await told(bench, "x = |\n")) == "foo(bar)"
    assert text_of(await told(bench, "x = foo|\n")) == "(bar)"


@pytest.mark.usefixtures("by_logprob")
async def test_the_trace_tells_what_an_estimate_rests_on():
    bench = await Bench(unsure, prefetch=False).ready()
    trace = (await bench.ask("x = |\n")).trace
    assert trace.features["line_logprob"] == pytest.approx(-9.1)
    assert trace.as_dict()["confidence"] == pytest.approx(trace.confidence, abs=1e-4)
    assert trace.features["whole"] == 1.0


async def test_what_came_too_late_is_asked_again():
    bench = await Bench(says("", reason="deadline"), prefetch=False).ready()
    assert (await told(bench, "value = 1\n|\n")).items == ()
    bench.engine.script = says("print(value)")
    assert from_where(await told(bench, "value = 1\n|\n")) == ("print(value)", "model")


async def test_a_corrected_typing_error_brings_back_what_is_typed_along():
    bench = await Bench(says("foo(bar)"), prefetch=False).ready()
    await told(bench, "x = |\n")
    assert from_where(await told(bench, "x = f|\n")) == ("oo(bar)", "typed")
    bench.engine.script = says("rog = 1")
    await told(bench, "x = fx|\n")
    assert from_where(await told(bench, "x = f|\n")) == ("oo(bar)", "exact")
    assert from_where(await told(bench, "x = fo|\n")) == ("o(bar)", "typed")


async def test_another_model_is_not_answered_for():
    bench = await Bench(says("print(value)"), prefetch=False).ready()
    await told(bench, "value = 1\n|\n")
    info = bench.completer._loader.info
    assert info is not None
    bench.completer._loader.info = dataclasses.replace(info, path="other.gguf")
    bench.engine.script = says("del value")
    assert from_where(await told(bench, "value = 1\n|\n")) == ("del value", "model")


async def test_an_answer_to_an_older_text_says_nothing_about_the_newest():
    bench = await Bench(prefetch=False).ready()
    bench.edit("value = 1\n|\n")
    task = bench.begin("value = 1\n|\n")
    await bench.started()
    bench.edit("value = 1\np|\n")
    bench.engine.streams[0].start()
    for text in ("print(value)",):
        bench.engine.streams[0].write(text)
    bench.engine.streams[0].finish()
    await end(task)
    bench.timers.advance(2 * SEEN_SECONDS)
    bench.engine.script = says("ork = 3")
    await told(bench, "value = 1\nw|\n")
    bench.engine.script = says("print(value)")
    assert text_of(await told(bench, "value = 1\n|\n")) == "print(value)", "it was never seen"


async def test_a_popup_is_no_reason_to_remember():
    bench = await Bench(says("(value)"), prefetch=False).ready()
    request = dataclasses.replace(at("value = 1\nprint|\n"), entry=10)
    assert text_of(await bench.completer.complete(request)) == "(value)"
    assert bench.completer._ladder._decisions == {}
