"""The item of the status bar: what it says, and the menu behind it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.editors.desk import Desk
from tests.editors.repository import PLAIN, source
from tests.editors.server import Server
from tests.editors.vscode.actions import offers, run, wait_for
from tests.editors.vscode.driver import VSCode
from tests.editors.wire import until

pytestmark = pytest.mark.editor

LATENCY = re.compile(r"\d+ ms|\d+\.\d s")


def test_the_model_and_the_last_latency_are_shown(
    desk: Desk, server: Server, seen: Callable[[VSCode, str], None]
) -> None:
    author = desk.open(source(PLAIN))
    editor = author.editor
    wait_for(editor, "ready")
    model = Path(server.wire.told("beadline/status")[-1]["model"]).stem
    assert model and editor.status()["text"].startswith(model)
    author.find(PLAIN)
    until(lambda: LATENCY.search(editor.status()["text"]), "the last latency is shown")
    seen(editor, "status")


def test_suggestions_are_turned_off_and_on(
    desk: Desk, server: Server, seen: Callable[[VSCode, str], None]
) -> None:
    place = PLAIN[0]
    author = desk.open(source((place, *PLAIN)))
    editor = author.editor
    run(editor, "beadline.client.toggle")
    wait_for(editor, "off")
    author.begin(place)
    author.type(place.typed)
    assert author.shown() == ""
    seen(editor, "off")
    run(editor, "beadline.client.toggle")
    wait_for(editor, "ready")
    author.find(PLAIN)


def test_a_click_opens_the_menu(desk: Desk, seen: Callable[[VSCode, str], None]) -> None:
    editor = desk.open(source(PLAIN)).editor
    wait_for(editor, "ready")
    for entry, state in (("Turn suggestions off", "off"), ("Turn suggestions on", "ready")):
        editor.click_status()
        until(lambda entry=entry: offers(editor, entry), f"the menu offers {entry!r}")
        if state == "off":
            seen(editor, "menu")
        editor.choose(entry)
        wait_for(editor, state)
