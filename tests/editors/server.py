"""The server that an editor finds on its path: this checkout's, behind the recorder.

Knows no editor.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import psutil

from tests.editors import recorder as recording
from tests.editors.install.places import CHECKOUT
from tests.editors.wire import Wire, until

NAME = "beadline"
"""The program editors look for."""

SIGNS_OF_TROUBLE = ("Traceback", "An inline completion failed", "could not be handled")


class Server:
    """What a test can know of and do with the server its editor started."""

    def __init__(self, folder: Path) -> None:
        """`folder`: for the program, the record of what is said, and the server's log."""
        self.wire = Wire(folder / "wire.jsonl")
        self.log = folder / "server.log"
        self.program = folder / "bin" / NAME

    def on_path(self) -> dict[str, str]:
        """The environment in which the program is the first that is found."""
        self._write_program()
        return {
            "PATH": f"{self.program.parent}:{os.environ['PATH']}",
            # Two decoding threads on a busy machine spend their time waiting for each other.
            "BEADLINE_ENGINE__THREADS": "1",
        }

    def environment(self) -> dict[str, str]:
        """What of the environment of the one that runs is ours, by name."""
        environment = self._serving().environ()
        return {name: value for name, value in environment.items() if name.startswith("BEADLINE_")}

    def arguments(self) -> list[str]:
        """With what the one that runs was started, from `serve` on."""
        command = self._serving().cmdline()
        return command[command.index("serve") :]

    def kill(self) -> None:
        """Kill it as a crash would; its recorder has ended when this returns."""
        recorder = self._serving()
        (process,) = recorder.children()
        process.kill()
        until(lambda: not recorder.is_running(), "the recorder has ended")

    def check_end(self) -> None:
        """The editor has ended: the server must too, and it must have met no trouble."""
        until(lambda: not self._processes(), "the server has ended")
        assert self.wire.errors() == []
        said = self.log.read_text("utf-8") if self.log.exists() else ""
        for sign in SIGNS_OF_TROUBLE:
            assert sign not in said

    def _serving(self) -> psutil.Process:
        (process,) = [p for p in self._processes() if "serve" in p.info["cmdline"]]
        return process

    def _write_program(self) -> None:
        python = [sys.executable, "-P"]
        command = [*python, recording.__file__, self.wire.path, *python, "-m", "beadline"]
        self.program.parent.mkdir(exist_ok=True)
        self.program.write_text(
            f"#!/bin/sh\n"
            f"export PYTHONPATH={shlex.quote(str(CHECKOUT))}\n"
            f'exec {shlex.join(map(str, command))} "$@" 2>>{shlex.quote(str(self.log))}\n',
            "utf-8",
        )
        self.program.chmod(0o755)

    def _processes(self) -> list[psutil.Process]:
        """The recorders, each as long as it or what it started runs."""
        return [
            process
            for process in psutil.process_iter(["cmdline"])
            if str(self.wire.path) in (process.info["cmdline"] or ())
        ]
