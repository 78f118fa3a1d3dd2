"""Which modules and definitions the paths of Rust code stand for. Knows no expressions.

A crate is the folder of its `lib.rs` or `main.rs`; other packages of the workspace are found by the
names in their `Cargo.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.types import Definition, FileSymbols, Kind, Located, Scene

TYPES = frozenset({Kind.CLASS, Kind.INTERFACE, Kind.ENUM, Kind.TYPE})
_GROUP = "rust"
_DEEPEST = 8
"""Imports that lead from one to another."""
_MEMBERS = 512
_ROOTS = ("lib.rs", "main.rs")
_PACKAGE = re.compile(r"^\[(package|lib)\][^\[]*?^\s*name\s*=\s*[\"']([^\"']+)", re.M)


@dataclass(frozen=True, slots=True)
class Module:
    """A module with files of its own: `crate::a::b` of the crate in the folder `root`."""

    root: str
    segments: tuple[str, ...] = ()


Found = Located | Module | None


class Paths:
    """The paths seen from one cursor."""

    def __init__(self, scene: Scene, graph: Graph) -> None:
        self.graph = graph
        self.own = scene.symbols
        self._roots: dict[str, str] = {}
        self._crates: dict[str, str] | None = None
        self._known: dict[tuple[tuple[str, ...], str], Found] = {}
        self._children: dict[tuple[Module, str], Found] = {}
        self._depth = 0

    def file(self, path: str) -> FileSymbols | None:
        """The symbols of a file; the cursor's own as it is now."""
        return self.own if path == self.own.path else self.graph.file(path)

    def module(self, path: str) -> Module:
        """The module that a file is."""
        root = self.root(path)
        parts = path[len(root) :].strip("/").removesuffix(".rs").split("/")
        alone = not any(self._has(root, base) for base in _ROOTS)
        if alone or f"{parts[-1]}.rs" in (*_ROOTS, "mod.rs"):
            parts.pop()
        return Module(root, tuple(parts))

    def root(self, path: str) -> str:
        """Folder of the crate that a file belongs to; its own where it is a crate by itself, as
        tests are."""
        start = folder = _folder(path)
        if start not in self._roots:
            while not any(self._has(folder, base) for base in _ROOTS):
                if not folder:
                    folder = start
                    break
                folder = _folder(folder)
            self._roots[start] = folder
        return self._roots[start]

    def files(self, module: Module) -> list[FileSymbols]:
        """The files that a module is written in."""
        base = "/".join(filter(None, (module.root, *module.segments)))
        if module.segments:
            paths = [f"{base}.rs", f"{base}/mod.rs"]
        else:
            paths = [f"{base}/{each}" if base else each for each in _ROOTS]
        return [file for path in paths if (file := self.file(path)) is not None]

    def crate(self, name: str) -> Module | None:
        """The library of the workspace that code calls `name`."""
        if self._crates is None:
            self._crates = {}
            for path in self.graph.paths_ending("src/lib.rs"):
                folder = _folder(_folder(path))
                text = self.graph.text(f"{folder}/Cargo.toml" if folder else "Cargo.toml") or ""
                named = dict(_PACKAGE.findall(text))
                called = named.get("lib") or named.get("package") or folder.rpartition("/")[2]
                self._crates.setdefault(called.replace("-", "_"), _folder(path))
        root = self._crates.get(name)
        return None if root is None else Module(root)

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
                inside, owner = self.file(of.path), of.definition.qualified
                for each in inside.definitions if inside else ():
                    if each.name == name and each.owner == owner:
                        return Located(of.path, each)
                return None
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

    def exports(self, of: Module) -> Iterator[Located]:
        """What a module shows, what it takes from elsewhere included."""
        for file in self.files(of):
            for each in file.definitions:
                if not each.owner and each.exported and each.kind is not Kind.MODULE:
                    yield Located(file.path, each)
            for each in file.imports:
                if each.exported and each.name not in ("", "*"):
                    found = self.resolve((*each.module.split("::"), each.name), file)
                    if isinstance(found, Located):
                        yield found

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
        for each in file.definitions:
            if each.name == name and _is_item(each):
                return Located(file.path, each)
        return None

    def _imported(self, name: str, file: FileSymbols) -> Found:
        for each in file.imports:
            if each.alias == name and each.name != "*":
                path = tuple(filter(None, (*each.module.split("::"), each.name)))
                if path == (name,):
                    return self.crate(name)
                if found := self.resolve(path, file):
                    return found
        return None

    def _starred(self, name: str, file: FileSymbols) -> Found:
        """What a module takes with all of another one's names."""
        for each in file.imports:
            if each.name == "*" and self._depth < _DEEPEST:
                of = self.resolve(tuple(each.module.split("::")), file)
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

    def _has(self, folder: str, base: str) -> bool:
        path = f"{folder}/{base}" if folder else base
        return path in self.graph.folder(folder)


def _is_item(definition: Definition) -> bool:
    """Not a member of a type, and not `mod name;`, whose text is elsewhere."""
    if definition.kind is Kind.MODULE:
        return definition.header_end < definition.end
    return not definition.owner or definition.kind not in (Kind.FIELD, Kind.METHOD)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _last(owner: str) -> str:
    return owner.rpartition(".")[2]
