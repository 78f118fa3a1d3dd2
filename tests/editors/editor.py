"""What a test can do with an editor, whichever it is. Knows no editor."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from tests.editors.wire import Wire


class Editor(Protocol):
    """A running editor with one file open and a server attached to it."""

    name: str
    encoding: str
    """The position encoding it agrees on with the server."""
    picture_suffix: str
    """Of the files that `screenshot` writes."""
    wire: Wire

    def end_of_line(self, number: int) -> None:
        """Put the cursor behind the last character of a line, counted from 1, ready to type."""
        ...

    def type(self, text: str) -> None:
        """Press the keys of these characters."""
        ...

    def accept(self) -> None:
        """Press Tab."""
        ...

    def escape(self) -> None:
        """Press Escape."""
        ...

    def ghost(self) -> str:
        """The suggestion as it is shown at the cursor; empty if there is none."""
        ...

    def save(self) -> None:
        """Write the file to disk; returns when that has been done."""
        ...

    def errors(self) -> list[str]:
        """What the editor has told its user unasked."""
        ...

    def screenshot(self, path: Path) -> None:
        """Save what its user sees: a picture, or text for an editor without one."""
        ...
