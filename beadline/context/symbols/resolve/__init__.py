"""Which definitions a cursor needs, best first. One module a language; here is who is asked.

Knows no index and no prompt.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from itertools import islice
from typing import Protocol

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.types import Needed, Scene

_RESOLVERS = {
    "python": "python",
    "javascript": "typescript", "javascriptreact": "typescript",
    "typescript": "typescript", "typescriptreact": "typescript",
    "java": "java",
    "go": "go",
    "rust": "rust",
}  # fmt: skip


class Resolver(Protocol):
    """Finds the definitions of one language."""

    def needed(self, scene: Scene, graph: Graph) -> Iterator[Needed]:
        """Best first, lazily: the caller stops when its room is full. Definitions of the scene's
        own file are left out, but for what stands outside of the prompt's window."""
        ...


def resolver_of(language: str) -> Resolver:
    """The resolver of a language by its id."""
    name = _RESOLVERS.get(language, "names")
    return importlib.import_module(f"{__name__}.{name}").RESOLVER


def needed(scene: Scene, graph: Graph, *, limit: int = 64) -> list[Needed]:
    """The definitions that a cursor needs, best first, none twice; of other files."""
    return list(islice(found(scene, graph), limit))


def found(scene: Scene, graph: Graph) -> Iterator[Needed]:
    """As `needed`, each when it is asked for: what is not asked for is not looked for."""
    resolver = resolver_of(scene.document.language)
    seen: set[tuple[str, int]] = set()
    for each in resolver.needed(scene, graph):
        key = each.located.path, each.located.definition.start
        if each.located.path != scene.symbols.path and key not in seen:
            seen.add(key)
            yield each
