"""Turns code into search terms: identifiers and their parts. Knows no language and no index."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 64
"""Characters of an identifier above which it is no name that somebody typed."""
_IDENTIFIER = re.compile(r"\b[^\W\d]\w*")
_PART = re.compile(r"[^\W_]+")
_CASES = 1 << 15
"""Identifiers whose parts are remembered; the same few thousand make up most of a repository."""


def identifiers(text: str) -> Iterator[re.Match[str]]:
    """Every identifier of a text, of two characters at least, in Unicode's sense of letters."""
    for match in _IDENTIFIER.finditer(text):
        if 2 <= match.end() - match.start() <= LONGEST:
            yield match


class Splitter:
    """Terms of texts, with a bounded memory of identifiers seen. Not thread-safe."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, ...]] = {}

    def terms(self, text: str) -> list[str]:
        """The terms of every identifier, in order, repeated as often as they occur."""
        found: list[str] = []
        for match in identifiers(text):
            found += self.of(match[0])
        return found

    def distinct(self, text: str) -> list[str]:
        """The terms of a text, each once, in the order of their first identifiers."""
        found: dict[str, None] = {}
        for name in dict.fromkeys(_IDENTIFIER.findall(text)):
            if 2 <= len(name) <= LONGEST:
                found.update(dict.fromkeys(self.of(name)))
        return list(found)

    def of(self, identifier: str) -> tuple[str, ...]:
        """An identifier in lower case, then its parts: `getHTTPBody_v2` gives `gethttpbody_v2`,
        `get`, `http`, `body`, `v2`. Parts of one character are left out."""
        known = self._known.get(identifier)
        if known is None:
            if len(self._known) >= _CASES:
                self._known.clear()
            known = self._known[identifier] = _split(identifier)
        return known


def _split(identifier: str) -> tuple[str, ...]:
    whole = identifier.lower()
    parts = [
        part.lower() for word in _PART.findall(identifier) for part in _humps(word) if len(part) > 1
    ]
    return (whole, *(part for part in parts if part != whole))


def _humps(word: str) -> Iterator[str]:
    """`getHTTPBody2` -> get, HTTP, Body2: a capital starts a part unless it is inside a run of
    capitals; the last capital of a run belongs to the small letters behind it."""
    if word.islower() or word.isupper():
        yield word
        return
    start = 0
    for at in range(1, len(word)):
        if word[at].isupper() and (
            not word[at - 1].isupper() or (at + 1 < len(word) and word[at + 1].islower())
        ):
            yield word[start:at]
            start = at
    yield word[start:]
