"""Which definitions a cursor in Python code needs. Knows no index and no prompt.

At `receiver.` its members, among arguments the callee, then what the lines around name and what the
file imports. Where a receiver's type stays unknown: classes that are called like it, classes in
play, and methods that the file calls elsewhere.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.calls import cut
from beadline.context.symbols.resolve.likely import Likely
from beadline.context.symbols.resolve.python_guesses import COMMON, Guesses
from beadline.context.symbols.resolve.python_modules import GROUP, Module
from beadline.context.symbols.resolve.python_types import Types
from beadline.context.symbols.resolve.python_values import CLASSES, Value
from beadline.context.symbols.resolve.scene import Cursor
from beadline.context.symbols.types import Kind, Located, Needed, Reason, Scene

_WORDS = frozenset(keyword.kwlist) | {"self", "cls", "print", "isinstance"}
_RECEIVERS = frozenset({"self", "cls", "super"})
_MADE_BY = ("__init__", "__new__", "__post_init__", "__call__")
_NEAR = 80
"""Names around the cursor that are looked up."""
_TYPED = 16
"""Of them so many variables whose types are looked for."""
_STATEMENT_CHARS = 2000
_PRIVATE = re.compile(r"_(?!_)")
_WORD = re.compile(r"\w+")
_FROM = re.compile(
    r"^[ \t]*from[ \t]+(?P<module>\.*[\w.]*)[ \t]+import\b[ \t]*(?:\([^()]*|[^\n()]*)\Z", re.M
)


class PythonResolver:
    """See `Resolver`."""

    def needed(self, scene: Scene, graph: Graph) -> Iterator[Needed]:
        """See `Resolver`."""
        cursor = Cursor.at(scene, words=_WORDS - _RECEIVERS)
        finder = _Finder(scene, cursor, graph)
        if cursor.in_import:
            yield from finder.exports()
            return
        if cursor.receiver:
            yield from finder.members()
        yield from finder.callees()
        yield from finder.unused()
        yield from finder.near()
        yield from finder.bases()
        yield from finder.imported()


class _Finder:
    """The look-ups at one cursor."""

    def __init__(self, scene: Scene, cursor: Cursor, graph: Graph) -> None:
        self._scene, self._cursor, self._graph = scene, cursor, graph
        self._types = Types(scene, graph)
        self._likely = Likely(scene, cursor, graph)
        self._path = scene.symbols.path
        modules = self._types.modules
        self._guesses = Guesses(scene, cursor, graph, modules, self._likely)
        self._aliases = {each.alias for each in scene.symbols.imports}
        before = scene.document.text[max(0, scene.offset - _STATEMENT_CHARS) : scene.offset]
        # A pattern has to be compiled for each receiver, so few are asked for.
        receiver = rf"\bawait\s+{re.escape(cursor.receiver)}\s*\.\s*\w*\Z"
        asked = bool(cursor.receiver) and "await" in before
        self._awaited = asked and re.search(receiver, before) is not None

    def exports(self) -> Iterator[Needed]:
        """What the module of the import statement at the cursor offers."""
        offset = self._scene.offset
        before = self._scene.document.text[max(0, offset - _STATEMENT_CHARS) : offset]
        match = _FROM.search(before)
        if match is None:
            return
        target = self._types.modules.find(match["module"], self._path)
        if target:
            found = self._types.modules.exports(target)
            yield from self._likely.needed(found, Reason.EXPORT, 1.0)

    def members(self) -> Iterator[Needed]:
        """What the receiver has."""
        receiver = self._cursor.receiver
        own = receiver in ("self", "cls")
        values = self._types.of(receiver)
        for value in values:
            yield from self._members_of(value, 1.0, private=own or receiver.startswith("super"))
        if own:  # a mixin calls what classes have that it does not name
            yield from self._guesses.methods()
        elif all(value.symbol is None for value in values) and not self._guesses.foreign(receiver):
            for value in self._types.of(receiver, self._guesses.called_like):
                yield from self._members_of(value, 0.7, private=False)
            yield from self._guesses.methods()
            for each in self._guesses.in_play():
                yield from self._class(each, Reason.MEMBER, 0.4)

    def callees(self) -> Iterator[Needed]:
        """What the cursor is among the arguments of."""
        for rank, callee in enumerate(self._cursor.callees):
            weight = 1.0 / (1 + rank)
            receiver, name = cut(callee)
            found = self._definitions(receiver, name, self._types.of(receiver or name))
            for each in found:
                yield from self._made(each, weight)
            if found or not name:
                continue
            if receiver and not self._guesses.foreign(receiver):
                values = self._types.of(receiver, self._guesses.called_like)
                found = self._definitions(receiver, name, values) or [
                    each for of in self._guesses.in_play() if (each := self._types.member(of, name))
                ]
            if not found:
                named = self._graph.named(name, group=GROUP, limit=2 * COMMON)
                fitting = [each for each in named if not receiver or each.definition.owner]
                found = self._guesses.nearest(fitting)[:COMMON]
            for each in found:
                yield from self._made(each, 0.5 * weight)

    def unused(self) -> Iterator[Needed]:
        """What the file imports and names nowhere else: for what is to be written here."""
        names = self._scene.symbols.names
        text = self._scene.document.text
        found: list[Located] = []
        for each in self._scene.symbols.imports:
            if each.name in ("", "*"):
                continue
            written = _WORD.findall(text, each.start, each.end).count(each.alias)
            if names.get(each.alias, 0) <= written:
                symbol = self._types.modules.imported(each, self._path)
                found += [symbol] if isinstance(symbol, Located) else []
        for each in self._likely.needed(found, Reason.NAME, 0.8):
            yield from self._made(each.located, each.weight, Reason.NAME)

    def near(self) -> Iterator[Needed]:
        """What the lines around name, and the classes of the variables in them."""
        typed = 0
        for rank, name in enumerate(self._cursor.near[:_NEAR]):
            weight = 0.6 / (1 + rank / _NEAR)
            if name in self._aliases:
                symbol = self._types.modules.exported(self._path, name)
                if isinstance(symbol, Located):
                    yield from self._made(symbol, weight, Reason.NAME)
            elif typed < _TYPED and self._types.local.bound(name):
                typed += 1
                for value in self._types.of(name):
                    if isinstance(value.symbol, Located):
                        yield from self._class(value.symbol, Reason.TYPE, 0.8 * weight, most=1)

    def bases(self) -> Iterator[Needed]:
        """What the class around the cursor derives from; the method around may override one."""
        owner = self._types.local.owner
        for each in self._types.line(owner)[1:] if owner is not None else ():
            yield self._skeleton(each, Reason.BASE, 0.3, private=True)

    def imported(self) -> Iterator[Needed]:
        """The rest of what the file imports."""
        modules = self._types.modules
        found: list[Located] = []
        stars: list[Located] = []
        for each in self._scene.symbols.imports:
            symbol = modules.imported(each, self._path)
            if isinstance(symbol, Located):
                found.append(symbol)
            elif each.name == "*" and (target := modules.find(each.module, self._path)):
                stars += modules.exports(target)
        yield from self._likely.needed(stars, Reason.IMPORT, 0.3)
        yield from self._likely.needed(found, Reason.IMPORT, 0.2)

    def _members_of(self, value: Value, weight: float, *, private: bool) -> Iterator[Needed]:
        symbol = value.symbol
        if isinstance(symbol, Module):
            found = self._types.modules.exports(symbol.path)
            yield from self._likely.needed(found, Reason.EXPORT, weight)
        elif symbol is not None and symbol.definition.kind in CLASSES:
            yield from self._class(symbol, Reason.MEMBER, weight, private=private)

    def _definitions(self, receiver: str, name: str, values: list[Value]) -> list[Located]:
        """The functions, methods and classes that `receiver.name` calls; `values`: what the
        receiver is, without one what the name is."""
        types = self._types
        found: list[Located] = []
        if receiver:
            named = [each for value in values if (each := types.exported(value, name))]
            found = [each for each in named if each.definition.kind is Kind.METHOD]
            others = [each for each in named if each.definition.kind is not Kind.METHOD]
            values = [value for each in others for value in types.values_of(each)]
        for value in values:
            if isinstance(value.symbol, Located):
                # An instance is called by a method of its class.
                call = types.member(value.symbol, "__call__") if value.instance else None
                found.append(call or value.symbol)
        return found

    def _made(
        self, located: Located, weight: float, reason: Reason = Reason.CALLEE
    ) -> Iterator[Needed]:
        """What is called, with what makes an instance of a class."""
        if located.definition.kind not in CLASSES:
            yield Needed(located, reason, weight)
            for value in self._types.values_of(located):
                of = value.symbol  # what a variable is another name of
                if isinstance(of, Located) and of != located and not value.instance:
                    yield from self._made(of, 0.9 * weight, reason)
            return
        yield self._skeleton(located, reason, weight, first=_MADE_BY)
        for name in _MADE_BY[:2]:
            found = self._types.member(located, name)
            own = located.path, located.definition.qualified
            if found is not None and (found.path, found.definition.owner) != own:
                yield Needed(found, reason, 0.9 * weight)

    def _class(
        self, owner: Located, reason: Reason, weight: float, *, private: bool = False, most: int = 8
    ) -> Iterator[Needed]:
        """A class and those that it derives from, each with its likeliest members first."""
        if owner.definition.kind not in CLASSES:
            return
        for rank, each in enumerate(self._types.line(owner)[:most]):
            yield self._skeleton(each, reason, weight / (1 + rank / 8), private=private)

    def _skeleton(
        self,
        owner: Located,
        reason: Reason,
        weight: float,
        *,
        first: tuple[str, ...] = (),
        private: bool = False,
    ) -> Needed:
        """A class with the members that it has itself in the order of how likely they are meant."""
        if self._cursor.receiver.startswith("super") and self._types.local.function:
            first = (self._types.local.function, *first)
        members = self._types.modules.members(owner.path, owner.definition.qualified)
        # What uses one private member of a class, a test as a rule, uses others as well.
        private |= any(n in self._scene.symbols.names for n in members if _PRIVATE.match(n))
        word, awaited = self._cursor.word, self._awaited and reason is Reason.MEMBER
        ordered = sorted(
            self._likely.order(members),
            key=lambda name: (
                first.index(name) if name in first else len(first),
                not name.startswith(word),
                name.startswith("__") or (name.startswith("_") and not private),
                awaited and not members[name].signature.startswith("async "),
            ),
        )
        return Needed(owner, reason, weight, tuple(ordered))


RESOLVER = PythonResolver()
