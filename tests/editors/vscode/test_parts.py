"""Suggestions are taken by the word and by the line too, and the server is told how much."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.editors.desk import Desk
from tests.editors.repository import BLOCK, source
from tests.editors.server import Server
from tests.editors.vscode.driver import VSCode
from tests.editors.wire import until

pytestmark = pytest.mark.editor


def of_several_lines(suggestion: str) -> bool:
    return "\n" in suggestion


def test_the_next_word_is_accepted(
    desk: Desk, server: Server, seen: Callable[[VSCode, str], None]
) -> None:
    author = desk.open(source(BLOCK))
    editor = author.editor
    _, suggestion = author.find(BLOCK, of_several_lines)
    rest = author.accept_part(suggestion, editor.accept_word)
    taken = suggestion.removesuffix(rest)
    assert len(taken.split()) <= 1
    seen(editor, "word")
    editor.escape()
    until(lambda: editor.ghost() == "", "the rest is gone")
    author.check()
    assert server.wire.accepted() == []


def test_word_after_word_is_accepted(desk: Desk) -> None:
    author = desk.open(source(BLOCK))
    editor = author.editor
    _, suggestion = author.find(BLOCK, of_several_lines)
    for _ in range(2):
        suggestion = author.accept_part(suggestion, editor.accept_word)
    editor.escape()
    author.check()


def test_the_next_line_is_accepted(desk: Desk) -> None:
    author = desk.open(source(BLOCK))
    editor = author.editor
    _, suggestion = author.find(BLOCK, of_several_lines)
    rest = author.accept_part(suggestion, editor.accept_line)
    assert "\n" in suggestion.removesuffix(rest)
    editor.escape()
    author.check()
