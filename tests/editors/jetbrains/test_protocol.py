"""The real server serves a client that behaves as LSP4IJ does, started by the template."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

import pytest

from tests.cli import run
from tests.editors.jetbrains.client import Editor, Variant, inserted_by, meant_by, read_template
from tests.editors.jetbrains.conftest import TEMPLATE, Start
from tests.editors.repository import EMOJI, PLAIN, Place, source
from tests.editors.server import Server
from tests.editors.wire import CANCELLED
from tests.lsp.client import TIMEOUT

pytestmark = pytest.mark.slow

CLOSED = (
    Place("    ", "words = read_words("),
    Place("    ", "print("),
    Place("    ", "counts = most_common(words, len("),
    Place('    label = "🎉"; ', "counter = collections.Counter("),
)
"""Where the IDE has put a closing bracket behind the caret."""


async def find(
    editor: Editor, places: tuple[Place, ...], wanted: Callable[[str], object] = bool
) -> Variant:
    """Type at one place after the other until a suggestion as wanted is offered."""
    seen = []
    for place in places:
        editor.go_behind(place.line)
        editor.type(place.typed)
        for variant in await editor.suggestions():
            if wanted(variant.new):
                return variant
            seen.append(variant.new)
    raise AssertionError(f"the model has no such suggestion at {places}; only {seen}")


async def test_what_is_inserted_is_what_the_server_meant(start: Start) -> None:
    places = (*CLOSED, *EMOJI, *PLAIN)
    # Whatever the model says is to be inserted as it is meant, also what it is not sure of.
    editor, _ = await start(source(places), BEADLINE_COMPLETION__LEAST_CONFIDENCE="0")
    offered = []
    for place in places:
        editor.go_behind(place.line)
        editor.type(place.typed)
        found = await editor.suggestions()
        assert len(found) <= 1, "an automatic request has one item at most"
        for variant in found:
            meant = meant_by(variant.item, editor.text)
            assert inserted_by(variant, editor.text, editor.caret) == meant
            editor.take(variant)
            assert editor.text == meant
            offered.append(place)
    assert set(offered) & set(CLOSED)
    assert set(offered) & set(EMOJI)
    assert set(offered) & set(PLAIN)


async def test_a_request_is_taken_back_when_the_caret_goes_on(start: Start) -> None:
    first, place, *_ = PLAIN
    # Long enough that a request soon after another one still waits when the next one comes.
    editor, session = await start(source(PLAIN), BEADLINE_COMPLETION__DEBOUNCE_MS="2000")
    client = session.client
    editor.go_behind(first.line)
    editor.type(first.typed)
    await editor.suggestions()
    editor.go_behind(place.line)
    editor.type(place.typed[:-1])
    older = editor.ask()
    editor.type(place.typed[-1])
    newer = editor.ask()
    assert (await client.answer(older))["error"]["code"] == CANCELLED
    assert "items" in (await client.answer(newer))["result"]


async def test_asking_again_at_the_same_place_cancels_nothing(start: Start, server: Server) -> None:
    editor, session = await start(source(PLAIN))
    client = session.client
    editor.go_behind(PLAIN[0].line)
    editor.type(PLAIN[0].typed)
    older, newer = editor.ask(), editor.ask()
    assert "items" in (await client.answer(newer))["result"]
    answer = await client.answer(older)
    assert "result" in answer or answer["error"]["code"] == CANCELLED
    assert server.wire.sent("$/cancelRequest") == []


async def test_what_was_taken_is_counted_without_a_command(start: Start) -> None:
    editor, session = await start(source(PLAIN))
    variant = await find(editor, PLAIN, lambda new: len(new.strip()) >= 4)
    editor.take(variant)
    await session.end()
    total = run("stats", "--json").json["total"]
    assert total["accepted"] == 1
    assert total["accepted_characters"] == len(variant.new)


async def test_the_settings_of_the_tab_configuration_hold(start: Start) -> None:
    settings = {"beadline.completion.enabled": False}
    editor, _ = await start(source(PLAIN), settings=settings, state="off")
    editor.go_behind(PLAIN[0].line)
    editor.type(PLAIN[0].typed)
    assert await editor.suggestions() == []


def test_the_installers_check_finds_a_server_that_waits_for_its_input(server: Server) -> None:
    """It ends the command after some seconds; an exit code or anything on stderr before that is a
    failure."""
    done = subprocess.run(
        read_template(TEMPLATE).command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, **server.on_path()},
        timeout=TIMEOUT,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert server.log.read_text("utf-8") == ""
