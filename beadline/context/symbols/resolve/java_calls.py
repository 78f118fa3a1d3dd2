"""What calls and `new` stand for in Java code. Knows no prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.calls import cut
from beadline.context.symbols.resolve.generics import generic
from beadline.context.symbols.resolve.java_classes import GROUP, Type
from beadline.context.symbols.resolve.java_types import Types
from beadline.context.symbols.resolve.likely import Likely, distance
from beadline.context.symbols.resolve.scene import Cursor, chain, enclosing
from beadline.context.symbols.types import Definition, Kind, Located, Scene

_ASSIGNED = re.compile(r"([A-Z][\w.]*)(?:<[^;(){}=]*>)?(?:\s*\[\s*\])*\s+\w+\s*=\s*(?:new\s+)?\Z")
_RETURNED = re.compile(r"\breturn\s+new\s+\Z")
_LOOKED_UP, _MADE = 48, 24
"""Names behind `new` that are looked up, and classes that are offered."""


class Calls:
    """The calls at one cursor; `before` is the text in front of the name that is typed."""

    def __init__(
        self, scene: Scene, cursor: Cursor, graph: Graph, types: Types, likely: Likely, before: str
    ) -> None:
        self._scene, self._cursor, self._graph = scene, cursor, graph
        self._types, self._likely, self._before = types, likely, before
        self._own = scene.symbols

    def called(self, callee: str) -> list[Located]:
        """The methods or constructors that a callee may be."""
        receiver, name = cut(callee)
        if name[:1].isupper():
            dotted = ".".join(link.name for link in chain(callee))
            if located := self._types.resolve(self._types.here(dotted)):
                return self.made(located)
        if receiver:
            of = self._types.of(receiver)
            found = self._types.find(of, name) if of else []
        else:
            own = (self._types.find(around, name) for around in self._types.around)
            found = next((each for each in own if each), None) or self._types.imported(name)
        if found:
            return found
        named = self._graph.named(name, group=GROUP, limit=16)
        methods = [each for each in named if each.definition.kind is Kind.METHOD]
        return sorted(methods, key=lambda each: distance(self._own.path, each.path))[:4]

    def made(self, located: Located) -> list[Located]:
        """The constructors of a class; the class where it has none."""
        name = located.definition.name
        members = self._types.members(located)
        made = [each for each in members if each.definition.name == name]
        return [each for each in made if each.definition.kind is Kind.METHOD] or [located]

    def classes(self, *, thrown: bool) -> list[Located]:
        """What `new` may make: classes that are named near, imported, used in the file or of its
        package; first those that what is expected can be. Behind `throw` exceptions come first."""
        expected = list(self._expected())
        seen = [name for name in self._cursor.near if name[:1].isupper()]
        seen += [each.alias for each in self._own.imports if each.alias[:1].isupper()]
        seen += [name for name in self._own.names if name[:1].isupper()]
        paths = self._graph.package(self._own.package, "java")
        seen += [path.rpartition("/")[2].removesuffix(".java") for path in paths]
        order = self._likely.order(seen)
        if thrown:
            order = tuple(sorted(order, key=lambda name: not name.endswith("Exception")))
        named = (self._types.named(name, self._own) for name in order[:_LOOKED_UP])
        found = [*expected, *(each for each in named if each is not None)]
        wanted = {each.definition.name for each in expected}
        found.sort(key=lambda each: wanted.isdisjoint(_names(each.definition)))
        return found[:_MADE]

    def assigned(self) -> Located | None:
        """The class of the variable that the name is assigned to."""
        match = _ASSIGNED.search(self._before)
        return self._types.resolve(self._types.here(match[1])) if match else None

    def _expected(self) -> Iterator[Located]:
        """The classes of what `new` stands for: what it is assigned to, returned as or handed
        to."""
        if (assigned := self.assigned()) is not None:
            yield assigned
        kinds: list[Type] = []
        if _RETURNED.search(self._before):
            methods = [each for each in enclosing(self._scene) if each.kind is Kind.METHOD]
            kinds += [self._types.here(each.type) for each in methods[-1:]]
        for member in self.called(self._cursor.callee)[:4] if self._cursor.callee else ():
            file = self._types.file(member.path) or self._own
            owner = member.definition.owner
            kinds += [Type(each.type, file, owner) for each in member.definition.parameters]
        yield from filter(None, map(self._types.resolve, kinds))


def _names(definition: Definition) -> set[str]:
    """A class's name and those of what it derives from."""
    bases = (generic(base)[0].rpartition(".")[2] for base in definition.bases)
    return {definition.name, *bases}
