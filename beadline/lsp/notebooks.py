"""Notebooks: the code cells of one language are one document. Knows no completion and no server.

A cell is a text of its own for the editor, with positions of its own. What is asked for in one is
asked for in the text of all cells of its language, in their order; a snapshot says where in it the
cell lies. Markdown cells stand alone.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lsprotocol import types as lsp

from beadline.context.types import Document
from beadline.errors import FileError
from beadline.lsp.documents import Change, DocumentStore, Snapshot

log = logging.getLogger(__name__)

_SEPARATOR = "\n"
"""Between two cells; belongs to neither."""


@dataclass
class _Notebook:
    uri: str
    cells: list[lsp.NotebookCell] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    """Of the documents that its cells were joined to last."""
    lost: bool = False
    """A change could not be read: which cells there are is not known until it is opened again."""


@dataclass(frozen=True)
class NotebookChange:
    """What one notebookDocument/didChange did."""

    changes: tuple[Change, ...] = ()
    """Of the joined documents, in order."""
    gone: tuple[str, ...] = ()
    """URIs of cells that were closed, and keys of documents that have no cell any more."""


class Notebooks:
    """Open notebooks, and the snapshots of all open documents, cells or not."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._notebooks: dict[str, _Notebook] = {}
        self._home: dict[str, _Notebook] = {}
        """Cell URI -> the notebook it is in."""

    def open(self, params: lsp.DidOpenNotebookDocumentParams) -> list[Document]:
        """notebookDocument/didOpen of one that is not open; the joined documents."""
        uri = params.notebook_document.uri
        notebook = self._notebooks[uri] = _Notebook(uri)
        notebook.cells.extend(params.notebook_document.cells)
        self._open_cells(notebook, params.cell_text_documents)
        return self._join(notebook)

    def change(self, params: lsp.DidChangeNotebookDocumentParams) -> NotebookChange:
        """notebookDocument/didChange."""
        notebook = self._notebooks.get(params.notebook_document.uri)
        cells = params.change.cells
        if notebook is None or cells is None:
            if notebook is None:
                log.warning("Ignored a change of a notebook that is not open.")
            return NotebookChange()
        gone: list[str] = []
        if (structure := cells.structure) is not None:
            for closed in structure.did_close or ():
                self._close_cell(notebook, closed.uri)
                gone.append(closed.uri)
            at, count = structure.array.start, structure.array.delete_count
            notebook.cells[at : at + count] = structure.array.cells or ()
            self._open_cells(notebook, structure.did_open or ())
        for changed in cells.data or ():
            notebook.cells = [
                changed if c.document == changed.document else c for c in notebook.cells
            ]
        done: list[Change] = []
        if structure is not None or cells.data:
            before = notebook.keys
            done += (Change(document, None) for document in self._join(notebook))
            gone += before - notebook.keys
        for content in cells.text_content or ():
            cell = content.document
            if self._home.get(cell.uri) is notebook:
                change = self._documents.change(cell.uri, cell.version, content.changes)
                done += [self.edited(change)] if change is not None else ()
        return NotebookChange(tuple(done), tuple(gone))

    def edited(self, change: Change) -> Change:
        """The change of a text, in the document that it is a part of."""
        if change.document.key not in self._home:
            return change
        joined = self._newest(change.document.key)
        edits = change.edits
        if edits is not None:
            edits = tuple(edit.moved(joined.base) for edit in edits)
        return Change(joined.document, edits)

    def close(self, uri: str) -> list[str]:
        """notebookDocument/didClose; the URIs of its cells and the keys of its documents."""
        notebook = self._notebooks.pop(uri, None)
        if notebook is None:
            return []
        gone = list(notebook.keys)
        for cell in [cell for cell, home in self._home.items() if home is notebook]:
            gone.append(cell)
            self._close_cell(notebook, cell)
        return gone

    def lose(self, uri: str) -> None:
        """A change of this notebook could not be read."""
        if (notebook := self._notebooks.get(uri)) is not None:
            notebook.lost = True

    def key(self, uri: str) -> str:
        """Key of the document that an open text is, or is a part of."""
        try:
            return self._newest(uri).document.key if self._documents.is_open(uri) else uri
        except FileError:
            return uri

    def snapshot(self, uri: str) -> Snapshot:
        """The newest text of an open document, a cell's among its fellows.

        Raises `FileError` when it gets no suggestions.
        """
        notebook = self._home.get(uri)
        if notebook is not None and notebook.lost:
            raise FileError(
                "The editor sent a change of a notebook that could not be read.",
                hint="Close it and open it again.",
            )
        return self._newest(uri)

    def _newest(self, uri: str) -> Snapshot:
        own, notebook = self._documents.snapshot(uri), self._home.get(uri)
        if notebook is None:
            return own
        before: list[str] = []
        after: list[str] = []
        found = False
        for other in self._cells(notebook, own.document.language):
            if other.document.key == own.document.key:
                found = True
            else:
                (after if found else before).append(other.document.text)
        if not found:  # a markdown cell
            return own
        head = "".join(text + _SEPARATOR for text in before)
        text = head + _SEPARATOR.join((own.document.text, *after))
        key = _key(notebook, own.document.language)
        document = dataclasses.replace(own.document, key=key, text=text)
        return dataclasses.replace(own, document=document, base=len(head))

    def _join(self, notebook: _Notebook) -> list[Document]:
        """One document for each language of its code cells."""
        texts: dict[str, list[Document]] = {}
        for cell in self._cells(notebook):
            texts.setdefault(cell.document.language, []).append(cell.document)
        joined = [
            dataclasses.replace(
                documents[0],
                key=_key(notebook, language),
                text=_SEPARATOR.join(document.text for document in documents),
            )
            for language, documents in texts.items()
        ]
        notebook.keys = {document.key for document in joined}
        return joined

    def _cells(self, notebook: _Notebook, language: str | None = None) -> Iterator[Snapshot]:
        """The code cells in their order, those of one language if it is given.

        A cell that gets no suggestions (a NUL in it, say) is no context of the others either.
        """
        for cell in notebook.cells:
            uri = cell.document
            here = self._home.get(uri) is notebook and self._documents.is_open(uri)
            if cell.kind != lsp.NotebookCellKind.Code or not here:
                continue
            if language is not None and language not in self._documents.language_ids(uri)[1:]:
                continue
            try:
                yield self._documents.snapshot(uri)
            except FileError:
                continue

    def _open_cells(self, notebook: _Notebook, items: Sequence[lsp.TextDocumentItem]) -> None:
        for item in items:
            self._home[item.uri] = notebook
            self._documents.open(
                item.uri, item.language_id, item.version, item.text, home=notebook.uri
            )

    def _close_cell(self, notebook: _Notebook, uri: str) -> None:
        if self._home.get(uri) is notebook:
            del self._home[uri]
            self._documents.close(uri)


def _key(notebook: _Notebook, language: str) -> str:
    """Identity of a notebook's document in one language."""
    return f"{notebook.uri}#{language}"
