"""What can stand behind a receiver in Python: see `receivers`. Knows no other language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.calls import cut
from beadline.context.symbols.resolve.python_modules import Module
from beadline.context.symbols.resolve.python_types import Types
from beadline.context.symbols.resolve.python_values import CLASSES, Value
from beadline.context.symbols.resolve.receivers import ENUM, MEMBER, MODULE, SELF, Members
from beadline.context.symbols.resolve.scene import Cursor
from beadline.context.symbols.types import Definition, Kind, Located, Scene

_PACKAGE = "__init__.py"
_ENUMS = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum"})
_PLAIN = frozenset({"object", "ABC", "Generic", "Protocol", *_ENUMS})
"""Foreign bases whose members nobody asks for by name, or which are told here."""
_CONSTANT = ("name", "value")
"""What members of enums have."""
_DYNAMIC = frozenset({"__getattr__", "__getattribute__"})
_FIELDS = re.compile(r"\bself\.(\w+)\s*(?::[^=\n]+)?=(?!=)")
_FROM = re.compile(
    r"(?:^|[;\n])[ \t]*from\s+(?P<module>\.*[\w.]*)\s+import\s*"
    r"\(?(?P<listed>(?:\s*\w+(?:\s+as\s+\w+)?\s*,)*)\s*\Z"
)
_BELOW = re.compile(r"(?:^|[;\n])[ \t]*(?:from|import)\s+(?P<module>\.+|\.*[\w.]+\.)\Z")
"""`from .`, `import a.b.`"""


class PythonReceivers:
    """See `Receivers`."""

    def __init__(self, scene: Scene, graph: Graph, cursor: Cursor) -> None:
        self._scene, self._graph = scene, graph
        self._types = Types(scene, graph)
        self._modules = self._types.modules
        self._path = scene.symbols.path

    def members(self, expression: str) -> Members | None:
        """See `Receivers`. Never closed: attributes are made while programs run."""
        found = [each for value in self._types.of(expression) if (each := self._of(value))]
        if not found:
            return None
        names = tuple(dict.fromkeys(name for each in found for name in each.names))
        source = SELF if expression in ("self", "cls") else found[0].source
        return Members(names, source, whole=all(each.whole for each in found))

    def importable(self, before: str) -> Members | None:
        """See `Receivers`: names of a module, or modules of a package."""
        if match := _FROM.search(before):
            target = self._modules.find(match["module"], self._path)
            if not target or target == self._path:
                return None
            listed = set(re.findall(r"\w+", match["listed"]))
            names = [name for name in self._names(target) if name not in listed]
        elif match := _BELOW.search(before):
            module = match["module"]
            relative = not module.strip(".")
            target = self._modules.find(module if relative else module.rstrip("."), self._path)
            names = list(self._below(target or (self._path if module == "." else "")))
        else:
            return None
        return Members(tuple(dict.fromkeys(names)), MODULE, whole=True) if names else None

    def parameters(self, callee: str) -> Sequence[str]:
        """See `Receivers`: those of a class are its `__init__`'s, or its fields (dataclasses)."""
        for located in self._called(callee):
            definition = located.definition
            if definition.kind not in CLASSES:
                return _named(definition)
            made = self._types.member(located, "__init__")
            if made is not None:
                return _named(made.definition)
            own = self._modules.members(located.path, definition.qualified)
            return [name for name, each in own.items() if each.kind is Kind.FIELD and each.type]
        return ()

    def _called(self, callee: str) -> Iterator[Located]:
        receiver, name = cut(callee)
        if receiver:
            for value in self._types.of(receiver):
                if (found := self._types.exported(value, name)) is not None:
                    yield found
        elif isinstance(found := self._modules.exported(self._path, name), Located):
            yield found

    def _of(self, value: Value) -> Members | None:
        if isinstance(value.symbol, Module):
            names = tuple(dict.fromkeys(self._names(value.symbol.path)))
            return Members(names, MODULE, whole="__getattr__" not in names) if names else None
        if value.symbol is None or value.symbol.definition.kind not in CLASSES:
            return None
        line = self._types.line(value.symbol)
        own: dict[str, Definition] = {}
        for each in reversed(line):
            own |= self._modules.members(each.path, each.definition.qualified)
        bases = {_name(base) for each in line for base in each.definition.bases}
        enum = value.symbol.definition.kind is Kind.ENUM or not _ENUMS.isdisjoint(bases)
        names = list(own)
        if enum:
            names = [*names, *_CONSTANT] if value.instance else _constants(own)
        if value.symbol == self._types.local.owner:
            names += _FIELDS.findall(self._scene.document.text)
        known = {each.definition.name for each in line} | _PLAIN
        whole = bases <= known and _DYNAMIC.isdisjoint(own)
        if not names:
            return None
        source = ENUM if enum and not value.instance else MEMBER
        return Members(tuple(dict.fromkeys(names)), source, whole=whole)

    def _names(self, path: str) -> Iterator[str]:
        """What a module offers: what it defines and what of the workspace it imports; a package
        its modules as well."""
        yield from self._modules.tops(path)
        file = self._modules.file(path)
        for each in file.imports if file is not None else ():
            if each.name == "*":
                target = self._modules.find(each.module, path)
                tops = self._modules.tops(target) if target and target != path else {}
                yield from (name for name in tops if not name.startswith("_"))
            elif "." not in each.alias and self._modules.imported(each, path) is not None:
                yield each.alias
        yield from self._below(path)

    def _below(self, path: str) -> Iterator[str]:
        """The modules of a package, or beside a file whose package is meant."""
        if not path.endswith(_PACKAGE) and path != self._path:
            return
        for each in self._graph.folder(path.rpartition("/")[0]):
            name = each.rpartition("/")[2].removesuffix(".py")
            if each.endswith(".py") and name.isidentifier() and name != "__init__":
                yield name


def _constants(own: dict[str, Definition]) -> list[str]:
    """The members of an enum, and what its class has of its own."""
    return [name for name in own if not name.startswith("_")]


def _named(definition: Definition) -> list[str]:
    return [each.name for each in definition.parameters if not each.name.startswith("*")]


def _name(base: str) -> str:
    """Name of a base class without module and arguments."""
    return base.partition("[")[0].strip().rpartition(".")[2]


RECEIVERS = PythonReceivers
