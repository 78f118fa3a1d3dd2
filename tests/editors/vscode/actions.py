"""What tests of the extension do and wait for again and again. Knows no test."""

from __future__ import annotations

from tests.editors.vscode import manifest
from tests.editors.vscode.driver import VSCode
from tests.editors.wire import until


def wait_for(editor: VSCode, state: str) -> None:
    """Until the status bar says so to those who hear it."""
    label = f"beadline: {state}."
    until(lambda: editor.status()["label"].startswith(label), f"the status bar says {state!r}")


def run(editor: VSCode, command: str) -> None:
    """Run a command of the extension from the palette."""
    editor.run(command, manifest.title(command))


def offers(editor: VSCode, text: str) -> bool:
    """Whether the menu that is open has an entry with this text."""
    return any(text in entry for entry in editor.entries())


def clear(editor: VSCode) -> None:
    """Close the notifications."""
    editor.run("notifications.clearAll", "Notifications: Clear All Notifications")
    until(lambda: not editor.errors(), "nothing is shown")
