"""The texts the editor has open, and files it has not. Knows no completion and no server.

pygls' own store splits lines where `str.splitlines` does, also at form feeds and U+2028, and so
corrupts incremental edits; here lines end where LSP says (`lines`). What leaves this module is
LF-normalised.
"""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lsprotocol import types as lsp

from beadline.context import files, languages
from beadline.context.types import Document
from beadline.errors import FileError
from beadline.lsp import uris
from beadline.lsp.lines import Draft, Edit, Encoding, Lines

log = logging.getLogger(__name__)

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_LOST = "The editor sent a change that could not be read, so the text is not known any more."


@dataclass(frozen=True)
class Snapshot:
    """One version of one text, and the way between the editor's positions and our offsets."""

    document: Document
    version: int | None
    lines: Lines
    """The editor's text; the whole of `document.text`, or a cell in it."""
    encoding: Encoding
    base: int = 0
    """Offset of the editor's text in `document.text`."""

    def offset(self, position: lsp.Position) -> int:
        """Offset into `document.text`; a position outside the text is clamped as LSP says."""
        return self.base + self.lines.offset(position.line, position.character, self.encoding)

    def position(self, offset: int) -> lsp.Position:
        """The editor's position of an offset into `document.text`."""
        line, character = self.lines.position(offset - self.base, self.encoding)
        return lsp.Position(line=line, character=character)

    def contains(self, start: int, end: int) -> bool:
        """Whether a range of `document.text` lies in the editor's text."""
        return self.base <= start <= end <= self.base + len(self.lines.text)


@dataclass(frozen=True)
class Change:
    """What one didChange did."""

    document: Document
    """The text after it."""
    edits: tuple[Edit, ...] | None
    """In order, each in the text that the one before left; None when the whole text was sent."""

    @property
    def caret(self) -> int | None:
        """Where the only edit ended, in the new document; None when there is no one such place."""
        return self.edits[0].end if self.edits is not None and len(self.edits) == 1 else None


@dataclass
class _Open:
    """An open text. `refusal` says why nothing is suggested in it; empty is no reason."""

    uri: str
    language_id: str
    language: str
    version: int | None
    lines: Lines
    encoding: Encoding
    home: str
    """URI of the notebook that it is a cell of, else its own."""
    place: tuple[str, str]
    """Path of its home relative to the workspace folder, and that folder's name."""
    refusal: str = ""
    dropped: bool = False
    """The text is not kept: until all of it is sent again there is nothing to edit."""

    @cached_property
    def snapshot(self) -> Snapshot:
        path, repo = self.place
        document = Document(
            key=self.uri, path=path, language=self.language, text=self.lines.text, repo=repo
        )
        return Snapshot(document, self.version, self.lines, self.encoding)


class DocumentStore:
    """Open documents by URI."""

    def __init__(self, *, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.encoding: Encoding = "utf-16"
        self._folders: tuple[Path, ...] = ()
        self._open: dict[str, _Open] = {}

    @property
    def folders(self) -> Sequence[Path]:
        """The folders of the workspace."""
        return self._folders

    @folders.setter
    def folders(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        for uri, current in self._open.items():
            if uris.file_path(current.home) is not None:
                self._open[uri] = dataclasses.replace(current, place=self.place(current.home))

    def open(
        self,
        uri: str,
        language_id: str,
        version: int | None,
        text: str,
        *,
        home: str | None = None,
    ) -> Document | None:
        """didOpen; opening a second time replaces the text. None if it gets no suggestions.

        `home` is the URI of the notebook that the text is a cell of.
        """
        home = home or uri
        place = self.place(home)
        language = _language(language_id, place[0])
        lines = self._kept(_clean(text))
        self._open[uri] = opened = self._judged(
            _Open(uri, language_id, language, version, lines, self.encoding, home, place)
        )
        return None if opened.refusal else opened.snapshot.document

    def change(
        self,
        uri: str,
        version: int | None,
        changes: Iterable[lsp.TextDocumentContentChangeEvent],
    ) -> Change | None:
        """didChange. None for a document that is not open, or that gets no suggestions."""
        current = self._open.get(uri)
        if current is None:
            log.warning("Ignored a change of a document that is not open.")
            return None
        lines, dropped = current.lines, current.dropped
        draft: Draft | None = None
        edits: list[Edit] | None = []
        for change in changes:
            if not isinstance(change, lsp.TextDocumentContentChangePartial):
                lines, draft, edits, dropped = self._kept(_clean(change.text)), None, None, False
            elif not dropped:
                draft = draft or lines.draft()
                start, end = change.range.start, change.range.end
                edit = draft.replace(
                    (start.line, start.character),
                    (end.line, end.character),
                    _clean(change.text),
                    current.encoding,
                )
                if edits is not None:
                    edits.append(edit)
        lines = draft.lines() if draft is not None else lines
        if dropped:
            current.version = version
            return None
        fresh = dataclasses.replace(
            current, version=version, lines=lines, refusal="", dropped=False
        )
        self._open[uri] = fresh = self._judged(fresh)
        if fresh.refusal:
            return None
        return Change(fresh.snapshot.document, None if edits is None else tuple(edits))

    def lose(self, uri: str) -> None:
        """A change could not be read: the text is not known until all of it is sent again."""
        if (current := self._open.get(uri)) is not None:
            self._open[uri] = dataclasses.replace(
                current, lines=Lines.of(""), refusal=_LOST, dropped=True
            )

    def close(self, uri: str) -> None:
        """didClose."""
        self._open.pop(uri, None)

    def version(self, uri: str) -> int | None:
        """The version of an open document."""
        current = self._open.get(uri)
        return current.version if current else None

    def language_ids(self, uri: str) -> tuple[str, ...]:
        """The editor's word for the language of an open document, and ours."""
        current = self._open.get(uri)
        return (current.language_id, current.language) if current else ()

    def is_open(self, uri: str) -> bool:
        """Whether the editor owns this text; the disk is not asked then."""
        return uri in self._open

    def snapshot(self, uri: str) -> Snapshot:
        """The newest text of an open document. Raises `FileError` when it gets no suggestions."""
        current = self._open[uri]
        if current.refusal:
            raise FileError(current.refusal, hint=f"{current.place[0]} gets none.")
        return current.snapshot

    def read(self, uri: str) -> Snapshot:
        """A document that was never opened, from the disk. Raises `FileError`. Blocks."""
        path = uris.file_path(uri)
        if path is None:
            raise FileError(
                "A document that is neither open nor a file was asked for.",
                hint="The editor has to open it first (textDocument/didOpen).",
            )
        loaded = files.read_document(path, max_bytes=self.max_bytes, root=self._root(path))
        lines = Lines.of(loaded.newlines.undo(loaded.document.text))
        return Snapshot(dataclasses.replace(loaded.document, key=uri), None, lines, self.encoding)

    def place(self, uri: str) -> tuple[str, str]:
        """Path relative to the innermost workspace folder, and that folder's name."""
        path = uris.file_path(uri)
        if path is None:
            return uris.name(uri), ""
        root = self._root(path)
        return files.relative_path(path, root), root.name

    def _kept(self, text: str) -> Lines:
        """The text as it is kept; of one above the limit only its size is."""
        # The cheap bound first: no text needs more than four bytes a code point.
        if len(text) * 4 > self.max_bytes and (size := len(text.encode())) > self.max_bytes:
            return Lines([""], [""], size=size, nuls=0)
        return Lines.of(text)

    def _judged(self, current: _Open) -> _Open:
        """The same text, refused where nothing can be suggested in it."""
        size = current.lines.size
        if size > self.max_bytes:
            current.refusal = f"The document has {size:,} bytes, the limit is {self.max_bytes:,}."
            current.lines, current.dropped = Lines.of(""), True
        elif current.lines.nuls:
            current.refusal = "The document is binary (it holds a NUL character)."
        return current

    def _root(self, path: Path) -> Path:
        """The innermost workspace folder around `path`; where there is none, as the CLI has it."""
        around = [folder for folder in self._folders if path.is_relative_to(folder)]
        innermost = max(around, key=lambda folder: len(folder.parts), default=None)
        return innermost or files.find_root(path)


def _language(language_id: str, path: str) -> str:
    """The editor's word where we know the language by that name, else what the path says."""
    if language_id.lower() == languages.PLAINTEXT:
        return languages.PLAINTEXT
    known = languages.get(language_id).id
    return languages.language_of(path) if known == languages.PLAINTEXT else known


def _clean(text: str) -> str:
    """JSON can spell half a surrogate pair, UTF-8 cannot; U+FFFD has the same UTF-16 length."""
    if text.isascii():
        return text
    return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
