"""What the index holds of one file, worked out from its text. Knows no disk and no database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from beadline.context.retrieval.chunks import Chunker
from beadline.context.retrieval.terms import Splitter
from beadline.context.symbols.extract import Extractor
from beadline.context.symbols.types import FileSymbols
from beadline.context.syntax import SyntaxTree, SyntaxTrees
from beadline.context.types import Document


@dataclass(frozen=True, slots=True)
class Span:
    """Whole lines of a file that are searched together."""

    path: str
    start: int
    end: int
    """Offset behind the last character, the last line's newline not included."""
    joins: bool
    """Nothing but newlines lies between it and the span above."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A span and its terms, each once."""

    span: Span
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that the index holds of one version of a file."""

    symbols: FileSymbols
    cuts: tuple[Cut, ...]
    """In order, without overlap."""


class Preparer:
    """Reads documents. Keeps parsers, so it belongs to one thread at a time."""

    def __init__(self) -> None:
        self._trees = SyntaxTrees(limit=1)
        self._extractor = Extractor()
        self._chunker = Chunker()
        self._splitter = Splitter()

    def prepare(self, document: Document) -> Prepared:
        """Symbols and spans of a document, which is parsed once for both."""
        tree = self._trees.parse(document)
        self._trees.forget(document.key)
        return Prepared(self.symbols(document, tree), self.cut(document, tree))

    def symbols(self, document: Document, tree: SyntaxTree | None = None) -> FileSymbols:
        """The symbols of a document. `tree`: its own, if it is known."""
        return self._extractor.symbols(document, tree)

    def cut(self, document: Document, tree: SyntaxTree | None = None) -> tuple[Cut, ...]:
        """Its spans with their terms; the file's own name counts as one of them."""
        stem = self._splitter.distinct(PurePosixPath(document.path).stem)
        made: list[Cut] = []
        end = -1
        for chunk in self._chunker.cut(document, tree).chunks:
            joins = end >= 0 and not document.text[end : chunk.start].strip("\n")
            if terms := self._splitter.distinct(chunk.text):
                span = Span(document.path, chunk.start, chunk.end, joins)
                made.append(Cut(span, tuple(dict.fromkeys([*terms, *stem]))))
                end = chunk.end
        return tuple(made)
