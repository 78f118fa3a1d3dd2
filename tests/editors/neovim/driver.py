"""Drives a headless Neovim through its socket. Knows no test."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.editors.install.programs import Program
from tests.editors.wire import TIMEOUT, Wire, until

INIT = Path(__file__).with_name("init.lua")
"""The configuration a user without the plugin needs, and nothing else; docs/editors.md shows it."""

PLUGIN_INIT = Path(__file__).with_name("plugin_init.lua")
"""The configuration of a user who has the plugin."""

ENABLED_INIT = Path(__file__).with_name("enabled_init.lua")
"""One of a user who starts the server as any other; the plugin's help shows it."""

_SPACES = ("nvim.lsp.inline_completion", "beadline")
"""Who draws suggestions: Neovim itself and the plugin, never both at the same time."""


def with_plugin(plugin: Path) -> list[str]:
    """Arguments that make a folder one of those where Neovim looks for plugins."""
    return ["--cmd", f"lua vim.opt.runtimepath:prepend([==[{plugin}]==])"]


class Neovim:
    """See `tests.editors.editor.Editor`."""

    picture_suffix = ".txt"

    def __init__(
        self,
        program: Program,
        path: Path,
        *,
        wire: Wire,
        folder: Path,
        environment: Mapping[str, str],
        init: Path = INIT,
        plugin: Path | None = None,
        name: str = "neovim",
    ) -> None:
        """Start with a file open. `folder`: for the socket; its path must be short."""
        self.wire = wire
        self.name = name
        self._program = program
        # Left to itself Neovim makes a folder for its log, and so do the processes that ask it:
        # the one that comes second may find it half made, and says so.
        log = {"NVIM_LOG_FILE": str(folder / "log")}
        self._environment = {**os.environ, **environment, **program.environment, **log}
        self._socket = str(folder / "socket")
        options = ["--headless", "--clean", "-n", "-u", str(init), "--listen", self._socket]
        if plugin is not None:
            options += with_plugin(plugin)
        self._process = subprocess.Popen(
            [*program.command, *options, path.name],
            cwd=path.parent,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda: self._remote("--remote-expr", "1") == "1", "Neovim listens")
            wire.wait_ready()
        except BaseException:
            self._process.kill()
            raise

    @property
    def encoding(self) -> str:
        """The position encoding it agreed on with the server."""
        (begun,) = self.wire.sent("initialize")
        capabilities = self.wire.answers()[begun["id"]]["result"]["capabilities"]
        return capabilities.get("positionEncoding", "utf-16")

    def end_of_line(self, number: int) -> None:
        self.press(f"<Esc>{number}GzzA")
        until(lambda: self.lua("vim.api.nvim_get_mode().mode") == "i", "Neovim inserts")

    def type(self, text: str) -> None:
        self.press(text.replace("<", "<lt>"))

    def accept(self) -> None:
        self.press("<Tab>")

    def accept_word(self) -> None:
        """Press the plugin's key for the next word."""
        self.press("<M-Right>")

    def accept_line(self) -> None:
        """Press the plugin's key for the rest of the line."""
        self.press("<M-C-Right>")

    def escape(self) -> None:
        self.press("<Esc>")

    def press(self, keys: str) -> None:
        """Press keys, in Neovim's notation."""
        self._remote("--remote-send", keys)

    def command(self, command: str) -> None:
        """Run a command of Neovim's command line, in whatever mode it is."""
        self.press(f"<Cmd>{command}<CR>")

    def ghost(self) -> str:
        marks = [mark for name in _SPACES for mark in self._marks(name)]
        if len(marks) != 1:
            return ""  # none, or one is about to take the other's place
        ((_, row, column, details),) = marks
        line, offset = self.value("vim.api.nvim_win_get_cursor(0)")
        if (line - 1, offset) != (row, column):
            return ""  # on its way to the cursor
        lines = [details["virt_text"], *details.get("virt_lines", ())]
        return "\n".join("".join(text for text, *_ in line) for line in lines)

    def _marks(self, space: str) -> list[Any]:
        number = f"vim.api.nvim_create_namespace('{space}')"
        return self.value(f"vim.api.nvim_buf_get_extmarks(0, {number}, 0, -1, {{details = true}})")

    def text(self) -> str:
        """All of the current buffer."""
        return "\n".join(self.value("vim.api.nvim_buf_get_lines(0, 0, -1, false)"))

    def line(self) -> str:
        """The line with the cursor."""
        return self.value("vim.api.nvim_get_current_line()")

    def save(self) -> None:
        self.command("write")
        until(lambda: self.lua("tostring(vim.bo.modified)") == "false", "the file is saved")

    def errors(self) -> list[str]:
        told = self._remote("--remote-expr", "execute('messages')").splitlines()
        return [line for line in told if line and not line.startswith('"')]

    def forget_messages(self) -> None:
        """The user has read them."""
        self.command("messages clear")
        until(lambda: not self.errors(), "the messages are gone")

    def screenshot(self, path: Path) -> None:
        screen = (
            "vim.fn.join(vim.fn.map(vim.fn.range(1, vim.o.lines), function(_, row) "
            "return vim.fn.join(vim.fn.map(vim.fn.range(1, vim.o.columns), function(_, column) "
            "return vim.fn.screenstring(row, column) end), '') end), '\\n')"
        )
        path.write_text(self.lua(screen) + "\n", "utf-8")

    def attach(self, terminal: int) -> subprocess.Popen[bytes]:
        """Show it in a terminal, given by its descriptor, too; the process that draws there."""
        return subprocess.Popen(
            [*self._program.command, "--clean", "--server", self._socket, "--remote-ui"],
            env={**self._environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            stdin=terminal,
            stdout=terminal,
            stderr=subprocess.DEVNULL,
        )

    def close(self) -> None:
        """End Neovim, which ends its server."""
        self.press("<Esc><Cmd>qall!<CR>")
        try:
            self._process.wait(TIMEOUT)
        finally:
            self._process.kill()

    def lua(self, expression: str) -> str:
        """The value of an expression of Lua, as Neovim prints it."""
        quoted = expression.replace("'", "''")
        return self._remote("--remote-expr", f"luaeval('{quoted}')")

    def value(self, expression: str) -> Any:
        """The value of an expression of Lua."""
        return json.loads(self.lua(f"vim.json.encode({expression})"))

    def _remote(self, verb: str, argument: str) -> str:
        assert self._process.poll() is None, "Neovim has ended"
        answer = subprocess.run(
            [*self._program.command, "--clean", "--server", self._socket, verb, argument],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        return answer.stdout
