"""Resolution in languages we know no imports and no types of: by names and by how near files are.

Knows no language's syntax but how many languages declare a variable of a type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from beadline.context import languages
from beadline.context.retrieval.query import group_of
from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.likely import Likely, distance
from beadline.context.symbols.resolve.scene import (
    Cursor,
    Namespace,
    chain,
    enclosing,
    local_text,
)
from beadline.context.symbols.types import Kind, Located, Needed, Reason, Scene

_NEAR = 60
"""Names around the cursor that are looked up."""
_COMMON = 4
"""A name that so many definitions have says little."""
_SELF = frozenset({"this", "self", "$this", "@this", "base", "parent", "static"})
_TYPES = frozenset({Kind.CLASS, Kind.INTERFACE, Kind.ENUM, Kind.TYPE, Kind.MODULE})
_DECLARED = (
    re.compile(
        r"(?P<name>[$@]?\w+)[ \t]*:?=[ \t]*(?:new[ \t]+)?(?P<type>[A-Z][\w:\\.]*?)"
        r"(?:\.new\b|[({<]|::)"
    ),
    re.compile(
        r"(?<![\w.])(?P<type>[A-Za-z_][\w:\\]*)(?:<[^<>;\n]*>)?[*&]*[ \t]+[*&]*"
        r"(?P<name>\$?[A-Za-z_]\w*)[ \t]*(?=[=;,){(:]|$)",
        re.M,
    ),
    re.compile(r"(?P<name>\w+)[ \t]*:[ \t]*(?P<type>[A-Z][\w.]*)"),
)
"""`x = new A(`, `x = A.new`; `A<B> *x`; `x: A`."""
_INCLUDED = re.compile(
    r'^[ \t]*(?:#[ \t]*include[ \t]*"([^"\n]+)"|(?:require|require_once|include|require_relative)'
    r"[ \t(]+[\"']([^\"'\n]+)[\"'])",
    re.M,
)
_INCLUDES = 24
"""Included files that are looked at."""


class NamesResolver:
    """See `Resolver`."""

    def needed(self, scene: Scene, graph: Graph) -> Iterator[Needed]:
        """See `Resolver`."""
        known = languages.get(scene.document.language).words
        words = known.headers | known.jumps | known.incomplete | known.openers | known.closers
        cursor = Cursor.at(scene, words=words - _SELF)
        finder = _Finder(scene, cursor, graph, words)
        if cursor.receiver:
            yield from finder.members()
        yield from finder.callees()
        yield from finder.near()
        yield from finder.included()


def by_name(scene: Scene, cursor: Cursor, graph: Graph, likely: Likely) -> Iterator[Needed]:
    """What the types of a language we know did not tell: by names alone. For its resolver, which
    has read the cursor already."""
    finder = _Finder(scene, cursor, graph, likely=likely)
    if cursor.receiver:
        yield from finder.used()
    yield from finder.callees()
    yield from finder.near()


class _Finder:
    """The look-ups at one cursor."""

    def __init__(
        self,
        scene: Scene,
        cursor: Cursor,
        graph: Graph,
        words: frozenset[str] = frozenset(),
        likely: Likely | None = None,
    ) -> None:
        self._scene, self._cursor, self._graph = scene, cursor, graph
        self._words = words
        self._group = group_of(scene.document.language)
        self._likely = likely or Likely(scene, cursor, graph)

    def members(self) -> Iterator[Needed]:
        """What the receiver has, where its type is declared near; else members that the file uses
        elsewhere."""
        found = list(self._of_types(self._receiver_types()))
        yield from self._likely.needed(found, Reason.MEMBER, 1.0)
        if not found:
            yield from self.used()

    def used(self) -> Iterator[Needed]:
        """Members that the file uses elsewhere."""
        used = re.findall(r"(?:\.|->|::)\s*([A-Za-z_]\w*)", self._scene.document.text)
        for name in self._likely.order(used)[:_NEAR]:
            yield from self._named(name, Reason.MEMBER, 0.5, owned=True)

    def callees(self) -> Iterator[Needed]:
        """What the cursor is among the arguments of."""
        for rank, callee in enumerate(self._cursor.callees):
            name = chain(callee)[-1].name
            yield from self._named(name, Reason.CALLEE, 1.0 / (1 + rank))

    def near(self) -> Iterator[Needed]:
        """What the lines around name."""
        for rank, name in enumerate(self._cursor.near[:_NEAR]):
            yield from self._named(name, Reason.NAME, 0.6 / (1 + rank / _NEAR))

    def included(self) -> Iterator[Needed]:
        """What files that this one includes define."""
        found: list[Located] = []
        for match in list(_INCLUDED.finditer(self._scene.document.text))[:_INCLUDES]:
            suffix = (match[1] or match[2]).lstrip("./")
            paths = self._graph.paths_ending(suffix) or self._graph.paths_ending(f"{suffix}.rb")
            for path in self._nearest(paths)[:1]:
                if (file := self._graph.file(path)) is not None:
                    found += [Located(path, each) for each in file.definitions]
        yield from self._likely.needed(found, Reason.IMPORT, 0.3)

    def _receiver_types(self) -> list[str]:
        """Names of the types that the receiver may have."""
        links = chain(self._cursor.receiver)
        if not links:
            return []
        name = links[-1].name
        if name in _SELF:
            around = enclosing(self._scene)
            names = [each.name for each in around if each.kind in _TYPES]
            return [*reversed(names), *(each.owner for each in around if each.owner)]
        declared = Namespace(local_text(self._scene), _DECLARED)
        names = [bound.type for bound in declared.of(name.lstrip("$@"))]
        names += [bound.type for bound in declared.of(name)]
        last = [re.split(r"[:.\\]+", each.rstrip(":."))[-1] for each in names]
        camel = "".join(part[:1].upper() + part[1:] for part in name.strip("$@_").split("_"))
        return [each for each in dict.fromkeys((*last, name, camel)) if each not in self._words]

    def _of_types(self, names: Iterable[str]) -> Iterator[Located]:
        """Members of the first type that has any."""
        for name in names:
            found = self._graph.members(name.rpartition(".")[2], group=self._group)
            if found:
                yield from found
                return

    def _named(
        self, name: str, reason: Reason, weight: float, *, owned: bool = False
    ) -> Iterator[Needed]:
        """The nearest definition of a name that few have and the file itself does not define."""
        found = self._graph.named(name, group=self._group, limit=_COMMON + 1)
        if any(each.path == self._scene.symbols.path for each in found):
            return
        if owned:
            found = [each for each in found if each.definition.owner]
        few = len(found) <= _COMMON or reason is Reason.CALLEE
        for path in self._nearest(each.path for each in found)[: 2 if few else 0]:
            for each in found:
                if each.path == path:
                    yield Needed(each, reason, weight / max(1, len(found)))

    def _nearest(self, paths: Iterable[str]) -> list[str]:
        """Paths, each once, by their distance from the file."""
        own = self._scene.symbols.path
        return sorted(dict.fromkeys(paths), key=lambda path: (distance(own, path), path))


RESOLVER = NamesResolver()
