"""VS Code with the extension, and nothing else; everything new for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.editors.desk import Desk
from tests.editors.server import Server
from tests.editors.vscode.driver import VSCode


@pytest.fixture
def desk(
    start_vscode: Callable[..., VSCode], server: Server, tmp_path: Path, short_folder: Path
) -> Iterator[Desk]:
    """Opens files in VS Code."""
    desk = Desk(start_vscode, server, tmp_path, short_folder)
    yield desk
    desk.close()


@pytest.fixture
def seen(pictures: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[VSCode, str], None]:
    """Saves what is seen under a name, and says where."""

    def save(editor: VSCode, name: str) -> None:
        picture = pictures / f"vscode-{name}.png"
        editor.screenshot(picture)
        with capsys.disabled():
            print(f"\nwhat was seen: {picture}")

    return save
