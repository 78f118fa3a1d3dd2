"""When the completer says nothing, and why; a scripted engine."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest
from bench import SOON, Bench, document, end, text_of
from fake_engine import FakeStream, Script, says

from beadline.completion.types import CompletionRequest
from beadline.settings import ContextOptions


@pytest.mark.parametrize(
    ("hole", "script", "reason"),
    [
        ("import os|\n", says("x", eog_probability=0.95), "eog_probability"),
        ("x = |\n", says(""), "empty_answer"),
        ("x = |\n", says("  "), "whitespace_only"),
        ("x = 1\n|\ny = foo()\n", says("y = foo()"), "repeats_suffix"),
        ("value = 1\n|\n", says("value = 1"), "repeats_previous_line"),
        ("x = |\n", says("= ="), "adds_error"),
        ("x = foo()|\ny = 2\n", says("bar"), "expected_nothing"),
    ],
)
async def test_silence_has_a_reason(hole: str, script: Script, reason: str):
    bench = await Bench(script).ready()
    result = await bench.ask(hole)
    assert result.items == ()
    assert result.trace.silent_reason == reason


async def test_a_likely_empty_hole_costs_no_generation():
    bench = await Bench().ready()
    task = bench.begin("x = foo|\n")
    await bench.started()
    bench.engine.streams[0].start(0.99)
    result = await end(task)
    assert result.trace.silent_reason == "eog_probability"
    assert bench.engine.streams[0].cancelled


async def test_a_user_who_asks_by_a_key_is_answered_where_an_automatic_request_is_silent():
    bench = await Bench(says(".bar", eog_probability=0.99)).ready()
    assert (await bench.ask("x = foo|\n")).items == ()
    assert text_of(await bench.ask("x = foo|\n", automatic=False)) == ".bar"


async def test_suggestions_can_be_switched_off():
    bench = await Bench(says("x"), enabled=False).ready()
    for automatic in (True, False):
        result = await bench.ask("x = |\n", automatic=automatic)
        assert (result.items, result.trace.silent_reason) == ((), "disabled")
    bench = await Bench(says("x"), languages_off=("python",)).ready()
    assert (await bench.ask("x = |\n")).trace.silent_reason == "language_off"
    assert bench.engine.streams == []


@pytest.mark.parametrize(
    ("hole", "comments_off", "strings_off"),
    [
        ("# a |\n", "comment_off", ""),
        ("x = 'a |'\n", "", "string_off"),
        ('def f():\n    """Says |\n    """\n', "comment_off", ""),
        ('def f():\n    r"""Says |\n    """\n', "comment_off", ""),
        ("'use |'\n", "comment_off", ""),
        ("x = |\n", "", ""),
    ],
)
async def test_comments_and_strings_are_quiet_only_when_that_is_asked_for(
    hole: str, comments_off: str, strings_off: str
):
    for option, expected in (("in_comments", comments_off), ("in_strings", strings_off)):
        off: dict[str, Any] = {option: False}
        bench = await Bench(says("word"), **off).ready()
        result = await bench.ask(hole)
        assert result.trace.silent_reason == expected
        assert bool(bench.engine.streams) != bool(expected)
        by_key = await bench.ask(hole, automatic=False)
        assert by_key.items, "who asks by a key means here and now"


async def test_large_and_ignored_files_are_silent():
    bench = await Bench(says("x")).ready()
    bench.completer.reconfigure(
        dataclasses.replace(
            bench.options, context=ContextOptions(max_file_bytes=1024, ignore=("gen_*.py",))
        )
    )
    assert (await bench.ask("#" * 1025 + "\n|")).trace.silent_reason == "file_too_large"
    assert (await bench.ask("#" + "ü" * 600 + "\n|")).trace.silent_reason == "file_too_large"
    assert (await bench.ask("|\n", key="gen_a.py")).trace.silent_reason == "ignored_file"
    assert bench.engine.streams == []


async def test_bad_content_never_raises():
    bench = await Bench(says("x = 1")).ready()
    assert (await bench.ask("a = '\ud800'\n|\n")).trace.silent_reason == "invalid_text"
    for offset in (-5, 10_000):
        request = CompletionRequest(document("y = 2\n"), offset)
        await asyncio.wait_for(bench.completer.complete(request), SOON)
    await bench.ask("|", language="no-such-language")
    await bench.ask("|")
    await bench.ask("\0|\n")


async def test_a_suggestion_is_trimmed_to_what_is_valid():
    bench = await Bench(says("bar(1) ]")).ready()
    assert text_of(await bench.ask("x = |\n")) == "bar(1)"


async def test_a_statement_too_long_to_check_costs_no_generation():
    bench = await Bench(says("1")).ready()
    long = "x = [\n" + "    'a string that is long enough',\n" * 10_000 + "    |\n]\n"
    result = await bench.ask(long)
    assert (result.items, result.trace.silent_reason) == ((), "too_long_to_check")
    assert bench.engine.streams == []


async def test_a_bare_header_is_not_shown_and_asked_for_again():
    answers = iter(["def f(x):", "y = 2"])

    def play(stream: FakeStream) -> None:
        says(next(answers))(stream)

    bench = await Bench(play).ready()
    result = await bench.ask("x = 1\n|\nz = 3\n")
    assert (text_of(result), result.trace.attempts) == ("y = 2", 2)


@pytest.mark.parametrize(("answer", "shown"), [(")", ""), (":", ""), ("x", "x"), ("()", "()")])
async def test_one_sign_is_sooner_typed_than_read(answer: str, shown: str):
    bench = await Bench(says(answer)).ready()
    hole = "x = foo(1|\n" if answer == ")" else "if x|\n    y\n" if answer == ":" else "x = f|\n"
    result = await bench.ask(hole)
    assert text_of(result) == shown
    assert result.trace.silent_reason == ("" if shown else "too_small")
