"""Which definitions a cursor in Go code needs. Knows no index and no prompt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.go_packages import TYPES, Type, folder_of, is_test
from beadline.context.symbols.resolve.go_types import Types
from beadline.context.symbols.resolve.likely import Likely, beside
from beadline.context.symbols.resolve.scene import Cursor, chain, enclosing
from beadline.context.symbols.resolve.steps import alike, in_order, once
from beadline.context.symbols.resolve.words import words
from beadline.context.symbols.types import Definition, Kind, Located, Needed, Reason, Scene

_WORDS = words(
    "break case chan const continue default defer else fallthrough for func go goto if import "
    "interface map package range return select struct switch type var nil true false make new "
    "append len cap copy delete panic recover print println close string int error bool byte rune "
    "float64 float32 int32 int64 uint uint8 uint32 uint64 any"
)
_RUN = re.compile(r"(?:Test|Benchmark|Example|Fuzz)(?![a-z])")
_QUALIFIED = re.compile(r"(?<![\w.])([a-z]\w*)\.([A-Z]\w*)")
_CALLEES = 3
"""Calls around the cursor that are looked at, innermost first."""
_METHODS, _FUNCTIONS, _STRUCTS = 80, 48, 12
"""Of a type or a package, the likeliest so many."""
_NEAR, _VARIABLES, _PLAY = 48, 12, 16
"""Names around the cursor that are looked up, how many of them as variables, and how many
definitions that may give."""
_ABOVE = 2000
"""Characters before the cursor in which names of other packages are looked for."""


class GoResolver:
    """See `Resolver`."""

    def needed(self, scene: Scene, graph: Graph) -> Iterator[Needed]:
        """See `Resolver`."""
        cursor = Cursor.at(scene, words=_WORDS)
        yield from in_order(_Search(scene, cursor, graph), scene, cursor, graph)


class _Search:
    """The look-ups at one cursor."""

    def __init__(self, scene: Scene, cursor: Cursor, graph: Graph) -> None:
        self._scene, self._cursor, self._graph = scene, cursor, graph
        self._types = Types(scene, graph)
        self.likely = Likely(scene, cursor, graph)
        self._own = scene.symbols
        self.receiver = cursor.receiver
        start = scene.offset - len(cursor.word)
        before = scene.document.text[max(0, start - 100) : start].rstrip(" \t")
        self.dotted = bool(cursor.receiver) or before.endswith(".")

    def exports(self) -> Iterator[Needed]:
        """Nothing: imports name paths, no definitions."""
        return iter(())

    def members(self) -> Iterator[Needed]:
        """What the receiver, a package or a value, has."""
        of = self._types.of(self._cursor.receiver)
        if of is not None and of.package is not None:
            yield from self._package(of.package, Reason.MEMBER, 1.0)
            return
        kinds = list(self._types.hierarchy(of))
        yield from self._values(kinds or self._guessed(), 1.0 if kinds else 0.5)

    def callees(self) -> Iterator[Needed]:
        """What is called around the cursor, and the types of its parameters."""
        for rank, callee in enumerate(self._cursor.callees[:_CALLEES]):
            weight = 1 / (1 + rank)
            found = self._types.called(callee)
            like = found or alike(
                callee, self._graph, group="go", path=self._own.path, fits=self._types.visible
            )
            yield from self.likely.needed(like, Reason.CALLEE, weight)
            kinds = [
                Type(parameter.type, self._types.file(each.path) or self._own)
                for each in found
                for parameter in each.definition.parameters
            ]
            yield from self._once(map(self._types.named, kinds), Reason.TYPE, 0.6 * weight)

    def bare(self) -> Iterator[Needed]:
        """What can be called without a receiver: functions of the package's other files."""
        paths = beside(self._own, self._graph, limit=64)
        found = self._types.names(self._types.home, paths)
        for each in self._own.imports:
            if each.name == "*" and (folder := self._types.folder(each.module)) is not None:
                found += self._types.names(folder)
        functions = [each for each in found if _is_called(each)]
        yield from self.likely.needed(functions, Reason.MEMBER, 0.9, _FUNCTIONS)

    def in_play(self) -> Iterator[Needed]:
        """What names and variables around the cursor stand for."""
        offset = self._scene.offset
        above = self._scene.document.text[max(0, offset - _ABOVE) : offset]
        found: list[Located | None] = []
        for alias, name in reversed(_QUALIFIED.findall(above)):
            folder = self._types.package(alias, self._own)
            if folder is not None and len(found) < _PLAY:
                found.append(self._types.lookup(name, folder))
        yield from self._once(found, Reason.NAME, 0.6)
        found = []
        variables = 0
        for name in self._cursor.near[:_NEAR]:
            located = self._types.lookup(name, self._types.home)
            if located is None and variables < _VARIABLES:
                variables += 1
                of = self._types.variable(name)
                located = self._types.named(of) if of else None
            found.append(located)
        yield from self._once([each for each in found if each][:_PLAY], Reason.NAME, 0.5)

    def around(self) -> Iterator[Needed]:
        """The type whose method is being written, and what it embeds."""
        for each in enclosing(self._scene):
            if each.owner:
                kinds = self._types.hierarchy(Type(each.owner, self._own))
                yield from self._once(kinds, Reason.BASE, 0.4)

    def unused(self) -> Iterator[Needed]:
        """What the packages have that are imported and used nowhere yet."""
        for each in self._own.imports:
            folder = self._types.folder(each.module)
            if folder is not None and self._own.names.get(each.alias, 0) <= 1:
                yield from self._package(folder, Reason.IMPORT, 0.3)

    def _package(self, folder: str, reason: Reason, weight: float) -> Iterator[Needed]:
        """What a package shows, functions first."""
        found = self._types.names(folder)
        functions = [each for each in found if each.definition.kind is Kind.FUNCTION]
        others = [each for each in found if each.definition.kind is not Kind.FUNCTION]
        yield from self.likely.needed(functions, reason, weight, _FUNCTIONS)
        for each in self.likely.needed(others, reason, weight / 2, _STRUCTS):
            yield self._class(each.located, reason, each.weight)

    def _values(self, kinds: Iterable[Located], weight: float) -> Iterator[Needed]:
        """What values of types have: their methods one by one, since these lie anywhere, then the
        types with their fields."""
        kinds = list(kinds)
        for rank, located in enumerate(kinds):
            members = [each for each in self._types.members(located) if self._types.visible(each)]
            if located.definition.kind is Kind.INTERFACE:
                yield self._class(located, Reason.MEMBER, weight)
                continue
            methods = [each for each in members if each.definition.kind is Kind.METHOD]
            share = weight / (1 + rank)
            yield from self.likely.needed(methods, Reason.MEMBER, share, _METHODS)
        yield from self._once(kinds, Reason.RECEIVER, 0.7 * weight)

    def _guessed(self) -> Iterator[Located]:
        """Types in sight that are called like the receiver (`writer` of a `Writer`)."""
        links = chain(self._cursor.receiver)
        if not links or len(links[-1].name) < 3:
            return
        name = links[-1].name.removeprefix("get").removeprefix("Get").removeprefix("New")
        camel = name[:1].upper() + name[1:]
        folders = [self._types.home]
        folders += filter(None, (self._types.folder(each.module) for each in self._own.imports))
        for folder in folders:
            for each in (camel, name):
                located = self._types.lookup(each, folder)
                if located is not None and located.definition.kind in TYPES:
                    yield located

    def _once(
        self, found: Iterable[Located | None], reason: Reason, weight: float
    ) -> Iterator[Needed]:
        """Definitions, each once, in their order."""
        return once(found, weight, lambda each, share: self._class(each, reason, share))

    def _class(self, located: Located, reason: Reason, weight: float) -> Needed:
        """A definition; of a type the fields or methods that lie in it, the likeliest first."""
        definition = located.definition
        if definition.kind not in TYPES:
            return Needed(located, reason, weight)
        file = self._types.file(located.path)
        inside = file.definitions if file else ()
        members = [each.name for each in inside if self._lies_in(each, located)]
        return Needed(located, reason, weight, self.likely.order(members))

    def _lies_in(self, member: Definition, of: Located) -> bool:
        outer = of.definition
        home = folder_of(of.path) == self._types.home
        return (
            member.owner == outer.name
            and outer.start <= member.start < outer.end
            and (home or member.exported)
        )


def _is_called(located: Located) -> bool:
    """A function that code calls: neither `main` nor `init`, nor one that `go test` runs."""
    name = located.definition.name
    run = is_test(located.path) and _RUN.match(name) is not None
    return located.definition.kind is Kind.FUNCTION and not run and name not in ("main", "init")


RESOLVER = GoResolver()
