"""Which types of the workspace Rust's types are, and their members. Knows no expressions.

References and wrappers are seen through: `&Arc<Mutex<Option<Foo>>>` is read as `Foo`. What a type
parameter is comes with the type: `Map<Id, Flag>` gives a `Flag` where its method gives a `V`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.generics import generic
from beadline.context.symbols.resolve.rust_crates import Module
from beadline.context.symbols.resolve.rust_paths import TYPES, Paths
from beadline.context.symbols.resolve.rust_text import bounds, declared, given, parts, summands
from beadline.context.symbols.resolve.scene import enclosing, split
from beadline.context.symbols.types import Definition, FileSymbols, Kind, Located, Scene

_DEEPEST = 8
"""Types that a type is written with."""
_FRONT = re.compile(r"(?:[&*\[\s]|\b(?:mut|dyn|impl|const|pub(?:\([^)]*\))?)\s)+")
_LIFETIME = re.compile(r"'\w+\s*,?\s*")
_NAME = re.compile(r"[\w:]*")
_IMPL = re.compile(
    r"^[ \t]*(?:unsafe[ \t]+)?impl\b(?:[ \t]*<[^{;]*?>)?[ \t]+(?:[^{;]*?\bfor[ \t]+)?([^{;]+?)"
    r"\s*(?:\bwhere\b[^{;]*)?\{",
    re.M,
)
_MAP = re.compile(r"(?:^|::)\w*Map\Z")
_ERRORS = ("Result",)


@dataclass(frozen=True, slots=True)
class Type:
    """A type as written, and the file from which its names are seen."""

    text: str
    file: FileSymbols
    owner: str = ""
    """What `Self` is there."""
    values: Mapping[str, Type] = field(default_factory=dict)
    """What names in it stand for: type parameters."""


class Types(Paths):
    """The types seen from one cursor."""

    def __init__(self, scene: Scene, graph: Graph) -> None:
        super().__init__(scene, graph)
        self._above = scene.document.text[: scene.offset]
        owners = [each.owner for each in enclosing(scene) if each.kind is Kind.METHOD]
        impls = [] if owners else _IMPL.findall(self._above)
        text = owners[-1] if owners else impls[-1] if impls else ""
        self.self_type = Type(text, self.own, text)
        """The type around the cursor; empty text for none."""
        self._bounds = {
            name: Type(said, self.own, text)
            for each in enclosing(scene)
            for name, said in bounds(each.signature, each.name).items()
        }

    def here(self, text: str) -> Type:
        """A type that is written at the cursor."""
        return Type(text, self.own, self.self_type.text, self._bounds)

    def named(self, of: Type | None) -> Located | None:
        """The workspace's type that a type is, wrappers seen through."""
        found = self.known(of)
        return found[0] if found else None

    def known(self, of: Type | None, depth: int = 0) -> tuple[Located, Type] | None:
        """As `named`, with the type inside of the wrappers."""
        if of is None or depth > _DEEPEST or not of.text:
            return None
        for each in summands(_bare(of.text)):
            if found := self._inner(replace(of, text=_bare(each)), depth):
                return found
        return None

    def _inner(self, of: Type, depth: int) -> tuple[Located, Type] | None:
        text = of.text
        if text.startswith("("):
            inner = parts(text) or (text.strip("()"),)
            return next(
                filter(None, (self.known(replace(of, text=t), depth + 1) for t in inner)), None
            )
        if (result := given(text)) is not None:
            return self.known(replace(of, text=result), depth + 1)
        before, arguments = generic(text)
        match = _NAME.match(before)
        name = match[0] if match else ""
        if name in of.values:
            return self.known(of.values[name], depth + 1)
        found = self._found(name, of)
        if isinstance(found, Located) and found.definition.kind is Kind.FIELD:
            found = self.owner(found)  # a variant
        if isinstance(found, Located) and found.definition.kind in TYPES - {Kind.TYPE}:
            return found, of
        # Of a result the error is never meant.
        meant = arguments[:1] if name.rpartition("::")[2] in _ERRORS else arguments
        for each in meant:
            inner = replace(of, text=each.rpartition("=")[2].strip())
            if known := self.known(inner, depth + 1):
                return known
        if isinstance(found, Located) and found.definition.kind is Kind.TYPE:
            return self.known(self._meant(found, of), depth + 1)
        if found is None and of.file is self.own and name.isidentifier():
            # `T: Bound`
            said = re.findall(rf"(?<![\w'])\b{name}\s*:(?!:)\s*([A-Z][^,{{}}();]*)", self._above)
            for each in said[::-1][:2]:
                if not re.search(rf"\b{name}\b", each) and (
                    known := self.known(self.here(each), depth + 1)
                ):
                    return known
        return None

    def _found(self, name: str, of: Type) -> Located | Module | None:
        """What the path of a type stands for; `Self::Item` is a member."""
        path = segments(name)
        if path[:1] != ("Self",):
            return self.resolve(path, of.file) if path else None
        own = None if of.owner in ("", "Self") else Type(of.owner, of.file)
        owner = self.named(of.values.get("Self", own))
        if owner is None or len(path) == 1:
            return owner
        return next(iter(self.find(owner, path[-1])), None)

    def _meant(self, alias: Located, of: Type) -> Type:
        """What an alias stands for where it is written as `of`."""
        file = self.file(alias.path) or self.own
        values = self._values(alias.definition, of, file)
        return Type(alias.definition.type, file, of.owner or alias.definition.owner, values)

    def _values(self, definition: Definition, of: Type, file: FileSymbols) -> Mapping[str, Type]:
        """What the type parameters of a definition are where it is written as `of`."""
        if "<" not in definition.signature:
            return {}
        arguments = [each for each in generic(_bare(of.text))[1] if not each.startswith("'")]
        said = bounds(definition.signature, definition.name)
        values: dict[str, Type] = {}
        for i, (name, default) in enumerate(declared(definition.signature, definition.name)):
            if i < len(arguments) and arguments[i] != "_":
                values[name] = replace(of, text=arguments[i])
            elif default or said.get(name, ""):
                values[name] = Type(default or said[name], file)
        return values

    def error(self, of: Type | None, depth: int = 0) -> Type | None:
        """The error of a result."""
        if of is None or depth > _DEEPEST:
            return None
        name, arguments = generic(_bare(of.text))
        if name in of.values:
            return self.error(of.values[name], depth + 1)
        found = self.resolve(segments(name), of.file) if name else None
        if name.rpartition("::")[2] in _ERRORS and len(arguments) > 1:
            return replace(of, text=arguments[1])
        if isinstance(found, Located) and found.definition.kind is Kind.TYPE:
            return self.error(self._meant(found, of), depth + 1)
        return self.error(replace(of, text=arguments[0]), depth + 1) if arguments else None

    def elements(self, of: Type | None, depth: int = 0) -> list[Type]:
        """The parts of a tuple, or what the entries of a map are; wrappers are seen through."""
        if of is None or depth > _DEEPEST:
            return []
        text = _bare(of.text)
        if text.startswith("("):
            return [replace(of, text=each) for each in parts(text)]
        name, arguments = generic(text)
        if name in of.values:
            return self.elements(of.values[name], depth + 1)
        if item := self.item(of):
            return self.elements(item, depth + 1)
        if len(arguments) == 2 and _MAP.search(name):
            return [replace(of, text=each) for each in arguments]
        inner = [replace(of, text=each.rpartition("=")[2].strip()) for each in arguments]
        return next(filter(None, (self.elements(each, depth + 1) for each in inner)), [])

    def item(self, of: Type | None) -> Type | None:
        """What an iterator of the workspace gives; None for other types."""
        known = self.known(of)
        for member in self.find(known[0], "Item") if known else ():
            return self.result(member, *known) if known and member.definition.type else None
        return None

    def find(self, located: Located, name: str) -> list[Located]:
        """Members of a name, default methods of its traits included."""
        return [
            member
            for each in self.hierarchy(located)
            for member in self.members(each)
            if member.definition.name == name
        ]

    def hierarchy(self, located: Located, depth: int = 0) -> Iterator[Located]:
        """A type, then the traits that the workspace implements for it; a trait's bounds; what it
        can be used as (`Deref`)."""
        yield located
        seen = {located.definition.name}
        members = self.members(located)
        pending = [(located.definition.bases, located.path)]
        pending += [(each.definition.bases, each.path) for each in members]
        for bases, path in pending:
            for base in bases:
                name = generic(base)[0]
                if name not in seen and (file := self.file(path)) is not None:
                    seen.add(name)
                    found = self.resolve(segments(name), file)
                    if isinstance(found, Located) and found.definition.kind is Kind.INTERFACE:
                        yield found
        targets = [m for m in members if m.definition.name == "Target" and m.definition.type]
        for each in targets if depth < 2 else ():
            inner = self.named(Type(each.definition.type, self.file(each.path) or self.own))
            if inner is not None and inner != located:
                yield from self.hierarchy(inner, depth + 1)

    def result(
        self, member: Located, of: Located | Module | None, at: Type | None = None
    ) -> Type | None:
        """What a member of `of` holds or gives. `at`: `of` with its arguments."""
        definition, file = member.definition, self.file(member.path)
        if file is None:
            return None
        if definition.kind in TYPES and not (definition.kind is Kind.TYPE and definition.owner):
            return Type(definition.name, file)
        if definition.kind is Kind.FIELD and not definition.type:
            owner = self.owner(member)
            return Type(owner.definition.name, file) if owner else None
        if not definition.type:
            return None
        return self.written(definition.type, member, of, at)

    def written(
        self, text: str, member: Located, of: Located | Module | None, at: Type | None = None
    ) -> Type:
        """A type in the header of a member of `of`."""
        definition, file = member.definition, self.file(member.path) or self.own
        header = definition.signature if definition.kind in (Kind.METHOD, Kind.FUNCTION) else ""
        values = {
            name: Type(said, file, definition.owner)
            for name, said in (bounds(header, definition.name) if header else {}).items()
        }
        owner = definition.owner
        if isinstance(of, Located) and of.definition.kind in TYPES:
            outside = self.file(of.path) or file
            known = at or Type(of.definition.name, outside)
            values |= self._values(of.definition, known, outside)
            if at is None or self.named(at) == of:
                values["Self"] = known
            owner = of.definition.name if file is outside else owner
        return Type(text, file, owner, values)

    def payload(self, of: Located, which: str | int, at: Type | None = None) -> Type | None:
        """The type of a field of a struct or a variant, by name or by position."""
        file, definition = self.file(of.path) or self.own, of.definition
        if isinstance(which, str) and definition.kind is not Kind.FIELD:
            member = next(iter(self.find(of, which)), None)
            return self.result(member, of, at) if member else None
        inside = _LIFETIME.sub("", definition.signature.partition(definition.name)[2])
        inside = inside.partition("{" if isinstance(which, str) else "(")[2]
        fields = split(inside.rstrip(" ;").removesuffix(")").removesuffix("}"))
        if isinstance(which, str):
            named = (each.partition(":") for each in fields)
            fields = [kind.strip() for name, _, kind in named if name.strip() == which]
            which = 0
        values = self._values(definition, at, file) if at is not None else {}
        return Type(fields[which], file, definition.owner, values) if which < len(fields) else None

    def owner(self, member: Located) -> Located | None:
        """The enum of a variant."""
        file = self.file(member.path)
        for each in file.definitions if file else ():
            if each.qualified == member.definition.owner:
                return Located(member.path, each)
        return None


def _bare(text: str) -> str:
    """A type without references and lifetimes in front."""
    text = _LIFETIME.sub("", text) if "'" in text else text
    front = _FRONT.match(text)
    return text[front.end() if front else 0 :].strip()


def segments(path: str) -> tuple[str, ...]:
    """The names of a path."""
    return tuple(part for each in path.split("::") if (part := each.strip()))
