"""A real editor, the real server, the model that is shipped; everything new for each test."""

from __future__ import annotations

import dataclasses
import functools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.editors.author import Author
from tests.editors.desk import Desk
from tests.editors.install import browser, code_server, neovim
from tests.editors.install.places import editors_folder
from tests.editors.install.programs import VSCode as Programs
from tests.editors.neovim.driver import Neovim
from tests.editors.server import Server
from tests.editors.vscode import extension_package
from tests.editors.vscode.driver import VSCode

Start = Callable[..., Neovim | VSCode]


@dataclasses.dataclass(frozen=True)
class Editors:
    """One editor, set up."""

    start: Start
    pictures: Path
    """Folder for what was seen."""


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Folder for what was seen; it is there."""
    folder = editors_folder() / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def vscode_programs() -> Programs:
    """VS Code and what drives it; set up if it is not yet."""
    folder = editors_folder()
    return code_server.set_up(folder, browser.set_up(folder))


@pytest.fixture(scope="session")
def extension(vscode_programs: Programs) -> Path:
    """The package of the extension, built from this checkout."""
    return extension_package.build(vscode_programs, editors_folder())


@pytest.fixture(scope="session")
def start_vscode(vscode_programs: Programs, extension: Path) -> Callable[..., VSCode]:
    """Starts VS Code with the extension."""
    return functools.partial(VSCode, vscode_programs, extension=extension)


@pytest.fixture(scope="session", params=["neovim", "vscode"])
def editors(request: pytest.FixtureRequest, pictures: Path) -> Editors:
    """An editor that can be started any number of times; set up if it is not yet."""
    if request.param == "vscode":
        return Editors(request.getfixturevalue("start_vscode"), pictures)
    program = neovim.set_up(editors_folder())
    return Editors(functools.partial(Neovim, program), pictures)


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for the servers of clients that are written here: the probe's verdict is found
    once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder for sockets, whose paths may have about a hundred characters."""
    with tempfile.TemporaryDirectory(prefix="bl-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """The server that the test's editor will find."""
    return Server(tmp_path)


Opens = Callable[..., Author]


@pytest.fixture
def open_file(
    editors: Editors, server: Server, tmp_path: Path, short_folder: Path
) -> Iterator[Opens]:
    """Opens a repository's file in a new editor, with these variables in its environment."""
    desk = Desk(editors.start, server, tmp_path, short_folder)
    yield lambda text, **environment: desk.open(text, environment=environment)
    desk.close()
