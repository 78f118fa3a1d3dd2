"""Which definitions a cursor in Rust code needs. Knows no index and no prompt."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.calls import cut
from beadline.context.symbols.resolve.likely import Likely
from beadline.context.symbols.resolve.rust_crates import Module
from beadline.context.symbols.resolve.rust_guesses import called_like, fitness, held_self
from beadline.context.symbols.resolve.rust_paths import TYPES
from beadline.context.symbols.resolve.rust_types import Type
from beadline.context.symbols.resolve.rust_values import Values
from beadline.context.symbols.resolve.scene import Cursor, chain, enclosing
from beadline.context.symbols.resolve.steps import alike, in_order, once
from beadline.context.symbols.resolve.words import words
from beadline.context.symbols.types import Import, Kind, Located, Needed, Reason, Scene

_WORDS = words(
    "as async await break const continue crate dyn else enum extern false fn for if impl in let "
    "loop match mod move mut pub ref return static struct super trait true type unsafe use where "
    "while Some None Ok Err bool char str u8 u16 u32 u64 usize i8 i16 i32 i64 isize f32 f64"
)
_CALLABLE = frozenset({Kind.FUNCTION, Kind.METHOD, Kind.MACRO})
_IMPORTING = re.compile(r"\buse\s+([\w:\s{},*]*)\Z")
_TAKES_SELF = re.compile(r"\(\s*(?:&\s*)?(?:'\w+\s+)?(?:mut\s+)?self\b")
_CALLEES = 3
"""Calls around the cursor that are looked at, innermost first."""
_METHODS, _FUNCTIONS = 96, 48
"""Of a type, and in scope, the likeliest so many."""
_FIRST = 32
"""Methods that are before the type itself and its fields."""
_GUESSES = 3
"""Types that a receiver is taken for."""
_TRAITS = 4
"""Imported traits whose members are offered, whatever the receiver is."""
_IMPORTS = 48
"""Imports that are looked at for them."""
_NEAR, _VARIABLES, _PLAY = 48, 12, 16
"""Names around the cursor that are looked up, how many of them as variables, and how many
definitions that may give."""


class RustResolver:
    """See `Resolver`."""

    def needed(self, scene: Scene, graph: Graph) -> Iterator[Needed]:
        """See `Resolver`."""
        cursor = Cursor.at(scene, words=_WORDS)
        yield from in_order(_Search(scene, cursor, graph), scene, cursor, graph)


class _Search:
    """The look-ups at one cursor."""

    def __init__(self, scene: Scene, cursor: Cursor, graph: Graph) -> None:
        self._scene, self._cursor, self._graph = scene, cursor, graph
        self._values = Values(scene, graph)
        self.likely = Likely(scene, cursor, graph)
        self._own = scene.symbols
        self.receiver = cursor.receiver
        start = scene.offset - len(cursor.word)
        self._before = scene.document.text[max(0, start - 400) : start]
        self.dotted = bool(cursor.receiver) or self._before.rstrip(" \t").endswith((".", "::"))

    def exports(self) -> Iterator[Needed]:
        """What the module of the `use` shows."""
        match = _IMPORTING.search(self._before)
        if match is None:
            return
        found = self._values.path(match[1].rpartition("{")[0] or match[1])
        if isinstance(found, Module) or (found and found.definition.kind is Kind.MODULE):
            yield from self.likely.needed(self._values.exports(found), Reason.EXPORT, 1.0)

    def members(self) -> Iterator[Needed]:
        """What the receiver, a module, a type or a value, has."""
        receiver = self._cursor.receiver
        held = ""
        if self._before.rstrip().endswith("::"):
            found = self._values.path(receiver)
            if isinstance(found, Module) or (found and found.definition.kind is Kind.MODULE):
                yield from self._module(found, 1.0)
                return
            located = self._values.named(self._values.here(receiver)) or found
        else:
            known = self._values.known(of := self._values.of(receiver))
            located, held = (known[0] if known else None), (of.text if of else "")
            if receiver == "self":
                held = self._held()
        if located is not None and located.definition.kind in TYPES:
            yield from self._members(located, 1.0, held)
            yield from self._extensions(0.3)
            return
        for each in self._guessed():
            yield from self._members(each, 0.5, held)
        yield from self._extensions(0.5)

    def _held(self) -> str:
        """What `self` is at the cursor."""
        around = [each for each in enclosing(self._scene) if each.kind is Kind.METHOD]
        return held_self(around[-1].signature) if around else ""

    def _extensions(self, weight: float) -> Iterator[Needed]:
        """Members of traits that the file imports: they may be implemented for any type."""
        found: dict[tuple[str, int], Located] = {}
        for each in self._own.imports[:_IMPORTS]:
            if each.name[:1].isupper() and len(found) < _TRAITS:
                of = self._imported(each)
                if isinstance(of, Located) and of.definition.kind is Kind.INTERFACE:
                    found[of.path, of.definition.start] = of
        for located in found.values():
            members = self._values.members(located)
            methods = [one for one in members if one.definition.kind is Kind.METHOD]
            yield from self.likely.needed(methods, Reason.MEMBER, weight, _PLAY)

    def callees(self) -> Iterator[Needed]:
        """What is called around the cursor, and the types of its parameters."""
        for rank, callee in enumerate(self._cursor.callees[:_CALLEES]):
            weight = 1 / (1 + rank)
            found = self._called(callee)
            like = found or alike(
                callee, self._graph, group="rust", path=self._own.path, fits=_is_callable
            )
            yield from self.likely.needed(like, Reason.CALLEE, weight)
            kinds = [
                Type(parameter.type, self._values.file(each.path) or self._own)
                for each in found
                for parameter in each.definition.parameters
            ]
            yield from self._once(map(self._values.named, kinds), Reason.TYPE, 0.6 * weight)

    def bare(self) -> Iterator[Needed]:
        """What can be called without a receiver: imported functions and macros, and those of the
        modules that are imported whole."""
        found: list[Located] = []
        for each in self._own.imports:
            of = self._imported(each)
            if isinstance(of, Located) and of.definition.kind in _CALLABLE:
                found.append(of)
            elif of is not None and each.name == "*":
                exports = self._values.exports(of)
                found += [one for one in exports if one.definition.kind in _CALLABLE]
        yield from self.likely.needed(found, Reason.MEMBER, 0.9, _FUNCTIONS)

    def in_play(self) -> Iterator[Needed]:
        """What names and variables around the cursor stand for."""
        found: list[Located] = []
        variables = 0
        for name in self._cursor.near[:_NEAR]:
            of = self._values.resolve((name,), self._own)
            if of is None and variables < _VARIABLES and name[:1].islower():
                variables += 1
                of = self._values.named(self._values.variable(name))
            if isinstance(of, Located):
                found.append(of)
        yield from self._once(found[:_PLAY], Reason.NAME, 0.5)

    def around(self) -> Iterator[Needed]:
        """The type whose method is being written, and the traits it has."""
        located = self._values.named(self._values.self_type)
        if located is not None:
            yield from self._once(self._values.hierarchy(located), Reason.BASE, 0.4)

    def unused(self) -> Iterator[Needed]:
        """What is imported and used nowhere yet."""
        new = [each for each in self._own.imports if self._own.names.get(each.alias, 0) == 1]
        found = [each for each in map(self._imported, new) if isinstance(each, Located)]
        yield from self._once(found, Reason.IMPORT, 0.3)

    def _imported(self, each: Import) -> Located | Module | None:
        return self._values.resolve(self._values.target(each, self._own), self._own)

    def _module(self, module: Module | Located, weight: float) -> Iterator[Needed]:
        """What a module shows, functions first."""
        exports = list(self._values.exports(module))
        functions = [each for each in exports if each.definition.kind in _CALLABLE]
        others = [each for each in exports if each.definition.kind not in _CALLABLE]
        yield from self.likely.needed(functions, Reason.MEMBER, weight, _FUNCTIONS)
        for each in self.likely.needed(others, Reason.MEMBER, weight / 2, _PLAY):
            yield self._type(each.located, each.reason, each.weight)

    def _members(self, located: Located, weight: float, held: str) -> Iterator[Needed]:
        """What a type has: its methods one by one, since `impl`s lie anywhere, then the type and
        its traits. Functions without `self` come first behind `::`, methods behind a dot; `held` is
        the receiver's type as written."""
        static = self._before.rstrip().endswith("::")
        kinds = list(self._values.hierarchy(located))
        for rank, each in enumerate(kinds):
            members = [
                one
                for one in self._values.members(each)
                if one.definition.kind is Kind.METHOD and self._values.is_visible(one)
            ]
            fitting = [one for one in members if _is_static(one) is static]
            share = weight / (1 + rank)
            ranked = list(
                self.likely.needed(fitting, Reason.MEMBER, share, _METHODS, self._fits(held))
            )
            yield from ranked[:_FIRST]
            yield self._type(each, Reason.RECEIVER, 0.7 * share)
            yield from ranked[_FIRST:]
            others = [one for one in members if _is_static(one) is not static]
            yield from self.likely.needed(others, Reason.MEMBER, share / 4, _PLAY)

    def _fits(self, held: str) -> Callable[[Located], float]:
        """How well methods fit to how the receiver is held."""
        return lambda located: fitness(located, self._cursor.receiver, held)

    def _called(self, callee: str) -> list[Located]:
        """The functions, methods or types that a callee may be."""
        path = self._values.path(callee)
        if isinstance(path, Located):
            return [path]
        receiver, name = cut(callee)
        located = self._values.named(self._values.of(receiver)) if receiver else None
        return self._values.find(located, name)[:4] if located else []

    def _guessed(self) -> Iterator[Located]:
        """Types that are called like the receiver (`dir_entry` of a `DirEntry`)."""
        links = chain(self._cursor.receiver)
        name = links[-1].name if links else ""
        guessed: set[Located] = set()
        for each in called_like(name, self._own, self._graph):
            paths = ((each,), ("crate", name, each)) if isinstance(each, str) else ()
            found = [self._values.resolve(path, self._own) for path in paths] or [each]
            for one in found:
                if not isinstance(one, Located) or one.definition.kind not in TYPES:
                    continue
                if one not in guessed and len(guessed) < _GUESSES:
                    guessed.add(one)
                    yield one

    def _once(
        self, found: Iterable[Located | None], reason: Reason, weight: float
    ) -> Iterator[Needed]:
        """Definitions, each once, in their order."""
        return once(found, weight, lambda each, share: self._type(each, reason, share))

    def _type(self, located: Located, reason: Reason, weight: float) -> Needed:
        """A definition; of a type the members that lie in it, the likeliest first."""
        outer = located.definition
        if outer.kind not in TYPES:
            return Needed(located, reason, weight)
        file = self._values.file(located.path)
        inside = [
            each.name
            for each in (file.definitions if file else ())
            if each.owner == outer.qualified and outer.start <= each.start < outer.end
        ]
        return Needed(located, reason, weight, self.likely.order(inside))


def _is_callable(located: Located) -> bool:
    return located.definition.kind in _CALLABLE


def _is_static(located: Located) -> bool:
    """A function that is called on the type rather than on a value of it."""
    return _TAKES_SELF.search(located.definition.signature) is None


RESOLVER = RustResolver()
