"""Someone who writes in an editor and knows what the text and the suggestion must be by now.

What is expected to be shown is what the server answered to the newest request: the suggestion is
the model's. Knows no particular editor.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.editors.editor import Editor
from tests.editors.repository import Place
from tests.editors.wire import lf, until


class Author:
    """Writes one file."""

    def __init__(self, editor: Editor, path: Path, text: str) -> None:
        """`text`: of the file as it was opened."""
        self.editor = editor
        self._path = path
        self._crlf = "\r\n" in text
        self._lines = lf(text).split("\n")
        self._row = 0

    def begin(self, place: Place) -> None:
        """Put the cursor at a place nothing was written at yet."""
        self._row = self._lines.index(place.line)
        self.editor.end_of_line(self._row + 1)

    def type(self, text: str) -> None:
        """Type at the end of the line begun."""
        self.editor.type(text)
        self._lines[self._row] += text

    def asked(self) -> Any:
        """The id of the newest request, once that is one for the text as it is now."""

        def newest() -> Any:
            for request, _ in self.editor.wire.completions()[-1:]:
                if request["params"]["position"] == self._position():
                    return request["id"]
            return None

        return until(newest, f"it is asked at {self._position()}")

    def shown(self) -> str:
        """The suggestion for the text as it is now, once the editor shows it; may be empty.

        The newest request must be for the cursor's place, in the editor's units, and the editor
        must show what was answered to it.
        """
        position = self._position()
        items = self.editor.wire.items_at(position)
        for item in items:
            assert item["range"] == {"start": position, "end": position}
        expected = lf(items[0]["insertText"]) if items else ""
        until(lambda: self.editor.ghost() == expected, f"{expected!r} is shown")
        return expected

    def find(
        self, places: tuple[Place, ...], wanted: Callable[[str], object] = bool
    ) -> tuple[Place, str]:
        """Write at one place after the other until a suggestion as wanted is shown."""
        seen = []
        for place in places:
            self.begin(place)
            self.type(place.typed)
            if wanted(shown := self.shown()):
                return place, shown
            seen.append(shown)
            self.editor.escape()
        raise AssertionError(f"the model has no such suggestion at {places}; only {seen}")

    def accept(self, suggestion: str) -> None:
        """Take the suggestion that is shown; the server must be told, and of this one."""
        before = len(self.editor.wire.accepted())
        self.editor.accept()
        accepted = until(
            lambda: self.editor.wire.accepted()[before:], "the server is told of the acceptance"
        )
        self._write(suggestion)
        (arguments,) = accepted
        assert arguments in self.editor.wire.offered(suggestion)

    def accept_part(self, suggestion: str, press: Callable[[], None]) -> str:
        """Take the beginning of the suggestion that is shown; the rest of it, which must be shown
        then. `press` is the key for it, and there must be more than it takes.

        The server must be told how much of which item the text has now.
        """
        wire = self.editor.wire
        before = len(wire.partly_accepted())
        press()
        rest = until(lambda: self._rest(suggestion), f"a part of {suggestion!r} is taken")
        taken = suggestion.removesuffix(rest)
        (told,) = until(lambda: wire.partly_accepted()[before:], "the server is told of the part")
        item, length = told["item"], told["acceptedLength"]
        offered = lf(item["insertText"])
        assert item["command"]["arguments"] in wire.offered(offered)
        assert offered[:length].endswith(taken)
        self._write(taken)
        return rest

    def _rest(self, suggestion: str) -> str:
        """What is shown if it is an end of the suggestion and not all of it."""
        ghost = self.editor.ghost()
        return ghost if ghost != suggestion and suggestion.endswith(ghost) else ""

    def _write(self, text: str) -> None:
        """The text is at the end of the line begun now; its last line is the line begun."""
        lines = (self._lines[self._row] + text).split("\n")
        self._lines[self._row : self._row + 1] = lines
        self._row += len(lines) - 1

    def check(self) -> None:
        """Save; the file must hold what was written and accepted, and nothing else."""
        self.editor.save()
        newline = "\r\n" if self._crlf else "\n"
        written, expected = self._path.read_bytes().decode(), newline.join(self._lines)
        assert written == expected, f"the file holds {written!r} and not {expected!r}"

    def _position(self) -> dict[str, int]:
        """The cursor's, at the end of the line begun."""
        return {"line": self._row, "character": self._units(self._lines[self._row])}

    def _units(self, text: str) -> int:
        """Length in the units of the editor's position encoding."""
        if self.editor.encoding == "utf-8":
            return len(text.encode())
        return len(text.encode("utf-16-le")) // 2
