"""Finds the files of Python modules and what their names stand for. Knows no expressions.

Follows imports as Python does, through packages, re-exports, stars and modules that load their
names late (PEP 562), within the workspace.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.likely import distance
from beadline.context.symbols.types import Definition, FileSymbols, Import, Kind, Located

GROUP = "python"
_PACKAGE = "__init__.py"
_VARIABLES = frozenset({Kind.VARIABLE, Kind.CONSTANT})
_LATE = 64
"""Definitions of a name that a package may load late."""


@dataclass(frozen=True, slots=True)
class Module:
    """A module as a value."""

    path: str
    """Of its file; a package's is its `__init__.py`."""


Symbol = Located | Module


class Modules:
    """Modules and their names, each looked up once; for one cursor."""

    def __init__(self, graph: Graph, own: FileSymbols) -> None:
        """`own`: the symbols of the unsaved text, in place of what the graph has of that file."""
        self._graph = graph
        self._files: dict[str, FileSymbols | None] = {own.path: own}
        self._found: dict[tuple[str, str], str] = {}
        self._symbols: dict[tuple[str, str], Symbol | None] = {}
        self._tops: dict[str, dict[str, Definition]] = {}
        self._members: dict[str, dict[tuple[str, str], Definition]] = {}

    def file(self, path: str) -> FileSymbols | None:
        """The symbols of a file; None where there is no such file."""
        if path not in self._files:
            self._files[path] = self._graph.file(path)
        return self._files[path]

    def find(self, module: str, path: str) -> str:
        """Path of the file of a module as the file at `path` names it; empty for a foreign one."""
        key = module, path.rpartition("/")[0]
        if key not in self._found:
            self._found[key] = self._find(module, path)
        return self._found[key]

    def exported(self, path: str, name: str) -> Symbol | None:
        """What a name at the level of a file stands for, wherever that is defined."""
        key = path, name
        if key not in self._symbols:
            self._symbols[key] = None  # imports go in circles
            self._symbols[key] = self._exported(path, name)
        return self._symbols[key]

    def imported(self, each: Import, path: str) -> Symbol | None:
        """What an import of the file at `path` gives; None for stars and foreign modules."""
        target = self.find(each.module, path)
        if not each.name:
            return Module(target) if target else None
        if target and target != path and (found := self.exported(target, each.name)):
            return found
        dot = "" if each.module.endswith(".") else "."
        below = self.find(f"{each.module}{dot}{each.name}", path)
        return Module(below) if below else None

    def exports(self, path: str) -> Iterator[Located]:
        """The definitions that a module offers: its own, then those that it imports."""
        yield from (Located(path, each) for each in self.tops(path).values())
        file = self.file(path)
        if file is None:
            return
        for each in file.imports:
            if each.name == "*":
                target = self.find(each.module, path)
                if target and target != path:
                    yield from (Located(target, top) for top in self.tops(target).values())
            elif isinstance(found := self.imported(each, path), Located):
                yield found

    def tops(self, path: str) -> dict[str, Definition]:
        """The definitions at a file's own level by name: of several the last, as in Python, but no
        variable in place of a class or a function, and none of which nothing is known."""
        if path not in self._tops:
            found = self._tops[path] = {}
            file = self.file(path)
            for each in file.definitions if file is not None else ():
                before = found.get(each.name)
                if not each.owner and (before is None or not _is_less(each, before)):
                    found[each.name] = each
        return self._tops[path]

    def members(self, path: str, owner: str) -> dict[str, Definition]:
        """The members that a class of a file has itself, by name."""
        return {name: each for (of, name), each in self._all(path).items() if of == owner}

    def member(self, path: str, owner: str, name: str) -> Definition | None:
        """One member that a class of a file has itself."""
        return self._all(path).get((owner, name))

    def _all(self, path: str) -> dict[tuple[str, str], Definition]:
        if path not in self._members:
            found = self._members[path] = {}
            file = self.file(path)
            for each in file.definitions if file is not None else ():
                before = found.get((each.owner, each.name))
                # Of the parts of a property the first one, the getter, has the type.
                if each.owner and (before is None or (each.type and not before.type)):
                    found[each.owner, each.name] = each
        return self._members[path]

    def _find(self, module: str, path: str) -> str:
        name = module.lstrip(".")
        if dots := len(module) - len(name):
            folder = path.rpartition("/")[0]
            for _ in range(dots - 1):
                folder = folder.rpartition("/")[0]
            return self._below(folder, name.replace(".", "/"))
        if not name:
            return ""
        found: list[str] = []
        standard = name.partition(".")[0] in sys.stdlib_module_names
        for suffix in _files_of(name.replace(".", "/")):
            for each in self._graph.paths_ending(suffix):
                root = each[: -len(suffix)].rstrip("/")
                if root and standard and root != path.rpartition("/")[0]:
                    continue  # `logging.py` among examples is nobody's `logging`
                # In a package only its full name is a module's.
                if not root or self.file(f"{root}/{_PACKAGE}") is None:
                    found.append(each)
        return min(found, key=lambda each: (distance(path, each), len(each), each), default="")

    def _below(self, folder: str, name: str) -> str:
        """Path of a module in a folder; of the folder's own without a name."""
        base = f"{folder}/{name}".strip("/")
        names = _files_of(base) if name else (f"{base}/{_PACKAGE}".lstrip("/"),)
        return next((each for each in names if self.file(each) is not None), "")

    def _exported(self, path: str, name: str) -> Symbol | None:
        file = self.file(path)
        if file is None:
            return None
        top = self.tops(path).get(name)
        if top is not None and top.kind not in _VARIABLES:
            return Located(path, top)
        for each in file.imports:
            # A variable of that name is what there is where the import fails.
            if each.alias == name and (found := self.imported(each, path)):
                return found
        if top is not None:
            return Located(path, top)
        for each in file.imports:
            dotted = not each.name and each.alias.startswith(f"{name}.")
            if dotted and (target := self.find(name, path)):  # `import a.b` gives `a`
                return Module(target)
        for each in file.imports:
            target = self.find(each.module, path) if each.name == "*" else ""
            if target not in ("", path) and (found := self.exported(target, name)):
                return found
        if path.rpartition("/")[2] == _PACKAGE:
            folder = path.rpartition("/")[0]
            if below := self._below(folder, name):
                return Module(below)
            if name in file.names:
                return self._late(folder, name)
        return None

    def _late(self, folder: str, name: str) -> Symbol | None:
        """A name that a package mentions without importing it: it is loaded when it is asked for,
        from somewhere below."""
        found = [
            each
            for each in self._graph.named(name, group=GROUP, limit=_LATE)
            if not each.definition.owner and each.path.startswith(f"{folder}/")
        ]
        return min(found, key=lambda each: (each.path.count("/"), each.path), default=None)


def _is_less(late: Definition, early: Definition) -> bool:
    """A name's second definition says less than its first: `Name = None` behind a class."""
    if late.kind not in _VARIABLES:
        return False
    return early.kind not in _VARIABLES or not (late.value or late.type)


def _files_of(base: str) -> tuple[str, ...]:
    return f"{base}.py", f"{base}/{_PACKAGE}", f"{base}.pyi"
