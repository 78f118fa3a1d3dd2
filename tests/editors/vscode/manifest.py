"""What the extension's manifest says of its commands. Knows no editor."""

from __future__ import annotations

import functools
import json
from typing import Any

from tests.editors.vscode.extension_package import SOURCE

NEVER = "false"
"""The condition of commands that no menu lists."""


@functools.cache
def read() -> dict[str, Any]:
    """The manifest."""
    return json.loads((SOURCE / "package.json").read_text("utf-8"))


def titles() -> dict[str, str]:
    """Of every command, as the palette shows it, by its identifier."""
    commands = read()["contributes"]["commands"]
    return {c["command"]: f"{c['category']}: {c['title']}" for c in commands}


def title(command: str) -> str:
    """Of one command."""
    return titles()[command]


def conditions() -> dict[str, str]:
    """When the palette lists a command, by its identifier; those it always lists are not here."""
    entries = read()["contributes"]["menus"]["commandPalette"]
    return {entry["command"]: entry["when"] for entry in entries}


def settings() -> dict[str, Any]:
    """What it says of every setting, by the whole name."""
    sections = read()["contributes"]["configuration"]
    return {name: s for section in sections for name, s in section["properties"].items()}
