"""Which classes the names of Java code stand for, and their members. Knows no expressions.

Types are kept as they are written, with the file that they are seen from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.generics import generic, parameters, substituted
from beadline.context.symbols.resolve.scene import enclosing
from beadline.context.symbols.types import Definition, FileSymbols, Kind, Located, Scene

TYPES = frozenset({Kind.CLASS, Kind.INTERFACE, Kind.ENUM})
GROUP = "java"
_MOST_BASES = 12
_STATIC = re.compile(r"\bstatic\s")
_NOISE = re.compile(r"@[\w.]+(?:\([^)]*\))?\s*|\bfinal\s+|\?\s*(?:extends|super)\s+")
ARRAY = re.compile(r"(?:\s*\[\s*\]|\s*\.\.\.)+\Z")


@dataclass(frozen=True, slots=True)
class Type:
    """A type as written, and from where its names are seen."""

    text: str
    file: FileSymbols
    owner: str = ""
    """The class of the file in which it is written."""
    static: bool = False
    """The class itself rather than a value of it."""


Values = Mapping[str, Type]
"""What the type parameters of a class are."""


class Classes:
    """The classes seen from one cursor."""

    def __init__(self, scene: Scene, graph: Graph) -> None:
        self.graph = graph
        self.own = scene.symbols
        around = [each for each in enclosing(scene) if each.kind in TYPES]
        self.around = [self.type_of(Located(self.own.path, each)) for each in reversed(around)]
        """The classes around the cursor, innermost first."""
        self._owner = around[-1].qualified if around else ""
        self._named: dict[tuple[str, str, str], Located | None] = {}
        self._inside: dict[str, dict[str, list[Located]]] = {}
        """By path and owner: what files define."""

    def file(self, path: str) -> FileSymbols | None:
        """The symbols of a file; the cursor's own as it is now."""
        return self.own if path == self.own.path else self.graph.file(path)

    def type_of(self, located: Located) -> Type:
        """A class as a type."""
        return Type(located.definition.qualified, self.file(located.path) or self.own)

    def here(self, text: str) -> Type:
        """A type that is written at the cursor."""
        return Type(text, self.own, self._owner)

    def resolve(self, of: Type | None) -> Located | None:
        """The class of a type, where the workspace has it."""
        return None if of is None else self.named(generic(plain(of.text))[0], of.file, of.owner)

    def named(self, name: str, file: FileSymbols, owner: str = "") -> Located | None:
        """The class that a name (`Map.Entry`) stands for inside of a class of a file."""
        key = name, file.path, owner
        if key not in self._named:
            first, *rest = name.split(".")
            if rest and not first[:1].isupper():
                found = self.qualified(name)
            else:
                found = self._simple(first, file, owner)
                for part in rest:
                    found = found and self._nested(found, part)
            self._named[key] = found
        return self._named[key]

    def qualified(self, name: str) -> Located | None:
        """The class of a full name, package first."""
        parts = name.split(".")
        first = next((i for i, part in enumerate(parts) if part[:1].isupper()), len(parts) - 1)
        wanted = ".".join(parts[first:])
        for path in self.graph.paths_ending("/".join(parts[: first + 1]) + ".java"):
            for each in _types_in(self.file(path)):
                if each.qualified == wanted:
                    return Located(path, each)
        return None

    def members(self, located: Located) -> list[Located]:
        """What a class itself defines."""
        inside = self._inside.get(located.path)
        if inside is None:
            inside = self._inside[located.path] = {}
            file = self.file(located.path)
            for each in file.definitions if file else ():
                inside.setdefault(each.owner, []).append(Located(located.path, each))
        return inside.get(located.definition.qualified, [])

    def hierarchy(self, start: Type) -> Iterator[tuple[Located, Values]]:
        """The class of a type and those it inherits from, nearest first, with what their type
        parameters are."""
        pending, seen = [start], set[tuple[str, int]]()
        while pending and len(seen) < _MOST_BASES:
            each = pending.pop(0)
            located = self.resolve(each)
            if located is None or (key := (located.path, located.definition.start)) in seen:
                continue
            seen.add(key)
            definition = located.definition
            names = parameters(definition.signature, definition.name)
            arguments = generic(plain(each.text))[1]
            values = {n: replace(each, text=a) for n, a in zip(names, arguments, strict=False)}
            yield located, values
            file = self.file(located.path) or self.own
            pending += [
                applied(base, values, file, definition.qualified) for base in definition.bases
            ]

    def find(self, of: Type, name: str) -> list[Located]:
        """All members of a name, inherited ones included."""
        return [
            member
            for located, _ in self.hierarchy(of)
            for member in self.members(located)
            if member.definition.name == name
        ]

    def imported(self, name: str) -> list[Located]:
        """Members of a name that static imports bring."""
        return [
            member
            for each in self.own.imports
            if each.name in (name, "*") and (found := self.qualified(each.module)) is not None
            for member in self.find(self.type_of(found), name)
        ]

    def _simple(self, name: str, file: FileSymbols, owner: str) -> Located | None:
        inside = [each for each in _types_in(file) if each.name == name]
        if inside:
            return Located(file.path, max(inside, key=lambda each: _shared(each.owner, owner)))
        for each in file.imports:
            if each.alias == name:
                return self.qualified(f"{each.module}.{name}")
        modules = [file.package, *(each.module for each in file.imports if each.name == "*")]
        for module in modules:
            if found := self.qualified(f"{module}.{name}" if module else name):
                return found
        named = self.graph.named(name, group=GROUP, limit=8)
        only = [each for each in named if each.definition.kind in TYPES]
        return only[0] if len(only) == 1 else None

    def _nested(self, located: Located, name: str) -> Located | None:
        for each in self.members(located):
            if each.definition.name == name and each.definition.kind in TYPES:
                return each
        return None


def plain(text: str) -> str:
    """A type without annotations, wildcards and dimensions."""
    return ARRAY.sub("", _NOISE.sub("", text)).strip()


def applied(text: str, values: Values, file: FileSymbols, owner: str) -> Type:
    """A type as written in a class of a file, whose type parameters are known."""
    if (known := values.get(plain(text))) is not None:
        return known
    return Type(substituted(text, {n: v.text for n, v in values.items()}), file, owner)


def own_parameters(method: Definition) -> dict[str, str]:
    """Type parameters of a method with their bounds."""
    words, opened, rest = method.signature.partition("<")
    if not opened or "(" in words or not all(word.islower() for word in words.split()):
        return {}  # the type arguments of what it returns
    found: dict[str, str] = {}
    for each in generic(f"<{rest}")[1]:
        name, _, bound = plain(each).partition(" extends ")
        found[name.strip()] = bound.partition("&")[0].strip()
    return found


def is_static(definition: Definition, of: Located) -> bool:
    """Whether a member is the class's rather than its values'."""
    constant = not definition.type or of.definition.kind is Kind.INTERFACE
    if constant and definition.kind is Kind.FIELD:
        return True
    head = definition.signature.partition("(")[0]
    return definition.kind in TYPES or _STATIC.search(head) is not None


def _types_in(file: FileSymbols | None) -> list[Definition]:
    return [each for each in file.definitions if each.kind in TYPES] if file else []


def _shared(owner: str, inside: str) -> int:
    """How near a class of `owner` is to code in the class `inside`."""
    return len(owner) if not owner or f"{inside}.".startswith(f"{owner}.") else -1
