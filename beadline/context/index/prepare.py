"""What the index holds of one file, worked out from its text. Knows no disk and no database."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath

from beadline.context.retrieval.chunks import Chunker
from beadline.context.retrieval.terms import Splitter, words
from beadline.context.symbols.extract import Extractor
from beadline.context.symbols.moved import Kept
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
        names: list[str] = []
        cuts = self.cut(document, tree, names)
        return Prepared(self._extractor.symbols(document, tree, Counter(names)), cuts)

    def symbols(
        self,
        document: Document,
        tree: SyntaxTree | None = None,
        before: tuple[str, FileSymbols] | None = None,
    ) -> FileSymbols:
        """The symbols of a document. `tree`: its own, if it is known; `before`: an earlier text of
        it, and its symbols, which may be those of now but for their places."""
        known = before and (before[1].path, before[1].language)
        if before is None or tree is None or known != (document.path, document.language):
            return self._extractor.symbols(document, tree)
        moved = self._extractor.moved(before[1], before[0], document, tree)
        if moved is not None:
            return moved
        kept = Kept(before[1], before[0], document.text)
        return self._extractor.symbols(document, tree, kept=kept)

    def cut(
        self,
        document: Document,
        tree: SyntaxTree | None = None,
        names: list[str] | None = None,
    ) -> tuple[Cut, ...]:
        """Its spans with their terms; the file's own name counts as one of them. `names` is given
        every identifier in them."""
        stem = words(PurePosixPath(document.path).stem)
        made: list[Cut] = []
        end = -1
        for chunk in self._chunker.cut(document, tree).chunks:
            joins = end >= 0 and not document.text[end : chunk.start].strip("\n")
            found = words(chunk.text)
            if names is not None:
                names += found
            if found and (terms := self._splitter.distinct([*found, *stem])):
                span = Span(document.path, chunk.start, chunk.end, joins)
                made.append(Cut(span, tuple(terms)))
                end = chunk.end
        return tuple(made)
