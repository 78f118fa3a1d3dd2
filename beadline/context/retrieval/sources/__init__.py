"""What every source of snippets gives, and what it may ask of the files. Knows no single source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from beadline.context.index.prepare import Span
from beadline.context.index.spans import SpanHit
from beadline.context.symbols.graph import Graph
from beadline.context.symbols.types import FileSymbols, Scene
from beadline.context.syntax import SyntaxTree
from beadline.context.types import Document, Snippet


class Files(Graph, Protocol):
    """The files of a workspace with their unsaved buffers; see `context.index.overlay.Overlay`."""

    def similar(
        self,
        terms: Mapping[str, float],
        *,
        group: str,
        limit: int,
        accept: Callable[[Span], bool],
    ) -> Sequence[SpanHit]:
        """The spans that fit weighted terms best, best first; places in what `read` gives."""
        ...

    def moment(self) -> AbstractContextManager[None]:
        """What is asked meanwhile, for as long as a search takes, is not compared with the newest
        index and buffers again and again."""
        ...

    def read(self, path: str) -> str | None:
        """The whole text of a file or its buffer, LF line ends; None where there is none."""
        ...

    def documents(self) -> Sequence[Document]:
        """The open buffers of files that may be searched, most recently used first; their paths are
        the workspace's."""
        ...

    def symbols(self, document: Document, tree: SyntaxTree | None = None) -> FileSymbols:
        """The symbols of this very text. `tree`: its own, where there is one."""
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
