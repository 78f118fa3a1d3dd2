"""Where a module specifier of TypeScript or JavaScript leads: relative paths, `tsconfig.json`
mappings, packages of the workspace. Knows paths and configuration files; knows no symbols.

After TypeScript's module resolution (`bundler`, `node16`), read leniently: a package that is not
built leads to its sources.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from beadline.context.symbols.graph import Graph

_EXTENSIONS = (
    ".ts", ".tsx", ".d.ts", ".mts", ".cts", ".d.mts", ".d.cts",
    ".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte",
)  # fmt: skip
_COMPILED = {
    ".js": (".ts", ".tsx", ".js", ".jsx", ".d.ts"), ".jsx": (".tsx", ".jsx", ".d.ts"),
    ".mjs": (".mts", ".mjs", ".ts", ".d.mts"), ".cjs": (".cts", ".cjs", ".ts", ".d.cts"),
}  # fmt: skip
"""The extension that is written -> those of the files that are meant."""
_CONFIGS = ("tsconfig.json", "jsconfig.json")
_PACKAGE = "package.json"
_WORKSPACES = ("pnpm-workspace.yaml", "lerna.json", "rush.json", "nx.json")
_EXTENDS = 4
"""Configurations that extend each other."""
_BUILT = frozenset({"dist", "lib", "build", "out", "esm", "cjs", "es", "types", "module", "node"})
"""Folders of compiled files; their sources lie in `src` as a rule."""
_SOURCES = ("src", "", "lib", "source")
_BUILT_EXTENSION = re.compile(r"(?:\.d)?\.[cm]?[jt]sx?\Z")
_JSON_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*[\s\S]*?\*/')
_TRAILING_COMMA = re.compile(r'"(?:\\.|[^"\\])*"|,(?=\s*[}\]])')


@dataclass(frozen=True, slots=True)
class _Mapping:
    """What a `tsconfig.json` says of modules."""

    base: str | None = None
    """Folder that `baseUrl` names."""
    root: str = ""
    """Folder that the targets of `paths` are relative to."""
    paths: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Modules:
    """Finds the files of modules. Of one request: it remembers what it has asked the graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._found: dict[tuple[str, str], str] = {}
        self._folders: dict[str, frozenset[str]] = {}
        self._mappings: dict[str, _Mapping | None] = {}
        self._packages: dict[str, dict[str, Any]] = {}
        self._homes: dict[str, str] | None = None

    def path(self, module: str, importer: str) -> str:
        """Path of the file that `module` is in a file at the path `importer`; empty for modules
        from elsewhere."""
        folder = importer.rpartition("/")[0]
        key = module, folder
        if key not in self._found:
            self._found[key] = self._find(module, folder)
        return self._found[key]

    def _find(self, module: str, folder: str) -> str:
        if module.startswith("."):
            return self._file(_join(folder, module))
        if not module or ":" in module:
            return ""  # `node:fs`, `https://...`
        if module.startswith("/"):
            return self._file(module.strip("/"))
        if module.startswith("#"):
            for home in _ancestors(folder):
                for target in _targets(self._package(home).get("imports"), module):
                    if found := self._source(home, target):
                        return found
            return ""
        return self._mapped(module, folder) or self._packaged(module, folder)

    def _file(self, base: str) -> str:
        """The file that a path without or with an extension means."""
        folder, _, name = base.rpartition("/")
        files = self._files(folder)
        stem, dot, extension = base.rpartition(".")
        if "/" not in extension:
            for each in _COMPILED.get(dot + extension, ()):
                if stem + each in files:
                    return stem + each
        if name and base in files:
            return base
        if name:
            for each in _EXTENSIONS:
                if base + each in files:
                    return base + each
        inner = self._files(base)
        for each in _EXTENSIONS if inner else ():
            index = f"{base}/index{each}" if base else f"index{each}"
            if index in inner:
                return index
        return ""

    def _files(self, folder: str) -> frozenset[str]:
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = frozenset(self._graph.folder(folder))
        return known

    def _mapped(self, module: str, folder: str) -> str:
        """By `paths` and `baseUrl` of the configurations above a folder, the nearest first."""
        for above in _ancestors(folder):
            for name in _CONFIGS:
                mapping = self._mapping(posixpath.join(above, name), 0)
                if mapping is None:
                    continue
                for pattern, targets in mapping.paths:
                    if (rest := _matched(pattern, module)) is None:
                        continue
                    for target in targets:
                        if found := self._file(_join(mapping.root, target.replace("*", rest, 1))):
                            return found
                if mapping.base is not None and (found := self._file(_join(mapping.base, module))):
                    return found
        return ""

    def _mapping(self, path: str, depth: int) -> _Mapping | None:
        if path in self._mappings:
            return self._mappings[path]
        self._mappings[path] = None  # also for configurations that extend themselves
        text = self._graph.text(path)
        if text is None or depth > _EXTENDS:
            return None
        config = _json(text)
        folder = posixpath.dirname(path)
        mapping = _Mapping()
        extends = config.get("extends")
        for each in extends if isinstance(extends, list) else [extends]:
            if isinstance(each, str) and each.startswith("."):
                other = _join(folder, each if each.endswith(".json") else f"{each}.json")
                mapping = self._mapping(other, depth + 1) or mapping
        options = config.get("compilerOptions")
        options = options if isinstance(options, dict) else {}
        base, paths = mapping.base, options.get("paths")
        if isinstance(url := options.get("baseUrl"), str):
            base = _join(folder, url)
        root, known = mapping.root, mapping.paths
        if isinstance(paths, dict):
            root = folder if base is None else base
            # The most exact pattern first.
            known = tuple(
                (pattern, tuple(t for t in targets if isinstance(t, str)))
                for pattern, targets in sorted(
                    paths.items(), key=lambda item: (item[0].count("*"), -len(item[0]))
                )
                if isinstance(targets, list)
            )
        self._mappings[path] = _Mapping(base, root, known)
        return self._mappings[path]

    def _packaged(self, module: str, folder: str) -> str:
        """By the packages of the workspace, the importer's own among them."""
        parts = module.split("/")
        count = 2 if module.startswith("@") else 1
        name, rest = "/".join(parts[:count]), "/".join(parts[count:])
        home = self._home(name, folder)
        if home is None:
            return ""
        package = self._package(home)
        targets = list(_targets(package.get("exports"), f"./{rest}" if rest else "."))
        if not rest:
            entries = (package.get(key) for key in ("source", "types", "typings", "module", "main"))
            targets += [entry for entry in entries if isinstance(entry, str)]
        for target in targets:
            if found := self._source(home, target):
                return found
        for source in _SOURCES:
            if found := self._file(_join(home, source, rest)):
                return found
        return ""

    def _source(self, home: str, target: str) -> str:
        """The source file of a file that a package names, which may not be built."""
        found = self._file(_join(home, target))
        if found:
            return found
        parts = _BUILT_EXTENSION.sub("", target).removeprefix("./").split("/")
        while len(parts) > 1 and parts[0] in _BUILT:
            parts = parts[1:]
        for source in _SOURCES:
            if found := self._file(_join(home, source, *parts)):
                return found
        return ""

    def _home(self, name: str, folder: str) -> str | None:
        """Folder of the workspace's package of a name."""
        for above in _ancestors(folder):
            if self._package(above).get("name") == name:
                return above
        if self._homes is None:
            self._homes = {}
            if "workspaces" in self._package("") or any(
                self._graph.text(each) is not None for each in _WORKSPACES
            ):
                for path in self._graph.paths_ending(_PACKAGE):
                    home = posixpath.dirname(path)
                    self._homes.setdefault(str(self._package(home).get("name", "")), home)
        return self._homes.get(name)

    def _package(self, home: str) -> dict[str, Any]:
        if home not in self._packages:
            text = self._graph.text(posixpath.join(home, _PACKAGE))
            self._packages[home] = {} if text is None else _json(text)
        return self._packages[home]


def _join(*parts: str) -> str:
    """A path in the workspace; `..` above it stays, and leads nowhere."""
    path = posixpath.normpath(posixpath.join("", *(part.lstrip("/") for part in parts)))
    return "" if path == "." else path


def _ancestors(folder: str) -> Iterator[str]:
    """A folder and those around it, up to the workspace's."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _matched(pattern: str, text: str) -> str | None:
    """What `*` of a pattern stands for in a text; None where they do not fit."""
    before, star, after = pattern.partition("*")
    if not star:
        return "" if text == pattern else None
    fits = text.startswith(before) and text.endswith(after)
    if not fits or len(text) < len(before) + len(after):
        return None
    return text[len(before) : len(text) - len(after)]


def _targets(table: Any, key: str) -> Iterator[str]:
    """The files that `exports` or `imports` of a package name for a key, in their order."""
    if isinstance(table, dict) and any(str(each).startswith((".", "#")) for each in table):
        for pattern, value in table.items():
            if (rest := _matched(pattern, key)) is not None:
                yield from (target.replace("*", rest) for target in _strings(value))
    elif key == ".":
        yield from _strings(table)


def _strings(value: Any) -> Iterator[str]:
    """The strings of nested conditions and lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


@lru_cache(maxsize=256)
def _json(text: str) -> dict[str, Any]:
    """An object of JSON with comments and trailing commas; empty where it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        text = _JSON_TOKEN.sub(lambda match: match[0] if match[0][0] == '"' else "", text)
        text = _TRAILING_COMMA.sub(lambda match: match[0] if match[0][0] == '"' else "", text)
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return {}
    except RecursionError:
        return {}
    return found if isinstance(found, dict) else {}
