"""What the resolvers of Java, Go and Rust do alike: the order of look-ups. Knows no language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.chains import chain
from beadline.context.symbols.resolve.likely import Likely, distance
from beadline.context.symbols.resolve.names import by_name
from beadline.context.symbols.resolve.scene import Cursor
from beadline.context.symbols.types import Located, Needed, Scene

_ALIKE = 4
"""Functions that are offered for a callee that was not found."""
_FADE = 16
"""Rank at which the weight of a definition among its like is half."""


class Steps(Protocol):
    """The look-ups at one cursor."""

    likely: Likely
    receiver: str
    dotted: bool
    """Something stands before the name, be it understood or not."""

    def exports(self) -> Iterator[Needed]:
        """What the import statement at the cursor may name."""
        ...

    def members(self) -> Iterator[Needed]:
        """What the receiver has."""
        ...

    def callees(self) -> Iterator[Needed]:
        """What is called around the cursor."""
        ...

    def bare(self) -> Iterator[Needed]:
        """What can be called without a receiver."""
        ...

    def in_play(self) -> Iterator[Needed]:
        """What names and variables around the cursor stand for."""
        ...

    def around(self) -> Iterator[Needed]:
        """The types that are being written, and what they derive from."""
        ...

    def unused(self) -> Iterator[Needed]:
        """What is imported and used nowhere yet."""
        ...


def in_order(steps: Steps, scene: Scene, cursor: Cursor, graph: Graph) -> Iterator[Needed]:
    """What all look-ups give, the surest first; after an import keyword the exports alone."""
    if cursor.in_import:
        yield from steps.exports()
        return
    if steps.receiver:
        yield from steps.members()
    yield from steps.callees()
    if not steps.dotted:
        yield from steps.bare()
    yield from steps.in_play()
    yield from steps.around()
    yield from steps.unused()
    yield from by_name(scene, cursor, graph, steps.likely)


def once(
    found: Iterable[Located | None], weight: float, shown: Callable[[Located, float], Needed]
) -> Iterator[Needed]:
    """Definitions, each once, in their order; `weight` is that of the first, `shown` makes one."""
    by_place = {(each.path, each.definition.start): each for each in found if each is not None}
    for rank, each in enumerate(by_place.values()):
        yield shown(each, weight / (1 + rank / _FADE))


def alike(
    callee: str, graph: Graph, *, group: str, path: str, fits: Callable[[Located], bool]
) -> list[Located]:
    """Functions called like a callee that was not found, those nearest to `path` first."""
    named = graph.named(chain(callee)[-1].name, group=group, limit=16)
    found = [each for each in named if fits(each)]
    return sorted(found, key=lambda each: distance(path, each.path))[:_ALIKE]
