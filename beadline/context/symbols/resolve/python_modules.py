"""Finds the files of Python modules and what their names stand for. Knows no expressions.

Follows imports as Python does, through packages, re-exports, stars and modules that load their
names late (PEP 562), within the workspace.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
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

_TABLES = 64
"""Files of which tables are kept."""


class _Table:
    """What one file defines and imports, by name; the same for all cursors."""

    def __init__(self, file: FileSymbols) -> None:
        self.file = file
        self.tops: dict[str, Definition] = {}
        """See `Modules.tops`."""
        self.members: dict[str, dict[str, Definition]] = {}
        """By class: its own members by name."""
        self.imports: dict[str, list[Import]] = {}
        """By alias."""
        for each in file.definitions:
            if each.owner:
                own = self.members.setdefault(each.owner, {})
                before = own.get(each.name)
                # Of the parts of a property the first one, the getter, has the type.
                if before is None or (each.type and not before.type):
                    own[each.name] = each
            else:
                before = self.tops.get(each.name)
                if before is None or not _is_less(each, before):
                    self.tops[each.name] = each
        for each in file.imports:
            self.imports.setdefault(each.alias, []).append(each)
        self.dotted = [each for each in file.imports if not each.name and "." in each.alias]
        self.stars = [each for each in file.imports if each.name == "*"]


class _Tables:
    """The tables of the files that were asked for lately, by the objects themselves: symbols stay
    the same objects until the file changes."""

    def __init__(self) -> None:
        self._known: dict[int, _Table] = {}

    def of(self, file: FileSymbols) -> _Table:
        """The table of a file."""
        found = self._known.get(id(file))
        if found is None:
            if len(self._known) >= _TABLES:
                self._known.clear()
            # It holds the file, whose id is no other's meanwhile.
            found = self._known[id(file)] = _Table(file)
        return found


_tables = _Tables()


class Modules:
    """Modules and their names, each looked up once; for one cursor."""

    def __init__(self, graph: Graph, own: FileSymbols) -> None:
        """`own`: the symbols of the unsaved text, in place of what the graph has of that file."""
        self._graph = graph
        self._files: dict[str, FileSymbols | None] = {own.path: own}
        self._found: dict[tuple[str, str], str] = {}
        self._symbols: dict[tuple[str, str], Symbol | None] = {}
        self._of_file: dict[str, _Table] = {}

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

    def tops(self, path: str) -> Mapping[str, Definition]:
        """The definitions at a file's own level by name: of several the last, as in Python, but no
        variable in place of a class or a function, and none of which nothing is known."""
        return self._table(path).tops

    def members(self, path: str, owner: str) -> Mapping[str, Definition]:
        """The members that a class of a file has itself, by name."""
        return self._table(path).members.get(owner, {})

    def member(self, path: str, owner: str, name: str) -> Definition | None:
        """One member that a class of a file has itself."""
        return self.members(path, owner).get(name)

    def _table(self, path: str) -> _Table:
        table = self._of_file.get(path)
        if table is None:
            file = self.file(path) or FileSymbols(path, GROUP)
            table = self._of_file[path] = _tables.of(file)
        return table

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
        table = self._table(path)
        top = table.tops.get(name)
        if top is not None and top.kind not in _VARIABLES:
            return Located(path, top)
        for each in table.imports.get(name, ()):
            # A variable of that name is what there is where the import fails.
            if found := self.imported(each, path):
                return found
        if top is not None:
            return Located(path, top)
        for each in table.dotted:
            if each.alias.startswith(f"{name}.") and (
                target := self.find(name, path)
            ):  # `import a.b` gives `a`
                return Module(target)
        for each in table.stars:
            target = self.find(each.module, path)
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
