"""The texts the editor has open, and files it has not. Knows no completion and no server.

pygls' own store splits lines where `str.splitlines` does, also at form feeds and U+2028, and so
corrupts incremental edits; here lines end where LSP says. The editor's text is kept as it came;
what leaves this module is LF-normalised.
"""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from lsprotocol import types as lsp
from pygls.uris import to_fs_path

from beadline.context import files, languages
from beadline.context.positions import Encoding, LineIndex, Newlines
from beadline.context.types import Document
from beadline.errors import FileError

log = logging.getLogger(__name__)

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Snapshot:
    """One version of one text, and the way between the editor's positions and our offsets."""

    document: Document
    version: int | None
    original: str
    """The text as the editor has it, CRLF and all."""
    newlines: Newlines
    encoding: Encoding
    index: LineIndex
    """Lines of `original`."""

    def offset(self, position: lsp.Position) -> int:
        """Offset into `document.text`; a position outside the text is clamped as LSP says."""
        original = self.index.offset(position.line, position.character, self.encoding, clamp=True)
        return self.newlines.from_original(original)

    def position(self, offset: int) -> lsp.Position:
        """The editor's position of an offset into `document.text`."""
        line, character = self.index.position(self.newlines.to_original(offset), self.encoding)
        return lsp.Position(line=line, character=character)


@dataclass(frozen=True)
class Change:
    """What one didChange did."""

    snapshot: Snapshot
    caret: int | None
    """Offset into the new document where the edit ended; None when there is no one such place."""


@dataclass
class _Open:
    """An open text. `refusal` says why it is not kept; its `text` is empty then."""

    uri: str
    language: str
    version: int | None
    text: str
    encoding: Encoding
    place: tuple[str, str]
    """Path relative to the workspace folder, and that folder's name."""
    refusal: str = ""

    @cached_property
    def snapshot(self) -> Snapshot:
        normal, newlines = Newlines.normalise(self.text)
        path, repo = self.place
        document = Document(key=self.uri, path=path, language=self.language, text=normal, repo=repo)
        return Snapshot(
            document, self.version, self.text, newlines, self.encoding, LineIndex(self.text)
        )


class DocumentStore:
    """Open documents by URI."""

    def __init__(self, *, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.encoding: Encoding = "utf-16"
        self.folders: list[Path] = []
        self._open: dict[str, _Open] = {}

    def open(self, uri: str, language_id: str, version: int | None, text: str) -> None:
        """didOpen; opening a second time replaces the text."""
        place = self._place(uri)
        kept = _Open(uri, _language(language_id, place[0]), version, "", self.encoding, place)
        self._open[uri] = self._replaced(kept, version, _clean(text))

    def change(
        self,
        uri: str,
        version: int | None,
        changes: Iterable[lsp.TextDocumentContentChangeEvent],
    ) -> Change | None:
        """didChange. None for a document that is not open, or whose text is not kept."""
        current = self._open.get(uri)
        if current is None:
            log.warning("Ignored a change of a document that is not open.")
            return None
        text, index = current.text, None if current.refusal else current.snapshot.index
        carets: list[int] = []
        for change in changes:
            if isinstance(change, lsp.TextDocumentContentChangePartial):
                if index is None and current.refusal:
                    continue  # nothing to edit until the whole text is sent again
                lines = index or LineIndex(text)
                start, end = sorted(
                    lines.offset(at.line, at.character, self.encoding, clamp=True)
                    for at in (change.range.start, change.range.end)
                )
                inserted = _clean(change.text)
                text = text[:start] + inserted + text[end:]
                carets.append(start + len(inserted))
            else:
                text = _clean(change.text)
                current.refusal = ""
                carets.append(-1)
            index = None
        if current.refusal:
            current.version = version
            return None
        self._open[uri] = replaced = self._replaced(current, version, text)
        if replaced.refusal:
            return None
        snapshot = replaced.snapshot
        caret = None
        if len(carets) == 1 and carets[0] >= 0:
            caret = snapshot.newlines.from_original(carets[0])
        return Change(snapshot, caret)

    def close(self, uri: str) -> None:
        """didClose."""
        self._open.pop(uri, None)

    def version(self, uri: str) -> int | None:
        """The version of an open document."""
        current = self._open.get(uri)
        return current.version if current else None

    def is_open(self, uri: str) -> bool:
        """Whether the editor owns this text; the disk is not asked then."""
        return uri in self._open

    def snapshot(self, uri: str) -> Snapshot:
        """The newest text of an open document. Raises `FileError` when it is not kept."""
        current = self._open[uri]
        if current.refusal:
            raise FileError(current.refusal, hint=f"{current.place[0]} gets none.")
        return current.snapshot

    def read(self, uri: str) -> Snapshot:
        """A document that was never opened, from the disk. Raises `FileError`. Blocks."""
        path = file_path(uri)
        if path is None:
            raise FileError(
                "A document that is neither open nor a file was asked for.",
                hint="The editor has to open it first (textDocument/didOpen).",
            )
        loaded = files.read_document(path, max_bytes=self.max_bytes, root=self._root(path))
        original = loaded.newlines.undo(loaded.document.text)
        document = dataclasses.replace(loaded.document, key=uri)
        return Snapshot(
            document, None, original, loaded.newlines, self.encoding, LineIndex(original)
        )

    def _replaced(self, current: _Open, version: int | None, text: str) -> _Open:
        refusal = self._refusal(text)
        return _Open(
            current.uri,
            current.language,
            version,
            "" if refusal else text,
            self.encoding,
            current.place,
            refusal,
        )

    def _refusal(self, text: str) -> str:
        # The cheap bound first: no text needs more than four bytes a code point.
        size = len(text)
        if size * 4 > self.max_bytes:
            size = len(text.encode("utf-8", "surrogatepass"))
        if size > self.max_bytes:
            return f"The document has {size:,} bytes, the limit is {self.max_bytes:,}."
        if "\0" in text:
            return "The document is binary (it holds a NUL character)."
        return ""

    def _root(self, path: Path) -> Path:
        """The innermost workspace folder around `path`; where there is none, as the CLI has it."""
        around = [folder for folder in self.folders if path.is_relative_to(folder)]
        innermost = max(around, key=lambda folder: len(folder.parts), default=None)
        return innermost or files.find_root(path)

    def _place(self, uri: str) -> tuple[str, str]:
        path = file_path(uri)
        if path is None:
            # Not by `urlsplit`, which refuses what editors may well use as a name.
            name = re.split("[?#]", uri, maxsplit=1)[0].rpartition("/")[2]
            return name.rpartition(":")[2] or "untitled", ""
        root = self._root(path)
        return files.relative_path(path, root), root.name


def file_path(uri: str) -> Path | None:
    """The path of a file URI. A URI that is none, or that no file can have, has no path."""
    try:
        if urlsplit(uri).scheme != "file":
            return None
        name = to_fs_path(uri)
    except ValueError:
        return None
    return Path(name) if name and "\0" not in name else None


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
