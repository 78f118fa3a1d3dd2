"""What a receiver in Python code may have when its type is not known. Knows names, no types.

By how things are called: a `crawler` is a `Crawler`, and what a file calls once it calls again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.chains import chain
from beadline.context.symbols.resolve.likely import Likely, distance
from beadline.context.symbols.resolve.python_modules import GROUP, Modules
from beadline.context.symbols.resolve.python_values import CLASSES
from beadline.context.symbols.resolve.scene import Cursor
from beadline.context.symbols.types import Kind, Located, Needed, Reason, Scene

COMMON = 4
"""A name that more definitions have says little."""
_CALLED = 48
"""Names of methods that the file calls and that are looked up."""
_IN_PLAY = 6
_CLASSES = CLASSES | {Kind.VARIABLE}
"""What may be called like a class: another name of one too."""
_METHOD_CALL = re.compile(r"\.[ \t]*(\w+)[ \t]*\(")
_MAKERS = re.compile(r"\A_*(?:get|create|make|build|new|current|default|from|my|the|load)_")


class Guesses:
    """Guesses at one cursor."""

    def __init__(
        self, scene: Scene, cursor: Cursor, graph: Graph, modules: Modules, likely: Likely
    ) -> None:
        self._scene, self._cursor, self._graph = scene, cursor, graph
        self._modules, self._likely = modules, likely
        self._path = scene.symbols.path

    def foreign(self, receiver: str) -> bool:
        """The receiver is a string, or imported from outside of the workspace."""
        if receiver.startswith(('"', "'")):
            return True
        links = chain(receiver)
        name = links[0].name if links else ""
        imported = any(
            each.alias == name or each.alias.startswith(f"{name}.")
            for each in self._scene.symbols.imports
        )
        return imported and self._modules.exported(self._path, name) is None

    def called_like(self, receiver: str) -> list[Located]:
        """Classes with the name of a receiver: `Crawler` of `crawler`, `App` of `get_app()`."""
        links = chain(receiver)
        name = _MAKERS.sub("", links[-1].name) if links else ""
        camel = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
        if not camel:
            return []
        known = self._modules.exported(self._path, camel)
        if isinstance(known, Located):
            return [known]
        found = self._graph.named(camel, group=GROUP, limit=4 * COMMON)
        return self.nearest(each for each in found if each.definition.kind in _CLASSES)[:2]

    def in_play(self) -> list[Located]:
        """Classes that the file imports, those that are named near the cursor first."""
        near = {name: rank for rank, name in enumerate(self._cursor.near)}
        aliases = {each.alias for each in self._scene.symbols.imports}
        found: list[Located] = []
        for alias in sorted(aliases, key=lambda alias: (near.get(alias, len(near)), alias)):
            symbol = self._modules.exported(self._path, alias)
            if isinstance(symbol, Located) and symbol.definition.kind in CLASSES:
                found.append(symbol)
        return found[:_IN_PLAY]

    def methods(self) -> Iterator[Needed]:
        """Methods of few classes that the file calls elsewhere."""
        called = self._likely.order(_METHOD_CALL.findall(self._scene.document.text))
        for rank, name in enumerate(called[:_CALLED]):
            found = self._graph.named(name, group=GROUP, limit=COMMON + 1)
            if len(found) <= COMMON and not any(each.path == self._path for each in found):
                weight = 0.5 / (1 + rank / _CALLED)
                for each in self.nearest(each for each in found if each.definition.owner)[:2]:
                    yield Needed(each, Reason.MEMBER, weight)

    def nearest(self, found: Iterable[Located]) -> list[Located]:
        """Definitions by the distance of their files."""
        return sorted(found, key=lambda each: (distance(self._path, each.path), each.path))
