"""Takes the pictures of the documentation from the real editors. Knows no page they stand on.

    make pictures [MODEL=PATH]

    PYTHONPATH=. python packaging/pictures/take.py FOLDER [--model PATH]

The editors are those of `make test-editors`; what is suggested is what the model says, the built-in
one or the GGUF file that is named. Writes into FOLDER:

- `vscode-typing.png`: typing, a suggestion, its next word taken, all of it taken; animated
- `vscode-suggestion.png`, `vscode-menu.png`, `vscode-prompt.png`: VS Code
- `neovim-suggestion.png`: Neovim in a terminal
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from film import Film
from terminal import Screen, Terminal

from tests.editors import repository
from tests.editors.author import Author
from tests.editors.install import browser, code_server, neovim
from tests.editors.install.places import CHECKOUT, SetupError, editors_folder, say
from tests.editors.install.programs import VSCode as Programs
from tests.editors.neovim.driver import PLUGIN_INIT, Neovim
from tests.editors.repository import BLOCK, Place
from tests.editors.server import Server
from tests.editors.vscode import extension_package, manifest
from tests.editors.vscode.driver import VSCode
from tests.editors.wire import TIMEOUT, until

_SIZE = 960, 600
_PAGE = 960, 1000
"""For a page that is read."""
_COLUMNS, _ROWS = 100, 30
_SETTINGS = {
    "breadcrumbs.enabled": False,
    "editor.cursorBlinking": "solid",
    "editor.fontFamily": "'DejaVu Sans Mono', monospace",
    "editor.fontSize": 15,
    "editor.minimap.enabled": False,
    "window.commandCenter": False,
    "workbench.activityBar.location": "hidden",
    "workbench.reduceMotion": "on",
}
_OTHER = """\
\"\"\"Prints the words of files.\"\"\"

import pathlib

from words import most_common, read_words


def report(paths: list[pathlib.Path]) -> None:
    for path in paths:
        words = read_words(path)
        for word, count in most_common(words, 10):
            print(f"{count:6} {word}")
"""
"""Another file of the repository, which prompts may have something of."""
_KEY_MS, _LOOK_MS, _END_MS = 90, 1500, 2500


def main() -> int:
    """Take them all; the exit code."""
    parser = argparse.ArgumentParser(description="Take pictures of the real editors.")
    parser.add_argument("folder", type=Path, help="folder for the pictures")
    parser.add_argument("--model", type=Path, help="GGUF file in place of the built-in model")
    arguments = parser.parse_args()
    pictures: Path = arguments.folder.resolve()
    pictures.mkdir(parents=True, exist_ok=True)
    model = str(arguments.model.resolve()) if arguments.model else None
    try:
        editors = editors_folder()
        programs = code_server.set_up(editors, browser.set_up(editors))
        extension = extension_package.build(programs, editors)
        with tempfile.TemporaryDirectory(prefix="bl-", ignore_cleanup_errors=True) as name:
            _vscode(programs, extension, Path(name), pictures, model)
        with tempfile.TemporaryDirectory(prefix="bl-", ignore_cleanup_errors=True) as name:
            _neovim(programs, Path(name), pictures, model)
    except (SetupError, OSError) as exc:
        say(str(exc))
        return 1
    return 0


def _environment(folder: Path, server: Server, model: str | None) -> Mapping[str, str]:
    """Nothing of the user's own settings and data, and the model that is wanted."""
    own = {
        "BEADLINE_CONFIG": str(folder / "config.toml"),
        "BEADLINE_CACHE_DIR": str(folder / "cache"),
        "BEADLINE_DATA_DIR": str(folder / "data"),
    }
    return {**server.on_path(), **own, **({"BEADLINE_ENGINE__MODEL": model} if model else {})}


def _repository(folder: Path, text: str) -> Path:
    """A repository of two files; the path of the one with this text."""
    path = repository.make(folder, text)
    (folder / "report.py").write_text(_OTHER, "utf-8")
    return path


def _vscode(
    programs: Programs, extension: Path, folder: Path, pictures: Path, model: str | None
) -> None:
    text = repository.source(BLOCK)
    path = _repository(folder / "words", text)
    server = Server(folder)
    editor = VSCode(
        programs,
        path,
        wire=server.wire,
        folder=folder / "vscode",
        extension=extension,
        environment=_environment(folder, server, model),
        settings=_SETTINGS,
    )
    try:
        editor.resize(*_SIZE)
        editor.press("Control+b")  # the list of files
        author = Author(editor, path, text)
        _typing(author, folder, pictures)
        _menu(editor, pictures)
        _prompt(editor, pictures)
    finally:
        editor.close()


def _typing(author: Author, folder: Path, pictures: Path) -> None:
    """Type where the model has several lines to suggest, and take them."""
    editor = author.editor
    for number, place in enumerate(BLOCK):
        frames = folder / f"frames-{number}"
        frames.mkdir()
        film = Film(frames, editor.screenshot)
        suggestion = _typed(author, place, film)
        if "\n" in suggestion:
            editor.screenshot(pictures / "vscode-suggestion.png")
            film.take(_LOOK_MS)
            rest = author.accept_part(suggestion, editor.accept_word)
            film.take(_LOOK_MS)
            editor.accept()
            until(lambda rest=rest: editor.ghost() != rest, "all of it is accepted")
            film.take(_END_MS)
            film.save(pictures / "vscode-typing.png")
            say(f"{suggestion!r} was suggested for {place.typed!r}")
            return
        editor.escape()
    raise SetupError("The model suggests nothing of several lines at any of the places.")


def _typed(author: Author, place: Place, film: Film) -> str:
    """Type key by key; what is suggested in the end."""
    author.begin(place)
    film.take(_LOOK_MS)
    for character in place.typed[:-1]:
        author.type(character)
        film.take(_KEY_MS)
    author.type(place.typed[-1])
    return author.shown()


def _menu(editor: VSCode, pictures: Path) -> None:
    editor.click_status()
    until(editor.entries, "the menu is open")
    editor.screenshot(pictures / "vscode-menu.png")
    editor.escape()
    until(lambda: not editor.entries(), "the menu is closed")


def _prompt(editor: VSCode, pictures: Path) -> None:
    before = editor.tab()
    editor.resize(*_PAGE)
    editor.run("beadline.client.showPrompt", manifest.title("beadline.client.showPrompt"))
    until(lambda: editor.tab() != before and editor.text(), "the prompt is shown")
    editor.screenshot(pictures / "vscode-prompt.png")


def _neovim(programs: Programs, folder: Path, pictures: Path, model: str | None) -> None:
    text = repository.source(BLOCK)
    path = _repository(folder / "words", text)
    server = Server(folder)
    editor = Neovim(
        neovim.set_up(editors_folder()),
        path,
        wire=server.wire,
        folder=folder,
        environment=_environment(folder, server, model),
        init=PLUGIN_INIT,
        plugin=CHECKOUT / "packaging" / "neovim",
    )
    terminal = Terminal(_COLUMNS, _ROWS)
    screen = Screen(programs, terminal)
    try:
        viewer = editor.attach(terminal.descriptor)
        # As Neovim does by itself in a terminal that says that it has them.
        editor.command("set termguicolors")
        author = Author(editor, path, text)
        author.find(BLOCK, lambda suggestion: "\n" in suggestion)
        screen.picture(pictures / "neovim-suggestion.png")
        viewer.terminate()
        viewer.wait(TIMEOUT)
    finally:
        screen.close()
        editor.close()
        terminal.close()


if __name__ == "__main__":
    sys.exit(main())
