"""Texts with the cursor written as `¦`."""

from __future__ import annotations

from beadline.context.cursor import read_cursor
from beadline.context.syntax import SyntaxTree, SyntaxTrees
from beadline.context.types import CursorContext, Document


def document(marked: str, language: str = "python") -> tuple[Document, int]:
    before, after = marked.split("¦")
    return Document("key", "a", language, before + after), len(before)


def cursor(marked: str, language: str = "python") -> CursorContext:
    doc, offset = document(marked, language)
    return read_cursor(doc, offset, SyntaxTrees().parse(doc))


def tree(text: str, language: str = "python") -> SyntaxTree:
    found = SyntaxTrees().parse(Document("key", "a", language, text))
    assert found is not None
    return found
