"""What can stand behind a receiver in Go: see `receivers`. Knows no other language."""

from __future__ import annotations

from collections.abc import Sequence

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.go_types import Types
from beadline.context.symbols.resolve.receivers import MEMBER, MODULE, SELF, Members
from beadline.context.symbols.resolve.scene import Cursor, enclosing
from beadline.context.symbols.types import Located, Scene


class GoReceivers:
    """See `Receivers`."""

    def __init__(self, scene: Scene, graph: Graph, cursor: Cursor) -> None:
        self._scene, self._graph = scene, graph
        self._types = Types(scene, graph)

    def members(self, expression: str) -> Members | None:
        """See `Receivers`."""
        of = self._types.of(expression)
        if of is None:
            return None
        if of.package is not None:
            return self._package(of.package)
        line = list(self._types.hierarchy(of))
        found = [
            member
            for each in line
            for member in self._types.members(each)
            if self._types.visible(member)
        ]
        if not found:
            return None
        own = self._own_types()
        source = SELF if line[0].definition.name in own else MEMBER
        return Members(_names(found), source, whole=_is_whole(line))

    def importable(self, before: str) -> Members | None:
        """See `Receivers`: paths, not names."""
        return None

    def parameters(self, callee: str) -> Sequence[str]:
        """See `Receivers`: no call names any."""
        return ()

    def _package(self, folder: str) -> Members | None:
        """The exported names of a package. Not closed: files that are generated (`*.pb.go`) or made
        by the compiler (`C`) are not in the graph."""
        found = self._types.names(folder)
        return Members(_names(found), MODULE, whole=True) if found else None

    def _own_types(self) -> set[str]:
        """Names of the types whose methods the cursor is in."""
        return {each.owner for each in enclosing(self._scene) if each.owner}


def _names(found: Sequence[Located]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.definition.name for each in found))


def _is_whole(line: Sequence[Located]) -> bool:
    """All embedded types are among them."""
    known = {each.definition.name for each in line}
    return all(
        base.partition("[")[0].rpartition(".")[2].lstrip("*") in known
        for each in line
        for base in each.definition.bases
    )


RECEIVERS = GoReceivers
