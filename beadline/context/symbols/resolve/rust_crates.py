"""Which files the crates and modules of Rust code are. Knows no names in them.

A crate is the folder of its `lib.rs` or `main.rs`; other packages of the workspace are found by the
names in their `Cargo.toml`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.types import FileSymbols, Scene

_ROOTS = ("lib.rs", "main.rs")
_PACKAGE = re.compile(r"^\[(package|lib)\][^\[]*?^\s*name\s*=\s*[\"']([^\"']+)", re.M)


@dataclass(frozen=True, slots=True)
class Module:
    """A module with files of its own: `crate::a::b` of the crate in the folder `root`."""

    root: str
    segments: tuple[str, ...] = ()


class Crates:
    """The crates seen from one cursor."""

    def __init__(self, scene: Scene, graph: Graph) -> None:
        self.graph = graph
        self.own = scene.symbols
        self._roots: dict[str, str] = {}
        self._crates: dict[str, str] | None = None
        self._modules: dict[str, Module] = {}
        self._files: dict[Module, list[FileSymbols]] = {}

    def file(self, path: str) -> FileSymbols | None:
        """The symbols of a file; the cursor's own as it is now."""
        return self.own if path == self.own.path else self.graph.file(path)

    def module(self, path: str) -> Module:
        """The module that a file is."""
        if path not in self._modules:
            self._modules[path] = self._module(path)
        return self._modules[path]

    def _module(self, path: str) -> Module:
        root = self.root(path)
        parts = path[len(root) :].strip("/").removesuffix(".rs").split("/")
        alone = not any(self._has(root, base) for base in _ROOTS)
        if alone or f"{parts[-1]}.rs" in (*_ROOTS, "mod.rs"):
            parts.pop()
        return Module(root, tuple(parts))

    def root(self, path: str) -> str:
        """Folder of the crate that a file belongs to; its own where it is a crate by itself, as
        tests are."""
        start = folder = folder_of(path)
        if start not in self._roots:
            while not any(self._has(folder, base) for base in _ROOTS):
                if not folder:
                    folder = start
                    break
                folder = folder_of(folder)
            self._roots[start] = folder
        return self._roots[start]

    def files(self, module: Module) -> list[FileSymbols]:
        """The files that a module is written in."""
        if module not in self._files:
            self._files[module] = self._files_of(module)
        return self._files[module]

    def _files_of(self, module: Module) -> list[FileSymbols]:
        base = "/".join(filter(None, (module.root, *module.segments)))
        if module.segments:
            paths = [f"{base}.rs", f"{base}/mod.rs"]
        else:
            paths = [f"{base}/{each}" if base else each for each in _ROOTS]
        return [
            file
            for path in paths
            if path == self.own.path or path in self.graph.folder(folder_of(path))
            if (file := self.file(path)) is not None
        ]

    def crate(self, name: str) -> Module | None:
        """The library of the workspace that code calls `name`."""
        if self._crates is None:
            self._crates = {}
            for path in self.graph.paths_ending("src/lib.rs"):
                folder = folder_of(folder_of(path))
                text = self.graph.text(f"{folder}/Cargo.toml" if folder else "Cargo.toml") or ""
                named = dict(_PACKAGE.findall(text))
                called = named.get("lib") or named.get("package") or folder.rpartition("/")[2]
                self._crates.setdefault(called.replace("-", "_"), folder_of(path))
        root = self._crates.get(name)
        return None if root is None else Module(root)

    def _has(self, folder: str, base: str) -> bool:
        path = f"{folder}/{base}" if folder else base
        return path in self.graph.folder(folder)


def folder_of(path: str) -> str:
    """The folder of a path; empty for the root."""
    return path.rpartition("/")[0]
