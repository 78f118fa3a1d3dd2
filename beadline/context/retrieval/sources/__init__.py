"""What every source of snippets gives, and what it may ask of the files. Knows no single source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.types import Scene
from beadline.context.types import Document, Snippet


class SpanLike(Protocol):
    """Whole lines of a file, as the index knows them."""

    @property
    def path(self) -> str: ...

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...

    @property
    def joins(self) -> bool:
        """Nothing but newlines lies between it and the span above."""
        ...


class SpanHitLike(Protocol):
    """A span that was found, and how well it fits."""

    @property
    def span(self) -> SpanLike: ...

    @property
    def score(self) -> float: ...

    @property
    def following(self) -> SpanLike | None:
        """The span behind it in its file."""
        ...


class Files(Graph, Protocol):
    """The files of a workspace with their unsaved buffers: `context.index.overlay.Overlay`."""

    def similar(
        self,
        terms: Mapping[str, float],
        *,
        group: str,
        limit: int,
        accept: Callable[[SpanLike], bool],
    ) -> Sequence[SpanHitLike]:
        """The spans that fit weighted terms best, best first."""
        ...

    def read(self, path: str) -> str | None:
        """The whole text of a file or its buffer, LF line ends; None where there is none."""
        ...

    def documents(self) -> Sequence[Document]:
        """The open buffers, most recently used first; their paths are the workspace's."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A snippet that a source proposes."""

    snippet: Snippet
    key: tuple[str, int, int]
    """Path, start and end of what it was made of: sources that found the same say the same."""
    stable: bool = False
    """It stays the same while the user goes on in this file."""
    reason: str = ""
    """Of the source's reasons, which (`symbols.types.Reason` of a definition)."""
    core: int = 0
    """Characters at the front that go together; what is behind them may be left out as a whole. 0:
    nothing may be left out."""

    @classmethod
    def of_chunk(
        cls, path: str, start: int, text: str, score: float, source: str, following: str = ""
    ) -> Candidate:
        """Whole lines of a file, and what follows them, newlines between included."""
        snippet = Snippet(path, text + following, start, score, source)
        return cls(snippet, (path, start, start + len(text)), core=len(text))


class Source(Protocol):
    """One way to find snippets."""

    @property
    def name(self) -> str:
        """As snippets, traces and `weights.json` call it."""
        ...

    def search(self, scene: Scene, room: int) -> list[Candidate]:
        """Candidates for a cursor, best first; together of about `room` characters at most."""
        ...
