"""Our own server as an editor drives it. Knows the protocol; knows no peer and no statistics."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import beadline
from beadline.bench.client import Answer, Client
from beadline.bench.edits import Event
from beadline.errors import EngineError

START_S = 300.0
_LEAST_IDLE_S = 0.5
"""More than `completion.idle_ms`, after which a server begins what it does when idle."""
_MOST_IDLE_S = 180.0
_STEP_S = 0.25
_BUSY = 0.2
"""Share of a core from which on a server is at work."""
_BLIND_S = 3.0
"""Quiet time that counts as idle where the processor's time cannot be asked."""


class Ours:
    """A running `beadline serve` and the documents that are open in it."""

    def __init__(self, home: Path, workspace: Path) -> None:
        """`home` takes settings, log and trace; `workspace` is the folder that is edited."""
        self.workspace = workspace
        self.log = home / "server.log"
        self._home = home
        self._trace = home / "trace.jsonl"
        self._read = 0
        self._client: Client | None = None
        self._ready: asyncio.Future[None] | None = None
        self._versions: dict[str, int] = {}

    async def start(self, settings: Mapping[str, object]) -> None:
        """Start the server with `settings` (dotted names) alone, and wait for the model.

        The user's own settings and statistics take no part. Raises `EngineError`.
        """
        self._ready = asyncio.get_running_loop().create_future()
        with self.log.open("ab") as stderr:
            self._client = await Client.start(
                (sys.executable, "-P", "-m", "beadline", "serve", "--trace", str(self._trace)),
                environment=_environment(self._home, settings),
                folder=self.workspace,
                stderr=stderr,
                told=self._told,
            )
        root = self.workspace.as_uri()
        await self._client.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": root,
                "workspaceFolders": [{"uri": root, "name": self.workspace.name}],
                "capabilities": {"textDocument": {"inlineCompletion": {}}},
            },
        )
        self._client.notify("initialized", {})
        try:
            await asyncio.wait_for(self._ready, START_S)
        except TimeoutError:
            raise EngineError(
                "The server's model does not load.", hint=f"See {self.log}."
            ) from None

    def open(self, path: str, text: str, language: str) -> None:
        """didOpen."""
        uri = self.uri(path)
        self._versions[uri] = 1
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self._notify("textDocument/didOpen", {"textDocument": item})

    def edit(self, path: str, before: str, event: Event) -> None:
        """didChange: one incremental change of the text `before`."""
        uri = self.uri(path)
        self._versions[uri] += 1
        span = {"start": position(before, event.start), "end": position(before, event.end)}
        self._notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": self._versions[uri]},
                "contentChanges": [{"range": span, "text": event.text}],
            },
        )

    def save(self, path: str) -> None:
        """didSave."""
        self._notify("textDocument/didSave", {"textDocument": {"uri": self.uri(path)}})

    def close_files(self) -> None:
        """didClose of everything."""
        for uri in self._versions:
            self._notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        self._versions.clear()

    def files_changed(self, paths: list[str]) -> None:
        """Files changed on the disk."""
        changes = [{"uri": self.uri(path), "type": 2} for path in paths]
        self._notify("workspace/didChangeWatchedFiles", {"changes": changes})

    def ask(self, path: str, text: str, offset: int) -> tuple[int, asyncio.Future[Answer]]:
        """An automatic inlineCompletion request: its id, and the answer to come."""
        assert self._client is not None
        params = {
            "textDocument": {"uri": self.uri(path)},
            "position": position(text, offset),
            "context": {"triggerKind": 2},
        }
        return self._client.begin("textDocument/inlineCompletion", params)

    def cancel(self, number: int) -> None:
        """Take a request back."""
        assert self._client is not None
        self._client.cancel(number)

    def accepted(self, item: Mapping[str, Any]) -> None:
        """Tell the server that an item was taken, as editors run an item's command."""
        assert self._client is not None
        command = item.get("command")
        if command:
            params = {"command": command["command"], "arguments": command.get("arguments", [])}
            self._client.begin("workspace/executeCommand", params)

    def traces(self) -> list[dict[str, Any]]:
        """Lines of the trace file since the last call."""
        if not self._trace.exists():
            return []
        with self._trace.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        return [json.loads(line) for line in whole.splitlines()]

    async def idle(self) -> list[dict[str, Any]]:
        """Wait until the server is done with what it does when nobody types; its trace lines."""
        assert self._client is not None
        started = time.perf_counter()
        lines: list[dict[str, Any]] = []
        quiet = 0.0
        await asyncio.sleep(_LEAST_IDLE_S)
        while time.perf_counter() - started < _MOST_IDLE_S:
            before = cpu_seconds(self._client.process.pid)
            await asyncio.sleep(_STEP_S)
            after = cpu_seconds(self._client.process.pid)
            new = self.traces()
            lines += new
            busy = bool(new) or (
                before is not None and after is not None and after - before > _BUSY * _STEP_S
            )
            quiet = 0.0 if busy else quiet + _STEP_S
            if quiet >= (2 * _STEP_S if after is not None else _BLIND_S):
                break
        return lines

    async def close(self) -> None:
        """End the server. Idempotent."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    def uri(self, path: str) -> str:
        """URI of a path of the workspace."""
        return (self.workspace / path).as_uri()

    def _notify(self, method: str, params: Any) -> None:
        assert self._client is not None
        self._client.notify(method, params)

    def _told(self, method: str, params: Any) -> None:
        if method == "beadline/status" and self._ready is not None and not self._ready.done():
            if params["state"] == "error":
                self._ready.set_exception(EngineError(params["message"]))
            elif params["state"] == "ready":
                self._ready.set_result(None)


def position(text: str, offset: int) -> dict[str, int]:
    """LSP position in UTF-16 units, which every client knows."""
    start = text.rfind("\n", 0, offset) + 1
    units = len(text[start:offset].encode("utf-16-le")) // 2
    return {"line": text.count("\n", 0, start), "character": units}


def offset_of(text: str, place: Mapping[str, int]) -> int:
    """The inverse of `position`; beyond the end of a line is its end."""
    start = 0
    for _ in range(place["line"]):
        start = text.find("\n", start) + 1
    end = text.find("\n", start)
    line = text[start : end if end >= 0 else len(text)]
    units = line.encode("utf-16-le")[: 2 * place["character"]]
    return start + len(units.decode("utf-16-le", "ignore"))


def cpu_seconds(pid: int) -> float | None:
    """Processor time of a process and all below it; None where there is no /proc."""
    ticks: dict[int, int] = {}
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            stat = (folder / "stat").read_text("utf-8", "replace")
            fields = stat.rpartition(")")[2].split()  # from field 3 of proc(5) on
            parents[int(folder.name)] = int(fields[1])
            ticks[int(folder.name)] = int(fields[11]) + int(fields[12])
    if pid not in ticks:
        return None
    found, grown = {pid}, True
    while grown:
        new = {child for child, parent in parents.items() if parent in found} - found
        found |= new
        grown = bool(new)
    return sum(ticks[each] for each in found) / os.sysconf("SC_CLK_TCK")


def _environment(home: Path, settings: Mapping[str, object]) -> dict[str, str]:
    """Ours without what the user set, but for the cache directory: it knows the machine."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("BEADLINE_")}
    if "BEADLINE_CACHE_DIR" in os.environ:
        kept["BEADLINE_CACHE_DIR"] = os.environ["BEADLINE_CACHE_DIR"]
    own = {
        "BEADLINE_CONFIG": str(home / "config.toml"),
        "BEADLINE_DATA_DIR": str(home / "data"),
        "BEADLINE_STATISTICS__ENABLED": "false",
        "BEADLINE_ENGINE__SAVE_STATE": "false",
        "PYTHONPATH": str(Path(beadline.__file__).parent.parent),
    }
    chosen = {
        f"BEADLINE_{name.upper().replace('.', '__')}": str(value).lower()
        if isinstance(value, bool)
        else str(value)
        for name, value in settings.items()
    }
    return {**kept, **own, **chosen}
