"""Drives an Emacs without a display through its client. Knows no test."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.editors.install import emacs
from tests.editors.wire import TIMEOUT, until

HERE = Path(__file__).parent
LSP_MODE = HERE / "lsp_mode.el"
"""What a user of lsp-mode writes; docs/editors-other.md shows it."""
EGLOT = HERE / "eglot.el"
"""The same for eglot."""

_SERVER = "beadline"


class Emacs:
    """A running Emacs with one file open."""

    def __init__(
        self,
        installed: emacs.Emacs,
        path: Path,
        *,
        init: Path,
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        """Start with a file open. `init`: what its user wrote; `folder`: for the socket and what
        Emacs keeps; its path must be short."""
        self._client = installed.client
        self._buffer = f"(find-file-noselect {json.dumps(str(path))})"
        self._environment = {
            **os.environ,
            **environment,
            **installed.program.environment,
            # Where the socket lies, and all that is kept.
            "XDG_RUNTIME_DIR": str(folder),
            "HOME": str(folder),
            "TMPDIR": str(folder),
        }
        found = [option for each in installed.packages for option in ("-L", str(each))]
        loaded = ["-l", str(HERE / "drive.el"), "-l", str(init)]
        self._log = folder / "emacs.log"
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [*installed.program.command, "-Q", f"--fg-daemon={_SERVER}", *found, *loaded],
                cwd=path.parent,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            until(lambda: self._ask("t").returncode == 0, "Emacs listens")
            self.run()
        except BaseException:
            self._process.kill()
            raise

    def run(self, *forms: str) -> None:
        """Evaluate forms one after the other, in the file's buffer."""
        self.value(*forms, "t")

    def value(self, *forms: str) -> Any:
        """The value of the last form."""
        body = " ".join(forms)
        form = f"(with-current-buffer {self._buffer} (drive-encoded (progn {body})))"
        answer = self._ask(form)
        assert answer.returncode == 0, f"{body}: {answer.stdout}{answer.stderr}"
        return json.loads(base64.b64decode(answer.stdout.strip().strip('"')))

    def go_behind(self, line: str) -> None:
        """Put the cursor behind the first line that is this one."""
        self.run(f"(drive-go-behind {json.dumps(line)})")

    def insert(self, text: str) -> None:
        """Write at the cursor."""
        self.run(f"(insert {json.dumps(text)})")

    def text(self) -> str:
        """The buffer's text."""
        return self.value("(drive-text)")

    def close(self) -> None:
        """End Emacs, which ends its server."""
        form = "(set-buffer-modified-p nil) (let ((kill-emacs-query-functions nil)) (kill-emacs))"
        self._ask(f"(with-current-buffer {self._buffer} {form})")
        try:
            self._process.wait(TIMEOUT)
        finally:
            self._process.kill()

    def _ask(self, form: str) -> subprocess.CompletedProcess[str]:
        assert self._process.poll() is None, f"Emacs has ended: {self._log.read_text('utf-8')}"
        command: Sequence[str] = [*self._client.command, "-s", _SERVER, "--eval", form]
        return subprocess.run(
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
