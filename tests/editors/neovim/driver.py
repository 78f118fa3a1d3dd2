"""Drives a headless Neovim through its socket. Knows no test."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.editors.install.programs import Program
from tests.editors.wire import TIMEOUT, Wire, until

INIT = Path(__file__).with_name("init.lua")
"""The configuration a user needs, and nothing else; docs/editors.md shows it."""

_MARKS = (
    "vim.json.encode(vim.api.nvim_buf_get_extmarks(0, "
    "vim.api.nvim_create_namespace('nvim.lsp.inline_completion'), 0, -1, {details = true}))"
)


class Neovim:
    """See `tests.editors.editor.Editor`."""

    name = "neovim"
    picture_suffix = ".txt"
    encoding = "utf-8"

    def __init__(
        self,
        program: Program,
        path: Path,
        *,
        wire: Wire,
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        """Start with a file open. `folder`: for the socket; its path must be short."""
        self.wire = wire
        self._program = program
        # Left to itself Neovim makes a folder for its log, and so do the processes that ask it:
        # the one that comes second may find it half made, and says so.
        log = {"NVIM_LOG_FILE": str(folder / "log")}
        self._environment = {**os.environ, **environment, **program.environment, **log}
        self._socket = str(folder / "socket")
        options = ["--headless", "--clean", "-n", "-u", str(INIT), "--listen", self._socket]
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

    def end_of_line(self, number: int) -> None:
        self._keys(f"<Esc>{number}GzzA")
        until(lambda: self._lua("vim.api.nvim_get_mode().mode") == "i", "Neovim inserts")

    def type(self, text: str) -> None:
        self._keys(text.replace("<", "<lt>"))

    def accept(self) -> None:
        self._keys("<Tab>")

    def escape(self) -> None:
        self._keys("<Esc>")

    def ghost(self) -> str:
        marks = json.loads(self._lua(_MARKS))
        if not marks:
            return ""
        ((_, row, column, details),) = marks
        line, offset = json.loads(self._lua("vim.json.encode(vim.api.nvim_win_get_cursor(0))"))
        if (line - 1, offset) != (row, column):
            return ""  # on its way to the cursor
        lines = [details["virt_text"], *details.get("virt_lines", ())]
        return "\n".join("".join(text for text, *_ in line) for line in lines)

    def save(self) -> None:
        self._keys("<Cmd>write<CR>")
        until(lambda: self._lua("tostring(vim.bo.modified)") == "false", "the file is saved")

    def errors(self) -> list[str]:
        told = self._remote("--remote-expr", "execute('messages')").splitlines()
        return [line for line in told if line and not line.startswith('"')]

    def screenshot(self, path: Path) -> None:
        screen = (
            "vim.fn.join(vim.fn.map(vim.fn.range(1, vim.o.lines), function(_, row) "
            "return vim.fn.join(vim.fn.map(vim.fn.range(1, vim.o.columns), function(_, column) "
            "return vim.fn.screenstring(row, column) end), '') end), '\\n')"
        )
        path.write_text(self._lua(screen) + "\n", "utf-8")

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
        self._keys("<Esc><Cmd>qall!<CR>")
        try:
            self._process.wait(TIMEOUT)
        finally:
            self._process.kill()

    def _keys(self, keys: str) -> None:
        self._remote("--remote-send", keys)

    def _lua(self, expression: str) -> str:
        quoted = expression.replace("'", "''")
        return self._remote("--remote-expr", f"luaeval('{quoted}')")

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
