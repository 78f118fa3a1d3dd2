"""What a client says became of a suggestion. Knows the shapes of its messages, and no counting.

`didShowCompletion`, `didPartiallyAcceptCompletion` and `didFocus` are the notifications of
Copilot's clients; the accept command is run by every client that runs commands of items. None of
them is answered, so a malformed one is ignored with a line in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from beadline.lsp.statistics.recorder import Recorder

log = logging.getLogger(__name__)

DID_SHOW = "textDocument/didShowCompletion"
DID_PARTIALLY_ACCEPT = "textDocument/didPartiallyAcceptCompletion"
DID_FOCUS = "textDocument/didFocus"


class Events:
    """Reads the messages and hands them on."""

    def __init__(
        self, recorder: Recorder, key: Callable[[str], str], seen: Callable[[str], None]
    ) -> None:
        """`key` gives the key of the document that a URI is a part of; `seen` takes the key of
        one whose suggestion is visible."""
        self._recorder = recorder
        self._key = key
        self._seen = seen

    def shown(self, params: Any) -> None:
        """`{item}`: the item is visible now."""
        number = _number(params)
        if number is None:
            _ignore(DID_SHOW)
        else:
            key = self._recorder.shown(number)
            if key is not None:
                self._seen(key)

    def partially_accepted(self, params: Any) -> None:
        """`{item, acceptedLength}`: so many UTF-16 units of it are in the text, from its start."""
        number = _number(params)
        length = _member(params, "acceptedLength")
        if number is None or type(length) is not int or length < 1:
            _ignore(DID_PARTIALLY_ACCEPT)
        else:
            self._recorder.partially_accepted(number, length)

    def focused(self, params: Any) -> None:
        """`{textDocument?}`: the user looks at this document, or at none."""
        document = _member(params, "textDocument")
        uri = _member(document, "uri")
        if not isinstance(params, Mapping) or (document is not None and not isinstance(uri, str)):
            _ignore(DID_FOCUS)
        else:
            self._recorder.focused(self._key(uri) if isinstance(uri, str) else None)

    def accepted(self, arguments: Sequence[Any]) -> None:
        """The accept command: its one argument is the item's number."""
        if len(arguments) == 1 and type(arguments[0]) is int:
            self._recorder.accepted(arguments[0])
        else:
            _ignore("accept command")


def _number(params: Any) -> int | None:
    """The number that we gave the item of a message; it stands in the item's command."""
    arguments = _member(_member(_member(params, "item"), "command"), "arguments")
    known = isinstance(arguments, Sequence) and len(arguments) == 1 and type(arguments[0]) is int
    return arguments[0] if known else None


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _ignore(what: str) -> None:
    log.warning("Ignored a malformed %s.", what)
