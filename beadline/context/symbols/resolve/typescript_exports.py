"""What names mean in TypeScript and JavaScript files: their own definitions, imports, re-exports.

Knows files and modules; knows no types and no cursor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from beadline.context.symbols.files.typescript import DEFAULT, WHOLE
from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.typescript_modules import Modules
from beadline.context.symbols.types import Definition, FileSymbols, Import, Kind, Located, Scene

_COMMONJS = "exports"
"""The definition that is assigned to `module.exports`."""
TYPES = frozenset({Kind.CLASS, Kind.INTERFACE, Kind.ENUM, Kind.MODULE, Kind.TYPE})
"""What has members."""


@dataclass(frozen=True, slots=True)
class Space:
    """A module as a value: what `import * as ns` binds."""

    path: str


Symbol = Located | Space
Symbols = Sequence[Symbol]


def once(symbols: Iterable[Symbol]) -> list[Symbol]:
    """Symbols, each once, in their order."""
    listed = list(symbols)
    if len(listed) < 2:
        return listed
    # By identity: a definition has many fields, and its hash is all of theirs.
    found = {each.path if isinstance(each, Space) else id(each.definition): each for each in listed}
    return list(found.values())


class _Table:
    """The symbols of a file by name."""

    def __init__(self, file: FileSymbols) -> None:
        self.top: dict[str, list[Definition]] = defaultdict(list)
        self.members: dict[str, list[Definition]] = defaultdict(list)
        self.bound: dict[str, Import] = {}
        self.given: dict[str, list[Import]] = defaultdict(list)
        """What the file exports of other modules, or by another name, by that name."""
        self.stars: list[str] = []
        for definition in file.definitions:
            if definition.owner:
                self.members[definition.owner].append(definition)
            else:
                self.top[definition.name].append(definition)
        for taken in file.imports:
            if taken.exported and taken.name == "*":
                self.stars.append(taken.module)
            elif taken.exported:
                self.given[taken.alias].append(taken)
            elif taken.alias:
                self.bound[taken.alias] = taken


class Program:
    """The files of a workspace as one request sees them; it remembers what it has read."""

    def __init__(self, scene: Scene, graph: Graph) -> None:
        self._scene = scene
        self._graph = graph
        self._modules = Modules(graph)
        self._tables: dict[str, _Table | None] = {}
        self._given: dict[int, Located | None] = {}
        """See `given`; by the id of a definition, which the tables keep alive."""

    def target(self, path: str, module: str) -> str:
        """Path of the file that a file's import takes from; empty for modules from elsewhere."""
        return self._modules.path(module, path)

    def imports(self) -> Sequence[Import]:
        """What the scene's file imports by a name of its own."""
        table = self._table(self._scene.symbols.path)
        return list(table.bound.values()) if table else []

    def scope(self, path: str, name: str, _asked: set[tuple[str, str]] | None = None) -> Symbols:
        """What a name means at the top level of a file."""
        table = self._table(path)
        if table is None:
            return []
        found: Symbols = []
        # Names of the file that stand for one another, which unfinished code has in a circle.
        names = [name]
        while (taken := table.bound.get(names[-1])) is not None:
            if taken.module:
                found = self.taken(path, taken, _asked)
                break
            if taken.name in names:
                break
            names.append(taken.name)
        # One name can mean an imported type and a value of the file.
        tops = (Located(path, top) for each in reversed(names) for top in table.top.get(each, ()))
        return [*found, *tops]

    def taken(
        self, path: str, taken: Import, _asked: set[tuple[str, str]] | None = None
    ) -> Symbols:
        """What an import of a file means; empty for modules from elsewhere."""
        if not taken.module:
            return self.scope(path, taken.name, _asked)
        target = self.target(path, taken.module)
        if not target:
            return []
        if taken.name:
            return self.exported(target, taken.name, _asked)
        return self._whole(target, _asked) or [Space(target)]

    def exported(self, path: str, name: str, _asked: set[tuple[str, str]] | None = None) -> Symbols:
        """What a file exports by a name: functions with all overloads, a type beside a value."""
        asked = set() if _asked is None else _asked
        table = self._table(path)
        if table is None or (path, name) in asked:
            return []
        asked.add((path, name))
        found: list[Symbol] = []
        for taken in table.given.get(name, ()):
            found += self.taken(path, taken, asked)
        own = table.top.get(name, ())
        found += [Located(path, each) for each in own if each.exported]
        if found:
            return once(found)
        if name == DEFAULT:
            return self._whole(path, asked)
        if members := table.members.get(_COMMONJS):
            found += [Located(path, each) for each in members if each.name == name]
        for module in table.stars if not found else ():
            if target := self.target(path, module):
                found += self.exported(target, name, asked)
        if found or _asked is not None:
            return once(found)
        # The importer knows: it is exported in a way that is not read here.
        return [Located(path, each) for each in own]

    def exports(self, path: str, _seen: set[str] | None = None) -> Iterator[tuple[str, Symbol]]:
        """Name and meaning of all that a file exports, re-exports last; names can come twice."""
        seen = set() if _seen is None else _seen
        table = self._table(path)
        if table is None or path in seen:
            return
        seen.add(path)
        for name, definitions in table.top.items():
            for each in definitions:
                if each.exported:
                    yield name, Located(path, each)
        for each in table.members.get(_COMMONJS, ()):
            yield each.name, Located(path, each)
        for name in table.given:
            if name != WHOLE:
                yield from ((name, symbol) for symbol in self.exported(path, name))
        for module in table.stars:
            if target := self.target(path, module):
                yield from (each for each in self.exports(target, seen) if each[0] != DEFAULT)

    def members(self, owner: Located) -> Sequence[Located]:
        """The definitions in a type, an object or a namespace, without inherited ones."""
        table = self._table(owner.path)
        if table is None:
            return []
        name = owner.definition.qualified
        return [Located(owner.path, each) for each in table.members.get(name, ())]

    def given(self, function: Located) -> Located | None:
        """The object that a function returns, as an owner of members; None where none is known."""
        key = id(function.definition)
        if key not in self._given:
            known = self.members(function)
            told = replace(function.definition, kind=Kind.MODULE)
            self._given[key] = Located(function.path, told) if known else None
        return self._given[key]

    def beside(self, symbol: Located) -> Sequence[Located]:
        """The types of a symbol's name at its place: an interface beside a class or a value."""
        table = self._table(symbol.path)
        if table is None or symbol.definition.owner:
            return [symbol]
        same = [each for each in table.top.get(symbol.definition.name, ()) if each.kind in TYPES]
        return [Located(symbol.path, each) for each in same]

    def _whole(self, path: str, asked: set[tuple[str, str]] | None) -> Symbols:
        """What a module exports in place of its names."""
        table = self._table(path)
        if table is None:
            return []
        if WHOLE in table.given:
            return self.exported(path, WHOLE, asked)
        return [Located(path, each) for each in table.top.get(_COMMONJS, ()) if each.exported]

    def _table(self, path: str) -> _Table | None:
        if path not in self._tables:
            own = self._scene.symbols
            file = own if path == own.path else self._graph.file(path)
            self._tables[path] = None if file is None else _Table(file)
        return self._tables[path]
