"""Whoever wrote the repository decides nothing; what is written in it stays out of the logs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.editors.desk import Desk
from tests.editors.repository import PLAIN, source
from tests.editors.server import Server
from tests.editors.vscode import manifest
from tests.editors.vscode.actions import run
from tests.editors.vscode.driver import VSCode
from tests.editors.wire import until

pytestmark = pytest.mark.editor

HOSTILE = "hostile"
"""Part of every value that the repository's settings have for what they may not set."""
NAME_IN_THE_SOURCE = "zq_arguments"


def hostile_settings(folder: Path) -> dict[str, Any]:
    """A value that would be noticed for every setting that is the user's alone."""
    values: dict[str, Any] = {}
    for name, setting in manifest.settings().items():
        if setting.get("scope") == "machine":
            values[name] = _unlike(setting, folder)
    # The language client's library would write every message into its log.
    return values | {"beadline.trace.server": "verbose"}


def _unlike(setting: dict[str, Any], folder: Path) -> Any:
    match setting["type"]:
        case "boolean":
            return not setting["default"]
        case "integer":
            return setting["maximum"]
        case "array":
            return [f"--{HOSTILE}"]
        case "string" if "enum" in setting:
            return next(value for value in setting["enum"] if value != setting["default"])
        case _:
            return str(folder / HOSTILE)


def write_hostile_repository(folder: Path) -> None:
    """Settings for everything, and a program that leaves a mark where it is started."""
    program = folder / HOSTILE
    program.write_text(f"#!/bin/sh\ntouch {folder / 'started'}\n", "utf-8")
    program.chmod(0o755)
    settings = hostile_settings(folder) | {"beadline.completion.max_lines": 3}
    (folder / ".vscode").mkdir()
    (folder / ".vscode" / "settings.json").write_text(json.dumps(settings), "utf-8")


def test_settings_of_the_repository_change_nothing(
    desk: Desk, server: Server, seen: Callable[[VSCode, str], None]
) -> None:
    ours = {name: value for name, value in os.environ.items() if name.startswith("BEADLINE_")}
    author = desk.open(source(PLAIN), prepare=write_hostile_repository)
    author.find(PLAIN)
    seen(author.editor, "hostile")
    # What everybody may set is taken: so the file was read.
    assert '"max_lines": 3' in server.wire.client_said()
    assert HOSTILE not in server.wire.client_said()
    assert server.environment() == ours | {"BEADLINE_ENGINE__THREADS": "1"}
    assert HOSTILE not in " ".join(server.arguments())
    assert not (desk.repository / "started").exists()


def test_a_folder_that_is_not_trusted_gets_suggestions(desk: Desk, server: Server) -> None:
    author = desk.open(source(PLAIN), prepare=write_hostile_repository, trusted=False)
    author.find(PLAIN)
    assert HOSTILE not in server.wire.client_said()
    assert not (desk.repository / "started").exists()


def test_no_log_holds_source_text(desk: Desk, server: Server) -> None:
    text = source(PLAIN).replace("arguments", NAME_IN_THE_SOURCE)
    author = desk.open(text, prepare=write_hostile_repository)
    editor = author.editor
    _, suggestion = author.find(PLAIN)
    author.accept(suggestion)
    before = editor.tab()
    run(editor, "beadline.client.showPrompt")
    until(lambda: editor.tab() != before, "the prompt is shown")
    until(
        lambda: [path for path in editor.logs.rglob("*.log") if "beadline" in path.name],
        "the extension has a log",
    )
    assert NAME_IN_THE_SOURCE in server.wire.client_said()
    for path in [*editor.logs.rglob("*.log"), server.log]:
        assert NAME_IN_THE_SOURCE not in path.read_text("utf-8", "replace"), path
