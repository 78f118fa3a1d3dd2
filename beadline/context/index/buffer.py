"""An open buffer, and what was worked out of it and of its earlier versions. Knows no index."""

from __future__ import annotations

from dataclasses import replace

from beadline.context.difference import changed_span
from beadline.context.index.codec import digest_of
from beadline.context.index.prepare import Cut
from beadline.context.retrieval.workspace import readable
from beadline.context.symbols.types import FileSymbols
from beadline.context.types import Document


class Buffer:
    """An open buffer, and what was worked out of it."""

    def __init__(self, document: Document) -> None:
        """`document`: under the workspace's path of the file."""
        self.document = document
        self.readable = readable(document)
        """With the language it is searched in; None where nobody wrote it by hand."""
        self.symbols: FileSymbols | None = None
        """Of this text."""
        self.earlier: tuple[str, FileSymbols] | None = None
        """An earlier text and its symbols."""
        self.cut: tuple[str, tuple[Cut, ...]] | None = None
        """A text, this one or an earlier one, and its spans."""
        self._digest: bytes | None = None

    @property
    def digest(self) -> bytes:
        """As the index tells versions of a file apart."""
        if self._digest is None:
            self._digest = digest_of(self.document.text)
        return self._digest

    @property
    def known(self) -> tuple[str, FileSymbols] | None:
        """A version of the text that was read, the newest, and its symbols."""
        return self.earlier if self.symbols is None else (self.document.text, self.symbols)

    @property
    def is_cut(self) -> bool:
        """Whether the spans are of this text."""
        return self.cut is not None and self.cut[0] == self.document.text

    def spans(self) -> tuple[Cut, ...]:
        """The spans that were cut last and that the text still holds, where they are in it now."""
        if self.cut is None:
            return ()
        text, cuts = self.cut
        if text == self.document.text:
            return cuts
        start, end, new_end = changed_span(text, self.document.text)
        # Not those next to the change: their first or last line may have grown.
        above = [each for each in cuts if each.span.end < start]
        below = [each for each in cuts if each.span.start > end]
        shift = new_end - end
        moved = [
            replace(each.span, start=each.span.start + shift, end=each.span.end + shift)
            for each in below
        ]
        if moved:
            moved[0] = replace(moved[0], joins=False)
        again = [Cut(span, each.terms) for span, each in zip(moved, below, strict=True)]
        return (*above, *again)
