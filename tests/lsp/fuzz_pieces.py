"""The parts that random messages are made of: texts, places in them, edits, envelopes.

Everything comes from one seed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.lsp.client import Message, notification, request
from tests.lsp.fuzz_texts import Model
from tests.lsp.fuzz_words import CODE, FAR, NASTY, URIS


@dataclass(frozen=True)
class Sent:
    """One message, and what its answer must be."""

    body: bytes
    """What goes onto the wire, now: the cells in it may change later."""
    id: int | None = None
    """Of a request, which must be answered once."""
    check: Callable[[Message], None] = lambda _: None
    """Looks at the answer."""


class Pieces:
    """A source of chance, and the texts that the client has."""

    def __init__(self, seed: str, encoding: str, limit: int) -> None:
        self.random = random.Random(seed)
        self.model = Model(encoding, limit)
        self._id = 1000  # below are the ids of `Client`
        self._version = 0

    def _text(self, most: int = 12) -> str:
        chance = self.random.random()
        if chance < 0.004:
            if self.random.random() < 0.3:
                return self.random.choice(NASTY) * self.random.randint(1_000, 5_000)
            return self.random.choice(CODE) * self.random.randint(20_000, 60_000)
        if chance < 0.01:
            return "\0"
        pieces = [
            self.random.choice(NASTY if self.random.random() < 0.3 else CODE)
            for _ in range(self.random.randint(0, most))
        ]
        return "".join(pieces)

    def _request(self, method: str, params: Any, check: Callable[[Message], None]) -> Sent:
        self._id += 1
        return Sent(json.dumps(request(self._id, method, params)).encode(), self._id, check)

    def _notify(self, method: str, params: Any) -> Sent:
        return Sent(json.dumps(notification(method, params)).encode())

    def _next_version(self) -> int:
        self._version += 1
        return self._version

    def _uri(self) -> str:
        """Mostly one that is open."""
        if self.model.buffers and self.random.random() < 0.97:
            return self.random.choice(list(self.model.buffers))
        return self.random.choice(URIS)

    def _position(self, uri: str) -> Message:
        """A place in the text: between characters, inside one, or far away."""
        buffer = self.model.buffers.get(uri)
        chance = self.random.random()
        if chance < 0.02 or buffer is None or buffer.text is None:
            far = (0, 1, 7, 1000, FAR)
            return {"line": self.random.choice(far), "character": self.random.choice(far)}
        lines = buffer.text.lines()
        line = self.random.randrange(len(lines) + (chance < 0.05))
        start, end = lines[line] if line < len(lines) else (0, 3)
        character = self.random.randint(0, end - start + (2 if chance > 0.95 else 0))
        if self.random.random() < 0.2:
            character = end - start
        return {"line": line, "character": character}

    def _partial(self, uri: str) -> Message:
        start = self._position(uri)
        end = start if self.random.random() < 0.5 else self._position(uri)
        if end is not start and self.random.random() < 0.5:
            character = min(start["character"] + self.random.randint(0, 5), FAR)
            end = {"line": start["line"], "character": character}
            if self.random.random() < 0.2:
                start, end = end, start
        return {"range": {"start": start, "end": end}, "text": self._text()}
