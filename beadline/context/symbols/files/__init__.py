"""How files of each language are read: query, reader, parser. Knows no graph and no resolution."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from beadline.context import languages
from beadline.context.languages import Grammar, Language
from beadline.context.symbols.reader import FileReader, Source
from beadline.context.symbols.tags import tags_query

if TYPE_CHECKING:
    import tree_sitter

_READERS = {
    "python": "python",
    "javascript": "typescript", "javascriptreact": "typescript",
    "typescript": "typescript", "typescriptreact": "typescript",
    "java": "java",
    "go": "go",
    "rust": "rust",
}  # fmt: skip
"""Language id -> module of this package; its `Reader` is a `FileReader`."""
_QUERIES = {"javascript": "javascript", "javascriptreact": "javascript"}
"""Language id -> query, where it is called otherwise than the module: a query compiles only for
grammars that have all of its node kinds."""


@dataclass(frozen=True)
class Symbols:
    """What extraction needs of one language."""

    query: tree_sitter.Query
    reader: Callable[[Source], FileReader]
    parser: tree_sitter.Parser

    def parse(self, data: bytes) -> tree_sitter.Node:
        """Root of the tree of a text."""
        return self.parser.parse(data).root_node


def symbols_of(language: Language) -> Symbols | None:
    """How a language's files are read; None where its grammar says nothing of definitions."""
    import tree_sitter

    grammar = languages.grammar(language)
    query = None if grammar is None else _query(language, grammar)
    if grammar is None or query is None:
        return None
    reader: Callable[[Source], FileReader] = FileReader
    if language.id in _READERS:
        reader = importlib.import_module(f"{__name__}.{_READERS[language.id]}").Reader
    return Symbols(query, reader, tree_sitter.Parser(grammar.language))


@cache
def _query(language: Language, grammar: Grammar) -> tree_sitter.Query | None:
    """The query of a language. Compiled once: it takes up to 0.3 s, and threads can share it."""
    import tree_sitter

    if language.id not in _READERS:
        return tags_query(language, grammar)
    name = _QUERIES.get(language.id, _READERS[language.id])
    return tree_sitter.Query(grammar.language, languages.query_text(f"{name}.symbols"))
