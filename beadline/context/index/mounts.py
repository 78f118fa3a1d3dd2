"""The indexes of several folders as one: paths begin with the folder's name. Knows no database.

One folder alone has its paths as they are. A folder inside of another one is asked itself; the
outer index says nothing of it.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from beadline.context.index.prepare import Span
from beadline.context.index.reader import MOST_ENDING
from beadline.context.index.spans import SpanHit, Weights
from beadline.context.symbols.graph import Graph
from beadline.context.symbols.types import FileSymbols, Located

_PATHS = 1024
"""Files of which it is remembered what they are called."""


class Indexed(Graph, Protocol):
    """What an index answers beyond a graph; see `reader.IndexGraph`."""

    def named(
        self, name: str, *, group: str, limit: int = 16, hidden: frozenset[str] = frozenset()
    ) -> Sequence[Located]: ...

    def members(
        self, owner: str, *, group: str, limit: int = 256, hidden: frozenset[str] = frozenset()
    ) -> Sequence[Located]: ...

    def similar(
        self,
        terms: Mapping[str, float],
        *,
        group: str,
        limit: int,
        accept: Callable[[Span], bool],
        hidden: frozenset[str] = frozenset(),
    ) -> list[SpanHit]: ...

    def weights(self, terms: Mapping[str, float], group: str) -> Weights: ...

    def read(self, path: str, digest: bytes | None = None) -> str | None: ...

    def digest(self, path: str) -> bytes | None: ...

    @property
    def version(self) -> tuple[int, ...]: ...


@dataclass(frozen=True)
class Mount:
    """One folder's index."""

    folder: Path
    """Links resolved."""
    index: Indexed
    prefix: str
    """What its paths begin with: empty, or a name and a slash."""
    inner: tuple[str, ...] = ()
    """Relative folders, each with a slash at its end, that have mounts of their own."""

    def inside(self, path: str) -> str | None:
        """A path of ours as it is called in the folder; None for what lies elsewhere."""
        if not path.startswith(self.prefix):
            return None
        relative = path[len(self.prefix) :]
        return None if relative.startswith(self.inner) else relative

    def outside(self, relative: str) -> str:
        """The inverse."""
        return self.prefix + relative

    def own(self, relatives: Iterable[str]) -> list[str]:
        """Of paths in the folder those that no inner mount has, as they are called outside."""
        return [self.prefix + each for each in relatives if not each.startswith(self.inner)]


def mounts(indexes: Sequence[tuple[Path, Indexed]]) -> tuple[Mount, ...]:
    """Mounts for folders and their indexes; folders of one name are numbered."""
    taken: set[str] = set()
    made: list[Mount] = []
    for folder, index in indexes:
        prefix = ""
        if len(indexes) > 1:
            name = folder.name or "root"
            number = 1
            while (prefix := f"{name}/" if number == 1 else f"{name}-{number}/") in taken:
                number += 1
            taken.add(prefix)
        inner = [
            os.path.relpath(other, folder).replace(os.sep, "/") + "/"
            for other, _ in indexes
            if folder in other.parents
        ]
        made.append(Mount(folder, index, prefix, tuple(inner)))
    return tuple(made)


class MountedGraph:
    """Implements `Indexed` over mounts."""

    def __init__(self, mounted: Sequence[Mount]) -> None:
        self.mounted = tuple(mounted)
        self._paths: dict[str, str] = {}

    def path_of(self, file: str) -> str:
        """What an absolute path (links resolved) is called here; empty for what lies elsewhere."""
        path = self._paths.get(file)
        if path is None:
            if len(self._paths) >= _PATHS:
                self._paths.clear()
            path = self._paths[file] = self._path_of(file)
        return path

    def _path_of(self, file: str) -> str:
        best: Mount | None = None
        for mount in self.mounted:
            if Path(file).is_relative_to(mount.folder) and (
                best is None or len(mount.folder.parts) > len(best.folder.parts)
            ):
                best = mount
        if best is None:
            return ""
        return best.outside(Path(file).relative_to(best.folder).as_posix())

    def file(self, path: str) -> FileSymbols | None:
        """See `Graph`."""
        for mount, relative in self._at(path):
            if (found := mount.index.file(relative)) is not None:
                return replace(found, path=path) if mount.prefix else found
        return None

    def paths_ending(self, suffix: str) -> Sequence[str]:
        """See `Graph`."""
        found = [p for m in self.mounted for p in m.own(m.index.paths_ending(suffix))]
        for mount in self.mounted:
            # A suffix that holds the folder's own name.
            rest = mount.inside(suffix) if mount.prefix else None
            if rest and mount.index.digest(rest):
                found.append(suffix)
        return sorted(dict.fromkeys(found), key=lambda path: (len(path), path))[:MOST_ENDING]

    def folder(self, path: str) -> Sequence[str]:
        """See `Graph`."""
        found: list[str] = []
        for mount in self.mounted:
            # The folder itself is called as its paths begin.
            whole = path + "/" if path else ""
            if whole == mount.prefix:
                found += mount.own(mount.index.folder(""))
            elif path and (relative := mount.inside(path)):
                found += mount.own(mount.index.folder(relative))
        return sorted(found)

    def package(self, name: str, language: str) -> Sequence[str]:
        """See `Graph`."""
        return sorted(p for m in self.mounted for p in m.own(m.index.package(name, language)))

    def named(
        self, name: str, *, group: str, limit: int = 16, hidden: frozenset[str] = frozenset()
    ) -> Sequence[Located]:
        """See `Indexed`."""
        found: list[Located] = []
        for mount in self.mounted:
            inside = _inside(mount, hidden)
            own = mount.index.named(name, group=group, limit=limit, hidden=inside)
            found += self._located(mount, own)
        return found[:limit]

    def members(
        self, owner: str, *, group: str, limit: int = 256, hidden: frozenset[str] = frozenset()
    ) -> Sequence[Located]:
        """See `Indexed`."""
        found: list[Located] = []
        for mount in self.mounted:
            inside = _inside(mount, hidden)
            own = mount.index.members(owner, group=group, limit=limit, hidden=inside)
            found += self._located(mount, own)
        return found[:limit]

    def similar(
        self,
        terms: Mapping[str, float],
        *,
        group: str,
        limit: int,
        accept: Callable[[Span], bool],
        hidden: frozenset[str] = frozenset(),
    ) -> list[SpanHit]:
        """See `Indexed`."""
        found: list[SpanHit] = []
        for mount in self.mounted:

            def accepted(span: Span, mount: Mount = mount) -> bool:
                return not span.path.startswith(mount.inner) and accept(_moved(span, mount))

            hits = mount.index.similar(
                terms, group=group, limit=limit, accept=accepted, hidden=_inside(mount, hidden)
            )
            found += [
                SpanHit(
                    _moved(hit.span, mount),
                    hit.score,
                    _moved(hit.following, mount) if hit.following is not None else None,
                )
                for hit in hits
            ]
        return heapq.nsmallest(
            limit, found, key=lambda hit: (-hit.score, hit.span.path, hit.span.start)
        )

    def weights(self, terms: Mapping[str, float], group: str) -> Weights:
        """See `IndexGraph`: those of the first index that knows some of the terms."""
        found = Weights({}, frozenset(), 0.0, (), 1.0)
        for mount in self.mounted:
            found = mount.index.weights(terms, group)
            if found.terms:
                break
        return found

    def text(self, path: str) -> str | None:
        """See `Graph`."""
        for mount, relative in self._at(path):
            if (found := mount.index.text(relative)) is not None:
                return found
        return None

    def read(self, path: str, digest: bytes | None = None) -> str | None:
        """See `IndexGraph`."""
        for mount, relative in self._at(path):
            if (found := mount.index.read(relative, digest)) is not None:
                return found
        return None

    def digest(self, path: str) -> bytes | None:
        """See `IndexGraph`."""
        for mount, relative in self._at(path):
            if (found := mount.index.digest(relative)) is not None:
                return found
        return None

    @property
    def version(self) -> tuple[int, ...]:
        """See `IndexGraph`."""
        return tuple(part for mount in self.mounted for part in mount.index.version)

    def _at(self, path: str) -> list[tuple[Mount, str]]:
        """The mounts that could have a path, and what it is called in them; one as a rule."""
        found = ((mount, mount.inside(path)) for mount in self.mounted)
        return [(mount, relative) for mount, relative in found if relative]

    def _located(self, mount: Mount, own: Sequence[Located]) -> list[Located]:
        if not mount.prefix and not mount.inner:
            return list(own)
        return [
            Located(mount.outside(each.path), each.definition)
            for each in own
            if not each.path.startswith(mount.inner)
        ]


def _inside(mount: Mount, paths: frozenset[str]) -> frozenset[str]:
    if not mount.prefix and not mount.inner:
        return paths
    relative = (mount.inside(path) for path in paths)
    return frozenset(path for path in relative if path)


def _moved(span: Span, mount: Mount) -> Span:
    return replace(span, path=mount.outside(span.path)) if mount.prefix else span
