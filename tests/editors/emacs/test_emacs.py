"""Real Emacs with the real server: what docs/editors-other.md has users write for lsp-mode, and for
eglot, which knows no inline completion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.editors import repository
from tests.editors.emacs.driver import EGLOT, LSP_MODE, Emacs
from tests.editors.install import emacs as installation
from tests.editors.install.places import editors_folder
from tests.editors.repository import PLAIN, source
from tests.editors.server import Server
from tests.editors.wire import until

pytestmark = pytest.mark.editor

Start = Callable[[Path], Emacs]


@pytest.fixture(scope="session")
def installed() -> installation.Emacs:
    """An Emacs that can be started any number of times; set up if it is not yet."""
    return installation.set_up(editors_folder())


@pytest.fixture
def start(
    installed: installation.Emacs, server: Server, tmp_path: Path, short_folder: Path
) -> Iterator[Start]:
    """Starts Emacs with a file open and what its user wrote; looks for trouble at the end."""
    started: list[Emacs] = []

    def open_(init: Path) -> Emacs:
        path = repository.make(tmp_path / "repository", source(PLAIN))
        editor = Emacs(
            installed, path, init=init, folder=short_folder, environment=server.on_path()
        )
        started.append(editor)
        return editor

    yield open_
    for editor in started:
        editor.close()
        server.check_end()


def find(editor: Emacs, ask: Callable[[], Any]) -> Any:
    """Write at one place after the other until something is suggested."""
    for place in PLAIN:
        editor.go_behind(place.line)
        editor.insert(place.typed)
        if found := ask():
            return found
    raise AssertionError("the model has no suggestion at any place")


def test_lsp_mode_asks_and_takes_what_the_server_answers(start: Start, server: Server) -> None:
    editor = start(LSP_MODE)
    editor.run("(require 'lsp-mode)", "(lsp)")
    until(lambda: editor.value("(drive-lsp-ready)"), "lsp-mode has initialized the server")
    server.wire.wait_ready()
    (item,) = find(editor, lambda: editor.value("(setq drive-items (drive-lsp-items))"))
    before = editor.text()
    start_at, cursor = item["range"]["start"], editor.value("(1- (point))")
    assert item["range"]["end"] == start_at
    editor.run("(drive-lsp-take (car drive-items))")
    assert editor.text() == before[:cursor] + item["insertText"] + before[cursor:]
    until(server.wire.accepted, "the server is told of the acceptance")
    assert server.wire.accepted() == [item["command"]["arguments"]]


def test_lsp_mode_shows_no_warning_of_the_servers_status(start: Start, server: Server) -> None:
    editor = start(LSP_MODE)
    editor.run("(require 'lsp-mode)", "(lsp)")
    server.wire.wait_ready()
    # What lsp-mode has to say of a notification it has said when the next answer is there.
    until(lambda: editor.value("(drive-lsp-ready)"), "lsp-mode has initialized the server")
    editor.run("(drive-lsp-items)")
    messages = editor.value("(with-current-buffer (messages-buffer) (drive-text))")
    assert "beadline/status" not in messages


def test_eglot_takes_the_entry_of_the_completion_list(start: Start, server: Server) -> None:
    editor = start(EGLOT)
    editor.run("(drive-eglot-connect)")
    until(lambda: editor.value("(and (eglot-managed-p) t)"), "eglot manages the file")
    server.wire.wait_ready()

    def taken() -> tuple[str, str] | None:
        before = editor.text()
        editor.run("(completion-at-point)")
        after = editor.text()
        return (before, after) if after != before else None

    before, after = find(editor, taken)
    answers = server.wire.answers()
    asked = [answers.get(m["id"], {}) for m in server.wire.sent("textDocument/completion")]
    items = [item for answer in asked for item in answer.get("result", {}).get("items", [])]
    assert after in [with_entry(before, item["textEdit"]) for item in items]


def with_entry(text: str, edit: dict[str, Any]) -> str:
    """The text after an edit on one line, in a text without characters of several units."""
    lines = text.split("\n")
    start, end = edit["range"]["start"], edit["range"]["end"]
    assert start["line"] == end["line"]
    line = lines[start["line"]]
    lines[start["line"]] = line[: start["character"]] + edit["newText"] + line[end["character"] :]
    return "\n".join(lines)
