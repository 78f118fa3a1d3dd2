"""Which definitions the paths of Rust code stand for. Knows no expressions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.rust_crates import Crates, Module
from beadline.context.symbols.types import Definition, FileSymbols, Import, Kind, Located, Scene

TYPES = frozenset({Kind.CLASS, Kind.INTERFACE, Kind.ENUM, Kind.TYPE})
_GROUP = "rust"
_DEEPEST = 8
"""Imports that lead from one to another."""
_MEMBERS = 512

Found = Located | Module | None


class Paths(Crates):
    """The paths seen from one cursor."""

    def __init__(self, scene: Scene, graph: Graph) -> None:
        super().__init__(scene, graph)
        self._known: dict[tuple[tuple[str, ...], str], Found] = {}
        self._children: dict[tuple[Module, str], Found] = {}
        self._items: dict[str, dict[str, Definition]] = {}
        """By path: what files have at their level."""
        self._shown: dict[Module | tuple[str, str], Sequence[Located]] = {}
        self._depth = 0

    def resolve(self, path: tuple[str, ...], file: FileSymbols) -> Found:
        """What a path stands for in a file: a definition or a module."""
        key = path, file.path
        if key not in self._known:
            if self._depth >= _DEEPEST or not path:
                return None
            self._depth += 1
            self._known[key] = None  # imports may go in circles
            try:
                found = self._start(path[0], file)
                for name in path[1:]:
                    found = self.child(found, name)
                self._known[key] = found
            finally:
                self._depth -= 1
        return self._known[key]

    def child(self, of: Found, name: str) -> Found:
        """What a module, or a type, calls `name`."""
        if isinstance(of, Located):
            if of.definition.kind is Kind.MODULE:
                return self._inline(of, name)
            return next((m for m in self.members(of) if m.definition.name == name), None)
        if of is None or name == "self":
            return of
        if name == "super":
            return Module(of.root, of.segments[:-1])
        key = of, name
        if key not in self._children:
            self._children[key] = None  # modules may take each other's names
            self._children[key] = self._child(of, name)
        return self._children[key]

    def _inline(self, of: Located, name: str) -> Found:
        """What a module that is written in a file calls `name`."""
        file, owner = self.file(of.path), of.definition.qualified
        for each in file.definitions if file else ():
            if each.name == name and each.owner == owner:
                return Located(of.path, each)
        inside = [each for each in file.imports if _holds(of, each)] if file else []
        for each in inside if self._depth < _DEEPEST else ():
            if file is not None and (each.alias == name or each.name == "*"):
                found = self.resolve(self.target(each, file), file)
                if each.name == "*":
                    found = None if found == of else self.child(found, name)
                if found is not None:
                    return found
        return None

    def target(self, each: Import, file: FileSymbols) -> tuple[str, ...]:
        """The path that an import takes, as seen from the file's own module; of `a::*` it is
        `a`."""
        path = [part for part in each.module.split("::") if part]
        if each.name not in ("", "*"):
            path.append(each.name)
        if path and path[0] == "super":
            around = sum(
                one.kind is Kind.MODULE and one.start <= each.start < one.end
                for one in file.definitions
            )
            while around and path[0] == "super":
                path = path[1:] or ["self"]
                around -= 1
        return tuple(path)

    def _child(self, of: Module, name: str) -> Found:
        files = self.files(of)
        for file in files:
            if found := self._defined(name, file) or self._imported(name, file):
                return found
        inner = Module(of.root, (*of.segments, name))
        if self.files(inner):
            return inner
        for file in files:
            if found := self._starred(name, file):
                return found
        return None

    def members(self, located: Located) -> list[Located]:
        """Fields, variants, and what `impl`s anywhere in the crate define for a type."""
        name, root = located.definition.name, self.root(located.path)
        found = [
            Located(self.own.path, each)
            for each in self.own.definitions
            if _last(each.owner) == name and self.root(self.own.path) == root
        ]
        found += [
            each
            for each in self.graph.members(name, group=_GROUP, limit=_MEMBERS)
            if each.path != self.own.path
            and _last(each.definition.owner) == name
            and self.root(each.path) == root
        ]
        beside = [each for each in found if each.path == located.path]
        if len(beside) == len(found) or not self._is_twin(located, root):
            return found
        return beside

    def exports(self, of: Module | Located) -> Sequence[Located]:
        """What a module shows to the cursor, what it takes from elsewhere included."""
        key = of if isinstance(of, Module) else (of.path, of.definition.qualified)
        if key not in self._shown:
            self._shown[key] = []  # modules may take each other's names
            found = list(self._exported(of))
            self._shown[key] = list({(e.path, e.definition.start): e for e in found}.values())
        return self._shown[key]

    def _exported(self, of: Module | Located) -> Iterator[Located]:
        """With what others are called alike: the caller leaves that out."""
        is_file = isinstance(of, Module)
        inside = self._is_inside(of if is_file else self.module(of.path))
        owner = "" if is_file else of.definition.qualified
        alone = None if is_file else self.file(of.path)
        for file in self.files(of) if is_file else [alone] if alone else []:
            for each in file.definitions:
                if each.owner == owner and (each.exported or inside) and each.kind != Kind.MODULE:
                    yield Located(file.path, each)
            for each in file.imports:
                if not (each.exported or inside) or not each.name:
                    continue
                if not is_file and not _holds(of, each):
                    continue
                found = self.resolve(self.target(each, file), file)
                if each.name != "*":
                    if isinstance(found, Located):
                        yield found
                elif found is not None and found != of:
                    yield from self.exports(found)

    def is_visible(self, located: Located) -> bool:
        """Whether the cursor may use a definition: what is private is seen from within its
        module."""
        return located.definition.exported or self._is_inside(self.module(located.path))

    def _is_inside(self, of: Module) -> bool:
        own = self.module(self.own.path)
        return own.root == of.root and own.segments[: len(of.segments)] == of.segments

    def _start(self, name: str, file: FileSymbols) -> Found:
        module = self.module(file.path)
        if name == "crate":
            return Module(module.root)
        if name == "self":
            return module
        if name == "super":
            return Module(module.root, module.segments[:-1])
        found = self._defined(name, file) or self._imported(name, file)
        if found is None:
            inner = Module(module.root, (*module.segments, name))
            found = inner if self.files(inner) else self._starred(name, file)
        return found or self.crate(name)

    def _defined(self, name: str, file: FileSymbols) -> Located | None:
        """A definition of the file's level, or of a module in the file."""
        items = self._items.get(file.path)
        if items is None:
            items = self._items[file.path] = {}
            for each in file.definitions:
                if _is_item(each):
                    items.setdefault(each.name, each)
        found = items.get(name)
        return Located(file.path, found) if found is not None else None

    def _imported(self, name: str, file: FileSymbols) -> Found:
        for each in file.imports:
            if each.alias == name and each.name != "*":
                path = self.target(each, file)
                if path == (name,):
                    return self.crate(name)
                if found := self.resolve(path, file):
                    return found
        return None

    def _starred(self, name: str, file: FileSymbols) -> Found:
        """What a module takes with all of another one's names."""
        for each in file.imports:
            if each.name == "*" and self._depth < _DEEPEST:
                of = self.resolve(self.target(each, file), file)
                if isinstance(of, Module) and of == self.module(file.path):
                    continue
                if found := self.child(of, name):
                    return found
        return None

    def _is_twin(self, located: Located, root: str) -> bool:
        """The crate has other types of that name."""
        named = self.graph.named(located.definition.name, group=_GROUP, limit=16)
        return any(
            each.definition.kind in TYPES
            and each.path != located.path
            and self.root(each.path) == root
            for each in named
        )


def _is_item(definition: Definition) -> bool:
    """Not a member of a type, and not `mod name;`, whose text is elsewhere."""
    if definition.kind is Kind.MODULE:
        return definition.header_end < definition.end
    return not definition.owner or definition.kind not in (Kind.FIELD, Kind.METHOD)


def _holds(module: Located, each: Import) -> bool:
    """The import stands in a module that is written in its file."""
    return module.definition.start <= each.start < module.definition.end


def _last(owner: str) -> str:
    return owner.rpartition(".")[2]
