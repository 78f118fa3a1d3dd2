"""Turns code into search terms: identifiers and their parts. Knows no language and no index."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

LONGEST = 64
"""Characters of an identifier above which it is no name that somebody typed."""
_IDENTIFIER = re.compile(r"\b[^\W\d]\w*")
_OF_ASCII = re.compile(_IDENTIFIER.pattern, re.ASCII)
"""Finds the same in a text without other letters, in two thirds of the time."""
_PART = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[^A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Between two humps of an identifier of ASCII."""
_CASES = 1 << 15
"""Identifiers whose parts are remembered; the same few thousand make up most of a repository."""


def identifiers(text: str) -> Iterator[re.Match[str]]:
    """Every identifier of a text, of two characters at least, in Unicode's sense of letters."""
    for match in _IDENTIFIER.finditer(text):
        if 2 <= match.end() - match.start() <= LONGEST:
            yield match


def words(text: str) -> list[str]:
    """Every identifier of a text, keywords included, in order."""
    return (_OF_ASCII if text.isascii() else _IDENTIFIER).findall(text)


class Splitter:
    """Terms of texts, with a bounded memory of identifiers seen. Not thread-safe."""

    def __init__(self) -> None:
        self._known = _Known()
        self._named = _Named()

    def terms(self, text: str) -> list[str]:
        """The terms of every identifier, in order, repeated as often as they occur."""
        found: list[str] = []
        for match in identifiers(text):
            found += self.of(match[0])
        return found

    def distinct(self, names: Iterable[str]) -> list[str]:
        """The terms of identifiers, each once, in the order in which they come."""
        found = map(self._named.__getitem__, dict.fromkeys(names))
        return list(dict.fromkeys(chain.from_iterable(found)))

    def of(self, identifier: str) -> tuple[str, ...]:
        """An identifier in lower case, then its parts: `getHTTPBody_v2` gives `gethttpbody_v2`,
        `get`, `http`, `body`, `v2`. Parts of one character are left out."""
        return self._known[identifier]


class _Known(dict[str, tuple[str, ...]]):
    """The terms of identifiers, worked out when they are asked for first."""

    def __missing__(self, identifier: str) -> tuple[str, ...]:
        if len(self) >= _CASES:
            self.clear()
        split = self[identifier] = _split(identifier)
        return split


class _Named(_Known):
    """The same of what somebody may have typed as a name, nothing of other identifiers."""

    def __missing__(self, identifier: str) -> tuple[str, ...]:
        if 2 <= len(identifier) <= LONGEST:
            return super().__missing__(identifier)
        return ()


def _split(identifier: str) -> tuple[str, ...]:
    whole = identifier.lower()
    if whole == identifier and whole.isascii():
        if "_" not in whole:
            return (whole,)
        parts = [part for part in whole.split("_") if len(part) > 1]
        return (whole, *(part for part in parts if part != whole))
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
    if word.isascii():
        yield from _HUMP.split(word)
        return
    start = 0
    for at in range(1, len(word)):
        if word[at].isupper() and (
            not word[at - 1].isupper() or (at + 1 < len(word) and word[at + 1].islower())
        ):
            yield word[start:at]
            start = at
    yield word[start:]
