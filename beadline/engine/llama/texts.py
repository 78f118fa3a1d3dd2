"""Texts that requests share are sent to a worker once. Knows messages; no request's meaning.

Of the open files that a request names (`guidance.Cache.open`) only those go over the pipe that the
last request with a cache did not name: both ends remember what that one named, and no more.
"""

from __future__ import annotations

from beadline.engine.llama.messages import Message


class SentTexts:
    """The sender's end: what the worker has."""

    def __init__(self) -> None:
        self._known: frozenset[str] = frozenset()

    def pack(self, message: Message) -> Message:
        """A message that starts a job, its open files' texts replaced by their keys; those that
        the worker lacks are beside its request, under `texts`.
        """
        opened = _open(message)
        if opened is None:
            return message
        texts: dict[str, list[str]] = {}
        keys: list[str] = []
        for text in opened:
            parts = tuple(text.pop("parts"))
            key = text["key"] = f"{hash(parts):x}"
            keys.append(key)
            if key not in self._known:
                texts[key] = list(parts)
        self._known = frozenset(keys)
        return {**message, "texts": texts}


class KeptTexts:
    """The worker's end."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, ...]] = {}

    def unpack(self, message: Message) -> None:
        """Put the texts back into a message that `SentTexts.pack` made, in place."""
        opened = _open(message)
        if opened is None:
            return
        texts: Message = message.pop("texts")
        known = {**self._known, **{key: tuple(parts) for key, parts in texts.items()}}
        self._known = {}
        for text in opened:
            key = text.pop("key")
            text["parts"] = self._known[key] = known[key]


def _open(message: Message) -> list[Message] | None:
    """The open files that a message's request names, as JSON values; None without a cache, and for
    messages that ask for nothing."""
    guidance = message["request"]["guidance"] if "request" in message else None
    cache = guidance["cache"] if guidance is not None else None
    return cache["open"] if cache is not None else None
