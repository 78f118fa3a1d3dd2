"""What docs/editors-other.md has users write, read as their editors read it. Knows no server."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from typing import Any

from tests.editors.install.places import CHECKOUT

PAGE = (CHECKOUT / "docs" / "editors-other.md").read_text("utf-8")
COMMAND = ["beadline", "serve", "--stdio"]


@dataclass(frozen=True)
class Snippet:
    """How an editor starts the server."""

    command: list[str]
    options: Any = None
    """`initializationOptions`."""
    config: str = ""
    """Of the user's own file."""


def block(heading: str, language: str) -> str:
    """The code of this language below a heading, up to the next one."""
    (section,) = re.findall(rf"(?ms)^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", _without_code())
    places = [int(number) for number in re.findall(rf"<{language}:(\d+)>", section)]
    (place,) = places
    return _codes()[place]


_CODE = re.compile(r"(?ms)^```(\w+)\n(.*?)^```$")


def _codes() -> list[str]:
    return [match.group(2) for match in _CODE.finditer(PAGE)]


def _without_code() -> str:
    """The page with a mark in place of each code, whose lines may begin as headings do."""
    numbers = iter(range(len(_codes())))
    return _CODE.sub(lambda match: f"<{match.group(1)}:{next(numbers)}>", PAGE)


def coc() -> Snippet:
    """coc.nvim: a language server of its settings."""
    settings = json.loads(block("Vim and Neovim, coc.nvim", "json"))
    server = settings["languageserver"]["beadline"]
    return Snippet([server["command"], *server["args"]], server.get("initializationOptions"))


def helix() -> Snippet:
    """Helix: `config` is sent as `initializationOptions`."""
    languages = tomllib.loads(block("Helix", "toml"))
    server = languages["language-server"]["beadline"]
    return Snippet([server["command"], *server["args"]], server["config"])


def zed() -> Snippet:
    """Zed: an extension knows the command."""
    server = json.loads(block("Zed", "json"))["lsp"]["beadline"]
    return Snippet(COMMAND, server["initialization_options"])


def sublime() -> Snippet:
    """Sublime Text's LSP: a client of its settings."""
    client = json.loads(block("Sublime Text (package LSP)", "json"))["clients"]["beadline"]
    assert client["enabled"] is True
    return Snippet(client["command"], client["initializationOptions"])


def kate() -> Snippet:
    """Kate: one server for a language."""
    server = json.loads(block("Kate", "json"))["servers"]["python"]
    return Snippet(server["command"], server["initializationOptions"])


def eclipse() -> Snippet:
    """Eclipse: a program with arguments; settings are in the user's own file."""
    (arguments,) = re.findall(r"\*Arguments\* `([^`]*)`", PAGE)
    own = block("Editors without inline completion", "toml")
    return Snippet(["beadline", *arguments.split()], config=own)


LISTS = {"helix": helix, "zed": zed, "sublime": sublime, "kate": kate, "eclipse": eclipse}
"""Those that show the completion list; eglot is tried in a real Emacs."""
