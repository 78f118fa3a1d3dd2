"""What editors do with a suggestion, on the wire: typed, accepted in parts, undone, rejected."""

from __future__ import annotations

import json

import pytest

from beadline.completion.history import SEEN_SECONDS
from tests.lsp.client import insert, replace
from tests.lsp.clock import FakeClock
from tests.lsp.conftest import Session

URI = "file:///w/a.py"
OTHER = "file:///w/b.py"
TEXT = "def total(values):\n    \n"
LINES = "for value in values:\n        result += value"


class Editor:
    """One document on the wire, its text kept as an editor would."""

    def __init__(self, session: Session, uri: str = URI, text: str = TEXT) -> None:
        self.session, self.uri, self.text, self.version = session, uri, text, 1
        self.line, self.column = 1, 4
        session.client.open(uri, text)

    def type(self, text: str) -> None:
        """Insert at the cursor, which goes behind it."""
        self._change(insert(self.line, self.column, text))
        lines = text.split("\n")
        self.line += len(lines) - 1
        self.column = len(lines[-1]) + (self.column if len(lines) == 1 else 0)

    def delete(self, line: int, column: int) -> None:
        """Delete from there to the cursor."""
        self._change(replace(line, column, self.line, self.column, ""))
        self.line, self.column = line, column

    async def ask(self, **context: int) -> tuple[list[str], str]:
        """The texts of the items, and where they came from or why there are none."""
        items = await self.session.client.complete(self.uri, self.line, self.column, **context)
        traces = map(json.loads, self.session.trace.read_text("utf-8").splitlines())
        trace = [each for each in traces if each["event"] == "request"][-1]
        return [i["insertText"] for i in items], trace["silent_reason"] or trace["answered_from"]

    def _change(self, change: object) -> None:
        self.version += 1
        self.session.client.change(self.uri, self.version, change)


@pytest.fixture
def editor(timed: Session) -> Editor:
    """The cursor is in an empty body, and the model knows one thing."""
    timed.engine.script = lambda _: [LINES]
    return Editor(timed)


async def test_words_lines_and_keys_continue_the_same_answer(editor: Editor) -> None:
    assert await editor.ask() == ([LINES], "model")
    left = LINES
    for taken in ("for ", "v", "alue", " in values:", "\n        ", "result"):
        editor.type(taken)
        left = left.removeprefix(taken)
        assert await editor.ask() == ([left], "typed")


async def test_back_into_what_was_typed(editor: Editor) -> None:
    await editor.ask()
    editor.type("for value")
    assert await editor.ask() == ([LINES.removeprefix("for value")], "typed")
    editor.delete(1, 7)
    assert await editor.ask() == ([LINES.removeprefix("for")], "typed")
    editor.delete(1, 4)
    assert await editor.ask() == ([LINES], "exact")


async def test_an_undone_accept_is_not_offered_again(editor: Editor) -> None:
    await editor.ask()
    editor.type(LINES)
    editor.delete(1, 4)
    assert await editor.ask() == ([], "rejected_before")
    texts, source = await editor.ask(triggerKind=1)
    assert (texts[0], source) == (LINES, "model")


async def test_brackets_of_the_editor(editor: Editor) -> None:
    editor.session.engine.script = lambda _: ["print(values)"]
    await editor.ask()
    editor.type("print")
    editor.type("()")
    editor.column -= 1  # an editor that closes brackets puts the cursor between them
    assert await editor.ask() == (["values"], "typed")


async def test_two_documents_keep_what_they_show(editor: Editor) -> None:
    await editor.ask()
    editor.session.engine.script = lambda _: ["return values"]
    other = Editor(editor.session, OTHER)
    assert await other.ask() == (["return values"], "model")
    editor.type("for")
    other.type("ret")
    assert await editor.ask() == ([LINES.removeprefix("for")], "typed")
    assert await other.ask() == (["urn values"], "typed")


@pytest.mark.parametrize("tells", [False, True])
async def test_what_was_seen_and_not_typed_is_rejected(
    editor: Editor, clock: FakeClock, tells: bool
) -> None:
    client = editor.session.client
    items = await client.complete(URI, editor.line, editor.column)
    if tells:
        clock.advance(SEEN_SECONDS)  # it was not on the screen yet
        client.notify("textDocument/didShowCompletion", {"item": items[0]})
        await client.request("workspace/executeCommand", {"command": "beadline.accepted"})
    clock.advance(SEEN_SECONDS)
    editor.type("x")
    editor.delete(1, 4)
    assert await editor.ask() == ([], "rejected_before")


async def test_what_came_and_went_between_two_keys_is_not(editor: Editor, clock: FakeClock) -> None:
    await editor.ask()
    clock.advance(SEEN_SECONDS / 2)
    editor.type("x")
    editor.delete(1, 4)
    assert await editor.ask() == ([LINES], "exact")
