"""What the expressions of Go code are. Knows no prompt and ranks nothing.

Pointers are passed by: a method is called on both alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.calls import cut
from beadline.context.symbols.resolve.go_packages import TYPES, Packages, Type, bare, results
from beadline.context.symbols.resolve.scene import Link, chain, expression, local_text, split
from beadline.context.symbols.resolve.words import uses
from beadline.context.symbols.types import Definition, FileSymbols, Kind, Located, Scene

_DEEPEST = 8
"""Expressions that an expression's type hangs on."""
_WRITTEN = (
    r"(?:\*|\[\w*\]|map\[[^\]\n]*\]|<-chan\s+|chan(?:<-)?\s+)*"
    r"(?:func\s*\([^()\n]*\)[ \t]*(?:\([^()\n]*\)|[\w.*\[\]]*)"
    r"|[A-Za-z_][\w.]*(?:\[[^\]\n]*\])?)"
)
"""A type."""
_TYPED = re.compile(rf"(?:\s*,\s*\w+)*[ \t]+((?:\.\.\.)?{_WRITTEN})")
_DEFINED = re.compile(r"((?:\s*,\s*\w+)*)\s*:=\s*(range\s+)?")
_ASSIGNED = re.compile(r"[ \t]*=(?!=)\s*")
_VAR = re.compile(r"\bvar\s+\Z")
_NAMES = re.compile(r"(?:\w+\s*,\s*)*\Z")
_LITERAL = re.compile(rf"&?({_WRITTEN})\{{")
_MADE = re.compile(rf"(?:make|new)\(\s*({_WRITTEN})")
_SIMPLE = re.compile(r"[\d.]+|\"(?:\\.|[^\"\\\n])*\"|`[^`]*`")
_ASSERTED = re.compile(r"\.\(\s*([^()]+?)\s*\)")
_CASE = re.compile(r"\bcase\s+([^:,\n]+):")
_FUNCTION = re.compile(r"func\s*\([^()]*(?:\([^()]*\)[^()]*)*\)\s*")
_ELEMENT = re.compile(r"\[\w*\]|map\[[^\]]*\]|chan(?:<-)?\s+|<-\s*chan\s+")
_KEY = re.compile(r"map\[([^\]]*)\]")
_ARGUMENTS = re.compile(r"[\w.]+\[(.*)\]")


class Types(Packages):
    """The types seen from one cursor."""

    def __init__(self, scene: Scene, graph: Graph) -> None:
        super().__init__(scene, graph)
        self._text, self._offset = scene.document.text, scene.offset
        self._local = scene.offset - len(local_text(scene))
        self._depth = 0

    def of(self, text: str, position: int = 0) -> Type | None:
        """The type of an expression at the cursor; of a call with several results that of one."""
        if self._depth >= _DEEPEST:
            return None
        self._depth += 1
        try:
            return self._of(text.strip(), position)
        finally:
            self._depth -= 1

    def called(self, callee: str) -> list[Located]:
        """The function, the method or the type that a callee is."""
        receiver, name = cut(callee)
        if not receiver:
            found = self.lookup(name, self.home)
            return [found] if found else []
        of = self.of(receiver)
        if of is not None and of.package is not None:
            found = self.lookup(name, of.package)
            return [found] if found else []
        members = (each for located in self.hierarchy(of) for each in self.members(located))
        return [each for each in members if each.definition.name == name][:1]

    def variable(self, name: str) -> Type | None:
        """The type of a local variable or a parameter."""
        text = self._text
        for start in uses(text, name, self._local, self._offset):
            before = text[text.rfind("\n", 0, start) + 1 : start]
            if "//" in before or before.count('"') % 2:
                continue
            at = start + len(name)
            if defined := _DEFINED.match(text, at):
                names = _NAMES.search(before)
                position = names[0].count(",") if names else 0
                several = position + defined[1].count(",") > 0
                if defined[2]:
                    return self._ranged(defined.end(), position, several=several)
                return self._value(defined.end(), position)
            if typed := _TYPED.match(text, at):
                return Type(typed[1], self.own)
            if _VAR.search(before) and (assigned := _ASSIGNED.match(text, at)):
                return self._value(assigned.end(), 0)
        return None

    def element(self, of: Type) -> Type | None:
        """What indexing or iterating a value gives."""
        if of.text.startswith("..."):
            return replace(of, text=of.text[3:])
        text = bare(of.text)
        if match := _ELEMENT.match(text):
            return replace(of, text=text[match.end() :])
        if (located := self.named(of)) is not None:
            file = self.file(located.path)
            if located.definition.kind is not Kind.TYPE or file is None:
                return None
            return self.element(Type(located.definition.type, file))
        match = _ARGUMENTS.fullmatch(text)
        return replace(of, text=split(match[1])[-1]) if match and match[1].strip() else None

    def _of(self, text: str, position: int) -> Type | None:
        if text.startswith("<-"):
            of = self.of(text[2:])
            return self.element(of) if of else None
        if asserted := list(_ASSERTED.finditer(text)):
            last = asserted[-1]
            rest = chain(f"_{text[last.end() :]}")[1:]
            return self._walk(Type(last[1], self.own), rest, position)
        links = chain(text)
        if not links:
            return None
        first = links[0]
        if first.called and first.name in ("new", "make"):
            made = Type(first.arguments.partition(",")[0], self.own)
            return self._walk(made, links[1:], position)
        if first.called and first.name == "append":
            return self.of(first.arguments.partition(",")[0])
        local = self.variable(first.name)
        if local is not None:
            local = self._applied(local, first, position if len(links) == 1 else 0)
            return self._walk(local, links[1:], position)
        return self._global(links, self.own, position)

    def _global(self, links: Sequence[Link], file: FileSymbols, position: int) -> Type | None:
        """The type of a chain that starts with a name of the file's level or a package."""
        first = links[0]
        folder = self.package(first.name, file)
        if folder is not None:
            return self._walk(Type("", file, folder), links[1:], position)
        found = self.lookup(first.name, file.path.rpartition("/")[0])
        if found is None:
            return None
        start = self._member(found, first, position if len(links) == 1 else 0)
        return self._walk(start, links[1:], position)

    def _walk(self, found: Type | None, links: Sequence[Link], position: int) -> Type | None:
        for i, link in enumerate(links):
            if found is None:
                return None
            found = self._step(found, link, position if i == len(links) - 1 else 0)
        return found

    def _step(self, of: Type, link: Link, position: int) -> Type | None:
        if of.package is not None:
            found = self.lookup(link.name, of.package)
            return self._member(found, link, position) if found else None
        for located in self.hierarchy(of):
            for each in self.members(located):
                if each.definition.name == link.name:
                    return self._member(each, link, position)
            for base in located.definition.bases:
                if bare(base).rpartition(".")[2].partition("[")[0] == link.name:
                    return Type(base, self.file(located.path) or self.own)
        return None

    def _member(self, located: Located, link: Link, position: int) -> Type | None:
        """What a definition is where it is used."""
        definition, file = located.definition, self.file(located.path) or self.own
        if definition.kind in TYPES:
            return Type(definition.name, file)
        if definition.kind in (Kind.FUNCTION, Kind.METHOD):
            found = Type(f"func() {definition.type}", file)
        elif definition.type:
            found = Type(definition.type, file)
        else:
            found = self._assigned(definition, file)
        return self._applied(found, link, position) if found else None

    def _applied(self, of: Type, link: Link, position: int) -> Type | None:
        """The result of a call or an index."""
        found = self._result(of, position) if link.called else of
        return self.element(found) if found and link.indexed else found

    def _result(self, of: Type, position: int) -> Type | None:
        if match := _FUNCTION.match(of.text):
            kinds = results(of.text[match.end() :])
            return replace(of, text=kinds[position]) if position < len(kinds) else None
        located = self.named(of)
        if located is None or located.definition.kind is not Kind.TYPE:
            return of
        file = self.file(located.path) or self.own
        inner = Type(located.definition.type, file)
        return self._result(inner, position) if _FUNCTION.match(inner.text) else of

    def _assigned(self, definition: Definition, file: FileSymbols) -> Type | None:
        """The type of a package's variable, by what it starts with."""
        if match := _LITERAL.match(definition.value) or _MADE.match(definition.value):
            return Type(match[1], file)
        links = chain(expression(definition.value, 0))
        if not links or self._depth >= _DEEPEST:
            return None
        self._depth += 1
        try:
            return self._global(links, file, 0)
        finally:
            self._depth -= 1

    def _value(self, at: int, position: int) -> Type | None:
        """The type of what stands right of `:=`, or of one of several there."""
        text = self._text
        for _ in range(position):
            end = at + len(expression(text, at))
            if end == at and (simple := _SIMPLE.match(text, at)):
                end = simple.end()
            if end == at or not text.startswith(",", end):
                break
            at, position = end + 1 + (text[end + 1 : end + 2] == " "), position - 1
        if match := _LITERAL.match(text, at) or _MADE.match(text, at):
            return Type(match[1], self.own)
        if match := _FUNCTION.match(text, at):
            end = text.find("{", match.end())
            return Type(text[at : end if end >= 0 else match.end()].strip(), self.own)
        value = expression(text, at)
        if asserted := _ASSERTED.match(text, at + len(value)):
            if asserted[1] != "type":
                return Type(asserted[1], self.own) if position == 0 else None
            cases = _CASE.findall(text, asserted.end(), self._offset)
            return Type(cases[-1].strip(), self.own) if cases else self.of(value)
        return self.of(value, position)

    def _ranged(self, at: int, position: int, *, several: bool) -> Type | None:
        of = self.of(expression(self._text, at))
        if of is None:
            return None
        if position == 1:
            return self.element(of)
        if match := _KEY.match(bare(of.text)):
            return replace(of, text=match[1])
        return None if several or bare(of.text).startswith("[") else self.element(of)
