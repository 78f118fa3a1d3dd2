"""The client of llama-server and the plugin's state machine, against a server that is not one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from beadline.bench.infill import Buffer
from beadline.bench.peer import Peer, PeerOptions
from beadline.bench.ring import Ring
from beadline.bench.vim import LlamaVim
from beadline.errors import EngineError, InputError
from tests.bench.fake_peer import FakePeer

TRUTH = "total = sum(values)\nreturn total\n"


def follow(body: dict[str, Any]) -> str:
    """Goes on with `TRUTH`, a line and a half at a time."""
    typed = body["prompt"]
    return TRUTH[len(typed) : len(typed) + 24] if TRUTH.startswith(typed) else ""


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


async def test_answers_in_one_piece_and_in_many() -> None:
    async with FakePeer(lambda _: "añb") as fake:
        peer = Peer("127.0.0.1", fake.port)
        whole = await peer.infill({"n_predict": 3, "stream": False, "prompt": ""})
        streamed = await peer.infill({"n_predict": 3, "stream": True, "prompt": ""})
        for reply in (whole, streamed):
            assert (reply.content, reply.evaluated, reply.prompt) == ("añb", 7, 9)
            assert reply.generated == 3 and reply.first_ms <= reply.total_ms
        assert await peer.count("one two") == 2


async def test_a_peer_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    options = PeerOptions(tmp_path / "none", tmp_path / "model.gguf", 1, 512)
    with pytest.raises(InputError, match="cannot be started"):
        await Peer.start(options, tmp_path / "log")
    ends = PeerOptions(Path("/bin/false"), tmp_path / "model.gguf", 1, 512)
    with pytest.raises(EngineError, match="does not start"):
        await Peer.start(ends, tmp_path / "log")


async def test_the_plugin_asks_shows_and_prepares_what_follows() -> None:
    async with FakePeer(follow) as fake:
        changes: list[None] = []
        vim = LlamaVim(Peer("127.0.0.1", fake.port), Ring(seed=1), lambda: changes.append(None))
        vim.move(Buffer.of("tot\n\n", 3, "a.py"), insert=True)
        await until(lambda: vim.hint)
        assert vim.hint is not None and vim.hint.lines[0] == "al = sum(values)"
        # The follow-up is asked as if the hint were accepted, and may take longer.
        await until(lambda: len(fake.bodies) == 2)
        first, following = fake.bodies
        assert (first["prompt"], first["t_max_predict_ms"]) == ("tot", 250)
        assert following["input_prefix"].endswith("total = sum(values)\n")
        assert following["t_max_predict_ms"] == 1000
        await until(lambda: len(vim.replies) == 2)
        # Typing along is served from the cache, at once and without a request for this place.
        vim.move(Buffer.of("tota\n\n", 4, "a.py"), insert=True)
        assert vim.hint is not None and vim.hint.lines[0] == "l = sum(values)"
        vim.normal()
        assert vim.hint is None and changes
        await vim.close()


async def test_while_a_job_runs_the_newest_place_waits() -> None:
    async with FakePeer(lambda _: "") as fake:
        fake.gate.clear()
        vim = LlamaVim(Peer("127.0.0.1", fake.port), Ring(seed=1), lambda: None)
        for typed in ("a", "ab", "abc"):
            vim.move(Buffer.of(f"{typed}\n", len(typed), "a.py"), insert=True)
        await until(lambda: fake.bodies)
        fake.gate.set()
        await until(lambda: len(fake.bodies) == 2)
        assert [body["prompt"] for body in fake.bodies] == ["a", "abc"]
        vim.move(Buffer.of("abcd  far too long\n", 4, "a.py"), insert=True)
        await until(lambda: len(vim.replies) == 2)
        await vim.close()
        assert len(fake.bodies) == 2  # more than eight characters behind the cursor: no request


@pytest.mark.slow
async def test_the_ring_is_warmed_a_chunk_a_second_in_normal_mode() -> None:
    lines = "".join(f"value_{number} = {number}\n" for number in range(20))
    async with FakePeer(lambda _: "") as fake:
        ring = Ring(seed=1)
        vim = LlamaVim(Peer("127.0.0.1", fake.port), ring, lambda: None)
        vim.enter(Buffer.of(lines, 0, "a.py"))
        await until(lambda: fake.bodies)
        assert fake.bodies[0]["n_predict"] == 0
        assert [chunk["filename"] for chunk in fake.bodies[0]["input_extra"]] == ["a.py"]
        assert ring.chunks[0].tokens == len(lines.split())
        await vim.close()
