"""The symbols of a workspace as resolvers ask for them. Knows no language and no storage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from beadline.context.symbols.types import FileSymbols, Located


class Graph(Protocol):
    """Files of a workspace by path, folder and name. Cheap: resolvers ask on the way of a request.

    Paths are relative to the workspace with forward slashes; in a workspace of several folders they
    begin with the folder's name.
    """

    def file(self, path: str) -> FileSymbols | None:
        """The symbols of a file; None where there is no such file."""
        ...

    def paths_ending(self, suffix: str) -> Sequence[str]:
        """Paths that are `suffix` or end with `/suffix`, shortest first, at most 64."""
        ...

    def folder(self, path: str) -> Sequence[str]:
        """Paths of the files directly in a folder (`""`: the root), sorted."""
        ...

    def package(self, name: str, language: str) -> Sequence[str]:
        """Paths of the files that declare a package (`FileSymbols.package`), sorted."""
        ...

    def named(self, name: str, *, group: str, limit: int = 16) -> Sequence[Located]:
        """Definitions of a name in the files of a language group (`retrieval.query.group_of`)."""
        ...

    def members(self, owner: str, *, group: str, limit: int = 256) -> Sequence[Located]:
        """Definitions whose `owner` ends with this name: a Go type's methods and a Rust type's
        `impl`s lie in any file."""
        ...

    def text(self, path: str) -> str | None:
        """A small configuration file (`go.mod`, `tsconfig.json`); None where there is none."""
        ...


@dataclass(frozen=True)
class Known:
    """What is known around an open document without reading it."""

    graph: Graph
    symbols: FileSymbols
    """Of the document, under the graph's path of it."""
    text: str
    """That they are of: the document's, or an earlier version of it."""


class MemoryGraph:
    """A graph of files that are all in memory."""

    def __init__(
        self, files: Iterable[FileSymbols], texts: Mapping[str, str] | None = None
    ) -> None:
        """`texts`: configuration files by path."""
        from beadline.context.retrieval.query import group_of

        self._texts = dict(texts or {})
        self._files = {file.path: file for file in files}
        self._folders: dict[str, list[str]] = defaultdict(list)
        self._bases: dict[str, list[str]] = defaultdict(list)
        self._packages: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._named: dict[tuple[str, str], list[Located]] = defaultdict(list)
        self._members: dict[tuple[str, str], list[Located]] = defaultdict(list)
        for path in sorted(self._files):
            file = self._files[path]
            folder, _, base = path.rpartition("/")
            self._folders[folder].append(path)
            self._bases[base].append(path)
            if file.package:
                self._packages[file.package, file.language].append(path)
            group = group_of(file.language)
            for definition in file.definitions:
                located = Located(path, definition)
                self._named[definition.name, group].append(located)
                if definition.owner:
                    self._members[definition.owner.rpartition(".")[2], group].append(located)

    def file(self, path: str) -> FileSymbols | None:
        """See `Graph`."""
        return self._files.get(path)

    def paths_ending(self, suffix: str) -> Sequence[str]:
        """See `Graph`."""
        found = [
            path
            for path in self._bases.get(suffix.rpartition("/")[2], ())
            if path == suffix or path.endswith("/" + suffix)
        ]
        return sorted(found, key=lambda path: (len(path), path))[:64]

    def folder(self, path: str) -> Sequence[str]:
        """See `Graph`."""
        return self._folders.get(path, [])

    def package(self, name: str, language: str) -> Sequence[str]:
        """See `Graph`."""
        return self._packages.get((name, language), [])

    def named(self, name: str, *, group: str, limit: int = 16) -> Sequence[Located]:
        """See `Graph`."""
        return self._named.get((name, group), [])[:limit]

    def members(self, owner: str, *, group: str, limit: int = 256) -> Sequence[Located]:
        """See `Graph`."""
        return self._members.get((owner, group), [])[:limit]

    def text(self, path: str) -> str | None:
        """See `Graph`."""
        return self._texts.get(path)
