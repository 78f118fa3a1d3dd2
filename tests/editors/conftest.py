"""A real editor, the real server, the model that is shipped; everything new for each test."""

from __future__ import annotations

import dataclasses
import os
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import beadline
from tests.editors import recorder, repository
from tests.editors.author import Author
from tests.editors.install import browser, code_server, neovim
from tests.editors.install.places import editors_folder
from tests.editors.neovim.driver import Neovim
from tests.editors.vscode import extension_package
from tests.editors.vscode.driver import VSCode
from tests.editors.wire import Wire, until

CHECKOUT = Path(beadline.__file__).resolve().parent.parent
SIGNS_OF_TROUBLE = ("Traceback", "An inline completion failed", "could not be handled")

Start = Callable[..., Neovim | VSCode]


@dataclasses.dataclass(frozen=True)
class Editors:
    """One editor, set up."""

    start: Start
    pictures: Path
    """Folder for what was seen."""


@pytest.fixture(scope="session", params=["neovim", "vscode"])
def editors(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Editors:
    """An editor that can be started any number of times; set up if it is not yet."""
    folder = editors_folder()
    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    if request.param == "neovim":
        program = neovim.set_up(folder)
        return Editors(lambda path, **with_: Neovim(program, path, **with_), pictures)
    programs = code_server.set_up(folder, browser.set_up(folder))
    extension = extension_package.build(programs, tmp_path_factory.mktemp("extension"))
    return Editors(
        lambda path, **with_: VSCode(programs, path, extension=extension, **with_), pictures
    )


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder for sockets, whose paths may have about a hundred characters."""
    with tempfile.TemporaryDirectory(prefix="bl-", ignore_cleanup_errors=True) as name:
        yield Path(name)


Opens = Callable[..., Author]


@pytest.fixture
def open_file(editors: Editors, tmp_path: Path, short_folder: Path) -> Iterator[Opens]:
    """Opens a repository's file in a new editor; ends it after the test, and looks for trouble."""
    wire = Wire(tmp_path / "wire.jsonl")
    log = tmp_path / "server.log"
    opened: list[Neovim | VSCode] = []

    def open_(text: str, **environment: str) -> Author:
        path = repository.make(tmp_path / "repository", text)
        programs = tmp_path / "bin"
        variables = _server_on_path(programs, wire, log) | environment
        editor = editors.start(path, wire=wire, folder=short_folder, environment=variables)
        opened.append(editor)
        return Author(editor, path, text)

    yield open_
    for editor in opened:
        told = editor.errors()
        editor.close()
        until(lambda: not _processes(wire), "the server has ended")
        assert told == []
        assert wire.errors() == []
        for sign in SIGNS_OF_TROUBLE:
            assert sign not in log.read_text("utf-8")


def _server_on_path(folder: Path, wire: Wire, log: Path) -> dict[str, str]:
    """The environment in which `beadline` is this checkout's, with the recorder before it."""
    folder.mkdir()
    python = [sys.executable, "-P"]
    command = [*python, recorder.__file__, wire.path, *python, "-m", "beadline"]
    program = folder / "beadline"
    program.write_text(
        f"#!/bin/sh\n"
        f"export PYTHONPATH={shlex.quote(str(CHECKOUT))}\n"
        f'exec {shlex.join(map(str, command))} "$@" 2>>{shlex.quote(str(log))}\n',
        "utf-8",
    )
    program.chmod(0o755)
    return {
        "PATH": f"{folder}:{os.environ['PATH']}",
        # Two decoding threads on a busy machine spend their time waiting for each other.
        "BEADLINE_ENGINE__THREADS": "1",
    }


def _processes(wire: Wire) -> list[psutil.Process]:
    """The recorder, as long as it or its server runs."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(wire.path) in (process.info["cmdline"] or ())
    ]
