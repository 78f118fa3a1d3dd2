"""What can stand behind a receiver in Go: see `receivers`. Knows no other language."""

from __future__ import annotations

from beadline.context.symbols.resolve.receivers import MODULE, Members, NamedReceivers
from beadline.context.symbols.types import FileSymbols

_FOREIGN = "C"
"""Import of a package that the compiler makes."""


class GoReceivers(NamedReceivers):
    """See `Receivers`."""

    def members(self, expression: str) -> Members | None:
        """See `Receivers`. Behind a package stands one of its exported names and nothing else, so
        that its files say it all."""
        files = self._package(expression)
        if not files:
            return super().members(expression)
        names = dict.fromkeys(
            each.name
            for file in files
            for each in file.definitions
            if each.exported and not each.owner
        )
        closed = not any(each.module == _FOREIGN for file in files for each in file.imports)
        return Members(tuple(names), MODULE, whole=True, closed=closed) if names else None

    def _package(self, name: str) -> list[FileSymbols]:
        """The files of the package that the scene's file imports by a name; none where it is not of
        the workspace, or could be several."""
        module = next((i.module for i in self.scene.symbols.imports if i.alias == name), "")
        if not module:
            return []
        folders = {
            path.rpartition("/")[0]
            for path in self.graph.package(module.rpartition("/")[2], "go")
            # The module's own name comes before the folders of the workspace.
            if f"/{module}".endswith(f"/{path.rpartition('/')[0]}")
        }
        folder = max(folders, key=len, default="")
        if not folder:
            return []
        paths = [
            path
            for path in self.graph.folder(folder)
            if path.endswith(".go") and not path.endswith("_test.go")
        ]
        files = [self.graph.file(path) for path in paths]
        known = [each for each in files if each is not None]
        return known if len(known) == len(paths) else []


RECEIVERS = GoReceivers
