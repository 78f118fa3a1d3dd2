"""A completer on a fake engine, with time standing still unless a test moves it."""

from __future__ import annotations

import asyncio
from typing import Any

from fake_engine import FakeEngine, FakeTimers, Script, until

from beadline.completion.service import Completer
from beadline.completion.snippets import Retrieves
from beadline.completion.types import CompletionRequest, CompletionResult
from beadline.context.types import Document
from beadline.settings import CompletionOptions, Options

SOON = 20
"""Seconds after which a wait counts as a hang."""


def document(text: str, key: str = "a.py", language: str = "python") -> Document:
    return Document(key, key, language, text)


def at(hole: str, *, key: str = "a.py", language: str = "python", **rest: Any) -> CompletionRequest:
    """A request with the cursor at `|`."""
    before, after = hole.split("|")
    return CompletionRequest(document(before + after, key, language), len(before), **rest)


class Bench:
    """A completer, its engine and its clock."""

    def __init__(
        self, script: Script | None = None, *, retriever: Retrieves | None = None, **completion: Any
    ) -> None:
        completion.setdefault("debounce_ms", 0)
        completion.setdefault("prefetch", False)
        self.engine = FakeEngine(script)
        self.timers = FakeTimers()
        self.options = Options(completion=CompletionOptions(**completion))
        self.completer = Completer(
            self.engine,
            self.options,
            retriever=retriever,
            clock=self.timers.clock,
            call_later=self.timers.call_later,
        )

    async def ready(self) -> Bench:
        await self.completer.ready()
        return self

    async def ask(self, hole: str, **rest: Any) -> CompletionResult:
        return await asyncio.wait_for(self.completer.complete(at(hole, **rest)), SOON)

    def begin(self, hole: str, **rest: Any) -> asyncio.Task[CompletionResult]:
        return asyncio.create_task(self.completer.complete(at(hole, **rest)))

    def edit(self, hole: str, *, caret: int | None = None, key: str = "a.py") -> None:
        """The editor changed the text; `|` is what a server takes for the cursor."""
        request = at(hole, key=key)
        offset = request.offset if caret is None else caret
        self.completer.edited(request.document, offset)

    async def rest(self) -> None:
        """Idle time passes, and what it was used for ends."""
        self.timers.advance(self.options.completion.idle_ms / 1000)
        await self.completer._idle.drained()

    async def started(self, count: int = 1) -> None:
        """Until the engine was asked `count` times and the last question is being read."""
        await until(lambda: len(self.engine.streams) == count)


def text_of(result: CompletionResult) -> str:
    return result.items[0].text if result.items else ""


async def end(task: asyncio.Task[CompletionResult]) -> CompletionResult:
    return await asyncio.wait_for(task, SOON)
