"""Drives VS Code, served by code-server, in a headless browser. Knows no test."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.editors.install.programs import VSCode as Programs
from tests.editors.wire import TIMEOUT, Wire, until

SETTINGS = {
    # The popup of words comes when suggestions take long, and with it other requests.
    "editor.quickSuggestions": {"other": "off", "comments": "off", "strings": "off"},
    # In a browser VS Code would save by itself, and not show what is not saved.
    "files.autoSave": "off",
    # Its own assistant, the place for it, and its questions to new users.
    "chat.disableAIFeatures": True,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "security.workspace.trust.enabled": False,
    "workbench.startupEditor": "none",
    "telemetry.telemetryLevel": "off",
    "extensions.autoCheckUpdates": False,
}
RESTRICTED = {
    "security.workspace.trust.enabled": True,
    "security.workspace.trust.startupPrompt": "never",
    "security.workspace.trust.banner": "never",
}
"""Over them for a folder that is not trusted."""
KEYBINDINGS = [{"key": "ctrl+alt+right", "command": "beadline.client.acceptLine"}]
"""What the extension has no key for by itself."""
_DRIVER = Path(__file__).with_name("driver.mjs")
_NO_GALLERY = json.dumps({"serviceUrl": "", "itemUrl": "", "resourceUrlTemplate": ""})
_ADDRESS = re.compile(r"HTTP server listening on (http://\S+?)/?\s")


class VSCode:
    """See `tests.editors.editor.Editor`."""

    name = "vscode"
    picture_suffix = ".png"
    encoding = "utf-16"

    def __init__(
        self,
        programs: Programs,
        path: Path,
        *,
        wire: Wire,
        folder: Path,
        extension: Path,
        environment: Mapping[str, str],
        settings: Mapping[str, Any] | None = None,
        workspace: Path | None = None,
        trusted: bool = True,
        served: bool = True,
    ) -> None:
        """Start with a file open. `folder`: empty, for VS Code's and the browser's data.

        `settings`: the user's, over those that every test has. `workspace`: a `.code-workspace`
        file, if it is not the file's folder that is opened. `trusted`: whether VS Code trusts
        whatever is opened, or restricts it without asking. `served`: whether a server is expected
        to be ready; returns when it is.
        """
        self.wire = wire
        self.machine_settings = folder / "user-data" / "Machine" / "settings.json"
        """Where VS Code on a server keeps settings of scope `machine`."""
        self.logs = folder / "user-data" / "logs"
        """Where VS Code writes what its output channels show, and its own logs."""
        self._processes: list[subprocess.Popen[Any]] = []
        try:
            restricted = {} if trusted else RESTRICTED
            _write_settings(folder / "user-data", {**(settings or {}), **restricted})
            address = self._serve(programs, folder, extension, environment, trusted)
            self._answers: queue.Queue[str] = queue.Queue()
            self._driver = self._drive(programs, folder)
            opened = f"workspace={workspace}" if workspace else f"folder={path.parent}"
            self._do("open", url=f"{address}/?{opened}", file=path.name)
            if served:
                wire.wait_ready()
        except BaseException:
            self.close()
            raise

    def end_of_line(self, number: int) -> None:
        self.press("Control+Home", *["ArrowDown"] * (number - 1), "End")

    def type(self, text: str) -> None:
        self._do("type", text=text)

    def press(self, *keys: str) -> None:
        """Press keys, by the names of the Web's keyboard events."""
        self._do("press", keys=keys)

    def accept(self) -> None:
        self.press("Tab")

    def accept_word(self) -> None:
        """Press the key that takes the next word."""
        self.press("Control+ArrowRight")

    def accept_line(self) -> None:
        """Press the key that takes the next line."""
        self.press("Control+Alt+ArrowRight")

    def escape(self) -> None:
        self.press("Escape")

    def ghost(self) -> str:
        return self._do("ghost")

    def save(self) -> None:
        self.press("Control+s")
        until(lambda: not self._do("dirty"), "the file is saved")

    def errors(self) -> list[str]:
        return self._do("notifications")

    def screenshot(self, path: Path) -> None:
        self._do("screenshot", path=str(path))

    def buttons(self) -> list[str]:
        """What can be pressed in the notifications."""
        return self._do("buttons")

    def press_button(self, text: str) -> None:
        """Press the first of them with this text."""
        self._do("pressButton", text=text)

    def run(self, command: str, title: str) -> None:
        """Run a command from the palette, found by its identifier, where it has this title."""
        self._do("run", command=command, title=title)

    def commands(self, text: str) -> list[str]:
        """Titles that the palette offers for a text; leaves it open."""
        self._do("filter", text=text)
        return self.entries()

    def entries(self) -> list[str]:
        """What can be chosen in the palette or menu that is open; empty if none is."""
        return self._do("entries")

    def choose(self, text: str) -> None:
        """Choose the first entry with this text."""
        self._do("choose", text=text)

    def status(self) -> dict[str, str]:
        """The extension's item of the status bar, as `text` and as its `label` for screen readers;
        both are empty if there is no item."""
        return self._do("status") or {"text": "", "label": ""}

    def click_status(self) -> None:
        """Click on that item."""
        self._do("clickStatus")

    def tab(self) -> str:
        """Name of the tab that is shown."""
        return self._do("tab") or ""

    def text(self) -> str:
        """What of its text is in sight."""
        return self._do("text")

    def output(self) -> str:
        """What the panel shows of an output channel."""
        return self._do("output")

    def resize(self, width: int, height: int) -> None:
        """Make its window so many pixels large."""
        self._do("resize", width=width, height=height)

    def close(self) -> None:
        """End the browser, VS Code and its server."""
        for process in reversed(self._processes):
            if process.stdin is not None:
                process.stdin.close()  # the driver's sign to end
            else:
                process.terminate()
        for process in reversed(self._processes):
            try:
                process.wait(TIMEOUT)
            finally:
                # Whoever of its group is left; an own session makes it its own group.
                _kill_group(process.pid)

    def _serve(
        self,
        programs: Programs,
        folder: Path,
        extension: Path,
        environment: Mapping[str, str],
        trusted: bool,
    ) -> str:
        """Start code-server with the extension; its address."""
        (folder / "config.yaml").write_text("", "utf-8")
        variables = {
            **os.environ,
            **environment,
            "EXTENSIONS_GALLERY": _NO_GALLERY,
            # As when started from a shell: otherwise VS Code asks a login shell for the variables.
            "VSCODE_CLI": "1",
        }
        command = [
            *(programs.node, programs.code_server, "--config", folder / "config.yaml"),
            *("--user-data-dir", folder / "user-data", "--extensions-dir", folder / "extensions"),
        ]
        installed = subprocess.run(
            [*command, "--install-extension", extension],
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert installed.returncode == 0, installed.stdout + installed.stderr
        log = folder / "code-server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    *(*command, "--bind-addr", "127.0.0.1:0", "--auth", "none"),
                    *("--disable-telemetry", "--disable-update-check"),
                    *(("--disable-workspace-trust",) if trusted else ()),
                ],
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes.append(process)
        found = until(lambda: _ADDRESS.search(log.read_text("utf-8")), "code-server listens")
        return found.group(1)

    def _drive(self, programs: Programs, folder: Path) -> subprocess.Popen[str]:
        """Start the browser under its driver."""
        (executable,) = programs.browser.command
        with (folder / "browser.log").open("wb") as log:
            process = subprocess.Popen(
                [programs.node, _DRIVER, programs.tools, executable, folder / "profile"],
                env={**os.environ, **programs.browser.environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                start_new_session=True,
            )
        self._processes.append(process)

        def read() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                self._answers.put(line)

        threading.Thread(target=read, daemon=True).start()
        return process

    def _do(self, command: str, /, **arguments: Any) -> Any:
        assert self._driver.stdin is not None
        self._driver.stdin.write(json.dumps({"do": command, **arguments}) + "\n")
        self._driver.stdin.flush()
        answer = json.loads(self._answers.get(timeout=2 * TIMEOUT))
        assert "error" not in answer, answer["error"]
        return answer["result"]


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """The user's settings and keys. VS Code on a server takes settings of scope `machine` from
    another file than the rest; what is not for a file is ignored in it."""
    for name in ("User", "Machine"):
        (folder / name).mkdir(parents=True)
        text = json.dumps({**SETTINGS, **settings})
        (folder / name / "settings.json").write_text(text, "utf-8")
    (folder / "User" / "keybindings.json").write_text(json.dumps(KEYBINDINGS), "utf-8")
