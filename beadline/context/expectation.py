"""Which identifiers can follow at and behind a cursor, and how sure that is. Knows no tokens.

Behind a receiver whose type is known, in an import, where an argument is named, and wherever one of
the names in play will be written with its joint. A receiver that cannot be resolved says nothing.
How likely each name is follows from its use in the repository (`resolve.likely`) and behind the
same receiver in the file.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from beadline.context import languages
from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.likely import Likely
from beadline.context.symbols.resolve.receivers import (
    ENUM,
    MEMBER,
    MODULE,
    SELF,
    Members,
    receivers_of,
)
from beadline.context.symbols.resolve.scene import Cursor, headers
from beadline.context.symbols.types import Scene

IMPORT, KEYWORD = "import", "keyword"
MOST_NAMES, MOST_NAMES_BEHIND = 256, 64
"""Of one place, the likeliest: at the cursor, and behind a name in play."""
_CERTAINTY = {MEMBER: 0.9, SELF: 0.85, MODULE: 0.95, ENUM: 0.95, IMPORT: 0.95, KEYWORD: 0.25}
"""Probability that the identifier is one of a whole set."""
_PART = 0.6
"""Share of it where something the type derives from is not known."""
_BEHIND = 0.8
"""Share of it behind a name in play: what it is bound to may change before."""
_MADE = 0.3
"""Behind the class's own name at the start of a line of its constructor: a new attribute is made
as often as not."""
_MOST_BEHIND = 10
"""Names in play that are resolved,"""
_NEAR = 32
"""of so many near the cursor."""
_HIGHEST = 8.0
"""Of the scores of names; beyond, all are as likely."""
_USED = 1.0
"""What the first use behind the same receiver adds to a name's score; further ones add less."""
_PRIVATE, _SPECIAL = 0.3, 0.03
"""Share of names with an underscore in front, and of those with two on both sides."""
_SELVES = ("self", "cls", "this")
_KEPT = frozenset({"self", "this", "super", "cls"})
_MAKERS = re.compile(r"\b(?:def\s+__init__|constructor)\s*\(")
_ARGUMENT = re.compile(r"[(,]\s*\Z")
_GIVEN = re.compile(r"[(,]\s*(\w+)\s*=(?!=)")
_USE_CHARS = 20_000
"""Around the cursor, in which uses behind a receiver count."""
_CHARS = 2000
"""Of a call before the cursor, and of an import statement."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """Identifiers one of which can follow at one place."""

    names: tuple[tuple[str, float], ...]
    """With how likely each is among them, of any sum; the likeliest first."""
    certainty: float
    """Probability that the identifier is one of them."""
    source: str
    """`member`, `self`, `module`, `enum`, `import` or `keyword`."""
    closed: bool = False
    """The language lets nothing else stand there."""
    after: str = ""
    """Text that they are expected behind, `self.`; empty: at the cursor."""
    typed: str = ""
    """At the cursor: how much of the identifier stands before it."""
    separator: str = ""
    """At the cursor: what a further one is expected behind."""
    spaced: bool = False
    """A blank stands in front of the identifier."""


def expected(scene: Scene, graph: Graph) -> tuple[Expectation, ...]:
    """What is expected at the cursor, if anything, and behind the names in play.

    The cursor must be in code. Cheap enough for a request: a few files of the graph are asked.
    """
    words = languages.get(scene.document.language).words
    keywords = words.headers | words.jumps | words.incomplete | words.openers | words.closers
    place = _Place(scene, graph, Cursor.at(scene, words=keywords - _KEPT))
    return (*place.at_cursor(), *place.behind())


class _Place:
    """The surroundings of one cursor."""

    def __init__(self, scene: Scene, graph: Graph, cursor: Cursor) -> None:
        self._scene, self._cursor = scene, cursor
        self._receivers = receivers_of(scene, graph, cursor)
        self._likely = Likely(scene, cursor, graph)
        start = scene.offset - len(cursor.word)
        self._before = scene.document.text[max(0, start - _CHARS) : start]

    def at_cursor(self) -> Iterator[Expectation]:
        """What the identifier at the cursor can be, at most one set."""
        word, receiver = self._cursor.word, self._cursor.receiver
        if self._cursor.in_import:
            members = self._receivers.importable(self._before)
            if members is not None:
                listed = not self._before.endswith(".")
                names = self._ranked(members.names, word)
                yield from _one(
                    names, _certainty(members, IMPORT), IMPORT, members.closed, typed=word,
                    separator="," if listed else "", spaced=listed,
                )  # fmt: skip
        elif receiver:
            members = self._receivers.members(receiver)
            if members is not None:
                certainty = _certainty(members, members.source)
                if receiver in _SELVES and self._makes(receiver):
                    certainty = min(certainty, _MADE)
                names = self._ranked(members.names, word, receiver)
                yield from _one(names, certainty, members.source, members.closed, typed=word)
        elif self._cursor.callee and _ARGUMENT.search(self._before):
            names = self._ranked(self._keywords(), word)
            yield from _one(names, _CERTAINTY[KEYWORD], KEYWORD, typed=word)

    def behind(self) -> Iterator[Expectation]:
        """What can stand behind names in play, wherever they are written next."""
        found = 0
        for name in dict.fromkeys((*_SELVES, *self._cursor.near[:_NEAR])):
            if found == _MOST_BEHIND:
                return
            members = self._receivers.members(name)
            if members is None:
                continue
            found += 1
            certainty = _BEHIND * _certainty(members, members.source)
            names = self._ranked(members.names, "", name)[:MOST_NAMES_BEHIND]
            yield from _one(names, certainty, members.source, after=f"{name}.")

    def _makes(self, receiver: str) -> bool:
        """The cursor's line starts with the receiver, in a constructor."""
        line = self._before.rpartition("\n")[2].strip()
        return line == f"{receiver}." and any(map(_MAKERS.search, headers(self._scene)))

    def _keywords(self) -> Iterable[str]:
        """Parameters of the innermost call that it does not name yet."""
        arguments = self._before.rpartition(f"{self._cursor.callee}(")[2]
        given = set(_GIVEN.findall(f"({arguments}"))
        named = self._receivers.parameters(self._cursor.callee)
        return [name for name in named if name not in given]

    def _ranked(
        self, names: Iterable[str], word: str, receiver: str = ""
    ) -> tuple[tuple[str, float], ...]:
        """Names that go on from the typed letters, with how likely each is; the likeliest first."""
        used = self._used(receiver)
        scored = [
            (min(_HIGHEST, self._likely.score(name)) + _USED * math.log2(1 + used[name]), name)
            for name in dict.fromkeys(names)
            if name.startswith(word)
        ]
        scored.sort(key=lambda each: (-each[0], each[1]))
        return tuple(
            # Rounded for the way to the engine; the least that can come out is _SPECIAL.
            (name, round(math.exp(score) * _visible(name, receiver), 3))
            for score, name in scored[:MOST_NAMES]
        )

    def _used(self, receiver: str) -> Counter[str]:
        """How often names stand behind the receiver in the file, but for the one at the cursor."""
        if not receiver:
            return Counter()
        text, offset = self._scene.document.text, self._scene.offset
        pattern = re.compile(rf"(?<![\w$.]){re.escape(receiver)}(?:\?\.|->|::|\.)([^\W\d]\w*)")
        found = pattern.finditer(text, max(0, offset - _USE_CHARS), offset + _USE_CHARS)
        return Counter(each[1] for each in found if not each.start(1) <= offset <= each.end())


def _one(
    names: tuple[tuple[str, float], ...],
    certainty: float,
    source: str,
    closed: bool = False,
    *,
    after: str = "",
    typed: str = "",
    separator: str = "",
    spaced: bool = False,
) -> Iterator[Expectation]:
    """An expectation; none where no name is left."""
    if names:
        yield Expectation(names, certainty, source, closed, after, typed, separator, spaced)


def _certainty(members: Members, source: str) -> float:
    return _CERTAINTY[source] * (1.0 if members.whole else _PART)


def _visible(name: str, receiver: str) -> float:
    if name.startswith("__") and name.endswith("__"):
        return _SPECIAL
    return _PRIVATE if name.startswith("_") and receiver not in _SELVES else 1.0
