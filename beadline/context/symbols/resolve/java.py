"""Which definitions a cursor in Java code needs. Knows no index and no prompt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.java_calls import Calls
from beadline.context.symbols.resolve.java_classes import TYPES, Type, is_static
from beadline.context.symbols.resolve.java_types import Types
from beadline.context.symbols.resolve.likely import Likely
from beadline.context.symbols.resolve.scene import Cursor, chain
from beadline.context.symbols.resolve.steps import in_order, once
from beadline.context.symbols.resolve.words import words
from beadline.context.symbols.types import Kind, Located, Needed, Reason, Scene

_WORDS = words(
    "abstract assert boolean break byte case catch char class const continue default do double "
    "else enum extends final finally float for goto if implements import instanceof int interface "
    "long native new package private protected public return short static strictfp switch "
    "synchronized throw throws transient try var void volatile while yield true false null"
)
_NEW = re.compile(r"(\bthrow\s+)?\bnew\s+\Z")
_ANONYMOUS = re.compile(r"\bnew\s+([\w.]+)[^;(){}]*\([^(){};]*\)\s*\{\s*\}\s*\.\s*\Z")
_EXPORTS = re.compile(r"import\s+(?:static\s+)?([\w.]*)\.\w*\Z")
_CALLEES = 3
"""Calls around the cursor that are looked at, innermost first."""
_MADE = 24
"""Constructors' rank at which their weight is half."""
_NEAR, _VARIABLES, _PLAY = 48, 12, 16
"""Names around the cursor that are looked up, how many of them as variables, and how many classes
that may give."""


class JavaResolver:
    """See `Resolver`."""

    def needed(self, scene: Scene, graph: Graph) -> Iterator[Needed]:
        """See `Resolver`."""
        cursor = Cursor.at(scene, words=_WORDS)
        yield from in_order(_Search(scene, cursor, graph), scene, cursor, graph)


class _Search:
    """The look-ups at one cursor."""

    def __init__(self, scene: Scene, cursor: Cursor, graph: Graph) -> None:
        self._cursor, self._graph = cursor, graph
        self._types = Types(scene, graph)
        self.likely = Likely(scene, cursor, graph)
        self._own = scene.symbols
        start = scene.offset - len(cursor.word)
        self._before = scene.document.text[max(0, start - 300) : start]
        self._calls = Calls(scene, cursor, graph, self._types, self.likely, self._before)
        made = _ANONYMOUS.search(self._before)
        self.receiver = f"new {made[1]}()" if made else cursor.receiver
        self.dotted = bool(self.receiver) or self._before.rstrip(" \t").endswith((".", "::"))

    def exports(self) -> Iterator[Needed]:
        """Classes of the package, or members of the class, that the import statement names."""
        match = _EXPORTS.search(self._before + self._cursor.word)
        if match is None:
            return
        found: list[Located] = []
        if (located := self._types.qualified(match[1])) is not None:
            found += self._types.members(located)
        for path in self._graph.package(match[1], "java"):
            file = self._types.file(path)
            found += [
                Located(path, each)
                for each in (file.definitions if file else ())
                if each.kind in TYPES and not each.owner and each.exported
            ]
        yield from self.likely.needed(found, Reason.EXPORT, 1.0)

    def members(self) -> Iterator[Needed]:
        """The classes whose members the receiver has."""
        of = self._types.of(self.receiver)
        found, static = False, of is not None and of.static
        for rank, (located, _) in enumerate(self._types.hierarchy(of) if of else ()):
            found = True
            yield self._class(located, Reason.MEMBER, 1 / (1 + rank / 4), static=static)
        if not found:
            yield from self._guessed()

    def callees(self) -> Iterator[Needed]:
        """All overloads of what is called around the cursor, and the classes of its parameters."""
        for rank, callee in enumerate(self._cursor.callees[:_CALLEES]):
            weight = 1 / (1 + rank)
            found = self._calls.called(callee)
            yield from self.likely.needed(found, Reason.CALLEE, weight)
            kinds = [
                Type(each.type, file, member.definition.owner)
                for member in found[:4]
                if (file := self._types.file(member.path)) is not None
                for each in member.definition.parameters
            ]
            yield from self._classes(map(self._types.resolve, kinds), Reason.TYPE, 0.6 * weight)

    def bare(self) -> Iterator[Needed]:
        """What can be called without a receiver: constructors behind `new`, else what is imported
        as static and what the classes around inherit."""
        if match := _NEW.search(self._before):
            classes = self._calls.classes(thrown=match[1] is not None)
            made = [one for each in classes for one in self._calls.made(each)]
            for rank, each in enumerate(made):
                yield Needed(each, Reason.MEMBER, 0.9 / (1 + rank / _MADE))
            yield from self._classes(classes, Reason.TYPE, 0.5)
            return
        found: list[Located] = []
        wide: list[Located] = []
        for each in self._own.imports:
            if (located := self._types.qualified(each.module)) is None:
                continue
            of = self._types.type_of(located)
            if each.name == "*":
                wide += [one for one, _ in self._types.hierarchy(of)]
            else:
                found += self._types.find(of, each.name)
        found = [each for each in found if each.definition.kind is Kind.METHOD]
        yield from self.likely.needed(found, Reason.MEMBER, 0.9)
        for around in self._types.around:
            for located, _ in list(self._types.hierarchy(around))[1:]:
                yield self._class(located, Reason.MEMBER, 0.8)
        yield from self._classes(wide, Reason.MEMBER, 0.7, static=True)

    def in_play(self) -> Iterator[Needed]:
        """The class that is expected, then those of names and variables around."""
        yield from self._classes([self._calls.assigned()], Reason.TYPE, 0.7, static=True)
        classes: list[Located] = []
        variables = 0
        for name in self._cursor.near[:_NEAR]:
            if name[:1].isupper():
                located = self._types.named(name, self._own)
            elif variables < _VARIABLES:
                variables += 1
                located = self._types.resolve(self._types.variable(name))
            else:
                continue
            if located is not None:
                classes.append(located)
        yield from self._classes(classes[:_PLAY], Reason.TYPE, 0.6)

    def around(self) -> Iterator[Needed]:
        """What the classes around derive from."""
        for around in self._types.around:
            for located, _ in list(self._types.hierarchy(around))[1:4]:
                yield self._class(located, Reason.BASE, 0.4)

    def unused(self) -> Iterator[Needed]:
        """What is imported and used nowhere yet."""
        new = [each for each in self._own.imports if self._own.names.get(each.alias, 0) == 1]
        found = (self._types.qualified(f"{each.module}.{each.name}") for each in new)
        yield from self._classes(found, Reason.IMPORT, 0.3)

    def _guessed(self) -> Iterator[Needed]:
        """Classes in sight that are called like the receiver (`writer` of a `JsonWriter`)."""
        links = chain(self.receiver)
        if not links:
            return
        said = re.sub(r"^(?:get|create|new|build|to|as)(?=[A-Z])", "", links[-1].name).lower()
        visible = [each.alias for each in self._own.imports]
        folder = self._own.path.rpartition("/")[0]
        paths = self._graph.folder(folder)
        visible += [path.rpartition("/")[2].removesuffix(".java") for path in paths]
        visible += [name for name in self._cursor.near if name[:1].isupper()]
        meant = [each for each in visible if len(said) > 2 and each.lower().endswith(said)]
        found = (self._types.named(name, self._own) for name in sorted(set(meant), key=len))
        yield from self._classes(found, Reason.MEMBER, 0.5)

    def _classes(
        self,
        found: Iterable[Located | None],
        reason: Reason,
        weight: float,
        *,
        static: bool = False,
    ) -> Iterator[Needed]:
        """Classes, each once, in their order."""
        return once(
            found, weight, lambda each, share: self._class(each, reason, share, static=static)
        )

    def _class(
        self, located: Located, reason: Reason, weight: float, *, static: bool = False
    ) -> Needed:
        """A class with its members, the likeliest first: those of the class itself, or those of
        its values."""
        own = located.path == self._own.path
        members = (each.definition for each in self._types.members(located))
        visible = [each for each in members if own or each.exported]
        fitting = [each.name for each in visible if is_static(each, located) is static]
        order = self.likely.order(fitting) + self.likely.order(each.name for each in visible)
        return Needed(located, reason, weight, tuple(dict.fromkeys(order)))


RESOLVER = JavaResolver()
