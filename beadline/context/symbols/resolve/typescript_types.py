"""What expressions and types of TypeScript and JavaScript stand for, as far as it is written.

Light: annotations, constructors, results of functions, members with inherited ones, callbacks'
parameters; no inference of type parameters. Knows no ranking and no prompt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from beadline.context.symbols.files.typescript import CALL, CONSTRUCT, DEFAULT
from beadline.context.symbols.resolve import typescript_text as text_of
from beadline.context.symbols.resolve.chains import Link, chain, split
from beadline.context.symbols.resolve.generics import generic
from beadline.context.symbols.resolve.scene import enclosing
from beadline.context.symbols.resolve.typescript_exports import (
    TYPES,
    Program,
    Space,
    Symbol,
    Symbols,
    once,
)
from beadline.context.symbols.resolve.typescript_locals import Local, Locals
from beadline.context.symbols.types import Kind, Located, Scene

_LOCAL_CHARS = 30_000
"""Before the cursor, in which the names in play are bound."""
_MOST = 6
"""Meanings of one expression that are followed."""
_DEEPEST = 12
_MOST_STEPS = 400
"""Types and expressions that are followed for one cursor; circles end here."""
_LINEAGE = 16
"""Types that one type derives from."""
_FUNCTIONS = frozenset({Kind.FUNCTION, Kind.METHOD, Kind.MACRO})
_GETTER = re.compile(r"(?:\w+ )*get ")
_IMPORTED = re.compile(r"import\(\s*[\"']([^\"']+)[\"']\s*\)\.?([\w$.]*)")
_DOTTED = re.compile(r"[\w$]+(?:\.[\w$]+)*")
_ELEMENTS = frozenset({
    "at", "concat", "filter", "find", "findLast", "get", "pop", "reverse", "shift", "slice",
    "sort", "toSorted", "values",
})  # fmt: skip
"""Methods of collections that give elements, or a collection of the same."""
_ITERATING = frozenset({
    "every", "filter", "find", "findIndex", "findLast", "flatMap", "forEach", "map", "some", "then",
})  # fmt: skip
"""Methods of collections that give elements to a callback."""


class Types:
    """Finds what expressions at one cursor are."""

    def __init__(self, scene: Scene, program: Program) -> None:
        self._program = program
        self._here = scene.symbols.path
        text = scene.document.text[max(0, scene.offset - _LOCAL_CHARS) : scene.offset]
        self._locals = Locals(text)
        self._around = enclosing(scene)
        self._names: dict[str, Symbols] = {}
        self._depth = self._steps = 0
        self._asked: set[tuple[int, bool]] = set()
        """Ids of the definitions of which it is just being found what they give, called or not."""

    def begin(self) -> None:
        """What is asked next may take as many steps as what was asked first."""
        self._steps = 0

    def value(self, expression: str) -> Symbols:
        """The types and modules whose members an expression at the cursor has."""
        return self._applied(self._denoted(expression, self._here, ()), False, ())

    def referred(self, expression: str) -> Symbols:
        """The definitions that a name or a chain of names at the cursor refers to."""
        return self._referred(chain(expression), self._here, ())[0]

    def name(self, name: str) -> Symbols:
        """The definitions that a name at the cursor refers to; of a local variable those that it
        holds."""
        if name not in self._names:
            self._names[name] = []  # in case it is bound to itself
            self._names[name] = self._meaning(name)
        return self._names[name]

    def lineage(self, symbol: Symbol) -> Iterator[Located]:
        """A type and those it derives from, the nearest first; nothing for modules."""
        pending: list[Symbol] = [symbol]
        seen: set[Symbol] = set()
        while pending and len(seen) < _LINEAGE:
            each = pending.pop(0)
            if each in seen or isinstance(each, Space):
                continue
            seen.add(each)
            yield each
            pending += self._program.beside(each)
            pending += self.bases(each)

    def bases(self, symbol: Located) -> Symbols:
        """What a type derives from; of an alias the types it stands for."""
        definition = symbol.definition
        written = list(definition.bases)
        if definition.kind in TYPES:
            written.append(definition.type)
        return self._all(written, symbol.path, (), False)

    def parameter_types(self, symbol: Located) -> Symbols:
        """The types of a function's parameters."""
        written = [each.type for each in symbol.definition.parameters]
        return self._all(written, symbol.path, (), False)

    def declared(self, symbol: Located) -> Symbols:
        """The types that a variable or a field is declared with."""
        definition = symbol.definition
        written = "" if definition.kind in _FUNCTIONS | TYPES else definition.type
        return self._type(written, symbol.path, (), False)

    def member(self, holders: Symbols, name: str) -> Symbols:
        """The members of a name, inherited ones included, with all overloads."""
        found: list[Symbol] = []
        for holder in holders:
            if isinstance(holder, Space):
                found += self._program.exported(holder.path, name)
                continue
            for each in self.lineage(holder):
                own = [m for m in self._program.members(each) if m.definition.name == name]
                if own:
                    found += own
                    break
        return once(found)

    def followed(self, symbol: Symbol) -> Symbols:
        """A variable that only stands for another definition, behind that one: `const a = b.c`."""
        if isinstance(symbol, Space) or symbol.definition.kind in _FUNCTIONS | TYPES:
            return [symbol]
        links = chain(symbol.definition.value)
        if symbol.definition.type or not links or links[-1].called:
            return [symbol]
        return [*self._referred(links, symbol.path, ())[0], symbol]

    def _meaning(self, name: str) -> Symbols:
        if name in ("this", "super"):
            classes = [each for each in self._around if each.kind in TYPES]
            own = [Located(self._here, each) for each in classes[-1:]]
            return own if name == "this" or not own else self.bases(own[0])
        if any(taken.alias == name for taken in self._program.imports()) and (
            found := self._program.scope(self._here, name)
        ):
            return found
        for local in self._locals.of(name):
            if found := self._local(local):
                return found
        return self._program.scope(self._here, name)

    def _local(self, local: Local) -> Symbols:
        if local.how == "type":
            found = self._type(local.text, self._here, (), False)
        elif local.how == "parameter":
            found = self._received(local)
        else:
            found = self._denoted(local.text, self._here, ())
        if local.key:
            return self.member(self._applied(found, False, ()), local.key)
        return self._applied(found, False, ()) if local.how == "item" else found

    def _received(self, local: Local) -> Symbols:
        """What a function gives to the callback that it takes as an argument."""
        links = chain(local.text)
        symbols, holders = self._referred(links, self._here, ())
        if holders and links[-1].name in _ITERATING and local.argument == 0:
            return holders
        for symbol in symbols:
            if isinstance(symbol, Space) or not (taken := symbol.definition.parameters):
                continue
            callback = taken[min(local.argument, len(taken) - 1)].type
            for written, path in self._signatures(callback, symbol.path):
                type_ = text_of.parameter(written, local.position)
                if found := self._type(type_, path, holders, False):
                    return found
        return []

    def _signatures(self, type_: str, path: str) -> Iterator[tuple[str, str]]:
        """The function types that a type is, with the files they are written in."""
        if text_of.result(type_):
            yield type_, path
            return
        for symbol in self._type(type_, path, (), False):
            if isinstance(symbol, Located) and text_of.result(symbol.definition.type):
                yield symbol.definition.type, symbol.path

    def _denoted(self, expression: str, path: str, receiver: Symbols) -> Symbols:
        """What an expression in a file is: a call as its result, a name as what it refers to."""
        for word in (" as ", " satisfies "):
            cast = text_of.outside(expression, word)
            if cast >= 0:
                type_ = expression[cast + len(word) :].rpartition(" as ")[2]
                found = self._type(type_, path, receiver, False)
                return found or self._denoted(expression[:cast], path, receiver)
        links = chain(expression)
        if not links or not self._enter():
            return []
        try:
            symbols, holders = self._referred(links, path, receiver)
            if links[-1].called:
                symbols = self._applied(symbols, True, holders)
            if not symbols and "<" in expression.partition("(")[0]:
                # `new Map<string, A>()`, `ref<A>(x)` of a library
                symbols = self._all(generic(expression)[1][-1:], path, receiver, False)
            return symbols
        finally:
            self._depth -= 1

    def _referred(
        self, links: Sequence[Link], path: str, receiver: Symbols
    ) -> tuple[Symbols, Symbols]:
        """What the last name of a chain refers to, and what it is a member of."""
        symbols: Symbols = []
        holders: Symbols = receiver
        for index, link in enumerate(links):
            if index:
                holders = self._applied(symbols, links[index - 1].called, holders)
                symbols = self.member(holders, link.name)
                if not symbols and link.called and link.name in _ELEMENTS:
                    symbols = holders
            elif path == self._here:
                symbols = self.name(link.name)
            elif link.name == "this":
                symbols = receiver
            else:
                symbols = self._program.scope(path, link.name)
        return symbols, holders

    def _applied(self, symbols: Symbols, called: bool, holders: Symbols) -> Symbols:
        """What symbols give when they are called, or else the types whose members they have."""
        given = (self._given(symbol, called, holders) for symbol in symbols[:_MOST])
        return once(each for found in given for each in found)[:_MOST]

    def _given(self, symbol: Symbol, called: bool, holders: Symbols) -> Symbols:
        if isinstance(symbol, Space):
            if not called:
                return [symbol]
            return self._applied(self._program.exported(symbol.path, DEFAULT), True, ())
        asked = id(symbol.definition), called
        if asked in self._asked:  # `a = b` and `b = a`
            return []
        self._asked.add(asked)
        try:
            return self._result(symbol, called, holders)
        finally:
            self._asked.remove(asked)

    def _result(self, symbol: Located, called: bool, holders: Symbols) -> Symbols:
        definition, path = symbol.definition, symbol.path
        if definition.kind in TYPES:
            if not called or definition.kind is Kind.CLASS:
                return [symbol]
            if definition.type:
                return self._type(definition.type, path, holders, True) or [symbol]
            return self._applied(self.member([symbol], CALL), True, holders) or [symbol]
        if definition.kind not in _FUNCTIONS:
            if definition.type:
                return self._type(definition.type, path, holders, called)
            return self._applied(self._denoted(definition.value, path, holders), called, holders)
        if not called and not _GETTER.match(definition.signature):
            return []
        if definition.type:
            return self._type(definition.type, path, holders, False)
        if definition.value == "this":
            return holders
        if not definition.value and (found := self._program.given(symbol)) is not None:
            return [found]
        return self._applied(self._denoted(definition.value, path, holders), False, holders)

    def _all(self, texts: Sequence[str], path: str, receiver: Symbols, called: bool) -> Symbols:
        found: list[Symbol] = []
        for text in texts:
            found += self._type(text, path, receiver, called)
        return once(found)[:_MOST]

    def _type(self, text: str, path: str, receiver: Symbols, called: bool) -> Symbols:
        """The types that a type's text in a file stands for; `called`: those of its results."""
        text = text_of.bare(text)
        if not text or not self._enter():
            return []
        try:
            parts = text_of.branches(text)
            if not parts:
                if text_of.outside(text, "=>") >= 0:
                    result = text_of.result(text)
                    return self._type(result, path, receiver, False) if called else []
                parts = text_of.alternatives(text)
            if parts != [text]:
                return self._all(parts, path, receiver, called)
            if text.endswith("]"):
                return self._indexed(text, path, receiver, called)
            if text.startswith("("):
                return self._type(text[1 : text.rfind(")")], path, receiver, called)
            return self._named(text, path, receiver, called)
        finally:
            self._depth -= 1

    def _indexed(self, text: str, path: str, receiver: Symbols, called: bool) -> Symbols:
        base, index = text_of.indexed(text)
        if not base:
            return self._all(split(index), path, receiver, called)
        found = self._type(base, path, receiver, False)
        if index.startswith(("'", '"')):
            return self._applied(self.member(found, index[1:-1]), called, found)
        return found

    def _named(self, text: str, path: str, receiver: Symbols, called: bool) -> Symbols:
        if text == "this":
            return receiver
        if text.startswith("typeof "):
            return self._applied(self._denoted(text[7:], path, receiver), called, receiver)
        if (imported := _IMPORTED.match(text)) is not None:
            target = self._program.target(path, imported[1])
            symbols: Symbols = [Space(target)] if target else []
            for part in filter(None, imported[2].split(".")):
                symbols = self.member(symbols, part)
            return symbols
        name, arguments = generic(text)
        if name == "ReturnType":
            return self._all(arguments, path, receiver, True)
        found: Symbols = []
        if _DOTTED.fullmatch(name):
            first, *rest = name.split(".")
            found = self._program.scope(path, first)
            for part in rest:
                found = self.member(found, part)
        types = [each for each in found if isinstance(each, Space) or each.definition.kind in TYPES]
        if not types and arguments:
            return self._type(text_of.inner(name, arguments), path, receiver, called)
        if not called:
            return types or found
        if arguments and any(self._constructs(each) for each in types):
            # `interface Constructor<T> { new (): T }`
            return self._type(arguments[0], path, receiver, False) or types
        return self._applied(types or found, True, receiver)

    def _constructs(self, symbol: Symbol) -> bool:
        members = self._program.members(symbol) if isinstance(symbol, Located) else ()
        return any(each.definition.name == CONSTRUCT for each in members)

    def _enter(self) -> bool:
        """One step further; False where it goes too far."""
        if self._depth >= _DEEPEST or self._steps >= _MOST_STEPS:
            return False
        self._depth += 1
        self._steps += 1
        return True
