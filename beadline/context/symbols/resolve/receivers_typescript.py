"""What can stand behind a receiver in TypeScript and JavaScript: see `receivers`. Knows no other
language."""

from __future__ import annotations

from collections.abc import Sequence

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.receivers import ENUM, MEMBER, MODULE, SELF, Members
from beadline.context.symbols.resolve.scene import Cursor
from beadline.context.symbols.resolve.typescript_exports import Program, Space
from beadline.context.symbols.resolve.typescript_types import Types
from beadline.context.symbols.types import Kind, Located, Scene

_MAKER = "constructor"


class TypeScriptReceivers:
    """See `Receivers`."""

    def __init__(self, scene: Scene, graph: Graph, cursor: Cursor) -> None:
        self._program = Program(scene, graph)
        self._types = Types(scene, self._program)

    def members(self, expression: str) -> Members | None:
        """See `Receivers`. Never closed: an object may have more than its type says."""
        self._types.begin()
        symbols = self._types.value(expression)
        names: dict[str, None] = {}
        whole, source = True, SELF if expression == "this" else MEMBER
        for symbol in symbols:
            if isinstance(symbol, Space):
                names |= dict.fromkeys(name for name, _ in self._program.exports(symbol.path))
                source = MODULE
                continue
            line = list(self._types.lineage(symbol))
            for each in line:
                own = self._program.members(each)
                names |= dict.fromkeys(m.definition.name for m in own)
                whole = whole and len(self._types.bases(each)) >= len(each.definition.bases)
            if symbol.definition.kind is Kind.ENUM:
                source = ENUM
            whole = whole and not _is_written_otherwise(symbol)
        names.pop(_MAKER, None)
        return Members(tuple(names), source, whole=whole) if names else None

    def importable(self, before: str) -> Members | None:
        """See `Receivers`: the module stands behind its names."""
        return None

    def parameters(self, callee: str) -> Sequence[str]:
        """See `Receivers`: no call names any."""
        return ()


def _is_written_otherwise(symbol: Located) -> bool:
    """The type is an expression of types (`Omit<A, "b">`), of which more or less is there."""
    return symbol.definition.kind is Kind.TYPE


RECEIVERS = TypeScriptReceivers
