"""Tells the client what the model is doing: loading, ready, failed. Knows no text and no request.

While the model loads every request gets an empty list at once; the editor is never blocked.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
import uuid
from collections.abc import Awaitable, Callable
from typing import Protocol

from lsprotocol import types as lsp

from beadline.engine.protocol import Engine, EngineState, ModelInfo
from beadline.errors import BeadlineError
from beadline.lsp.status import StatusBoard

log = logging.getLogger(__name__)


class Client(Protocol):
    """What can be told to the editor; see `server.BeadlineServer`."""

    @property
    def shows_progress(self) -> bool: ...

    def show(self, kind: lsp.MessageType, message: str) -> None: ...

    async def create_progress(self, token: str) -> None: ...

    def begin_progress(self, token: str, title: str) -> None: ...

    def end_progress(self, token: str, message: str) -> None: ...


class ModelStart:
    """Has the model loaded in the background once, and says how that goes.

    Requests do not wait for it and are not kept from the completer, which answers them with
    nothing while it loads, and which starts a dead worker again.
    """

    def __init__(
        self,
        engine: Engine,
        load: Callable[[], Awaitable[ModelInfo]],
        client: Client,
        board: StatusBoard,
    ) -> None:
        """`load` waits for the model: `Completer.ready`."""
        self._engine = engine
        self._load_model = load
        self._client = client
        self._board = board
        self._task: asyncio.Task[None] | None = None
        self.failure = ""
        """Why there are no suggestions; empty when there is no reason."""
        self.name = ""
        """The model's name once it is loaded."""

    def begin(self) -> None:
        """Start loading; nothing when that was begun before."""
        if self._task is None:
            self._task = asyncio.create_task(self._load(), name="beadline-model")

    def asked(self, *, by_hand: bool) -> None:
        """A request arrived: begin to load if nobody did, and correct what was told last.

        A user who asks by a key and gets nothing is told the reason again, in the status.
        """
        self.begin()
        if not self.failure:
            return
        if self._engine.state is EngineState.READY:
            self.failure = ""
            self._board.model("ready", self._engine.state_message)
        elif by_hand:
            self._board.repeat()

    async def close(self) -> None:
        """Stop waiting for the model."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _load(self) -> None:
        self._board.model("starting", "Loading the model.")
        shown = asyncio.create_task(self._show_progress()) if self._client.shows_progress else None
        message = "Stopped."
        try:
            info = await self._load_model()
            message = _ready(info)
            self.name = info.name or info.path
            self._board.model("ready", message, self.name)
        except BeadlineError as exc:
            message = self._fail(str(exc))
        except Exception as exc:
            place = "".join(traceback.format_tb(exc.__traceback__))
            log.error("The engine did not start: %s: %s\n%s", type(exc).__name__, exc, place)
            message = self._fail(
                f"the engine did not start ({type(exc).__name__}). "
                "Run `beadline doctor` to see what is wrong."
            )
        finally:
            if shown is not None:
                await self._end_progress(shown, message)

    def _fail(self, reason: str) -> str:
        self.failure = reason
        log.error("No suggestions: %s", reason)
        self._board.model("error", reason)
        self._client.show(lsp.MessageType.Error, f"beadline gives no suggestions: {reason}")
        return reason

    async def _show_progress(self) -> str:
        """Begin a progress report; its token. A client may take its time, or never answer."""
        token = f"beadline-{uuid.uuid4()}"
        await self._client.create_progress(token)
        self._client.begin_progress(token, "beadline: loading the model")
        return token

    async def _end_progress(self, shown: asyncio.Task[str], message: str) -> None:
        if not shown.done():
            shown.cancel()
        outcome = (await asyncio.gather(shown, return_exceptions=True))[0]
        if isinstance(outcome, str):
            self._client.end_progress(outcome, message)
        elif isinstance(outcome, Exception):
            log.info("The client shows no progress: %s", outcome)


def _ready(info: ModelInfo) -> str:
    return f"{info.name or info.path} is ready ({info.family}, {info.context_tokens} tokens)."
