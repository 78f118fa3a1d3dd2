"""Which definitions the names of Go code stand for: packages, their names, their types' members.
Knows no expressions.

A package is a folder: its files see each other's names, and a type's methods lie in any of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.chains import split
from beadline.context.symbols.types import Definition, FileSymbols, Kind, Located, Scene

TYPES = frozenset({Kind.CLASS, Kind.INTERFACE, Kind.TYPE})
_GROUP = "go"
_NAMED = 64
_MEMBERS = 1024
_MOST_BASES = 12
MOST_FILES = 64
"""Of one package, when all its names are asked for."""
_MODULE = re.compile(r"^module\s+\"?([^\s\"]+)", re.M)
_FRONT = re.compile(r"(?:[*&(\s]|\.\.\.)+")
_NAME = re.compile(r"(?:(\w+)\.)?(\w+)")
_PLAIN = re.compile(r"\*?[\w.]+(?:\[.*\])?")
_NAMED_RESULT = re.compile(r"([A-Za-z_]\w*)\s+(\S.*)")
_KEYWORDS = frozenset({"chan", "func", "interface", "map", "struct"})


@dataclass(frozen=True, slots=True)
class Type:
    """A type as written, and the file from which its names are seen."""

    text: str
    file: FileSymbols
    package: str | None = None
    """Folder of a package, which stands where a value could; None for values."""


class Packages:
    """The packages seen from one cursor."""

    def __init__(self, scene: Scene, graph: Graph) -> None:
        self.graph = graph
        self.own = scene.symbols
        self.home = folder_of(self.own.path)
        self._tests = is_test(self.own.path)
        self._folders: dict[str, str | None] = {}
        self._known: dict[tuple[str, str], Located | None] = {}
        self._module = self._find_module()

    def file(self, path: str) -> FileSymbols | None:
        """The symbols of a file; the cursor's own as it is now."""
        return self.own if path == self.own.path else self.graph.file(path)

    def visible(self, located: Located) -> bool:
        """The cursor's file may use a definition: small letters stay in their package, tests among
        themselves."""
        inside = folder_of(located.path) == self.home
        if is_test(located.path) and not (inside and self._tests):
            return False
        return inside or located.definition.exported

    def folder(self, path: str) -> str | None:
        """The folder of an import path; None where it lies outside of the workspace."""
        if path not in self._folders:
            self._folders[path] = self._find_folder(path)
        return self._folders[path]

    def package(self, alias: str, file: FileSymbols) -> str | None:
        """The folder of the package that a file calls `alias`."""
        for each in file.imports:
            if each.alias == alias and not each.name:
                return self.folder(each.module)
        for each in file.imports:
            # Its folder may be called otherwise.
            if not each.name and each.alias == each.module.rpartition("/")[2]:
                folder = self.folder(each.module)
                if folder is not None and self._declared(folder) == alias:
                    return folder
        return None

    def lookup(self, name: str, folder: str) -> Located | None:
        """What a package calls `name`."""
        key = name, folder
        if key not in self._known:
            self._known[key] = next(self._lookup(name, folder), None)
        return self._known[key]

    def named(self, of: Type) -> Located | None:
        """The definition of a type (`*pkg.Name[T]`); None for slices, maps and the like."""
        match = _NAME.match(bare(of.text))
        if match is None:
            return None
        if match[1]:
            folders = [self.package(match[1], of.file)]
        else:
            dots = (self.folder(each.module) for each in of.file.imports if each.name == "*")
            folders = [folder_of(of.file.path), *dots]
        for folder in folders:
            found = self.lookup(match[2], folder) if folder is not None else None
            if found is not None and found.definition.kind in TYPES:
                return found
        return None

    def members(self, located: Located) -> list[Located]:
        """Fields and methods of a type, wherever in its package they lie."""
        name, folder = located.definition.name, folder_of(located.path)
        mine = self.own.definitions if folder == self.home else ()
        found = [Located(self.own.path, each) for each in mine if each.owner == name]
        for each in self.graph.members(name, group=_GROUP, limit=_MEMBERS):
            if (
                each.path != self.own.path
                and each.definition.owner == name
                and folder_of(each.path) == folder
            ):
                found.append(each)
        return found

    def hierarchy(self, of: Type | None) -> Iterator[Located]:
        """The type, what it embeds, and what it is another name of."""
        pending = [] if of is None else [of]
        seen: set[tuple[str, int]] = set()
        while pending and len(seen) < _MOST_BASES:
            located = self.named(pending.pop(0))
            if located is None or (key := (located.path, located.definition.start)) in seen:
                continue
            seen.add(key)
            yield located
            definition, file = located.definition, self.file(located.path) or self.own
            pending += [Type(base, file) for base in definition.bases]
            if definition.kind is Kind.TYPE and _PLAIN.fullmatch(definition.type):
                pending.append(Type(definition.type, file))

    def names(self, folder: str, paths: Iterable[str] = ()) -> list[Located]:
        """What a package defines at its files' level; `paths`: files to look at first."""
        order = dict.fromkeys((*paths, *self.graph.folder(folder)))
        chosen = [path for path in order if path.endswith(".go")][:MOST_FILES]
        inside = folder == self.home
        return [
            Located(path, each)
            for path in chosen
            if not is_test(path) or (inside and self._tests)
            if (file := self.file(path)) is not None
            for each in file.definitions
            if not each.owner and (inside or each.exported)
        ]

    def _lookup(self, name: str, folder: str) -> Iterator[Located]:
        if folder == self.home:
            yield from _top(self.own, name)
        named = self.graph.named(name, group=_GROUP, limit=_NAMED)
        for each in named:
            if not each.definition.owner and folder_of(each.path) == folder:
                yield each
        if len(named) == _NAMED:  # too common a name
            for path in self.graph.folder(folder)[:MOST_FILES]:
                yield from _top(self.file(path), name)

    def _find_folder(self, path: str) -> str | None:
        candidates: list[str] = []
        if self._module is not None:
            name, root = self._module
            if path == name or path.startswith(f"{name}/"):
                candidates.append("/".join(filter(None, (root, path[len(name) + 1 :]))))
        parts = path.split("/")
        if "." in parts[0]:  # of another module that lies in the workspace
            candidates += ["/".join(parts[i:]) for i in range(1, len(parts))]
        for folder in candidates:
            if any(each.endswith(".go") for each in self.graph.folder(folder)):
                return folder
        return None

    def _find_module(self) -> tuple[str, str] | None:
        """Path and folder of the module that the file belongs to."""
        folder = self.home
        while True:
            text = self.graph.text(f"{folder}/go.mod" if folder else "go.mod")
            if text is not None and (match := _MODULE.search(text)):
                return match[1], folder
            if not folder:
                return None
            folder = folder_of(folder)

    def _declared(self, folder: str) -> str:
        for path in self.graph.folder(folder):
            if path.endswith(".go") and not is_test(path):
                file = self.file(path)
                return file.package if file else ""
        return ""


def bare(text: str) -> str:
    """A type without pointers in front."""
    match = _FRONT.match(text)
    return text[match.end() :] if match else text


def folder_of(path: str) -> str:
    """The folder of a path; empty for the root."""
    return path.rpartition("/")[0]


def is_test(path: str) -> bool:
    """Only tests of its package see a file."""
    return path.endswith("_test.go")


def results(text: str) -> list[str]:
    """The types of a function's results: of `(a, b *A, err error)` three."""
    text = text.strip().replace("<-", "")
    if not text.startswith("("):
        return [text] if text else []
    found: list[str] = []
    named = False
    for part in reversed(split(text[1:].removesuffix(")"))):
        match = _NAMED_RESULT.fullmatch(part)
        if match and match[1] not in _KEYWORDS:
            named = True
            found.append(match[2])
        else:
            found.append(found[-1] if named and part.isidentifier() else part)
    return found[::-1]


def _top(file: FileSymbols | None, name: str) -> Iterator[Located]:
    definitions: tuple[Definition, ...] = file.definitions if file else ()
    for each in definitions:
        if each.name == name and not each.owner and file:
            yield Located(file.path, each)
