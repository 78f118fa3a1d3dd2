"""Which files the crates and modules of Rust code are. Knows no names in them.

A crate is the folder of its `lib.rs` or `main.rs`, or of what its `Cargo.toml` calls its library;
other packages of the workspace are found by the names in their `Cargo.toml`, and by those that
others give them there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.types import FileSymbols, Scene

_ROOTS = ("lib.rs", "main.rs")
_TABLE = re.compile(r"^\[([^\[\]]+)\]\s*$", re.M)
_NAME = re.compile(r"^\s*name\s*=\s*[\"']([^\"']+)", re.M)
_PATH = re.compile(r"^\s*path\s*=\s*[\"']([^\"']+)", re.M)
_RENAMED = re.compile(r"^\s*([\w-]+)\s*=\s*\{[^}\n]*\bpackage\s*=\s*[\"']([^\"']+)", re.M)
_PACKAGE = re.compile(r"^\s*package\s*=\s*[\"']([^\"']+)", re.M)


@dataclass(frozen=True, slots=True)
class Module:
    """A module with files of its own: `crate::a::b` of the crate in the folder `root`."""

    root: str
    segments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Manifest:
    """What a `Cargo.toml` says."""

    name: str
    """Of the library, as code writes it; empty for none."""
    package: str
    library: str
    """Its file, from the folder of the manifest."""
    renamed: Mapping[str, str]
    """Packages by the names that they have here."""


class Crates:
    """The crates seen from one cursor."""

    def __init__(self, scene: Scene, graph: Graph) -> None:
        self.graph = graph
        self.own = scene.symbols
        self._roots: dict[str, str] = {}
        self._crates: dict[str, str] | None = None
        self._entries: dict[str, str] = {}
        """By folder: the first file of a library that is called otherwise."""
        self._renamed: dict[str, str] = {}
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
        alone = not any(self._has(root, base) for base in self._bases(root))
        first = len(parts) == 1 and f"{parts[0]}.rs" in self._bases(root)
        if alone or first or f"{parts[-1]}.rs" in (*_ROOTS, "mod.rs"):
            parts.pop()
        return Module(root, tuple(parts))

    def root(self, path: str) -> str:
        """Folder of the crate that a file belongs to; its own where it is a crate by itself, as
        tests are."""
        start = folder = folder_of(path)
        if start not in self._roots:
            while not any(self._has(folder, base) for base in self._bases(folder)):
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
            bases = self._bases(module.root)
            paths = [f"{base}/{each}" if base else each for each in bases]
        return [
            file
            for path in paths
            if path == self.own.path or path in self.graph.folder(folder_of(path))
            if (file := self.file(path)) is not None
        ]

    def crate(self, name: str) -> Module | None:
        """The library of the workspace that code calls `name`."""
        crates = self._libraries()
        root = crates.get(name, crates.get(self._renamed.get(name, "")))
        return None if root is None else Module(root)

    def _libraries(self) -> Mapping[str, str]:
        """Folders of the libraries by their names."""
        if self._crates is None:
            self._crates = {}
            found = [(path, "Cargo.toml") for path in self.graph.paths_ending("Cargo.toml")]
            found += [(path, "src/lib.rs") for path in self.graph.paths_ending("src/lib.rs")]
            read: set[str] = set()
            for path, ending in found:
                folder = path.removesuffix(ending).rstrip("/")
                if folder not in read:
                    read.add(folder)
                    self._read(folder)
        return self._crates

    def _read(self, folder: str) -> None:
        text = self.graph.text(_joined(folder, "Cargo.toml")) or ""
        manifest = _manifest(text)
        name = manifest.name or folder.rpartition("/")[2].replace("-", "_")
        library = _joined(folder, manifest.library)
        root, _, base = library.rpartition("/")
        if base not in _ROOTS:
            self._entries[root] = base
        for each in dict.fromkeys(filter(None, (name, manifest.package))):
            if self._crates is not None and library in self.graph.folder(root):
                self._crates.setdefault(each, root)
        self._renamed |= manifest.renamed

    def _bases(self, folder: str) -> Sequence[str]:
        """Names of the files that a crate in a folder may begin with."""
        self._libraries()
        return (*_ROOTS, self._entries[folder]) if folder in self._entries else _ROOTS

    def _has(self, folder: str, base: str) -> bool:
        return _joined(folder, base) in self.graph.folder(folder)


def folder_of(path: str) -> str:
    """The folder of a path; empty for the root."""
    return path.rpartition("/")[0]


def _joined(folder: str, path: str) -> str:
    return f"{folder}/{path}" if folder else path


@lru_cache(maxsize=256)
def _manifest(text: str) -> _Manifest:
    tables = _TABLE.split(text)
    by_name = dict(zip(tables[1::2], tables[2::2], strict=True))
    package, library = by_name.get("package", ""), by_name.get("lib", "")
    named = _NAME.search(package)
    called = _NAME.search(library) or named
    path = _PATH.search(library)
    renamed = dict(_RENAMED.findall(text))
    for table, inside in by_name.items():
        if "dependencies." in table and (match := _PACKAGE.search(inside)):
            renamed[table.rpartition(".")[2]] = match[1]
    return _Manifest(
        _written(called[1]) if called else "",
        _written(named[1]) if named else "",
        path[1].removeprefix("./") if path else "src/lib.rs",
        {_written(name): _written(meant) for name, meant in renamed.items()},
    )


def _written(name: str) -> str:
    """A package's name as code writes it."""
    return name.replace("-", "_")
