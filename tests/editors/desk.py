"""Where a test's author works: a new repository, an editor that is started with a file of it, and
what must be so at the end. Knows no particular editor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.editors import repository
from tests.editors.author import Author
from tests.editors.server import Server


class Desk:
    """Opens files; ends the editors, and looks for trouble."""

    def __init__(
        self, start: Callable[..., Any], server: Server, folder: Path, short_folder: Path
    ) -> None:
        """`start` starts an editor with the file it is given, and returns it.

        `folder`: for the repository. `short_folder`: for the editor's own files.
        """
        self._start = start
        self._server = server
        self.repository = folder / "repository"
        """Folder of the file that is opened; there once it is."""
        self._short_folder = short_folder
        self._opened: list[Any] = []

    def open(
        self,
        text: str,
        *,
        environment: Mapping[str, str] | None = None,
        prepare: Callable[[Path], None] | None = None,
        **options: Any,
    ) -> Author:
        """Start the editor with a file of this text.

        `environment`: over that in which the server is found. `prepare` is given the repository's
        folder before. `options` are the editor's.
        """
        path = repository.make(self.repository, text)
        if prepare is not None:
            prepare(self.repository)
        variables = self._server.on_path() | dict(environment or {})
        editor = self._start(
            path,
            wire=self._server.wire,
            folder=self._short_folder,
            environment=variables,
            **options,
        )
        self._opened.append(editor)
        return Author(editor, path, text)

    def close(self) -> None:
        """End the editors; neither they nor their server may have met trouble."""
        for editor in self._opened:
            told = editor.errors()
            editor.close()
            self._server.check_end()
            assert told == []
