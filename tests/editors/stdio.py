"""Starts the server by the words of an editor's settings, for clients that are written here.

Knows no editor. For those that cannot be run: what their settings say is taken as they take it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.editors.server import Server
from tests.lsp.client import TIMEOUT, Client, finish


@dataclasses.dataclass
class Session:
    """A running server and its client."""

    client: Client
    process: asyncio.subprocess.Process

    async def end(self) -> None:
        """Close the editor. Idempotent."""
        if self.process.returncode is None:
            await finish(self.client)
            assert await asyncio.wait_for(self.process.wait(), TIMEOUT) == 0
        await self.client.ended()


async def start(
    command: Sequence[str],
    server: Server,
    *,
    folder: Path,
    cache: Path,
    environment: Mapping[str, str],
) -> Session:
    """Start `command` in `folder`; `beadline` is `server`'s. `cache` may be shared."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=folder,
        env={
            **os.environ,
            **server.on_path(),
            "BEADLINE_CACHE_DIR": str(cache),
            # The cache is shared: no test goes on where another one ended.
            "BEADLINE_ENGINE__SAVE_STATE": "false",
            **environment,
        },
    )
    assert process.stdin is not None and process.stdout is not None
    return Session(Client(process.stdout, process.stdin.write), process)
