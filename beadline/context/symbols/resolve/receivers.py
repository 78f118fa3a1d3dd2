"""What can stand behind a receiver, all of it, by language. Knows no prompt and ranks nothing.

Resolvers find the definitions that a cursor needs, as many as there is room for; here is asked
which names the language takes at one place, and whether there may be others.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol

from beadline.context.retrieval.query import group_of
from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve import resolver_of
from beadline.context.symbols.resolve.scene import Cursor, enclosing
from beadline.context.symbols.types import Definition, FileSymbols, Kind, Reason, Scene

MEMBER, SELF, MODULE, ENUM = "member", "self", "module", "enum"
_MODULES = {
    "python": "python",
    "javascript": "typescript", "javascriptreact": "typescript",
    "typescript": "typescript", "typescriptreact": "typescript",
    "java": "java",
    "go": "go",
}  # fmt: skip
"""Language id -> `receivers_...`, whose `RECEIVERS` makes them; others are asked of their
resolvers."""
_TYPES = frozenset({Kind.CLASS, Kind.INTERFACE, Kind.ENUM, Kind.MODULE})
_OWN = frozenset({"self", "this", "$this", "Self"})
_SURE = 0.8
"""Weight of the first member from which a resolver knows the receiver's type; below, it guesses."""


@dataclass(frozen=True, slots=True)
class Members:
    """The names that can stand at one place."""

    names: tuple[str, ...]
    """Each once."""
    source: str = MEMBER
    """`member`; `self`: of the class around the cursor; `module`; `enum`."""
    whole: bool = False
    """Everything that the type derives from is known."""
    closed: bool = False
    """The language lets nothing else stand there."""


class Receivers(Protocol):
    """The places around one cursor."""

    def members(self, expression: str) -> Members | None:
        """What can stand behind the joint that follows an expression; None where its type is not
        known."""
        ...

    def importable(self, before: str) -> Members | None:
        """What the import statement that ends `before` can name next; None where that is not
        known."""
        ...

    def parameters(self, callee: str) -> Sequence[str]:
        """Parameters of a called expression that can be named in its call."""
        ...


def receivers_of(scene: Scene, graph: Graph, cursor: Cursor) -> Receivers:
    """The places around a cursor, as its language knows them."""
    name = _MODULES.get(scene.document.language)
    if name is None:
        return NamedReceivers(scene, graph, cursor)
    module = importlib.import_module(f"{__name__}_{name}")
    return module.RECEIVERS(scene, graph, cursor)


class NamedReceivers:
    """See `Receivers`: of languages of which we ask their resolvers."""

    def __init__(self, scene: Scene, graph: Graph, cursor: Cursor) -> None:
        self.scene, self.graph, self.cursor = scene, graph, cursor
        self.group = group_of(scene.document.language)

    def members(self, expression: str) -> Members | None:
        """See `Receivers`. Of others than the cursor's own receiver only those around it."""
        if expression in _OWN:
            return self._around()
        return self._needed() if expression == self.cursor.receiver else None

    def importable(self, before: str) -> Members | None:
        """See `Receivers`."""
        return None

    def parameters(self, callee: str) -> Sequence[str]:
        """See `Receivers`."""
        return ()

    def _around(self) -> Members | None:
        """Members of the type around the cursor, wherever they lie."""
        around = enclosing(self.scene)
        owners = [each.qualified for each in around if each.kind in _TYPES]
        owners += [each.owner for each in around if each.owner]
        if not owners:
            return None
        name = owners[-1].rpartition(".")[2]
        found = list(owned(self.scene.symbols, owners[-1]))
        others = self.graph.members(name, group=self.group)
        found += [each.definition for each in others if each.path != self.scene.symbols.path]
        names = tuple(dict.fromkeys(each.name for each in found))
        return Members(names, SELF) if names else None

    def _needed(self) -> Members | None:
        """What the language's resolver says of the cursor's receiver."""
        first = takewhile(
            lambda each: each.reason is Reason.MEMBER,
            resolver_of(self.scene.document.language).needed(self.scene, self.graph),
        )
        needed = list(first)
        if not needed or needed[0].weight < _SURE:
            return None
        definitions = [each.located.definition for each in needed]
        owners = {each.owner for each in definitions if each.owner}
        for owner in owners:  # what is left out of the prompt for being of the same file
            definitions += owned(self.scene.symbols, owner)
        return Members(tuple(dict.fromkeys(each.name for each in definitions)))


def owned(file: FileSymbols, owner: str) -> Iterable[Definition]:
    """Members of a type that its file has."""
    return (each for each in file.definitions if each.owner == owner)
