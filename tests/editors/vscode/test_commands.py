"""The commands of the extension, each as its user runs it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from beadline.engine.models import BUILTIN_FILE
from tests.editors.desk import Desk
from tests.editors.repository import NAME, PLAIN, source
from tests.editors.server import Server
from tests.editors.vscode import manifest
from tests.editors.vscode.actions import offers, run, wait_for
from tests.editors.vscode.driver import VSCode
from tests.editors.wire import until

pytestmark = pytest.mark.editor

PAGES = {
    "beadline.client.showPrompt": ("Prompt behind the last suggestion.md", NAME),
    "beadline.client.indexStatus": ("Index of the workspace.md", "files"),
    "beadline.client.statistics": ("Statistics of beadline.md", "Counted on this machine"),
    "beadline.client.doctor": ("Doctor of beadline.md", "beadline works here."),
}
"""The page a command opens, and what stands on it."""


def test_pages_are_opened(desk: Desk, seen: Callable[[VSCode, str], None]) -> None:
    author = desk.open(source(PLAIN))
    editor = author.editor
    author.find(PLAIN)
    for command, (tab, said) in PAGES.items():
        run(editor, command)
        until(lambda tab=tab: editor.tab() == tab, f"{tab} is opened")
        until(lambda said=said: said in editor.text(), f"{said!r} is shown")
        seen(editor, command.rpartition(".")[2])


def test_the_prompt_is_that_of_the_suggestion(desk: Desk, server: Server) -> None:
    author = desk.open(source(PLAIN))
    _, suggestion = author.find(PLAIN)
    run(author.editor, "beadline.client.showPrompt")
    prompt = until(lambda: _last_answer(server, "beadline.lastPrompt"), "the server tells it")
    assert prompt["suggestion"] == suggestion
    assert prompt["path"] == NAME


def test_the_log_is_shown(desk: Desk) -> None:
    editor = desk.open(source(PLAIN)).editor
    run(editor, "beadline.client.showLog")
    until(lambda: "Starting" in editor.output(), "the log is shown")


def test_suggestions_are_snoozed(desk: Desk, seen: Callable[[VSCode, str], None]) -> None:
    editor = desk.open(source(PLAIN)).editor
    for entry, state in (("30 minutes", "snoozed"), ("End the snooze", "ready")):
        run(editor, "beadline.client.snooze")
        until(lambda entry=entry: offers(editor, entry), f"{entry!r} is offered")
        editor.choose(entry)
        wait_for(editor, state)
        seen(editor, state)


def test_the_server_is_restarted(desk: Desk, server: Server) -> None:
    author = desk.open(source(PLAIN))
    run(author.editor, "beadline.client.toggle")
    wait_for(author.editor, "off")
    run(author.editor, "beadline.client.restart")
    until(lambda: server.wire.sessions == 2, "another server is started")
    # Who turned suggestions off does not want them back for that.
    wait_for(author.editor, "off")
    run(author.editor, "beadline.client.toggle")
    wait_for(author.editor, "ready")
    author.find(PLAIN)


def test_a_chosen_model_is_kept(
    desk: Desk, server: Server, seen: Callable[[VSCode, str], None]
) -> None:
    folder = Path(os.environ["BEADLINE_DATA_DIR"]) / "models"
    folder.mkdir(parents=True)
    second = shutil.copy(BUILTIN_FILE, folder / "second.gguf")
    author = desk.open(source(PLAIN))
    editor = author.editor
    run(editor, "beadline.client.chooseModel")
    until(lambda: len(editor.entries()) == 3, "two models and any other file are offered")
    seen(editor, "models")
    editor.choose(second.name)
    until(lambda: server.wire.sessions == 2, "another server is started")
    server.wire.wait_ready()
    assert server.environment()["BEADLINE_ENGINE__MODEL"] == str(second)
    kept = json.loads(editor.machine_settings.read_text("utf-8"))
    assert kept["beadline.engine.model"] == str(second)
    author.find(PLAIN)


def test_the_palette_lists_what_is_possible(desk: Desk, server: Server) -> None:
    editor = desk.open(source(PLAIN)).editor
    never = {name for name, when in manifest.conditions().items() if when == manifest.NEVER}
    (greeting,) = server.wire.sent("initialize")
    capabilities = server.wire.answers()[greeting["id"]]["result"]["capabilities"]
    if "beadline.train" not in capabilities["executeCommandProvider"]["commands"]:
        never.add("beadline.client.tune")
    expected = {title for name, title in manifest.titles().items() if name not in never}
    wait_for(editor, "ready")
    editor.commands("beadline: ")
    until(lambda: _ours(editor) == expected, f"the palette lists {expected}")
    editor.escape()


def _ours(editor: VSCode) -> set[str]:
    return {entry for entry in editor.entries() if entry.startswith("beadline: ")}


def _last_answer(server: Server, command: str) -> dict[str, object] | None:
    """What the server said to the newest request of its command, once it has."""
    asked = [
        message
        for message in server.wire.sent("workspace/executeCommand")
        if message["params"]["command"] == command
    ]
    answer = server.wire.answers().get(asked[-1]["id"]) if asked else None
    return answer["result"] if answer else None
