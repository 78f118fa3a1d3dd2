"""What the plugin's help and lists say is true of its files. Needs no Neovim."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import beadline
from beadline.context.languages.registry import Registry
from beadline.context.languages.types import PLAINTEXT
from tests.editors.install.places import CHECKOUT
from tests.editors.neovim.driver import ENABLED_INIT, PLUGIN_INIT

PLUGIN = CHECKOUT / "packaging" / "neovim"
LUA = PLUGIN / "lua" / "beadline"
HELP = (PLUGIN / "doc" / "beadline.txt").read_text("utf-8")
PAGE = (CHECKOUT / "docs" / "neovim.md").read_text("utf-8")
COMMANDS = re.findall(r"(?m)^function COMMANDS\.(\w+)", (LUA / "commands.lua").read_text("utf-8"))
CONFIG = (LUA / "config.lua").read_text("utf-8")


def filetypes() -> list[str]:
    listed = CONFIG.partition("local FILETYPES = {")[2].partition("}")[0]
    return re.findall(r"'(\w+)'", listed)


def test_links_in_the_help_lead_somewhere() -> None:
    tags = set(re.findall(r"\*(\S+)\*(?=\s)", HELP))
    links = {link for link in re.findall(r"\|(\S+?)\|", HELP) if "eadline" in link}
    assert links and links <= tags


def test_the_help_shows_code_that_is_tested() -> None:
    for path in (PLUGIN_INIT, ENABLED_INIT):
        lines = path.read_text("utf-8").splitlines()
        assert "".join(f"  {line}\n" for line in lines) in HELP


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_described(command: str) -> None:
    assert re.search(rf"(?m)^:Beadline {command}\b", HELP)
    assert f"`:Beadline {command}" in PAGE


def test_commands_are_all_that_are_described() -> None:
    described = set(re.findall(r"(?m)^:Beadline (\w+)", HELP))
    assert len(COMMANDS) == len(set(COMMANDS)) and described == set(COMMANDS)


def test_keys_are_described() -> None:
    keymaps = CONFIG.partition("keymaps = {")[2].partition("}")[0]
    for name, key in re.findall(r"(\w+) = '([^']+)'", keymaps):
        assert f"{name} = '{key}'," in HELP and f"{name} = '{key}'," in PAGE
        assert re.search(rf"(?m)^{re.escape(key)} +accepts", HELP)


@pytest.mark.parametrize("filetype", filetypes())
def test_the_server_knows_the_languages(filetype: str) -> None:
    # Neovim's name of makefiles, which the server knows by the file's name.
    assert filetype == "make" or Registry().get(filetype).id != PLAINTEXT


def test_every_language_of_the_server_is_served() -> None:
    registry = Registry()
    served = {registry.get(filetype).id for filetype in filetypes()} | {"makefile"}
    assert {language.id for language in registry.known()} - {PLAINTEXT} <= served


def test_the_version_is_that_of_the_server() -> None:
    text = (LUA / "version.lua").read_text("utf-8")
    assert f"M.PLUGIN = '{beadline.__version__}'" in text


@pytest.mark.parametrize("path", sorted(PLUGIN.rglob("*.lua")), ids=lambda path: path.name)
def test_files_begin_by_saying_what_they_are_for(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("-- ")
    assert max(map(len, text.splitlines())) <= 100
