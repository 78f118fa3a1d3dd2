"""What the expressions of Java code are. Knows no prompt and ranks nothing.

Of classes outside of the workspace nothing is known but their type arguments: `List<Foo>.get(0)` is
a `Foo`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.calls import call_before, cut
from beadline.context.symbols.resolve.chains import behind_blanks, closer
from beadline.context.symbols.resolve.generics import generic
from beadline.context.symbols.resolve.java_classes import (
    ARRAY,
    TYPES,
    Classes,
    Type,
    Values,
    applied,
    own_parameters,
    plain,
)
from beadline.context.symbols.resolve.scene import Link, chain, expression, local_text, split
from beadline.context.symbols.resolve.words import uses, words
from beadline.context.symbols.types import Kind, Located, Scene

_DEEPEST = 8
"""Expressions that an expression's type hangs on."""
_NEW = re.compile(r"new\s+([\w.]+\s*(?:<[^()]*>)?)")
_DECLARED = re.compile(r"\s*(?:[=;,):]|->|&&|\|\|)")
_BINDS = re.compile(r"\s*([=:])(?!=)\s*")
_ARROW = re.compile(r"\s*(?:,\s*\w+\s*)*\)?\s*->")
_NO_TYPES = words(
    "return new else throw case package import instanceof extends implements goto assert yield do "
    "throws super"
)
_SAME = words(
    "stream parallelStream filter iterator listIterator sorted limit skip distinct peek subList "
    "reversed descendingIterator takeWhile dropWhile or findFirst findAny max min toList "
    "collect"
)
"""Methods of the library that give what they are called on, as far as elements go."""


class Types(Classes):
    """The types seen from one cursor."""

    def __init__(self, scene: Scene, graph: Graph) -> None:
        super().__init__(scene, graph)
        self._text, self._offset = scene.document.text, scene.offset
        self._local = scene.offset - len(local_text(scene))
        self._depth = 0

    def of(self, text: str) -> Type | None:
        """The type of an expression at the cursor."""
        if self._depth >= _DEEPEST:
            return None
        self._depth += 1
        try:
            return self._of(text.strip())
        finally:
            self._depth -= 1

    def variable(self, name: str) -> Type | None:
        """The type of a local variable, a parameter or a field."""
        found = self._declared(name, self._local, self._offset)
        for each in () if found else self.around:
            if found := self._step(each, Link(name)):
                break
        return found or self._declared(name, 0, self._local)

    def _of(self, text: str) -> Type | None:
        if text.startswith("("):
            close = closer(text, 0, len(text))
            inner, rest = text[1:close].strip(), text[close + 1 :].lstrip()
            if close < 0:
                return None
            if rest.startswith("."):
                return self._walk(self.of(inner), chain(f"_{rest}")[1:])
            return self.here(inner) if rest else self.of(inner)
        links = chain(text)
        if not links:
            return None
        first, rest = links[0], links[1:]
        if match := _NEW.match(text):
            made = next((i for i, link in enumerate(links) if link.called), len(links) - 1)
            return self._walk(self.here(match[1]), links[made + 1 :])
        if first.name in ("this", "super"):
            around = self.around[0] if self.around else None
            if around is not None and first.name == "super":
                bases = [each for each, _ in self.hierarchy(around)][1:]
                around = self.type_of(bases[0]) if bases else None
            return self._walk(around, rest)
        if first.called:
            return self._walk(self._called(first), rest)
        if found := self.variable(first.name):
            return self._walk(found, rest)
        for member in self.imported(first.name):
            return self._walk(self._result(member, {}, first), rest)
        for i, link in enumerate(links):
            if link.name[:1].isupper():
                name = ".".join(each.name for each in links[: i + 1])
                return self._walk(replace(self.here(name), static=True), links[i + 1 :])
        return None

    def _called(self, link: Link) -> Type | None:
        """What a bare call gives."""
        for each in self.around:
            if self.find(each, link.name):
                return self._step(each, link)
        for member in self.imported(link.name):
            return self._result(member, {}, link)
        return self.here(link.name) if link.name[:1].isupper() else None

    def _walk(self, found: Type | None, links: Sequence[Link]) -> Type | None:
        for link in links:
            if found is None:
                return None
            if link.name == "this":
                found = replace(found, static=False)
            elif link.name == "class":
                found = replace(found, text=f"Class<{found.text}>", static=False)
            else:
                found = self._step(found, link)
        return found

    def _step(self, of: Type, link: Link) -> Type | None:
        """The type of a member."""
        given = len(split(link.arguments))
        for located, values in self.hierarchy(of):
            named = [each for each in self.members(located) if each.definition.name == link.name]
            if not named:
                continue
            member = min(
                named,
                key=lambda each: (
                    (each.definition.kind is Kind.METHOD) != link.called,
                    abs(len(each.definition.parameters) - given),
                ),
            )
            definition = member.definition
            if definition.kind in TYPES:
                return replace(self.type_of(member), static=not link.called)
            if definition.kind is Kind.FIELD and not definition.type:
                return self.type_of(located)  # a constant of an enum
            return self._result(member, values, link)
        return self._library(of, link) if link.called else None

    def _result(self, member: Located, values: Values, link: Link) -> Type | None:
        """What a field holds or a method gives."""
        definition, file = member.definition, self.file(member.path)
        if not definition.type or file is None:
            return None
        own, wanted = own_parameters(definition), plain(definition.type)
        if wanted not in own:
            return applied(definition.type, values, file, definition.owner)
        for parameter, argument in zip(definition.parameters, split(link.arguments), strict=False):
            kind = plain(parameter.type)
            if kind == wanted:
                return self.of(argument)
            if wanted in map(plain, generic(kind)[1]):  # `Class<T>`
                given = self.of(argument)
                inner = generic(plain(given.text))[1] if given else ()
                return replace(given, text=inner[0]) if given and inner else None
        return applied(own[wanted], values, file, definition.owner) if own[wanted] else None

    @staticmethod
    def _library(of: Type, link: Link) -> Type | None:
        """What a method that the workspace does not have gives, by its class's type arguments."""
        name, arguments = generic(plain(of.text))
        if not arguments or (name == "Class" and link.name not in ("cast", "newInstance")):
            return None
        if link.name in _SAME:
            return of
        if link.name == "entrySet":
            return replace(of, text=f"Set<Map.Entry<{', '.join(arguments)}>>")
        if link.name in ("keySet", "values"):
            return replace(of, text=f"Set<{arguments[0 if link.name == 'keySet' else -1]}>")
        return replace(of, text=arguments[0 if link.name == "getKey" else -1])

    def _declared(self, name: str, start: int, end: int) -> Type | None:
        """The type that the last declaration of a variable in [start, end) names."""
        text = self._text
        for at in uses(text, name, start, end):
            behind = at + len(name)
            if not _DECLARED.match(text, behind):
                continue
            kind = _type_before(text, at)
            if kind == "var":
                binds = _BINDS.match(text, behind)
                value = self.of(expression(text, binds.end())) if binds else None
                if value is None or binds is None:
                    return None
                return value if binds[1] == "=" else _element(value)
            if kind and kind not in _NO_TYPES:
                return self.here(kind)
            if not kind and _ARROW.match(text, behind):
                return self._parameter(at)
        return None

    def _parameter(self, at: int) -> Type | None:
        """The type of the parameter of a lambda at `at`, by what the lambda is handed to."""
        receiver, name = cut(call_before(self._text, at))
        of = self.of(receiver) if receiver else None
        for located, values in self.hierarchy(of) if of else ():
            file = self.file(located.path) or self.own
            for member in self.members(located):
                definition = member.definition
                for parameter in definition.parameters if definition.name == name else ():
                    if inner := generic(plain(parameter.type))[1]:
                        return applied(inner[0], values, file, definition.owner)
        return _element(of) if of else None


def _element(of: Type) -> Type | None:
    """What an iteration over a value gives."""
    if ARRAY.search(of.text):
        return replace(of, text=ARRAY.sub("", of.text))
    arguments = generic(plain(of.text))[1]
    return replace(of, text=arguments[-1]) if arguments else None


def _type_before(text: str, end: int) -> str:
    """The type that is written right before a name; empty where none is."""
    at = stop = behind_blanks(text, end)
    if at == end:
        return ""
    if text.endswith("...", 0, at):
        at = behind_blanks(text, at - 3)
    while text.endswith("]", 0, at) and (opened := text.rfind("[", 0, at)) >= 0:
        at = behind_blanks(text, opened)
    if text.endswith(">", 0, at):
        depth, floor = 0, max(0, at - 300)
        while at > floor:
            at -= 1
            depth += (text[at] == ">") - (text[at] == "<")
            if depth == 0:
                break
            if text[at] in ";(){}=":
                return ""
        at = behind_blanks(text, at)
    start = at
    while start and (text[start - 1] in "._$" or text[start - 1].isalnum()):
        start -= 1
    return text[start:stop] if start < at else ""
