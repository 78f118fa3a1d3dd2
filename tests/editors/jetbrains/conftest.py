"""The real server, started by the template's command as LSP4IJ would, with the model that is
shipped."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.editors import repository, stdio
from tests.editors.install.places import CHECKOUT
from tests.editors.jetbrains.client import Editor, nested, read_template
from tests.editors.server import Server
from tests.editors.stdio import Session

TEMPLATE = CHECKOUT / "packaging" / "jetbrains" / "template"

Start = Callable[..., Any]


@pytest.fixture
async def start(server: Server, tmp_path: Path, shared_cache: Path) -> AsyncIterator[Start]:
    """Starts the server with a file open; ends it after the test, and looks for trouble."""
    sessions: list[Session] = []

    async def open_(
        text: str,
        *,
        settings: Mapping[str, Any] | None = None,
        state: str = "ready",
        **environment: str,
    ) -> tuple[Editor, Session]:
        """`settings`: of the tab Configuration, as they are written there; `state`: what the server
        has to say of itself before anything is typed."""
        path = repository.make(tmp_path / "repository", text)
        template = read_template(TEMPLATE)
        if settings is not None:
            template = dataclasses.replace(template, settings=nested(settings))
        session = await stdio.start(
            template.command,
            server,
            folder=path.parent,
            cache=shared_cache,
            environment=environment,
        )
        sessions.append(session)
        editor = Editor(session.client, path.as_uri(), text)
        await editor.start(template, path.parent.as_uri())
        await session.client.told("beadline/status", state=state)
        return editor, session

    yield open_
    for session in sessions:
        await session.end()
    if sessions:
        await asyncio.to_thread(server.check_end)
        assert server.wire.told("window/showMessage") == []
        assert server.wire.sent("workspace/executeCommand") == []
