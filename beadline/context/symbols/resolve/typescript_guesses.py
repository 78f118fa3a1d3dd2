"""What may be meant in TypeScript and JavaScript code where no type and no import says it.

By how things are called: a `context` is a `Context`, and what a file calls once it calls again.
Knows names, no types.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from beadline.context.retrieval.query import group_of
from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.chains import chain
from beadline.context.symbols.resolve.likely import Likely, distance
from beadline.context.symbols.resolve.typescript_exports import TYPES, Program
from beadline.context.symbols.types import Located, Needed, Reason, Scene

_COMMON = 4
"""A name that is defined in more files says little."""
_DEFINITIONS = 16
_CALLED = 48
"""Names of methods that the file calls and that are looked up."""
_METHOD_CALL = re.compile(r"\.\s*([\w$]+)\s*\(")
_GIVEN = re.compile(r"\A_*(?:get|create|make|build|new|current|default|use|my|the)(?=[A-Z])")
_LEAST_NAME = 3


class Guesses:
    """Guesses at one cursor."""

    def __init__(self, scene: Scene, graph: Graph, program: Program, likely: Likely) -> None:
        self._scene, self._graph = scene, graph
        self._program, self._likely = program, likely
        self._path = scene.symbols.path
        self._group = group_of(scene.document.language)

    def foreign(self, expression: str) -> bool:
        """An expression starts with what is imported from outside of the workspace, or with no
        name: a literal."""
        links = chain(expression)
        if not links:
            return True
        taken = [each for each in self._program.imports() if each.alias == links[0].name]
        return any(not self._program.target(self._path, each.module) for each in taken)

    def called_like(self, expression: str) -> list[Located]:
        """Types with the name of an expression: `context` of a `Context`, `useStore()` of a
        `Store`."""
        name = _GIVEN.sub("", chain(expression)[-1].name).strip("_$#")
        camel = name[:1].upper() + name[1:]
        if len(name) < _LEAST_NAME or name in ("this", "super"):
            return []
        known = self._program.scope(self._path, camel)
        found = [each for each in known if isinstance(each, Located)]
        if not found:
            found = list(self._graph.named(camel, group=self._group, limit=_DEFINITIONS))
        return self.nearest(each for each in found if each.definition.kind in TYPES)[:2]

    def methods(self) -> Iterator[Needed]:
        """Methods defined in few files that the file calls elsewhere."""
        called = self._likely.order(_METHOD_CALL.findall(self._scene.document.text))
        for rank, name in enumerate(called[:_CALLED]):
            for each in self._few(name, member=True):
                yield Needed(each, Reason.MEMBER, 0.5 / (1 + rank / _CALLED))

    def exported(self, names: Iterable[str]) -> Iterator[Needed]:
        """What few files export by names."""
        for name in names:
            for each in self._few(name, member=False):
                if each.definition.exported:
                    yield Needed(each, Reason.EXPORT, 0.5)

    def called(self, name: str, *, member: bool, weight: float) -> Iterator[Needed]:
        """The nearest definitions of the name of a callee; of a member rather members."""
        named = self._named(name)
        fitting = [each for each in named if bool(each.definition.owner) == member]
        for each in self.nearest(fitting or named)[:_COMMON]:
            yield Needed(each, Reason.CALLEE, weight)

    def nearest(self, found: Iterable[Located]) -> list[Located]:
        """Definitions by the distance of their files, those that other files see first."""
        return sorted(
            found,
            key=lambda each: (
                not each.definition.exported,
                distance(self._path, each.path),
                each.path,
                each.definition.start,
            ),
        )

    def _few(self, name: str, *, member: bool) -> list[Located]:
        """Definitions of a name that few files and not the scene's own have, the nearest first."""
        named = [each for each in self._named(name) if bool(each.definition.owner) == member]
        paths = {each.path for each in named}
        if self._path in paths or len(paths) > _COMMON:
            return []
        return self.nearest(named)[:_COMMON]

    def _named(self, name: str) -> list[Located]:
        return list(self._graph.named(name, group=self._group, limit=_DEFINITIONS)) if name else []
