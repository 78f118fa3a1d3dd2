"""One suggestion of the real model: accepted word by word, typed, taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Launch, Server
from tests.e2e.test_typing import HEAD, HOLES, LINE, TAIL, opened
from tests.lsp.client import insert, replace

pytestmark = pytest.mark.slow


async def asked(server: Server, uri: str, column: int) -> tuple[str, str]:
    """The item's text, and where it came from or why there is none."""
    before = len(server.traces(event="request"))
    items = await server.client.complete(uri, LINE, column)
    (record,) = await server.traced(before)
    return (
        items[0]["insertText"] if items else "",
        record["silent_reason"] or record["answered_from"],
    )


async def test_a_suggestion_is_asked_for_once(launch: Launch, tmp_path: Path) -> None:
    server = await launch()
    await server.ready(options={"completion": {"debounceMs": 0, "leastConfidence": 0}})
    tried = 0
    for number, hole in enumerate(HOLES):
        uri = await opened(server, tmp_path, HEAD + hole + TAIL, name=f"words{number}.py")
        at, version = len(hole), 1
        text, source = await asked(server, uri, at)
        assert source in ("model", "inflight") or not text
        if len(text) < 8 or "\n" in text:
            continue
        tried += 1
        for count in (3, 4, 7, 6, 2):  # a word, a key, a word, and back
            version += 1
            server.client.change(uri, version, replace(LINE, at, LINE, 10_000, text[:count]))
            assert await asked(server, uri, at + count) == (text[count:], "typed")
        version += 1
        server.client.change(uri, version, replace(LINE, at, LINE, 10_000, ""))
        assert await asked(server, uri, at) == (text, "exact")
        server.client.change(uri, version + 1, insert(LINE, at, text))
        server.client.change(uri, version + 2, replace(LINE, at, LINE, at + len(text), ""))
        assert await asked(server, uri, at) == ("", "rejected_before")
    assert tried, "the model said nothing that could be typed"
    for record in server.traces(event="request", answered_from="typed"):
        assert record["context_ms"] == 0.0 and record["evaluated_tokens"] == 0
