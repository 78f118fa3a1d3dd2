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
    # Its own assistant, and its questions to new users.
    "chat.disableAIFeatures": True,
    "security.workspace.trust.enabled": False,
    "workbench.startupEditor": "none",
    "telemetry.telemetryLevel": "off",
    "extensions.autoCheckUpdates": False,
}
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
    ) -> None:
        """Start with a file open. `folder`: empty, for VS Code's and the browser's data."""
        self.wire = wire
        self._processes: list[subprocess.Popen[Any]] = []
        try:
            address = self._serve(programs, folder, extension, environment)
            self._answers: queue.Queue[str] = queue.Queue()
            self._driver = self._drive(programs, folder)
            self._do("open", url=f"{address}/?folder={path.parent}", file=path.name)
            wire.wait_ready()
        except BaseException:
            self.close()
            raise

    def end_of_line(self, number: int) -> None:
        self._do("press", keys=["Control+Home", *["ArrowDown"] * (number - 1), "End"])

    def type(self, text: str) -> None:
        self._do("type", text=text)

    def accept(self) -> None:
        self._do("press", keys=["Tab"])

    def escape(self) -> None:
        self._do("press", keys=["Escape"])

    def ghost(self) -> str:
        return self._do("ghost")

    def save(self) -> None:
        self._do("press", keys=["Control+s"])
        until(lambda: not self._do("dirty"), "the file is saved")

    def errors(self) -> list[str]:
        return self._do("notifications")

    def screenshot(self, path: Path) -> None:
        self._do("screenshot", path=str(path))

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
        self, programs: Programs, folder: Path, extension: Path, environment: Mapping[str, str]
    ) -> str:
        """Start code-server with the extension; its address."""
        user = folder / "user-data" / "User"
        user.mkdir(parents=True)
        (user / "settings.json").write_text(json.dumps(SETTINGS), "utf-8")
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
                    *("--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"),
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

    def _do(self, command: str, **arguments: Any) -> Any:
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
