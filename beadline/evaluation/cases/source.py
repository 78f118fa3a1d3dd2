"""Parses a text with the grammar of its language, for calls and definitions. Knows neither.

Grammars are loaded here and not by `context.languages`: labels are to judge what `context` finds,
and must not rest on the same code.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tree_sitter

_GRAMMARS = {
    "c": "tree_sitter_c:language",
    "cpp": "tree_sitter_cpp:language",
    "csharp": "tree_sitter_c_sharp:language",
    "go": "tree_sitter_go:language",
    "java": "tree_sitter_java:language",
    "javascript": "tree_sitter_javascript:language",
    "javascriptreact": "tree_sitter_javascript:language",
    "php": "tree_sitter_php:language_php",
    "python": "tree_sitter_python:language",
    "ruby": "tree_sitter_ruby:language",
    "rust": "tree_sitter_rust:language",
    "shellscript": "tree_sitter_bash:language",
    "typescript": "tree_sitter_typescript:language_typescript",
    "typescriptreact": "tree_sitter_typescript:language_tsx",
}
LANGUAGES = frozenset(_GRAMMARS)
"""Ids of the languages whose definitions can be found."""
_GROUPS = {
    "javascriptreact": "javascript", "typescript": "javascript", "typescriptreact": "javascript",
    "c": "cpp",
}  # fmt: skip


def group_of(language: str) -> str:
    """One name for the languages whose files call each other's functions."""
    return _GROUPS.get(language, language)


@dataclass(frozen=True)
class Source:
    """A parsed text. Offsets of nodes are bytes of UTF-8; those handed out are code points."""

    text: str
    data: bytes
    root: tree_sitter.Node

    def offset(self, byte: int) -> int:
        """A byte offset in code points."""
        if len(self.data) == len(self.text):
            return byte
        return len(self.data[:byte].decode("utf-8", "replace"))

    def of(self, node: tree_sitter.Node) -> str:
        """Text of a node."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def line(self, row: int) -> str:
        """A line by its number from 0, stripped."""
        lines = self.data.split(b"\n", row + 1)
        return lines[row].decode("utf-8", "replace").strip() if row < len(lines) else ""

    def nodes(self) -> Iterator[tree_sitter.Node]:
        """Every node, outer before inner, in the order of the text."""
        cursor = self.root.walk()
        while True:
            if cursor.node is not None:
                yield cursor.node
            if cursor.goto_first_child():
                continue
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    return


class Parsers:
    """Parses texts; each grammar is loaded when it is first needed. Belongs to one thread."""

    def __init__(self) -> None:
        self._parsers: dict[str, tree_sitter.Parser | None] = {}

    def parse(self, text: str, language: str) -> Source | None:
        """The parsed text; None for a language without a grammar here."""
        if language not in self._parsers:
            self._parsers[language] = _parser(language)
        parser = self._parsers[language]
        if parser is None:
            return None
        data = text.encode("utf-8", "replace")
        return Source(text, data, parser.parse(data).root_node)


def _parser(language: str) -> tree_sitter.Parser | None:
    import tree_sitter

    if language not in _GRAMMARS:
        return None
    module, _, function = _GRAMMARS[language].partition(":")
    pointer = getattr(importlib.import_module(module), function)()
    return tree_sitter.Parser(tree_sitter.Language(pointer))
