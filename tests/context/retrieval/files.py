"""The files of a workspace in memory, as sources of snippets see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from beadline.context.index.prepare import Span
from beadline.context.index.spans import SpanHit
from beadline.context.languages import language_of
from beadline.context.retrieval.cutter import Cutter
from beadline.context.retrieval.sources.queries import Queries
from beadline.context.retrieval.store import Held, Store
from beadline.context.symbols.extract import Extractor
from beadline.context.symbols.graph import MemoryGraph
from beadline.context.symbols.types import FileSymbols, Scene
from beadline.context.syntax import SyntaxTree, SyntaxTrees
from beadline.context.types import Document


class MemoryFiles(MemoryGraph):
    """Texts by path; buffers over them."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._extractor, self._cutter, self._store = Extractor(), Cutter(), Store()
        self._whole = dict(texts)
        self._buffers: list[Document] = []
        for path, text in texts.items():
            self._store.replace(path, self._cutter.cut(path, document(path, text)))
        super().__init__(self.symbols(document(*each)) for each in texts.items())

    def open(self, path: str, text: str) -> None:
        """A buffer opened or changed; it is the one used last."""
        self.close(path)
        self._buffers.insert(0, document(path, text))

    def close(self, path: str) -> None:
        """A buffer closed."""
        self._buffers = [each for each in self._buffers if each.path != path]

    def file(self, path: str) -> FileSymbols | None:
        """See `Graph`."""
        for buffer in self._buffers:
            if buffer.path == path:
                return self.symbols(buffer)
        return super().file(path)

    def symbols(self, document: Document, tree: SyntaxTree | None = None) -> FileSymbols:
        """See `Files`."""
        return self._extractor.symbols(document, tree)

    def similar(
        self,
        terms: Mapping[str, float],
        *,
        group: str,
        limit: int,
        accept: Callable[[Span], bool],
    ) -> Sequence[SpanHit]:
        """See `Files`; of the texts without buffers."""
        hits = self._store.search(
            terms, group=group, limit=limit, accept=lambda held: accept(_span(held))
        )
        return [
            SpanHit(_span(hit.chunk), hit.score, hit.following and _span(hit.following))
            for hit in hits
        ]

    def moment(self) -> AbstractContextManager[None]:
        """See `Files`."""
        return nullcontext()

    def read(self, path: str) -> str | None:
        """See `Files`."""
        for buffer in self._buffers:
            if buffer.path == path:
                return buffer.text
        return self._whole.get(path)

    def documents(self) -> Sequence[Document]:
        """See `Files`."""
        return self._buffers


def _span(held: Held) -> Span:
    return Span(held.path, held.start, held.start + len(held.text), held.joins)


def document(path: str, text: str) -> Document:
    """A document of a workspace."""
    return Document(f"/w/{path}", path, language_of(path), text)


def scene(marked: str, path: str = "main.py") -> Scene:
    """A scene whose cursor is written as `¦`."""
    before, after = marked.split("¦")
    made = document(path, before + after)
    tree = SyntaxTrees().parse(made)
    return Scene(made, len(before), Extractor().symbols(made, tree), tree)


def queries(before: int = 2560, after: int = 768) -> Queries:
    """Queries for a window of so many characters."""
    return Queries(before=before, after=after)
