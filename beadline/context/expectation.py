"""Which identifiers can follow at and behind a cursor, and how sure that is. Knows no tokens.

Behind a receiver whose type is known, in an import, where an argument is named, and wherever one of
the names in play will be written with its joint. A receiver that cannot be resolved says nothing.
How likely each name is follows from its use in the repository (`resolve.likely`) and behind the
same receiver in the file.
"""

from __future__ import annotations

import math
import re
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from beadline.context import languages
from beadline.context.symbols.graph import Graph, Known
from beadline.context.symbols.moved import displaced
from beadline.context.symbols.resolve.likely import Likely
from beadline.context.symbols.resolve.receivers import (
    ENUM,
    MEMBER,
    MODULE,
    SELF,
    Members,
    NamedReceivers,
    receivers_of,
)
from beadline.context.symbols.resolve.scene import Cursor, headers
from beadline.context.symbols.types import Scene
from beadline.context.syntax import SyntaxTree
from beadline.context.types import Document

IMPORT, KEYWORD = "import", "keyword"
MOST_NAMES, MOST_NAMES_BEHIND = 128, 32
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
_MOST_BEHIND = 8
"""Names in play that are resolved,"""
_NEAR = 16
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
_APART = re.compile(r"[^\w$.]")
"""In front of a receiver that is no part of another one."""
_USE_CHARS = 20_000
"""Around the cursor, in which uses behind a receiver count."""
_CHARS = 2000
"""Of a call before the cursor, and of an import statement."""
_PLACES = 4
"""Statements whose surroundings are remembered: the cursor's, and what is asked ahead for."""


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

    The cursor must be in code. A few files of the graph are asked.
    """
    return _Place(scene, graph).expected(scene)


class Expectations:
    """What is expected at one cursor after the other.

    What is around a statement is looked up once, at its first key: the next ones only read what is
    typed, and resolve a receiver when it is there. Not thread-safe.
    """

    def __init__(self) -> None:
        self._places: OrderedDict[tuple[str, int], tuple[Document, Known, _Place]] = OrderedDict()
        """By document key and where the statement starts."""

    def holds(self, document: Document, statement: int, known: Known) -> bool:
        """Whether what is around a statement was looked up already."""
        held = self._places.get((document.key, statement))
        return held is not None and _is_same(held[0], held[1], document, known, statement)

    def at(
        self,
        document: Document,
        offset: int,
        tree: SyntaxTree | None,
        statement: int,
        known: Known,
    ) -> tuple[Expectation, ...]:
        """As `expected`. `statement`: where the cursor's statement starts; `known`: what is known
        around the document."""
        key = document.key, statement
        document = replace(document, path=known.symbols.path)
        held = self._places.pop(key, None)
        if held is None or not _is_same(held[0], held[1], document, known, statement):
            symbols = displaced(known.symbols, known.text, document.text)
            place = _Place(Scene(document, offset, symbols, tree), known.graph)
            held = document, known, place
        self._places[key] = held
        if len(self._places) > _PLACES:
            self._places.popitem(last=False)
        place = held[2]
        return place.expected(Scene(document, offset, place.symbols, tree))

    def others_changed(self, key: str) -> None:
        """Another text than the document `key` changed."""
        for place in [place for place in self._places if place[0] != key]:
            del self._places[place]


def _is_same(
    before: Document, then: Known, document: Document, known: Known, statement: int
) -> bool:
    """Only the statement has changed, and nothing more is known of the rest of its file."""
    return (
        then.graph is known.graph
        and then.symbols.path == known.symbols.path
        and then.text == known.text
        and before.language == document.language
        and before.text[:statement] == document.text[:statement]
    )


class _Place:
    """The surroundings of one statement."""

    def __init__(self, scene: Scene, graph: Graph) -> None:
        words = languages.get(scene.document.language).words
        keywords = words.headers | words.jumps | words.incomplete | words.openers | words.closers
        self._words = keywords - _KEPT
        self._graph = graph
        self.symbols = scene.symbols
        cursor = Cursor.at(scene, words=self._words)
        self._near = cursor.near[:_NEAR]
        self._receivers = receivers_of(scene, graph, cursor)
        # Every name that goes on from the typed letters does: it says nothing about which one.
        self._likely = Likely(scene, replace(cursor, word=""), graph)
        self._around = headers(scene)
        self._members: dict[str, Members | None] = {}
        self._order: dict[tuple[tuple[str, ...], str], tuple[tuple[str, float], ...]] = {}
        self._behind: tuple[Expectation, ...] | None = None

    def expected(self, scene: Scene) -> tuple[Expectation, ...]:
        """At a cursor of the statement."""
        cursor = Cursor.at(scene, words=self._words)
        if isinstance(self._receivers, NamedReceivers):
            # It asks a resolver, which goes by the cursor.
            self._receivers = NamedReceivers(scene, self._graph, cursor)
        if self._behind is None:
            self._behind = tuple(self._behind_names(scene))
        return (*self._at_cursor(scene, cursor), *self._behind)

    def _at_cursor(self, scene: Scene, cursor: Cursor) -> Iterator[Expectation]:
        """What the identifier at the cursor can be, at most one set."""
        word, receiver = cursor.word, cursor.receiver
        start = scene.offset - len(word)
        before = scene.document.text[max(0, start - _CHARS) : start]
        if cursor.in_import:
            members = self._receivers.importable(before)
            if members is not None:
                listed = not before.endswith(".")
                names = self._ranked(members.names, scene, word)
                yield from _one(
                    names, _certainty(members, IMPORT), IMPORT, members.closed, typed=word,
                    separator="," if listed else "", spaced=listed,
                )  # fmt: skip
        elif receiver:
            members = self._of(receiver)
            if members is not None:
                certainty = _certainty(members, members.source)
                if receiver in _SELVES and self._makes(receiver, before):
                    certainty = min(certainty, _MADE)
                names = self._ranked(members.names, scene, word, receiver)
                yield from _one(names, certainty, members.source, members.closed, typed=word)
        elif cursor.callee and _ARGUMENT.search(before):
            names = self._ranked(self._keywords(cursor.callee, before), scene, word)
            yield from _one(names, _CERTAINTY[KEYWORD], KEYWORD, typed=word)

    def _behind_names(self, scene: Scene) -> Iterator[Expectation]:
        """What can stand behind names in play, wherever they are written next."""
        found = 0
        for name in dict.fromkeys((*_SELVES, *self._near)):
            if found == _MOST_BEHIND:
                return
            members = self._of(name)
            if members is None:
                continue
            found += 1
            certainty = _BEHIND * _certainty(members, members.source)
            names = self._ranked(members.names, scene, "", name)[:MOST_NAMES_BEHIND]
            yield from _one(names, certainty, members.source, after=f"{name}.")

    def _of(self, receiver: str) -> Members | None:
        """What a receiver has; looked up once, in vain too."""
        if receiver not in self._members:
            self._members[receiver] = self._receivers.members(receiver)
        return self._members[receiver]

    def _makes(self, receiver: str, before: str) -> bool:
        """The cursor's line starts with the receiver, in a constructor."""
        line = before.rpartition("\n")[2].strip()
        return line == f"{receiver}." and any(map(_MAKERS.search, self._around))

    def _keywords(self, callee: str, before: str) -> Iterable[str]:
        """Parameters of the innermost call that it does not name yet."""
        arguments = before.rpartition(f"{callee}(")[2]
        given = set(_GIVEN.findall(f"({arguments}"))
        return [name for name in self._receivers.parameters(callee) if name not in given]

    def _ranked(
        self, names: Iterable[str], scene: Scene, word: str, receiver: str = ""
    ) -> tuple[tuple[str, float], ...]:
        """Names that go on from the typed letters, with how likely each is; the likeliest first."""
        key = tuple(dict.fromkeys(names)), receiver
        if key not in self._order:
            used = _used(receiver, scene)
            scored = [
                (min(_HIGHEST, self._likely.score(name)) + _USED * math.log2(1 + used[name]), name)
                for name in key[0]
            ]
            scored.sort(key=lambda each: (-each[0], each[1]))
            self._order[key] = tuple(
                # Rounded for the way to the engine; the least that can come out is _SPECIAL.
                (name, round(math.exp(score) * _visible(name, receiver), 3))
                for score, name in scored
            )
        ordered = self._order[key]
        if word:
            ordered = tuple(each for each in ordered if each[0].startswith(word))
        return ordered[:MOST_NAMES]


def _used(receiver: str, scene: Scene) -> Counter[str]:
    """How often names stand behind the receiver in the file, but for the one at the cursor."""
    text, offset = scene.document.text, scene.offset
    found: Counter[str] = Counter()
    if receiver:
        # The receiver comes first in the pattern, so that it is looked for at memory speed.
        pattern = re.compile(rf"{re.escape(receiver)}(?:\?\.|->|::|\.)([^\W\d]\w*)")
        start = max(0, offset - _USE_CHARS)
        for each in pattern.finditer(text, start, offset + _USE_CHARS):
            apart = each.start() == 0 or _APART.match(text[each.start() - 1])
            if apart and not each.start(1) <= offset <= each.end():
                found[each[1]] += 1
    return found


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
