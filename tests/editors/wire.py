"""What was said between an editor and the server, read from the recorder's file. Knows no editor.

Also `until`, the one way in which these tests wait.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

COMPLETION = "textDocument/inlineCompletion"
CANCELLED = -32800
TIMEOUT = 120.0
"""Seconds until something that does not happen fails the test; never a measure of speed."""

Message = dict[str, Any]
T = TypeVar("T")


def until(get: Callable[[], T | None], what: str) -> T:
    """The first true value that `get` returns, asked again and again."""
    end = time.monotonic() + TIMEOUT
    while True:
        if value := get():
            return value
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.02)


def lf(text: str) -> str:
    """The text with `\\n` as its line ends."""
    return text.replace("\r\n", "\n")


class Wire:
    """The messages so far.

    A server that was started anew has a session of its own, which begins where the editor sends
    `initialize`: both number their requests from 1. What is asked here is of the newest session,
    unless it says otherwise.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def sessions(self) -> int:
        """How many servers the editor has greeted."""
        return len([r for r in self._records() if _begins(r)])

    def messages(self, sender: str) -> list[Message]:
        """All of one side, `client` or `server`, in order."""
        records = self._records()
        starts = [number for number, record in enumerate(records) if _begins(record)]
        newest = records[starts[-1] if starts else 0 :]
        return [record["message"] for record in newest if record["from"] == sender]

    def sent(self, method: str) -> list[Message]:
        """Requests and notifications of the editor."""
        return [m for m in self.messages("client") if m.get("method") == method]

    def told(self, method: str) -> list[Any]:
        """Params of the server's notifications and requests."""
        return [m["params"] for m in self.messages("server") if m.get("method") == method]

    def answers(self) -> dict[Any, Message]:
        """The server's answers by the id of the request."""
        return {m["id"]: m for m in self.messages("server") if "method" not in m}

    def completions(self) -> list[tuple[Message, Message | None]]:
        """Inline completion requests in order, each with its answer if it has one."""
        answers = self.answers()
        return [(request, answers.get(request["id"])) for request in self.sent(COMPLETION)]

    def items_at(self, position: Message) -> list[Message]:
        """The items the server answered to the newest request; waits until that is one for this
        position, and not one that the editor has given up for another that is to come."""

        def answered() -> Message | None:
            for request, answer in self.completions()[-1:]:
                if request["params"]["position"] == position and "result" in (answer or {}):
                    return answer
            return None

        answer = until(answered, f"the newest request is for {position}, and answered")
        return answer["result"]["items"]

    def offered(self, text: str) -> list[list[Any]]:
        """Arguments of the commands of all items with this text, whatever their line ends."""
        answers = [answer for _, answer in self.completions() if answer and "result" in answer]
        items = [item for answer in answers for item in answer["result"]["items"]]
        return [i["command"]["arguments"] for i in items if lf(i["insertText"]) == text]

    def errors(self) -> list[Message]:
        """What the servers of all sessions answered with an error, but for requests that were
        cancelled."""
        answers = [r["message"] for r in self._records() if r["from"] == "server"]
        errors = [a["error"] for a in answers if "error" in a and "method" not in a]
        return [error for error in errors if error["code"] != CANCELLED]

    def wait_ready(self) -> None:
        """Until the model is loaded."""
        states = until(
            lambda: [s for s in self.told("beadline/status") if s["state"] in ("ready", "error")],
            "the model is loaded",
        )
        assert states[-1]["state"] == "ready", states

    def accepted(self) -> list[list[Any]]:
        """Arguments of every acceptance the server was told of and has answered without error."""
        answers = self.answers()
        told = [
            m
            for m in self.sent("workspace/executeCommand")
            if m["params"]["command"] == "beadline.accepted"
        ]
        return [m["params"]["arguments"] for m in told if "result" in answers.get(m["id"], {})]

    def partly_accepted(self) -> list[Message]:
        """Params of every message that a part of an item was accepted, in order."""
        sent = self.sent("textDocument/didPartiallyAcceptCompletion")
        return [message["params"] for message in sent]

    def client_said(self) -> str:
        """Everything the editor said in all sessions, as text to search in."""
        said = [r["message"] for r in self._records() if r["from"] == "client"]
        return json.dumps(said, ensure_ascii=False)

    def _records(self) -> list[Message]:
        """Whole lines of the file: the last one may not be there yet as a whole."""
        text = self.path.read_text("utf-8") if self.path.exists() else ""
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def _begins(record: Message) -> bool:
    return record["from"] == "client" and record["message"].get("method") == "initialize"
