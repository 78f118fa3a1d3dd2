"""An editor is closed and opened again: the first suggestion costs a few tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Launch, Server
from tests.e2e.test_typing import HEAD, LINE, TAIL
from tests.lsp.client import finish

pytestmark = pytest.mark.slow

KEEPS = {"BEADLINE_ENGINE__SAVE_STATE": "true"}


async def first_request(server: Server, uri: str) -> dict[str, Any]:
    """The trace of a request at the end of `main`."""
    await server.ready()
    server.client.open(uri, f"{HEAD}    words = read_words(\n{TAIL}")
    await server.client.answer(
        server.client.complete_begin(uri, LINE, len("    words = read_words("))
    )
    (record,) = await server.traced()
    assert record["answered_from"] == "model"
    return record


@pytest.mark.parametrize("ending", ["shutdown", "the end of its input"])
async def test_the_next_session_begins_warm(launch: Launch, tmp_path: Path, ending: str) -> None:
    uri = (tmp_path / "words.py").as_uri()
    server = await launch(environment=KEEPS)
    cold = await first_request(server, uri)
    assert cold["reused_tokens"] == 0
    if ending == "shutdown":
        await finish(server.client)
    else:
        assert server.process.stdin is not None
        server.process.stdin.close()
    await server.exit_code()
    warm = await first_request(await launch(environment=KEEPS), uri)
    assert warm["prompt_tokens"] == cold["prompt_tokens"]
    assert warm["evaluated_tokens"] <= 3 < cold["evaluated_tokens"]
    indifferent = await first_request(await launch(), uri)
    assert indifferent["reused_tokens"] == 0
