"""Which adapter serves which document. Knows folders and manifests; no tokens and no texts.

An adapter serves the repository that it was trained on and no other (DESIGN section 3). Which one
that is is found out once a document, by reading files; the engine is told before every question
of a document that wants another adapter than the one before.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from beadline.completion.clock import ContextThread
from beadline.completion.loading import Loader
from beadline.completion.types import Trace
from beadline.context.index.client import file_of
from beadline.context.types import Document
from beadline.engine.adapter_store import AdapterStore, Choice
from beadline.engine.adapters import base_of_served, repository_key
from beadline.engine.protocol import Engine, FimRequest, ModelInfo, Stream, adapter_key
from beadline.errors import BeadlineError, EngineUnavailable

_LOG = logging.getLogger(__name__)
_NONE = Choice()


@dataclass(frozen=True)
class Adapted:
    """What the last document asked about is served with."""

    name: str = ""
    """Of the adapter; empty: the model alone."""
    refused: str = ""
    """Why an adapter that is active there is not used; empty where there is none."""


class Generates(Protocol):
    """What asks the engine need of it."""

    def generate(self, request: FimRequest) -> Stream: ...


class Adapters:
    """Implements `Generates` over an engine. Belongs to one event loop."""

    def __init__(
        self, engine: Engine, store: AdapterStore | None, loader: Loader, thread: ContextThread
    ) -> None:
        """`store`: the user's adapters; None leaves the engine with what it was given."""
        self._engine = engine
        self._store = store
        self._loader = loader
        self._thread = thread
        self._known: tuple[object, ModelInfo | None] | None = None
        """What the choices rest on: which adapters are active, and the model."""
        self._choices: dict[str, Choice] = {}
        """By the documents' keys."""
        self._unfit: dict[str, str] = {}
        """Why the engine could not use an adapter, by its key."""
        self._told = Adapted()
        self.tell: Callable[[Adapted], None] = lambda _: None
        """Is called when the last document asked about is served with something else."""

    def changed(self) -> bool:
        """Whether other adapters, or another model, may serve than when this was asked last; what
        was chosen is then forgotten. A look at one file."""
        store = self._store
        active = self._engine.adapter if store is None else store.version()
        known = active, self._loader.info
        if known == self._known:
            return False
        self._known = known
        self._choices.clear()
        self._unfit.clear()
        return True

    async def choose(self, document: Document, trace: Trace) -> None:
        """Find out what serves a document; at once when that is known."""
        store, info, known = self._store, self._loader.info, self._known
        if store is None or info is None:
            return
        key = document.key
        if key not in self._choices:
            choice = await self._thread.run(trace, lambda: _choose(store, key, info))
            if known != self._known:
                return  # another one may be active by now: the next request looks again
            self._choices[key] = choice
        self._show(key)

    def key_of(self, key: str) -> str:
        """What the document `key` is served with, as far as is known: part of every key by which
        its answers are remembered."""
        if self._store is None:
            return self._engine.adapter
        wanted = self._wanted(key)
        return adapter_key(wanted.path, wanted.scale)

    def generate(self, request: FimRequest) -> Stream:
        """Have the engine answer, with the adapter of the request's document."""
        if self._store is not None:
            self._switch(request.sequence)
        return self._engine.generate(request)

    def forget(self, key: str) -> None:
        """The document closed."""
        self._choices.pop(key, None)

    def _wanted(self, key: str) -> Choice:
        choice = self._choices.get(key, _NONE)
        return _NONE if adapter_key(choice.path, choice.scale) in self._unfit else choice

    def _switch(self, key: str) -> None:
        wanted = self._wanted(key)
        name = adapter_key(wanted.path, wanted.scale)
        if name == self._engine.adapter:
            return
        done = self._engine.use_adapter(wanted.path, wanted.scale)
        done.add_done_callback(lambda ended: self._switched(key, name, ended))

    def _switched(self, key: str, name: str, done: asyncio.Future[None]) -> None:
        """The engine has, or has not, taken up an adapter."""
        error = None if done.cancelled() else done.exception()
        # An engine that is not there says nothing about the adapter: it is tried again.
        if name and isinstance(error, BeadlineError) and not isinstance(error, EngineUnavailable):
            _LOG.warning("An adapter is not used: %s", error)
            self._unfit[name] = str(error)
            self._show(key)

    def _show(self, key: str) -> None:
        choice = self._choices.get(key, _NONE)
        unfit = self._unfit.get(adapter_key(choice.path, choice.scale), "")
        refused = unfit or choice.refused
        now = Adapted("" if refused else choice.name, refused)
        if now != self._told:
            self._told = now
            self.tell(now)


def homes(key: str) -> tuple[str, ...]:
    """The folders that a document's file is in, innermost first, up to its repository's; all of
    them without one. Nothing of a repository within another is the outer one's."""
    file = file_of(key)
    found: list[str] = []
    for folder in Path(file).parents if file else ():
        found.append(repository_key(folder))
        if os.path.exists(folder / ".git"):
            break
    return tuple(found)


def _choose(store: AdapterStore, key: str, info: ModelInfo) -> Choice:
    try:
        return store.choose(homes(key), lambda: base_of_served(info))
    except BeadlineError as exc:
        return Choice(refused=str(exc))
