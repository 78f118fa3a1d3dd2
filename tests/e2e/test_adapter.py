"""The real server completes a repository with its own adapter, and says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from beadline.engine.adapter_store import AdapterStore
from beadline.engine.adapters import Base, Manifest, base_of_served, file_digest, repository_key
from beadline.engine.llama.client import LlamaEngine
from beadline.settings import EngineOptions
from tests.e2e.conftest import Launch, Server
from tests.engine.llama.loras import make

pytestmark = pytest.mark.slow

TEXT = "import os\n\n\ndef size_of(path):\n    return os."


async def served_base(model: Path, cache: Path) -> Base:
    """What an adapter of the model stands on."""
    options = EngineOptions(model=str(model), threads=1)
    engine = LlamaEngine(options, prefix_tokens=64, suffix_tokens=64, cache_dir=cache)
    try:
        return base_of_served(await engine.start())
    finally:
        await engine.close()


async def ask(server: Server, file: Path) -> dict[str, Any]:
    """The trace of a request at the end of `file`."""
    before = len(server.traces(event="request"))
    line, column = TEXT.count("\n"), len(TEXT.rpartition("\n")[2])
    await server.client.answer(server.client.complete_begin(file.as_uri(), line, column))
    (record,) = await server.traced(before)
    return record


async def without_adapter(server: Server, after: int) -> None:
    """Wait for a status that names none."""
    await server.client.message(
        lambda m: m.get("method") == "beadline/status" and "adapter" not in m["params"],
        "a status without an adapter",
        after=after,
    )


async def test_it_serves_its_repository_from_the_next_request_on(
    launch: Launch, model_path: Path, cache_dir: Path, tmp_path: Path
) -> None:
    repository, elsewhere = tmp_path / "repository", tmp_path / "elsewhere"
    (repository / ".git").mkdir(parents=True)
    elsewhere.mkdir()
    ours, others = repository / "a.py", elsewhere / "b.py"
    server = await launch()
    client = server.client
    await server.ready(root=repository.as_uri())
    for file in (ours, others):
        client.open(file.as_uri(), TEXT + "\n")
    first = await ask(server, ours)
    assert first["answered_from"] == "model"
    assert (await ask(server, ours))["evaluated_tokens"] == 0, "it is remembered"

    adapter = make(tmp_path / "made.gguf", model_path)
    base, digest = await served_base(model_path, cache_dir), file_digest(adapter)
    store = AdapterStore(server.home / "data" / "adapters")
    name = store.new_name(repository, digest)
    manifest = Manifest(
        name, base, repository_key(repository), "", "2026-11-21T08:00:00+00:00", digest, True
    )
    store.keep(manifest, adapter)
    store.activate(name)

    tuned = await ask(server, ours)
    status = await client.told("beadline/status", adapter=name)
    assert status["state"] in ("ready", "working")
    # Not what the model alone said, and nothing that it had evaluated.
    assert tuned["answered_from"] == "model"
    assert min(tuned["evaluated_tokens"], first["evaluated_tokens"]) > 10

    seen = len(client.received)
    await ask(server, others)
    await without_adapter(server, seen)
    store.deactivate(name)
    await ask(server, ours)
    assert "adapter" not in await client.request(
        "workspace/executeCommand", {"command": "beadline.status"}
    )
