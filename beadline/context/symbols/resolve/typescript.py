"""Which definitions a cursor in TypeScript or JavaScript code needs. Knows no index and no prompt.

At `receiver.` its members, among arguments the callee with the types of its parameters, then what
the file imports and the lines around name. Where a receiver's type stays unknown: types that are
called like it, methods that the file calls elsewhere, imported types.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import islice

from beadline.context.symbols.files.typescript import CALL, CONSTRUCT, MAKER
from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.calls import cut
from beadline.context.symbols.resolve.likely import Likely
from beadline.context.symbols.resolve.scene import Cursor, enclosing
from beadline.context.symbols.resolve.typescript_exports import TYPES, Program, Space, Symbol, once
from beadline.context.symbols.resolve.typescript_guesses import Guesses
from beadline.context.symbols.resolve.typescript_locals import source_at
from beadline.context.symbols.resolve.typescript_text import WORDS
from beadline.context.symbols.resolve.typescript_types import Types
from beadline.context.symbols.types import Import, Kind, Located, Needed, Reason, Scene

_MAKERS = (MAKER, CALL, CONSTRUCT)
_PURE_TYPES = frozenset({Kind.INTERFACE, Kind.TYPE})
_CALLEES = 4
"""Calls around the cursor that are looked at, innermost first."""
_MANY, _SINGLE = 30, 20
"""Members from which on the likeliest are shown by themselves, and how many."""
_EXPORTS = 2000
"""Names of one module that are looked at."""
_VALUES, _TYPES = 96, 20
"""Of them so many are shown."""
_NEAR, _TYPED = 80, 12
"""Names around the cursor that are looked up, and how many of them as variables."""
_FADE = 24
"""Rank at which the weight of an export is half."""
_IN_PLAY = 6
_AROUND_CHARS = 1500
_NAME = re.compile(r"[^\W\d]\w*")
_QUALIFIED = re.compile(r"(?<![\w$.])([\w$]+)\.([\w$]+)")
_DOLLAR = re.compile(r"(?<![\w$.])\$[\w$]+")


class TypeScriptResolver:
    """See `Resolver`."""

    def needed(self, scene: Scene, graph: Graph) -> Iterator[Needed]:
        """See `Resolver`."""
        cursor = Cursor.at(scene, words=WORDS)
        finder = _Finder(scene, cursor, graph)
        if cursor.in_import:
            yield from finder.exports()
            return
        if cursor.receiver:
            yield from finder.members()
        yield from finder.callees()
        if not cursor.receiver:
            yield from finder.unused()
        yield from finder.near()
        yield from finder.imported(Reason.IMPORT if cursor.receiver else Reason.NAME)
        yield from finder.variables()
        yield from finder.bases()


class _Finder:
    """The look-ups at one cursor."""

    def __init__(self, scene: Scene, cursor: Cursor, graph: Graph) -> None:
        self._scene, self._cursor = scene, cursor
        self._path = scene.symbols.path
        self._program = Program(scene, graph)
        self._types = Types(scene, self._program)
        self._likely = Likely(scene, cursor, graph)
        self._guesses = Guesses(scene, graph, self._program, self._likely)
        self._imports = {each.alias: each for each in self._program.imports()}
        text, offset = scene.document.text, scene.offset
        self._around = text[max(0, offset - _AROUND_CHARS) : offset + _AROUND_CHARS // 4]
        dollars = reversed(_DOLLAR.findall(self._around))
        self._near = list(dict.fromkeys((*cursor.near[:_NEAR], *dollars)))

    def exports(self) -> Iterator[Needed]:
        """What the module of the import statement at the cursor offers."""
        module = source_at(self._scene.document.text, self._scene.offset)
        if target := self._program.target(self._path, module):
            yield from self._offered(target, self._imports)
        elif not module:
            unknown = [name for name in self._near if not self._program.scope(self._path, name)]
            yield from self._guesses.exported(unknown)

    def members(self) -> Iterator[Needed]:
        """What the receiver has."""
        receiver = self._cursor.receiver
        holders = self._types.value(receiver)
        spaces = [each for each in holders if isinstance(each, Space)]
        for space in spaces:
            yield from self._offered(space.path, ())
        line = [each for holder in holders for each in self._types.lineage(holder)]
        yield from self._members_of(list(dict.fromkeys(line)))
        elsewhere = spaces or any(each.path != self._path for each in line)
        if elsewhere or self._guesses.foreign(receiver):
            return
        for each in self._guesses.called_like(receiver):
            yield from self._class(each, Reason.RECEIVER, 0.7)
        yield from self._guesses.methods()
        in_play = sorted(self._imports, key=self._likely.score, reverse=True)
        symbols = (s for name in in_play for s in self._program.scope(self._path, name))
        types = (each for each in self._real(symbols) if each.definition.kind in TYPES)
        for each in islice(types, _IN_PLAY):
            yield from self._class(each, Reason.MEMBER, 0.4, most=2)

    def callees(self) -> Iterator[Needed]:
        """What the cursor is among the arguments of, and the types of its parameters."""
        for rank, callee in enumerate(self._cursor.callees[:_CALLEES]):
            weight = 1.0 / (1 + rank)
            found = self._real(self._types.referred(callee))
            # A variable is called as its type says.
            declared = [type_ for each in found for type_ in self._types.declared(each)]
            for each in dict.fromkeys((*found, *self._real(declared))):
                yield from self._made(each, Reason.CALLEE, weight)
            if not found and not self._guesses.foreign(callee):
                receiver, name = cut(callee)
                yield from self._guesses.called(name, member=bool(receiver), weight=0.5 * weight)
            for each in found if rank == 0 else ():
                for type_ in self._types.parameter_types(each):
                    yield from self._class(type_, Reason.TYPE, 0.7)

    def unused(self) -> Iterator[Needed]:
        """Values that the file imports and names nowhere else: for what is to be written here."""
        text, names = self._scene.document.text, self._scene.symbols.names
        found: list[Located] = []
        for taken in self._imports.values():
            plain = taken.alias.strip("$")  # as names are counted
            written = _NAME.findall(text[taken.start : taken.end]).count(plain)
            if names.get(plain, 0) <= written:
                found += self._imported_values(taken)
        yield from self._ranked(found, Reason.NAME, 0.8)

    def near(self) -> Iterator[Needed]:
        """What the lines around name of other files."""
        for rank, name in enumerate(self._near):
            if name in self._imports:
                for each in self._real(self._program.scope(self._path, name)):
                    yield from self._made(each, Reason.NAME, 0.6 / (1 + rank / _NEAR))
        for name, member in reversed(_QUALIFIED.findall(self._around)):
            if name in self._imports:
                for each in self._real(self._types.member(self._types.value(name), member)):
                    yield from self._made(each, Reason.NAME, 0.5)

    def imported(self, reason: Reason) -> Iterator[Needed]:
        """Values that the file imports."""
        found = [each for taken in self._imports.values() for each in self._imported_values(taken)]
        yield from self._ranked(found, reason, 0.4)

    def variables(self) -> Iterator[Needed]:
        """The types of the variables around."""
        names = [name for name in self._near if name not in self._imports]
        for name in names[:_TYPED]:
            for each in self._types.value(name)[:2]:
                yield from self._class(each, Reason.TYPE, 0.35, most=2)

    def bases(self) -> Iterator[Needed]:
        """What the class around the cursor derives from: a method may override one of its."""
        for around in enclosing(self._scene):
            if around.kind in TYPES:
                for each in self._types.bases(Located(self._path, around)):
                    yield from self._class(each, Reason.BASE, 0.3)

    def _offered(self, path: str, known: Container[str]) -> Iterator[Needed]:
        """What a module exports but for `known` names, the likeliest first by the names it exports
        it by, values first; what these stand for last."""
        exports = [
            (self._likely.score(name), symbol)
            for name, symbol in islice(self._program.exports(path), _EXPORTS)
            if name not in known
        ]
        exports.sort(key=lambda each: -each[0])
        found = once(symbol for _, symbol in exports)
        own = [each for each in found if isinstance(each, Located)]
        values = [each for each in own if each.definition.kind not in _PURE_TYPES][:_VALUES]
        types = [each for each in own if each.definition.kind in _PURE_TYPES][:_TYPES]
        for rank, each in enumerate((*values, *types, *self._real(values))):
            yield Needed(each, Reason.EXPORT, 1.0 / (1 + rank / _FADE))

    def _members_of(self, line: Sequence[Located]) -> Iterator[Needed]:
        """The likeliest members of types that derive from each other, then these with the rest."""
        others = [each for each in line if each.path != self._path]
        members = [
            member
            for each in others
            for member in self._program.members(each)
            if member.definition.exported
        ]
        single: list[Needed] = []
        if len(members) > _MANY:
            likely = self._real(members)
            single += self._likely.needed(likely, Reason.MEMBER, 1.0, _SINGLE)
            yield from single
        shown = frozenset(each.located.definition.name for each in single)
        for rank, each in enumerate(others):
            yield self._skeleton(each, Reason.RECEIVER, 0.9 / (1 + rank / 8), shown)

    def _real(self, symbols: Iterable[Symbol]) -> list[Located]:
        """The definitions of symbols, aliases followed; of modules none."""
        found = once(each for symbol in symbols for each in self._types.followed(symbol))
        return [each for each in found if isinstance(each, Located)]

    def _imported_values(self, taken: Import) -> list[Located]:
        found = self._real(self._program.taken(self._path, taken))
        return [each for each in found if each.definition.kind not in _PURE_TYPES]

    def _ranked(self, found: Iterable[Located], reason: Reason, weight: float) -> Iterator[Needed]:
        for each in self._likely.needed(found, reason, weight):
            yield from self._made(each.located, reason, each.weight)

    def _made(self, located: Located, reason: Reason, weight: float) -> Iterator[Needed]:
        """What is called; of a type with what says how it is called."""
        yield self._skeleton(located, reason, weight)
        if reason is Reason.CALLEE and located.definition.kind in TYPES:
            for name in _MAKERS:
                for each in self._real(self._types.member([located], name)):
                    yield Needed(each, reason, 0.9 * weight)

    def _class(
        self, symbol: Symbol, reason: Reason, weight: float, *, most: int = 6
    ) -> Iterator[Needed]:
        """A type and those that it derives from, each with its likeliest members first."""
        for rank, each in enumerate(islice(self._types.lineage(symbol), most)):
            yield self._skeleton(each, reason, weight / (1 + rank / 8))

    def _skeleton(
        self, located: Located, reason: Reason, weight: float, shown: frozenset[str] = frozenset()
    ) -> Needed:
        """A definition; a type with its own members in the order of how likely they are meant."""
        if located.definition.kind not in TYPES:
            return Needed(located, reason, weight)
        members = [each.definition for each in self._program.members(located)]
        ordered = self._likely.order(each.name for each in members if each.exported)
        wanted = [name for name in ordered if name not in shown]
        wanted.sort(key=lambda name: name not in _MAKERS)
        return Needed(located, reason, weight, tuple(wanted))


RESOLVER = TypeScriptResolver()
