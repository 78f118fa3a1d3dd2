"""What the editor may show of us: one word, one sentence. Knows no request and no text.

`beadline/status` (server to client) has the members of Copilot's `didChangeStatus` (`busy`,
`message`, `kind`), so that a client for one can show the other, and our own:
`{state, message, busy, kind, model?, latencyMs?, adapter?, refused?, until?}`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from beadline.completion.generation import CallLater, TimerHandle

STATUS = "beadline/status"

ModelState = Literal["starting", "ready", "error"]

BUSY_SECONDS = 0.15
"""An answer that takes longer makes the status `working`; shorter ones would only flicker."""

LATENCY_SECONDS = 1.0
"""A new latency alone is told so much later, the newest of those that there were."""

_KINDS = {"error": "Error", "off": "Inactive", "snoozed": "Inactive"}


class StatusBoard:
    """Keeps what is true of the model, the switch and the requests; tells what changed."""

    def __init__(self, send: Callable[[dict[str, Any]], None], call_later: CallLater) -> None:
        """`send` is given the params of every notification."""
        self._send = send
        self._call_later = call_later
        self._model: tuple[ModelState, str] = "starting", "The model is not loaded yet."
        self._name = ""
        self._adapter, self._refused = "", ""
        self._remark = ""
        self._switched: tuple[str, str, str] = "", "", ""
        self._running = 0
        self._timer: TimerHandle | None = None
        self._busy = False
        self._latency: float | None = None
        """Seconds."""
        self._later: TimerHandle | None = None
        self._told: dict[str, Any] | None = None
        self._open = self._closed = False

    def open(self) -> None:
        """The client may be told from now on."""
        self._open = True
        self._tell()

    def model(self, state: ModelState, message: str, name: str = "") -> None:
        """What the model does; `name` where it is known."""
        self._model = state, message
        self._name = name or self._name
        self._tell()

    def adapter(self, name: str, refused: str = "") -> None:
        """What documents are served with over the model; `refused`: why it is not what the user
        trained."""
        self._adapter, self._refused = name, refused
        self._tell()

    def remark(self, text: str) -> None:
        """What works less well than it could, said as long as suggestions work; empty: nothing."""
        self._remark = text
        self._tell()

    def switched(self, state: Literal["", "off", "snoozed"], message: str, until: str = "") -> None:
        """Whether suggestions are wanted at all; the empty state is yes."""
        self._switched = state, message, until
        self._tell()

    def begin(self) -> None:
        """A request is under way."""
        self._running += 1
        if self._timer is None:
            self._timer = self._call_later(BUSY_SECONDS, self._work)

    def end(self) -> None:
        """A request was answered."""
        self._running -= 1
        if not self._running and self._timer is not None:
            self._timer.cancel()
            self._timer = None
            if self._busy:
                self._busy = False
                self._tell()

    def answered(self, seconds: float) -> None:
        """A request had an answer with a suggestion after so long."""
        self._latency = seconds
        if self._later is None and not self._closed:
            self._later = self._call_later(LATENCY_SECONDS, self._tell_latency)

    def close(self) -> None:
        """Nothing is told any more."""
        self._closed, self._open = True, False
        for timer in (self._timer, self._later):
            if timer is not None:
                timer.cancel()

    def now(self) -> dict[str, Any]:
        """What holds now, as it is told."""
        state: str
        state, message = self._model
        until = ""
        if self._switched[0]:
            state, message, until = self._switched
        elif state == "ready":
            state = "working" if self._busy else state
            message = f"{message} {self._remark}".rstrip()
        params: dict[str, Any] = {
            "state": state,
            "message": message,
            "busy": state in ("starting", "working"),
            "kind": _KINDS.get(state, "Normal"),
        }
        if self._name:
            params["model"] = self._name
        if self._latency is not None:
            params["latencyMs"] = round(1000 * self._latency)
        if self._adapter:
            params["adapter"] = self._adapter
        if self._refused:
            params["refused"] = self._refused
        if until:
            params["until"] = until
        return params

    def repeat(self) -> None:
        """Tell it again: a user asked by a key and got nothing."""
        self._told = None
        self._tell()

    def _work(self) -> None:
        self._busy = True
        self._tell()

    def _tell_latency(self) -> None:
        self._later = None
        self._tell()

    def _tell(self) -> None:
        if self._open and (params := self.now()) != self._told:
            self._told = params
            self._send(params)
