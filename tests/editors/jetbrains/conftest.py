"""The real server, started by the template's command as LSP4IJ would, with the model that is
shipped."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.editors import repository
from tests.editors.install.places import CHECKOUT
from tests.editors.jetbrains.client import Editor, nested, read_template
from tests.editors.server import Server
from tests.lsp.client import TIMEOUT, Client, finish

TEMPLATE = CHECKOUT / "packaging" / "jetbrains" / "template"


@dataclasses.dataclass
class Session:
    """A running server and the editor that started it."""

    editor: Editor
    client: Client
    process: asyncio.subprocess.Process

    async def end(self) -> None:
        """Close the IDE."""
        if self.process.returncode is None:
            await finish(self.client)
            assert await asyncio.wait_for(self.process.wait(), TIMEOUT) == 0
        await self.client.ended()


Start = Callable[..., Any]


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all servers: the probe's verdict is found once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
async def start(server: Server, tmp_path: Path, cache_dir: Path) -> AsyncIterator[Start]:
    """Starts the server with a file open; ends it after the test, and looks for trouble."""
    sessions: list[Session] = []

    async def open_(
        text: str,
        *,
        settings: Mapping[str, Any] | None = None,
        state: str = "ready",
        **environment: str,
    ) -> Session:
        """`settings`: of the tab Configuration, as they are written there; `state`: what the server
        has to say of itself before anything is typed."""
        path = repository.make(tmp_path / "repository", text)
        template = read_template(TEMPLATE)
        if settings is not None:
            template = dataclasses.replace(template, settings=nested(settings))
        process = await asyncio.create_subprocess_exec(
            *template.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=path.parent,
            env={
                **os.environ,
                **server.on_path(),
                "BEADLINE_CACHE_DIR": str(cache_dir),
                # The cache is shared: no test goes on where another one ended.
                "BEADLINE_ENGINE__SAVE_STATE": "false",
                **environment,
            },
        )
        assert process.stdin is not None and process.stdout is not None
        client = Client(process.stdout, process.stdin.write)
        editor = Editor(client, path.as_uri(), text)
        sessions.append(Session(editor, client, process))
        await editor.start(template, path.parent.as_uri())
        await client.told("beadline/status", state=state)
        return sessions[-1]

    yield open_
    for session in sessions:
        await session.end()
    if sessions:
        await asyncio.to_thread(server.check_end)
        assert server.wire.told("window/showMessage") == []
        assert server.wire.sent("workspace/executeCommand") == []
