"""States of documents from one session to the next, over real workers and real files."""

from __future__ import annotations

import asyncio
import stat
import sys
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import psutil
import pytest

from beadline.engine.llama import client
from beadline.engine.llama.client import LlamaEngine
from beadline.engine.llama.messages import PromptOptions
from beadline.engine.llama.native import Context, Model
from beadline.engine.llama.pipes import Pipe
from beadline.engine.llama.prompts import Prompts
from beadline.engine.llama.worker import _saved_states
from beadline.engine.protocol import FimRequest, Finished, Piece
from beadline.settings import EngineOptions

TIMEOUT_S = 60
TEXT = Path(client.__file__).read_text("utf-8")
CURSOR = TEXT.index("\n", 5000) + 1
HOLE = FimRequest(
    prefix=TEXT[:CURSOR], suffix=TEXT[CURSOR:], anchor=CURSOR, path="a.py", max_tokens=6,
    sequence="file:///a.py", deadline_ms=60_000,
)  # fmt: skip


class Sessions:
    """Engines that are opened and closed on the same cache directory."""

    def __init__(self, model: Path, cache: Path) -> None:
        self.model = model
        self.cache = cache

    def open(self, *, keep_state: bool = True, **options: Any) -> LlamaEngine:
        settings = EngineOptions(**{"model": str(self.model), "threads": 1, **options})
        return LlamaEngine(
            settings, prefix_tokens=256, suffix_tokens=64, cache_dir=self.cache,
            keep_state=keep_state,
        )  # fmt: skip

    async def run(self, *requests: FimRequest, **options: Any) -> list[tuple[str, Finished]]:
        """One session: ask for each, then close."""
        engine = self.open(**options)
        try:
            return [await ask(engine, request) for request in requests]
        finally:
            await engine.close()

    @property
    def files(self) -> list[Path]:
        return sorted((self.cache / "state").glob("*"))


async def ask(engine: LlamaEngine, request: FimRequest) -> tuple[str, Finished]:
    text, last = "", None
    async with asyncio.timeout(TIMEOUT_S):
        async for event in engine.generate(request):
            text += event.text if isinstance(event, Piece) else ""
            last = event
    assert isinstance(last, Finished)
    return text, last


@pytest.fixture
def sessions(model_path: Path, tmp_path: Path) -> Sessions:
    return Sessions(model_path, tmp_path / "cache")


async def test_the_next_session_goes_on_where_the_last_one_ended(sessions: Sessions) -> None:
    other = replace(HOLE, sequence="file:///b.py", path="b.py")
    (first, _), _ = await sessions.run(HOLE, other)
    assert len(sessions.files) == 2
    if sys.platform != "win32":
        assert stat.S_IMODE(sessions.files[0].parent.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in sessions.files} == {0o600}
    (text, finished), (_, of_other) = await sessions.run(HOLE, other)
    assert text == first
    assert finished.usage.evaluated_tokens <= 2
    assert of_other.usage.evaluated_tokens <= 2


@pytest.mark.slow
async def test_other_parameters_and_switched_off_do_not_use_it(sessions: Sessions) -> None:
    await sessions.run(HOLE)
    for options in (
        {"context_tokens": 512},
        {"healing": False},
        {"save_state": False},
        {"state_mebibytes": 0},
        {"keep_state": False},
    ):
        ((_, finished),) = await sessions.run(HOLE, **options)
        assert finished.usage.reused_tokens == 0, options


@pytest.mark.slow
async def test_another_model_does_not_use_it(sessions: Sessions, tmp_path: Path) -> None:
    await sessions.run(HOLE)
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(sessions.model.read_bytes())
    ((_, finished),) = await Sessions(copy, sessions.cache).run(HOLE)
    assert finished.usage.reused_tokens == 0
    # Both are there for the next time.
    assert len(sessions.files) == 2


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["truncated", "garbage", "a payload of noise"])
async def test_damaged_files_are_replaced(sessions: Sessions, damage: str) -> None:
    ((first, _),) = await sessions.run(HOLE)
    (path,) = sessions.files
    content = path.read_bytes()
    changed = {
        "truncated": content[: len(content) // 2],
        "garbage": b"\xff" * 5000,
        "a payload of noise": content[:-100_000] + bytes(100_000),
    }[damage]
    path.write_bytes(changed)
    ((text, finished),) = await sessions.run(HOLE)
    assert text == first
    assert finished.usage.reused_tokens == 0
    assert sessions.files == [path]
    assert path.stat().st_size > len(content) - 100


@pytest.mark.slow
async def test_two_servers_may_share_the_folder(sessions: Sessions) -> None:
    """They run, save and load at the same time; each finds what either left."""
    requests = [replace(HOLE, sequence=key, path=key) for key in ("a.py", "b.py")]
    await asyncio.gather(*(sessions.run(HOLE, request) for request in requests))
    assert len(sessions.files) == 3
    engines = [sessions.open(), sessions.open()]
    for engine in engines:
        for request in (HOLE, *requests):
            assert (await ask(engine, request))[1].usage.evaluated_tokens <= 2
    await asyncio.gather(*(engine.close() for engine in engines))
    assert len(sessions.files) == 3


@pytest.mark.slow
async def test_the_limit_holds(sessions: Sessions) -> None:
    requests = [replace(HOLE, sequence=key, path=key) for key in ("a.py", "b.py", "c.py")]
    await sessions.run(*requests)
    size = sum(path.stat().st_size for path in sessions.files)
    assert len(sessions.files) == 3
    assert size > 1 << 20
    newer = replace(HOLE, sequence="d.py", path="d.py")
    await sessions.run(newer, state_mebibytes=1)
    assert sum(path.stat().st_size for path in sessions.files) <= 1 << 20
    ((_, finished),) = await sessions.run(newer)
    assert finished.usage.evaluated_tokens <= 2


async def test_a_generation_under_way_does_not_hold_up_saving(sessions: Sessions) -> None:
    engine = sessions.open()
    await ask(engine, HOLE)
    endless = replace(HOLE, max_tokens=900, ignore_stops=True, sequence="b", path="b")
    events = aiter(engine.generate(endless))
    async with asyncio.timeout(TIMEOUT_S):
        await anext(events)
        await engine.close()
    assert len(sessions.files) == 2


@pytest.mark.slow
async def test_a_killed_worker_saves_nothing_and_the_next_one_does(sessions: Sessions) -> None:
    engine = sessions.open()
    await ask(engine, HOLE)
    assert engine.worker_pid is not None
    psutil.Process(engine.worker_pid).kill()
    await asyncio.gather(ask(engine, HOLE), return_exceptions=True)  # it may meet the dead one
    assert sessions.files == []
    await ask(engine, HOLE)
    async with asyncio.timeout(TIMEOUT_S):
        await engine.close()
    assert len(sessions.files) == 1


async def test_a_folder_that_cannot_be_written_is_no_failure(sessions: Sessions) -> None:
    sessions.cache.mkdir()
    (sessions.cache / "state").write_text("in the way")
    ((_, finished),) = await sessions.run(HOLE)
    assert finished.reason == "length"
    assert (sessions.cache / "state").read_text() == "in the way"


async def test_a_relative_cache_folder_is_the_servers_own(
    model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker runs in another directory."""
    monkeypatch.chdir(tmp_path)
    relative = Sessions(model_path, Path("cache"))
    await relative.run(HOLE)
    (file,) = (tmp_path / "cache" / "state").iterdir()
    ((_, finished),) = await relative.run(HOLE)
    assert finished.usage.evaluated_tokens <= 2
    assert list(file.parent.iterdir()) == [file]


def test_contexts_of_other_numbers_of_sequences_do_not_share_states(
    model: Model, open_context: Callable[..., Context], tmp_path: Path
) -> None:
    prompts = Prompts(model, model.path, PromptOptions())
    load = {"state": str(tmp_path / "state"), "state_bytes": 1 << 20}
    found = []
    for sequences in (1, 2, 2):
        states = _saved_states(open_context(sequences=sequences), prompts, load, Pipe(BytesIO()))
        assert states is not None
        found.append(states._identity)
    assert found[0] != found[1] == found[2]
