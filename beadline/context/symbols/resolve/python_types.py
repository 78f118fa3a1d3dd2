"""What Python expressions are, by annotations and by what is assigned. Knows no cursor's wishes.

Light: names, attributes, calls and indices are followed over the files of the workspace; operators
and flow are not. A step that says nothing ends the search.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.python_local import Local
from beadline.context.symbols.resolve.python_modules import Module, Modules, Symbol
from beadline.context.symbols.resolve.python_values import (
    CLASSES,
    HEAD,
    MAPPINGS,
    PARTED,
    SAME,
    TAKERS,
    WRAPPED,
    Value,
    Where,
    is_type_variable,
    type_parameters,
)
from beadline.context.symbols.resolve.scene import Bound, Link, chain, split
from beadline.context.symbols.types import Definition, Kind, Located, Scene

_DEPTH = 12
"""Steps of one search."""
_MOST = 4
"""Values of one expression that are followed."""
_MOST_BASES = 24
_FUNCTIONS = frozenset({Kind.FUNCTION, Kind.METHOD})

Guess = Callable[[str], Sequence[Located]]
"""Classes that a name may be called after."""


class Types:
    """Expressions at and away from one cursor."""

    def __init__(self, scene: Scene, graph: Graph) -> None:
        self.modules = Modules(graph, scene.symbols)
        self.local = Local(scene)
        self._here = Where(scene.symbols.path, self.local.owner, here=True)
        self._busy: set[tuple[str, Bound]] = set()
        self._guess: Guess | None = None
        self._lines: dict[tuple[str, str], list[Located]] = {}

    def of(self, expression: str, guess: Guess | None = None) -> list[Value]:
        """What an expression at the cursor is; nothing when that is not known. `guess` gives the
        classes that a name may be called after, for names that nothing else is known of."""
        self._guess = guess
        try:
            return self._of(expression, self._here, _DEPTH)
        finally:
            self._guess = None

    def member(self, owner: Located, name: str) -> Located | None:
        """A member of a class, inherited ones too."""
        for each in self.line(owner):
            found = self.modules.member(each.path, each.definition.qualified, name)
            if found is not None:
                return Located(each.path, found)
        return None

    def line(self, owner: Located) -> list[Located]:
        """A class and the classes that it derives from, nearest first."""
        start = owner.path, owner.definition.qualified
        if start not in self._lines:
            self._lines[start] = [owner]  # bases go in circles
            found: dict[tuple[str, str], Located] = {}
            pending = [owner]
            while pending and len(found) < _MOST_BASES:
                each = pending.pop(0)
                key = each.path, each.definition.qualified
                if key not in found:
                    found[key] = each
                    pending = [*self._bases(each), *pending]
            self._lines[start] = list(found.values())
        return self._lines[start]

    def exported(self, value: Value, name: str) -> Located | None:
        """The definition behind a name of a module or a member of a class."""
        if isinstance(value.symbol, Module):
            found = self.modules.exported(value.symbol.path, name)
            return found if isinstance(found, Located) else None
        if value.symbol is not None and value.symbol.definition.kind in CLASSES:
            return self.member(value.symbol, name)
        return None

    def values_of(self, located: Located) -> list[Value]:
        """What a definition stands for: itself, or the value of a variable."""
        return self._symbol(located, _DEPTH)

    def _of(self, expression: str, where: Where, depth: int) -> list[Value]:
        links = chain(expression) if depth > 0 else ()
        if len(links) > 1 and links[1].name == "cast" and not links[0].called:
            links = links[1:]  # `typing.cast(A, a)`
        if not links:
            return []
        first = links[0]
        arguments = split(first.arguments)
        if first.name in SAME and arguments:
            found = self._of(arguments[0], where, depth - 1)
            found = self._elements(found, depth - 1) if first.indexed else found
        elif first.name in ("next", "anext") and arguments:
            found = self._elements(self._of(arguments[0], where, depth - 1), depth - 1)
        elif first.name == "cast" and arguments:
            found = self._typed(arguments[0], where, depth - 1)
        elif first.name == "super" and where.owner is not None:
            found = [Value(each, True) for each in self._bases(where.owner)]
        else:
            found = self._applied(self._name(first.name, where, depth), first, depth)
        found = found or self._guessed(first, where)
        for link in links[1:]:
            found = [v for each in found for v in self._attribute(each, link, depth - 1)][:_MOST]
            found = found or self._guessed(link, where)
        if expression.startswith("await "):
            found = [v for each in found for v in self._awaited(each, depth - 1) or (each,)]
        return found

    def _guessed(self, link: Link, where: Where) -> list[Value]:
        """Instances of the classes that a name at the cursor may be called after."""
        if self._guess is None or not where.here:
            return []
        found = [value for each in self._guess(link.name) for value in self._symbol(each, 3)]
        return [replace(value, instance=True) for value in found if value.is_class]

    def _name(self, name: str, where: Where, depth: int) -> list[Value]:
        owner = where.owner
        if owner is not None and name in ("self", "cls"):
            return [Value(owner, name == "self")]
        if where.here:
            for bound in self.local.names(name):
                if found := self._bound(name, bound, depth):
                    return found
        elif owner is not None:
            made = self.modules.member(owner.path, owner.definition.qualified, "__init__")
            for each in made.parameters if made is not None else ():
                if each.name == name and each.type:
                    return self._typed(each.type, where, depth - 1)
        symbol = self.modules.exported(where.path, name)
        if symbol is not None and (found := self._symbol(symbol, depth - 1)):
            return found
        if where.here:
            for bound in self.local.globals(name):
                if found := self._bound(name, bound, depth):
                    return found
        return []

    def _bound(self, name: str, bound: Bound, depth: int) -> list[Value]:
        """What a binding of the cursor's file gives."""
        key = name, bound
        if key in self._busy or depth <= 0:
            return []  # `node = node.parent`
        self._busy.add(key)
        try:
            if bound.type:
                return self._typed(bound.type, self._here, depth - 1)
            value, position = bound.value, bound.position
            links = chain(value)
            if bound.how == "items" and links and links[0].name == "enumerate":
                value, position = next(iter(split(links[0].arguments)), ""), position - 1
                if position < 0:
                    return []  # the number
                position = -1
            found = self._of(value, self._here, depth - 1)
            if bound.how == "items":
                return self._elements(found, depth - 1, position)
            if bound.how == "entered":
                found = [v for each in found for v in self._entered(each, depth - 1)]
            if position >= 0:
                return self._elements(found, depth - 1, position, of="tuple")
            return found
        finally:
            self._busy.discard(key)

    def _symbol(self, symbol: Symbol, depth: int) -> list[Value]:
        if isinstance(symbol, Located) and symbol.definition.kind in (
            Kind.VARIABLE, Kind.CONSTANT, Kind.FIELD
        ):  # fmt: skip
            return self._assigned(symbol.definition, Where(symbol.path), depth)
        return [Value(symbol)]

    def _assigned(self, definition: Definition, where: Where, depth: int) -> list[Value]:
        if definition.type:
            return self._typed(definition.type, where, depth - 1)
        if definition.value.endswith("]") and not definition.value.endswith("[]"):
            made = self._typed(definition.value, where, depth - 1)  # `Carts = Shelf[Cart]`
            return [replace(each, instance=False) for each in made]
        return self._of(definition.value, where, depth - 1)

    def _attribute(self, value: Value, link: Link, depth: int) -> list[Value]:
        if depth <= 0:
            return []
        symbol = value.symbol
        if symbol is None:
            return self._of_container(value, link, depth)
        if isinstance(symbol, Module):
            found = self.modules.exported(symbol.path, link.name)
            return [] if found is None else self._applied(self._symbol(found, depth), link, depth)
        if symbol.definition.kind not in CLASSES:
            return []
        if symbol == self.local.owner:
            for bound in self.local.fields(link.name):
                if found := self._bound(link.name, bound, depth):
                    return self._elements(found, depth, of="index") if link.indexed else found
        located = self.member(symbol, link.name)
        if located is None:
            return self._of_container(value, link, depth)
        definition = located.definition
        if definition.kind in _FUNCTIONS:
            given = self._result(located, value, depth)
            found = given if given or link.called else [Value(located)]
        elif definition.kind in CLASSES:
            return self._applied([Value(located)], link, depth)
        else:
            outer = self.modules.tops(located.path).get(definition.owner)
            of = Located(located.path, outer) if outer is not None else None
            bound = self._bindings(value, located)
            found = self._assigned(definition, Where(located.path, of, bound=bound), depth)
            if link.called:
                found = [v for each in found for v in self._called(each, depth)]
        return self._elements(found, depth, of="index") if link.indexed else found

    def _applied(self, values: Sequence[Value], link: Link, depth: int) -> list[Value]:
        """Values after a call and an index."""
        found = list(values)
        if link.called:
            found = [v for each in found for v in self._called(each, depth)]
        return self._elements(found, depth, of="index") if link.indexed else found

    def _called(self, value: Value, depth: int) -> list[Value]:
        symbol = value.symbol
        if symbol is None:
            return [value]
        if isinstance(symbol, Module):
            return []
        if symbol.definition.kind not in CLASSES:
            return self._result(symbol, None, depth)
        if value.instance:
            return self._special(value, depth, "__call__")
        return [replace(value, instance=True)]

    def _entered(self, value: Value, depth: int) -> list[Value]:
        """What `with` gives of a value."""
        if value.symbol is None:
            return self._elements([value], depth)
        return self._special(value, depth, "__enter__", "__aenter__") or [value]

    def _special(self, value: Value, depth: int, *names: str) -> list[Value]:
        """What the first of these methods that an object has returns."""
        symbol = value.symbol
        if not isinstance(symbol, Located) or not value.instance:
            return []
        for name in names:
            found = self.member(symbol, name)
            if found is not None:
                return self._result(found, value, depth)
        return []

    def _awaited(self, value: Value, depth: int) -> list[Value]:
        """What `await` gives of an object that says it itself."""
        given = self._special(value, depth, "__await__")
        return [v for each in given for v in self._last(each, depth)]

    def _result(self, function: Located, of: Value | None, depth: int) -> list[Value]:
        """What a function returns as it is declared, else as its last statement says; `of`: the
        object whose method it is."""
        where = Where(function.path)
        if of is not None and isinstance(of.symbol, Located):
            where = Where(function.path, of.symbol, bound=self._bindings(of, function))
        return self._assigned(function.definition, where, depth)

    def _bindings(self, value: Value, member: Located) -> Mapping[str, tuple[str, Where]]:
        """What the type parameters of the class that a member of an object lies in stand for."""
        symbol = value.symbol
        if not isinstance(symbol, Located):
            return {}
        names = type_parameters(symbol, self.modules) if value.arguments else ()
        bound = {
            name: (text, value.where) for name, text in zip(names, value.arguments, strict=False)
        }
        if member.definition.owner == symbol.definition.qualified and member.path == symbol.path:
            return bound
        where = Where(symbol.path, bound=bound)
        for base in symbol.definition.bases:
            head, _, rest = base.partition("[")
            if not rest or member.definition.owner.rpartition(".")[2] != head.rpartition(".")[2]:
                continue
            for of in self._of(head, Where(symbol.path), _DEPTH // 2):
                if isinstance(of.symbol, Located):
                    texts = split(rest.rpartition("]")[0])
                    names = type_parameters(of.symbol, self.modules)
                    return {n: (text, where) for n, text in zip(names, texts, strict=False)}
        return bound

    def _last(self, value: Value, depth: int) -> list[Value]:
        """The last type argument of a foreign generic type."""
        if value.symbol is not None or not value.arguments:
            return []
        return self._typed(value.arguments[-1], value.where, depth - 1)

    def _of_container(self, value: Value, link: Link, depth: int) -> list[Value]:
        """What methods of mappings and lists give."""
        arguments = value.arguments
        if not arguments or not link.called:
            return []
        if link.name in TAKERS:
            return self._last(value, depth)
        if link.name == "values":
            return [replace(value, container="values", arguments=arguments[-1:])]
        if link.name in ("items", "copy"):
            name = "items" if link.name == "items" else value.container
            return [replace(value, symbol=None, container=name)]
        return []

    def _elements(
        self, values: Sequence[Value], depth: int, position: int = -1, *, of: str = ""
    ) -> list[Value]:
        """The elements of values in an iteration, `of="index"`: by an index, `of="tuple"`: of the
        values themselves; `position`: of elements with parts."""
        found: list[Value] = []
        for value in values if depth > 0 else ():
            arguments = value.arguments
            if of == "index" and value.is_class:
                found.append(value)  # `Cart[int]`
            elif value.symbol is not None:
                names = ("__getitem__",) if of == "index" else ("__iter__", "__aiter__")
                given = self._special(value, depth, *names) if of != "tuple" else []
                found += given if of == "index" else self._elements(given, depth - 1, position)
            elif not arguments:
                continue
            elif position >= 0 and of != "tuple" and value.container != "items":
                inner = self._typed(arguments[0], value.where, depth - 1)
                found += self._elements(inner, depth - 1, position, of="tuple")
            else:
                parts = value.container in PARTED and position >= 0 and "..." not in arguments
                last = of == "index" and value.container in MAPPINGS
                at = position if parts else -1 if last else 0
                found += self._typed("".join(arguments[at:][:1]), value.where, depth - 1)
        return found[:_MOST]

    def _typed(self, text: str, where: Where, depth: int) -> list[Value]:
        """The values that an annotation allows; `where.owner`: the class that `Self` is."""
        if depth <= 0 or not text:
            return []
        plain = text.replace('"', "").replace("'", "")
        found = [
            value for part in split(plain, "|") for value in self._one_type(part, where, depth)
        ]
        return found[:_MOST]

    def _one_type(self, text: str, where: Where, depth: int) -> list[Value]:
        match = HEAD.match(text)
        if match is None:
            return []
        head, arguments = match[1], tuple(split(match[2] or ""))
        name = head.rpartition(".")[2]
        if head in where.bound:
            return self._typed(*where.bound[head], depth - 1)
        if name in WRAPPED or name in ("Annotated", "Coroutine"):
            taken = {"Annotated": arguments[:1], "Coroutine": arguments[-1:]}.get(name, arguments)
            return [v for each in taken for v in self._typed(each, where, depth - 1)]
        if name in ("type", "Type"):
            taken = self._typed(arguments[0] if arguments else "", where, depth - 1)
            return [replace(each, instance=False) for each in taken]
        if name == "Self":
            return [Value(where.owner, True)] if where.owner is not None else []
        found = [
            replace(
                value,
                instance=True,
                arguments=arguments or value.arguments,
                where=where if arguments else value.where,
            )
            for value in self._of(head, Where(where.path), depth - 1)
            if value.is_class
        ]
        if found:
            return found
        symbol = self.modules.exported(where.path, head)
        if is_type_variable(symbol):
            return [Value(where.owner, True)] if where.owner is not None else []
        if isinstance(symbol, Located) and symbol.definition.kind is Kind.TYPE:
            of = Where(symbol.path, where.owner)
            return self._typed(symbol.definition.value, of, depth - 1)
        return [Value(None, True, name, arguments, where)] if arguments else []

    def _bases(self, owner: Located) -> Iterator[Located]:
        for base in owner.definition.bases:
            head = re.split(r"[\[(]", base, maxsplit=1)[0]
            for value in self._of(head, Where(owner.path), _DEPTH // 2):
                if value.is_class and isinstance(value.symbol, Located):
                    yield value.symbol
