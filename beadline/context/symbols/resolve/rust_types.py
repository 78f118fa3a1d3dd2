"""Which types of the workspace Rust's types are, and their members. Knows no expressions.

References and wrappers are seen through: `&Arc<Mutex<Option<Foo>>>` is read as `Foo`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.generics import generic
from beadline.context.symbols.resolve.rust_crates import Module
from beadline.context.symbols.resolve.rust_paths import TYPES, Paths
from beadline.context.symbols.resolve.scene import enclosing, split
from beadline.context.symbols.types import FileSymbols, Kind, Located, Scene

_DEEPEST = 8
"""Types that a type is written with."""
_FRONT = re.compile(r"(?:[&*(\[\s]|\b(?:mut|dyn|impl|const|pub(?:\([^)]*\))?)\s)+")
_LIFETIME = re.compile(r"'\w+\s*,?\s*")
_NAME = re.compile(r"[\w:]*")
_SELF = re.compile(r"\bSelf\b")
_IMPL = re.compile(
    r"^[ \t]*(?:unsafe[ \t]+)?impl\b(?:[ \t]*<[^{;]*?>)?[ \t]+(?:[^{;]*?\bfor[ \t]+)?([^{;]+?)"
    r"\s*(?:\bwhere\b[^{;]*)?\{",
    re.M,
)


@dataclass(frozen=True, slots=True)
class Type:
    """A type as written, and the file from which its names are seen."""

    text: str
    file: FileSymbols
    owner: str = ""
    """What `Self` is there."""


class Types(Paths):
    """The types seen from one cursor."""

    def __init__(self, scene: Scene, graph: Graph) -> None:
        super().__init__(scene, graph)
        self._above = scene.document.text[: scene.offset]
        owners = [each.owner for each in enclosing(scene) if each.kind is Kind.METHOD]
        impls = [] if owners else _IMPL.findall(self._above)
        self.self_type = Type(owners[-1] if owners else impls[-1] if impls else "", self.own)
        """The type around the cursor; empty text for none."""

    def here(self, text: str) -> Type:
        """A type that is written at the cursor."""
        return Type(text, self.own, self.self_type.text)

    def named(self, of: Type | None, depth: int = 0) -> Located | None:
        """The workspace's type that a type is, wrappers seen through."""
        if of is None or depth > _DEEPEST or not of.text:
            return None
        text = _LIFETIME.sub("", of.text)
        front = _FRONT.match(text)
        before, arguments = generic(text[front.end() if front else 0 :])
        match = _NAME.match(before)
        name = match[0] if match else ""
        if name == "Self":
            return self.named(Type(of.owner, of.file), depth + 1) if of.owner != "Self" else None
        found = self.resolve(segments(name), of.file)
        if isinstance(found, Located) and found.definition.kind is Kind.FIELD:
            found = self.owner(found)  # a variant
        if isinstance(found, Located) and found.definition.kind in TYPES - {Kind.TYPE}:
            return found
        # Of a result the error is never meant.
        meant = arguments[:1] if name.rpartition("::")[2] == "Result" else arguments
        for each in meant:
            inner = Type(each.rpartition("=")[2].strip(), of.file, of.owner)
            if known := self.named(inner, depth + 1):
                return known
        if isinstance(found, Located) and found.definition.kind is Kind.TYPE:
            file = self.file(found.path) or self.own
            return self.named(Type(found.definition.type, file, of.owner), depth + 1)
        if found is None and of.file is self.own and name.isidentifier():
            bounds = re.findall(rf"\b{name}\s*:\s*([A-Z][\w:]*)", self._above)  # `T: Bound`
            return self.named(self.here(bounds[-1]), depth + 1) if bounds else None
        return None

    def find(self, located: Located, name: str) -> list[Located]:
        """Members of a name, default methods of its traits included."""
        return [
            member
            for each in self.hierarchy(located)
            for member in self.members(each)
            if member.definition.name == name
        ]

    def hierarchy(self, located: Located) -> Iterator[Located]:
        """A type, then the traits that the workspace implements for it; a trait's bounds."""
        yield located
        seen = {located.definition.name}
        pending = [(located.definition.bases, located.path)]
        pending += [(each.definition.bases, each.path) for each in self.members(located)]
        for bases, path in pending:
            for base in bases:
                name = generic(base)[0]
                if name not in seen and (file := self.file(path)) is not None:
                    seen.add(name)
                    found = self.resolve(segments(name), file)
                    if isinstance(found, Located) and found.definition.kind is Kind.INTERFACE:
                        yield found

    def result(self, member: Located, of: Located | Module | None) -> Type | None:
        """What a member of `of` holds or gives."""
        definition, file = member.definition, self.file(member.path)
        if file is None:
            return None
        if definition.kind in TYPES:
            return Type(definition.name, file)
        if definition.kind is Kind.FIELD and not definition.type:
            owner = self.owner(member)
            return Type(owner.definition.name, file) if owner else None
        if isinstance(of, Located) and _SELF.search(definition.type):
            name = of.definition.name
            return Type(_SELF.sub(name, definition.type), self.file(of.path) or file, name)
        return Type(definition.type, file, definition.owner) if definition.type else None

    def payload(self, of: Located, which: str | int) -> Type | None:
        """The type of a field of a struct or a variant, by name or by position."""
        file, definition = self.file(of.path) or self.own, of.definition
        if isinstance(which, str) and definition.kind is not Kind.FIELD:
            member = next(iter(self.find(of, which)), None)
            return self.result(member, of) if member else None
        inside = _LIFETIME.sub("", definition.signature.partition(definition.name)[2])
        inside = inside.partition("{" if isinstance(which, str) else "(")[2]
        fields = split(inside.rstrip(" ;").removesuffix(")").removesuffix("}"))
        if isinstance(which, str):
            named = (each.partition(":") for each in fields)
            fields = [kind.strip() for name, _, kind in named if name.strip() == which]
            which = 0
        return Type(fields[which], file) if which < len(fields) else None

    def owner(self, member: Located) -> Located | None:
        """The enum of a variant."""
        file = self.file(member.path)
        for each in file.definitions if file else ():
            if each.qualified == member.definition.owner:
                return Located(member.path, each)
        return None


def segments(path: str) -> tuple[str, ...]:
    """The names of a path."""
    return tuple(part for each in path.split("::") if (part := each.strip()))
