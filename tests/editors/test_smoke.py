"""Both editors show, accept and drop real suggestions of the built-in model."""

from __future__ import annotations

import pytest

from tests.editors.conftest import Editors, Opens
from tests.editors.repository import BLOCK, EMOJI, PLAIN, source
from tests.editors.wire import CANCELLED, until

pytestmark = pytest.mark.editor


def of_several_lines(suggestion: str) -> bool:
    return "\n" in suggestion


CASES = {
    "plain": (PLAIN, bool, "\n"),
    "block": (BLOCK, of_several_lines, "\n"),
    "emoji": (EMOJI, bool, "\n"),
    "crlf": (BLOCK, of_several_lines, "\r\n"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_suggestion_is_shown_and_accepted(
    open_file: Opens, editors: Editors, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    places, wanted, newline = CASES[case]
    author = open_file(source(places).replace("\n", newline))
    editor = author.editor
    _, suggestion = author.find(places, wanted)
    picture = editors.pictures / f"{editor.name}-{case}{editor.picture_suffix}"
    editor.screenshot(picture)
    with capsys.disabled():
        print(f"\nwhat was seen: {picture}")
    author.accept(suggestion)
    until(lambda: editor.ghost() != suggestion, "it is not shown any more")
    author.check()


def test_typing_along_keeps_the_suggestion(open_file: Opens) -> None:
    author = open_file(source(PLAIN))
    _, suggestion = author.find(PLAIN, lambda s: len(s) > 2 and s[:2].isalnum())
    for _ in range(2):
        author.type(suggestion[0])
        suggestion = suggestion[1:]
        assert author.shown() == suggestion
    author.accept(suggestion)
    author.check()


def test_typing_something_else_replaces_the_suggestion(open_file: Opens) -> None:
    author = open_file(source(PLAIN))
    author.find(PLAIN)
    author.type("_")
    author.shown()
    author.check()
    assert author.editor.wire.accepted() == []


def test_a_superseded_request_is_cancelled(open_file: Opens) -> None:
    first, place, *_ = PLAIN
    # Long enough that a request soon after another one is still waiting when the next one comes.
    author = open_file(source(PLAIN), BEADLINE_COMPLETION__DEBOUNCE_MS="5000")
    wire = author.editor.wire
    author.begin(first)
    author.type(first.typed)
    author.shown()
    author.editor.escape()
    author.begin(place)
    author.type(place.typed[:-1])
    superseded = author.asked()
    author.type(place.typed[-1:])
    author.shown()
    assert wire.answers()[superseded]["error"]["code"] == CANCELLED
    author.check()


def test_escape_removes_the_suggestion(open_file: Opens) -> None:
    author = open_file(source(PLAIN))
    author.find(PLAIN)
    author.editor.escape()
    until(lambda: author.editor.ghost() == "", "the suggestion is gone")
    author.check()
    assert author.editor.wire.accepted() == []
