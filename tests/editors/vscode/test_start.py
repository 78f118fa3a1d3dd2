"""How the extension comes to its server: where none is found, where it dies, in several folders."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import beadline
from tests.editors.desk import Desk
from tests.editors.repository import PLAIN, source
from tests.editors.server import NAME, Server
from tests.editors.vscode.actions import clear, offers
from tests.editors.vscode.driver import VSCode
from tests.editors.wire import until

pytestmark = pytest.mark.editor

MOST_BYTES = 1_000_000


def path_without_server() -> str:
    """The folders of the path but those that hold a server."""
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if not (Path(folder) / NAME).exists())


def only_python(folder: Path) -> dict[str, str]:
    """An environment with a Python, no server, and no package index."""
    programs = folder / "python"
    programs.mkdir()
    (programs / "python3").symlink_to(os.path.realpath(sys.executable))
    return {"PATH": f"{programs}{os.pathsep}{path_without_server()}", "PIP_NO_INDEX": "1"}


def wheel_of(program: Path, folder: Path) -> Path:
    """A wheel of beadline that needs nothing and, installed, runs this program."""
    version = beadline.__version__
    name = f"beadline-{version}"
    told = f"{name}.dist-info"
    run = f"import os, sys\n\n\ndef main():\n    os.execv({str(program)!r}, sys.argv)\n"
    files = {
        "beadline_of_a_test.py": run,
        f"{told}/METADATA": f"Metadata-Version: 2.1\nName: beadline\nVersion: {version}\n",
        f"{told}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{told}/entry_points.txt": "[console_scripts]\nbeadline = beadline_of_a_test:main\n",
    }
    listed = [*files, f"{told}/RECORD"]
    files[f"{told}/RECORD"] = "".join(f"{path},,\n" for path in listed)
    folder.mkdir()
    wheel = folder / f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return wheel


def test_the_package_is_small_and_whole(extension: Path) -> None:
    assert extension.stat().st_size < MOST_BYTES
    with zipfile.ZipFile(extension) as package:
        names = [name.removeprefix("extension/").lower() for name in package.namelist()]
    assert {"package.json", "readme.md", "dist/extension.js", "dist/icon.png"} < set(names)
    assert any(name.startswith("license") for name in names)
    assert not [n for n in names if n.endswith((".ts", ".map")) or n.startswith("node_modules")]


def test_without_a_server_one_is_offered(
    desk: Desk, server: Server, seen: Callable[[VSCode, str], None]
) -> None:
    author = desk.open(source(PLAIN), environment={"PATH": path_without_server()}, served=False)
    editor = author.editor
    until(lambda: any("Install" in button for button in editor.buttons()), "to install is offered")
    seen(editor, "no-server")
    assert server.wire.sessions == 0
    clear(editor)


def test_a_killed_server_comes_back(
    desk: Desk, server: Server, seen: Callable[[VSCode, str], None]
) -> None:
    author = desk.open(source(PLAIN + PLAIN))
    author.find(PLAIN)
    before = server.wire.sessions
    server.kill()
    until(lambda: server.wire.sessions > before, "another server is started")
    server.wire.wait_ready()
    _, suggestion = author.find(PLAIN)
    seen(author.editor, "came-back")
    author.accept(suggestion)
    author.check()


def test_several_folders_have_one_server(desk: Desk, server: Server, tmp_path: Path) -> None:
    other = tmp_path / "other"
    workspace = tmp_path / "both.code-workspace"

    def prepare(folder: Path) -> None:
        other.mkdir()
        (other / "numbers.py").write_text("ONE = 1\n", "utf-8")
        folders = [{"path": str(folder)}, {"path": str(other)}]
        workspace.write_text(json.dumps({"folders": folders, "settings": {}}), "utf-8")

    author = desk.open(source(PLAIN), prepare=prepare, workspace=workspace)
    (greeting,) = server.wire.sent("initialize")
    folders = [folder["uri"] for folder in greeting["params"]["workspaceFolders"]]
    assert folders == [desk.repository.as_uri(), other.as_uri()]
    author.find(PLAIN)
    assert server.wire.sessions == 1


def test_the_server_is_installed_from_the_wheel_that_the_user_names(
    desk: Desk, server: Server, tmp_path: Path, seen: Callable[[VSCode, str], None]
) -> None:
    wheel = wheel_of(server.program, tmp_path / "wheels")
    author = desk.open(
        source(PLAIN),
        environment=only_python(tmp_path),
        settings={"beadline.client.package": str(wheel.parent)},
        served=False,
    )
    editor = author.editor
    until(lambda: any("Install" in button for button in editor.buttons()), "to install is offered")
    editor.press_button("Install")
    from_wheel = "With Python's venv and pip"
    until(lambda: offers(editor, from_wheel), "Python's venv is offered")
    assert editor.entries()[0].startswith("With ")
    seen(editor, "install")
    editor.choose(from_wheel)
    until(lambda: server.wire.sessions == 1, "the server that was installed is started")
    server.wire.wait_ready()
    author.find(PLAIN)
    author.check()


def test_an_installation_that_fails_says_why(
    desk: Desk, server: Server, tmp_path: Path, seen: Callable[[VSCode, str], None]
) -> None:
    environment = only_python(tmp_path)
    editor = desk.open(source(PLAIN), environment=environment, served=False).editor
    until(lambda: any("Install" in button for button in editor.buttons()), "to install is offered")
    editor.press_button("Install")
    by_name = "From the package index, with Python's venv and pip"
    until(lambda: offers(editor, by_name), "Python's venv is offered")
    assert editor.entries()[0] == "From a wheel file..."
    editor.choose(by_name)
    told = until(
        lambda: [text for text in editor.errors() if "the installation failed" in text],
        "it is said that it failed",
    )
    assert "the package index does not have this release" in told[0]
    seen(editor, "installation-failed")
    assert server.wire.sessions == 0
    clear(editor)
