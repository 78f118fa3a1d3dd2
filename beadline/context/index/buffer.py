"""An open buffer, and what was worked out of it and of its earlier versions. Knows no index."""

from __future__ import annotations

from beadline.context.index.codec import digest_of
from beadline.context.index.cuts import Cuts
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
        self.cut: Cuts | None = None
        """Of this text or an earlier one."""
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
        return self.cut is not None and self.cut.text == self.document.text
