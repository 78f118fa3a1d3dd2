"""The process that turns texts of files into arrays. Knows a vocabulary and a folder, no source.

It gets texts from its client (`client`) as lines over a pipe, loads nothing of a model but its
vocabulary, runs at the lowest priority, and ends with its standard input, in the middle of its
work too.

To it:    open    model, families_folder, folder        put     files: [{path, version, parts}]
          drop    paths                                 commit
From it:  opened                                        taken   (after a put: send the next)
          committed  tokens, files, seconds             error   kind, message, hint; it ends then
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from beadline import processes
from beadline.engine.cache_model.array import TokenText, build
from beadline.engine.cache_model.overlay import plan
from beadline.engine.cache_model.store import Current, Store
from beadline.engine.cache_model.tokens import Tokens
from beadline.engine.fim import families
from beadline.engine.llama import messages, native
from beadline.engine.llama.messages import Message
from beadline.engine.llama.pipes import Inbox, Pipe, own_streams
from beadline.engine.llama.vocabulary import LlamaVocabulary
from beadline.errors import BeadlineError

MOST_TOKENS = 8_000_000
"""Tokens of one repository: sorting takes some 100 bytes a token."""
_LOWEST = 19


class Builder:
    """Builds the arrays of one folder."""

    def __init__(self, inbox: Inbox, pipe: Pipe) -> None:
        self._inbox = inbox
        self._pipe = pipe

    def run(self) -> None:
        """Serve until the client ends it, or something goes wrong."""
        try:
            self._serve()
        except BeadlineError as exc:
            self._pipe.send(messages.error_message(exc))

    def _serve(self) -> None:
        message = self._inbox.take()
        tokens, store = Tokens(_encoder(message)), Store(Path(message["folder"]))
        self._pipe.send({"op": "opened"})
        began = time.monotonic()
        put: dict[str, TokenText] = {}
        dropped: set[str] = set()
        room = MOST_TOKENS
        while True:
            message = self._inbox.take()
            if message["op"] == "put":
                for file in message["files"]:
                    text = TokenText(file["path"], file["version"], tokens.of(file["parts"]))
                    # What does not fit is known, and empty: else it would be sent again and again.
                    if len(text.tokens) > room:
                        text = TokenText(text.path, text.version, text.tokens[:0])
                    room -= len(text.tokens)
                    put[text.path] = text
                self._pipe.send({"op": "taken"})
            elif message["op"] == "drop":
                dropped.update(message["paths"])
            elif message["op"] == "commit":
                count = commit(store, put, dropped)
                self._pipe.send(
                    {
                        "op": "committed",
                        "tokens": count,
                        "files": len(put),
                        "seconds": time.monotonic() - began,
                    }
                )
                put, dropped, began = {}, set(), time.monotonic()


def commit(store: Store, put: dict[str, TokenText], dropped: set[str]) -> int:
    """Bring a store up to date; how many tokens it holds then. Raises `FileError`."""
    arrays, current = store.arrays(), store.current()
    planned = plan(arrays, put, dropped)
    if planned.base is not None:
        built = build(planned.base)
        store.publish(Current(base=store.add(built)))
        return len(built.order)
    overlay, held = "", len(arrays.base) if arrays.base is not None else 0
    if planned.overlay:
        built = build(planned.overlay)
        overlay, held = store.add(built), held + len(built.order)
    store.publish(Current(current.base, overlay, planned.dead))
    return held


def _encoder(message: Message) -> Callable[[str], list[int]]:
    """Ids of texts by the vocabulary of the model that an `open` names."""
    folder = message["families_folder"]
    table = families.load(Path(folder) if folder else None)
    model = native.Model(native.load_library(), Path(message["model"]), vocab_only=True)
    return LlamaVocabulary(model, table.token_texts()).encode_anew


def main() -> None:
    """Take over stdin and stdout, serve, end the process."""
    incoming, outgoing = own_streams()
    processes.stand_back(processes.LOWEST)
    inbox = Inbox()
    threading.Thread(target=inbox.read, args=(incoming,), daemon=True).start()
    try:
        Builder(inbox, Pipe(outgoing)).run()
        outgoing.flush()
    finally:
        # Not a normal exit: the reader thread holds a stream's lock.
        os._exit(1)


if __name__ == "__main__":
    main()
