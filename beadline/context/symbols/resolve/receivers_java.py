"""What can stand behind a receiver in Java: see `receivers`. Knows no other language."""

from __future__ import annotations

import re
from collections.abc import Sequence

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.generics import generic
from beadline.context.symbols.resolve.java_classes import is_static, plain
from beadline.context.symbols.resolve.java_types import Types
from beadline.context.symbols.resolve.receivers import ENUM, MEMBER, SELF, Members
from beadline.context.symbols.resolve.scene import Cursor
from beadline.context.symbols.types import Kind, Located, Scene

_OBJECT = ("equals", "getClass", "hashCode", "toString")
"""Every object has them,"""
_CLASS = ("class", "this")
"""and every class name;"""
_ENUM = ("valueOf", "values")
"""an enum these, and its constants"""
_CONSTANT = ("compareTo", "name", "ordinal")
"""those."""
_EXPORTS = re.compile(r"import\s+(?:static\s+)?([\w.]*)\.\Z")


class JavaReceivers:
    """See `Receivers`."""

    def __init__(self, scene: Scene, graph: Graph, cursor: Cursor) -> None:
        self._scene, self._graph = scene, graph
        self._types = Types(scene, graph)

    def members(self, expression: str) -> Members | None:
        """See `Receivers`. Never closed: annotation processors add members (Lombok)."""
        of = self._types.of(expression)
        line = [located for located, _ in self._types.hierarchy(of)] if of is not None else []
        if of is None or not line:
            return None
        enum = line[0].definition.kind is Kind.ENUM
        names = [
            member.definition.name
            for located in line
            for member in self._types.members(located)
            if self._visible(member) and is_static(member.definition, located) is of.static
            and member.definition.name != located.definition.name
        ]  # fmt: skip
        if of.static:
            names += [*_CLASS, *(_ENUM if enum else ())]
        else:
            names += [*_OBJECT, *(_CONSTANT if enum else ())]
        own = expression.strip() == "this"
        source = ENUM if enum and of.static else SELF if own else MEMBER
        return Members(tuple(dict.fromkeys(names)), source, whole=_is_whole(line))

    def importable(self, before: str) -> Members | None:
        """See `Receivers`: classes of a package; members of a class."""
        match = _EXPORTS.search(before)
        if match is None:
            return None
        names: dict[str, None] = {}
        if (located := self._types.qualified(match[1])) is not None:
            names |= dict.fromkeys(m.definition.name for m in self._types.members(located))
        for path in self._graph.package(match[1], "java"):
            file = self._types.file(path)
            tops = (each for each in (file.definitions if file else ()) if not each.owner)
            names |= dict.fromkeys(each.name for each in tops if each.exported)
        return Members(tuple(names), whole=True) if names else None

    def parameters(self, callee: str) -> Sequence[str]:
        """See `Receivers`: no call names any."""
        return ()

    def _visible(self, member: Located) -> bool:
        return member.definition.exported or member.path == self._scene.symbols.path


def _is_whole(line: Sequence[Located]) -> bool:
    """All that the classes derive from is among them."""
    known = {each.definition.name for each in line}
    return all(
        generic(plain(base))[0].rpartition(".")[2] in known
        for each in line
        for base in each.definition.bases
    )


RECEIVERS = JavaReceivers
