"""Every document is served with its own repository's adapter, and with no other's."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from bench import SOON
from fake_engine import FakeEngine, FakeTimers, says

from beadline.completion import adapters
from beadline.completion.adapters import Adapted, homes
from beadline.completion.service import Completer
from beadline.completion.types import CompletionRequest, CompletionResult
from beadline.context.types import Document
from beadline.engine.adapter_store import AdapterStore
from beadline.engine.adapters import Base, Manifest, file_digest, repository_key
from beadline.engine.protocol import adapter_key
from beadline.errors import AdapterError, EngineUnavailable
from beadline.settings import CompletionOptions, Options

BASE = Base("w", "t", "fake", "fake", "psm")


class Served:
    """A completer with two repositories, one within the other, and a folder without any."""

    def __init__(self, folder: Path, store: AdapterStore | None) -> None:
        self.outer, self.inner, self.loose = folder / "outer", folder / "outer/inner", folder / "no"
        for repository in (self.outer, self.inner):
            (repository / ".git").mkdir(parents=True)
        self.loose.mkdir()
        self.engine = FakeEngine(says("1"))
        self.store = store
        timers = FakeTimers()
        self.completer = Completer(
            self.engine,
            Options(completion=CompletionOptions(debounce_ms=0, prefetch=False)),
            clock=timers.clock,
            call_later=timers.call_later,
            adapters=store,
        )
        self.told: list[Adapted] = []
        self.completer.watch_adapter(self.told.append)

    async def ask(self, file: Path, text: str = "x = ") -> CompletionResult:
        document = Document(str(file), file.name, "python", text + "\n")
        request = CompletionRequest(document, len(text))
        return await asyncio.wait_for(self.completer.complete(request), SOON)

    def train(self, name: str, repository: Path, **changes: object) -> str:
        """An active adapter; its key."""
        assert self.store is not None
        file = self.store.folder.parent / f"{name}.gguf"
        file.write_bytes(name.encode())
        manifest = Manifest(
            name, BASE, repository_key(repository), "", "2026-11-21T08:00:00+00:00",
            file_digest(file), True,
        )  # fmt: skip
        self.store.keep(dataclasses.replace(manifest, **changes), file)
        stored = self.store.activate(name)
        assert stored.manifest is not None
        return adapter_key(stored.path, stored.manifest.scale)


@pytest.fixture
async def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    # The fake engine's model has no file that could be looked at.
    monkeypatch.setattr(adapters, "base_of_served", lambda info: BASE)
    made = Served(tmp_path, AdapterStore(tmp_path / "adapters"))
    await made.completer.ready()
    yield made
    await made.completer.close()


async def test_each_repository_has_its_own(served: Served) -> None:
    outer = served.train("o", served.outer)
    inner = served.train("i", served.inner, scale=0.5)
    seen = []
    for file in (
        served.outer / "a.py", served.outer / "deep/er/b.py", served.inner / "c.py",
        served.loose / "d.py", served.outer / "a.py",
    ):  # fmt: skip
        await served.ask(file, f"{file.stem}{len(seen)} = ")
        seen.append(served.engine.adapter)
    assert seen == [outer, outer, inner, "", outer]
    assert len(served.engine.streams) == 5
    assert served.engine.adapters == [outer, inner, "", outer], "told only where it changes"
    assert [each.name for each in served.told] == ["o", "i", "", "o"]


async def test_a_repository_within_another_is_not_the_others(served: Served) -> None:
    served.train("o", served.outer)
    await served.ask(served.inner / "c.py")
    assert (served.engine.adapter, served.engine.adapters) == ("", [])


async def test_a_buffer_without_a_file_is_nobodys(served: Served) -> None:
    served.train("o", served.outer)
    document = Document("untitled:Untitled-1", "Untitled-1", "python", "x = \n")
    await served.completer.complete(CompletionRequest(document, 4))
    assert served.engine.adapters == []
    assert homes("untitled:Untitled-1") == ()


async def test_what_is_activated_serves_from_the_next_request_on(served: Served) -> None:
    file = served.outer / "a.py"
    await served.ask(file)
    await served.ask(file)
    assert len(served.engine.streams) == 1, "the same question again"
    key = served.train("o", served.outer)
    await served.ask(file)
    assert len(served.engine.streams) == 2, "another model's answer is worth nothing"
    assert served.engine.adapter == key
    assert served.store is not None
    served.store.deactivate("o")
    await served.ask(file)
    assert (len(served.engine.streams), served.engine.adapter) == (3, "")
    assert served.told == [Adapted("o"), Adapted()]


async def test_an_adapter_of_another_model_is_not_used_and_that_is_told(served: Served) -> None:
    served.train("o", served.outer, base=dataclasses.replace(BASE, weights="x", name="big"))
    result = await served.ask(served.outer / "a.py")
    assert result.items
    assert served.engine.adapters == []
    (told,) = served.told
    assert told.name == ""
    assert "made for another model (big): train again" in told.refused


async def test_what_the_engine_cannot_use_is_tried_once(served: Served) -> None:
    key = served.train("o", served.outer)
    assert served.store is not None
    served.engine.unfit[served.store.get("o").path] = AdapterError("It does not fit.")
    for number in range(3):
        assert (await served.ask(served.outer / "a.py", f"x{number} = ")).items
    assert served.engine.adapters == [key]
    assert served.told[-1] == Adapted(refused="It does not fit.")
    served.store.deactivate("o")
    served.engine.unfit.clear()
    served.store.activate("o")
    await served.ask(served.outer / "a.py", "y = ")
    assert served.engine.adapter == key, "somebody says that it is to be tried again"


async def test_an_engine_that_is_not_there_says_nothing_about_the_adapter(served: Served) -> None:
    key = served.train("o", served.outer)
    assert served.store is not None
    served.engine.unfit[served.store.get("o").path] = EngineUnavailable("Not now.")
    await served.ask(served.outer / "a.py")
    served.engine.unfit.clear()
    await served.ask(served.outer / "a.py", "y = ")
    assert served.engine.adapters == [key, key]
    assert served.told == [Adapted("o")]


async def test_without_a_store_the_engines_own_adapter_stays(tmp_path: Path) -> None:
    """As evaluation has it: what is measured is chosen there."""
    made = Served(tmp_path, None)
    await made.completer.ready()
    made.engine.use_adapter(tmp_path / "a.gguf")
    key = made.engine.adapter
    file = made.outer / "a.py"
    await made.ask(file)
    assert made.engine.adapter == key
    made.engine.use_adapter(None)
    await made.ask(file)
    assert len(made.engine.streams) == 2, "answers are remembered by the adapter"
    await made.completer.close()
