"""The plugin shows, accepts, cancels, and does what its commands say, in each Neovim it is for.

What holds of every editor is tried by tests of `tests.editors.test_smoke`, here with the plugin.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from beadline import settings
from tests.editors import repository
from tests.editors.author import Author
from tests.editors.conftest import Editors, Opens
from tests.editors.install import neovim
from tests.editors.install.programs import Program
from tests.editors.neovim.conftest import PLUGIN
from tests.editors.neovim.driver import ENABLED_INIT, Neovim
from tests.editors.repository import BLOCK, PLAIN, source
from tests.editors.server import Server
from tests.editors.test_smoke import (  # noqa: F401
    test_a_suggestion_is_shown_and_accepted,
    test_escape_removes_the_suggestion,
    test_typing_along_keeps_the_suggestion,
    test_typing_something_else_replaces_the_suggestion,
)
from tests.editors.wire import CANCELLED, until

pytestmark = pytest.mark.editor

WORD = re.compile(r"\s*(\w+|[^\w\s]+)")


def says(editor: Neovim, words: str) -> bool:
    return any(words in line for line in editor.errors())


def of_words_and_lines(suggestion: str) -> bool:
    first, newline, _ = suggestion.partition("\n")
    return bool(newline) and len(WORD.findall(first)) > 1


def test_the_next_word_and_the_rest_of_the_line_are_accepted(open_file: Opens) -> None:
    author = open_file(source(BLOCK))
    editor = author.editor
    _, suggestion = author.find(BLOCK, of_words_and_lines)
    rest = author.accept_part(suggestion, editor.accept_word)
    assert WORD.fullmatch(suggestion.removesuffix(rest))
    suggestion = author.shown()
    assert suggestion == rest
    rest = author.accept_part(suggestion, editor.accept_line)
    assert "\n" not in suggestion.removesuffix(rest)
    assert rest.startswith("\n")
    suggestion = author.shown()
    author.accept(suggestion)
    author.check()


def test_a_part_after_a_part_needs_no_new_answer(open_file: Opens) -> None:
    author = open_file(source(BLOCK))
    editor = author.editor
    _, suggestion = author.find(BLOCK, of_words_and_lines)
    rest = author.accept_part(suggestion, editor.accept_word)
    author.accept_part(rest, editor.accept_word)
    author.check()


@pytest.mark.parametrize("scheme", ["default", "habamax"])
def test_suggestions_have_a_colour_in_terminals_of_few(open_file: Opens, scheme: str) -> None:
    editor = open_file(source(PLAIN)).editor
    editor.command(f"set notermguicolors | colorscheme {scheme}")
    newest = editor.value("vim.fn.has('nvim-0.12')") == 1
    group = "ComplHint" if newest else "BeadlineSuggestion"
    get = "vim.api.nvim_get_hl(0, {name = '%s', link = false}).ctermfg or 0"
    until(lambda: editor.value("vim.g.colors_name or ''") in (scheme, ""), "the colours are set")
    assert editor.value(get % group) not in (0, editor.value(get % "Normal"))


def test_a_superseded_request_is_cancelled_by_the_editor(open_file: Opens) -> None:
    first, place, *_ = PLAIN
    # Long enough that a request soon after another one is still waiting when the next one comes.
    author = open_file(source(PLAIN), BEADLINE_COMPLETION__DEBOUNCE_MS="5000")
    wire = author.editor.wire
    author.begin(first)
    author.type(first.typed)
    author.shown()
    author.editor.escape()
    author.begin(place)
    author.type(place.typed[:-1])
    waiting = author.asked()
    author.type(place.typed[-1:])
    author.shown()
    assert waiting in [message["params"]["id"] for message in wire.sent("$/cancelRequest")]
    assert wire.answers()[waiting]["error"]["code"] == CANCELLED
    author.check()


def status(editor: Neovim) -> str:
    return editor.lua("require('beadline').status()")


def test_the_key_is_itself_where_nothing_is_shown(open_file: Opens) -> None:
    author = open_file(source(PLAIN))
    editor = author.editor
    editor.command("Beadline toggle")
    until(lambda: status(editor) == "beadline: off", "suggestions are off")
    author.begin(PLAIN[0])
    before = editor.line()
    editor.accept()
    until(lambda: editor.line() != before, "the key indents")
    assert editor.line().startswith(before) and editor.line().isspace()
    assert editor.wire.accepted() == []
    editor.forget_messages()


def test_toggle_and_snooze(open_file: Opens) -> None:
    author = open_file(source(PLAIN))
    editor = author.editor
    editor.command("Beadline toggle")
    until(lambda: says(editor, "Suggestions are off."), "the user is told")
    until(lambda: status(editor) == "beadline: off", "so does the status")
    author.begin(PLAIN[0])
    author.type(PLAIN[0].typed)
    assert author.shown() == ""
    editor.escape()
    editor.command("Beadline toggle")
    until(lambda: "off" not in status(editor), "they are on")
    editor.command("Beadline snooze 5")
    until(lambda: says(editor, "Suggestions are off until"), "the user is told")
    until(
        lambda: re.fullmatch(r"beadline: off until \d\d:\d\d", status(editor)), "so does the status"
    )
    editor.command("Beadline snooze 0")
    until(lambda: "off" not in status(editor), "they are on")
    author.find(PLAIN[1:])
    editor.forget_messages()


def test_the_status_names_the_model_and_the_last_answers_time(open_file: Opens) -> None:
    author = open_file(source(PLAIN))
    editor = author.editor
    model = editor.wire.told("beadline/status")[-1]["model"]
    assert status(editor).startswith(f"beadline: {model}")
    author.find(PLAIN)
    until(lambda: status(editor).endswith(" ms"), "the time is shown")
    editor.command("Beadline status")
    until(lambda: says(editor, f"Model: {model}."), "the user is told")
    editor.forget_messages()


def test_the_prompt_behind_a_suggestion_is_shown(open_file: Opens) -> None:
    author = open_file(source(PLAIN))
    editor = author.editor
    _, suggestion = author.find(PLAIN)
    editor.escape()
    editor.command("Beadline prompt")
    until(lambda: "--- prompt ---" in editor.text(), "the prompt is shown")
    text = editor.text()
    assert f"--- suggestion ---\n{suggestion}" in text
    assert repository.NAME in text
    editor.press("q")
    until(lambda: "import argparse" in editor.text(), "the file is shown again")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("stats", "What became of suggestions"),
        ("index", "repository"),
        ("doctor", "beadline works here"),
    ],
)
def test_reports_are_shown(open_file: Opens, command: str, words: str) -> None:
    editor = open_file(source(PLAIN)).editor
    editor.command(f"Beadline {command}")
    until(lambda: words in editor.text() and "import argparse" not in editor.text(), "it is shown")
    editor.forget_messages()


def test_the_log_is_opened(open_file: Opens) -> None:
    editor = open_file(source(PLAIN)).editor
    editor.command("Beadline log")
    until(lambda: editor.lua("vim.api.nvim_buf_get_name(0)").endswith("lsp.log"), "it is shown")
    editor.forget_messages()


def test_words_are_completed(open_file: Opens) -> None:
    editor = open_file(source(PLAIN)).editor
    words = editor.value("vim.fn.getcompletion('Beadline ', 'cmdline')")
    assert {"accept", "doctor", "index", "log", "model", "prompt", "restart", "snooze"} < set(words)
    begun = editor.wire.answers()[editor.wire.sent("initialize")[0]["id"]]["result"]
    commands = begun["capabilities"]["executeCommandProvider"]["commands"]
    assert ("tune" in words) == ("beadline.train" in commands)
    assert editor.value("vim.fn.getcompletion('Beadline accept w', 'cmdline')") == ["word"]


def test_a_model_is_chosen_for_good(open_file: Opens) -> None:
    author = open_file(source(PLAIN))
    editor = author.editor
    editor.command("Beadline model builtin")
    until(lambda: editor.wire.sessions == 2, "the server is started anew")
    editor.wire.wait_ready()
    assert 'model = "builtin"' in settings.user_config_file(os.environ).read_text("utf-8")
    author.find(PLAIN)
    editor.forget_messages()


def test_a_killed_server_comes_back(open_file: Opens, server: Server) -> None:
    author = open_file(source(PLAIN))
    editor = author.editor
    author.find(PLAIN[:2])
    editor.escape()
    server.kill()
    until(lambda: editor.wire.sessions == 2, "the server is started anew")
    editor.wire.wait_ready()
    author.find(PLAIN[2:])
    until(lambda: says(editor, "quit with exit code"), "Neovim says that it was killed")
    editor.forget_messages()


def test_health_is_good(open_file: Opens, editors: Editors) -> None:
    editor = open_file(source(PLAIN)).editor
    editor.command("checkhealth beadline")
    until(lambda: "beadline: keys" in editor.text(), "the report is there")
    text = editor.text()
    editor.screenshot(editors.pictures / f"{editor.name}-health{editor.picture_suffix}")
    assert "ERROR" not in text and "WARNING" not in text
    assert "A server runs" in text
    assert "keymaps.accept: <Tab>" in text
    editor.forget_messages()


@pytest.fixture(scope="session")
def newest(program_of: Callable[[str], Program]) -> Program:
    return program_of(neovim.NEWEST)


def test_the_server_can_be_enabled_without_setup(
    newest: Program, server: Server, tmp_path: Path, short_folder: Path
) -> None:
    text = source(PLAIN)
    path = repository.make(tmp_path / "repository", text)
    editor = Neovim(
        newest,
        path,
        wire=server.wire,
        folder=short_folder,
        environment=server.on_path(),
        init=ENABLED_INIT,
        plugin=PLUGIN,
    )
    author = Author(editor, path, text)
    _, suggestion = author.find(PLAIN)
    author.accept(suggestion)
    author.check()
    assert editor.errors() == []
    editor.close()
    server.check_end()
