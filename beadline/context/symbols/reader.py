"""How a language says what its definitions are: the part of extraction that differs by language.

Knows nodes of a grammar; knows no queries, no graph and no resolution.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from beadline.context.symbols.types import Import, Kind, Parameter

if TYPE_CHECKING:
    import tree_sitter

_COMMENT_SIGNS = re.compile(r"\A\s*(?:/\*+!?|//[/!]?|#+|--+|\*(?!/)|;+|<!--)\s?|\s*\*/\s*\Z")
Nodes = dict[str, list["tree_sitter.Node"]]
"""What a pattern captured."""
_COMMENTS = 64
"""Comments in a row that are looked at above a definition."""


def first_named(node: tree_sitter.Node | None) -> tree_sitter.Node | None:
    """A node's first named child; None where it has none."""
    return node.named_child(0) if node is not None and node.named_child_count else None


class Source:
    """The bytes that nodes are ranges of."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def text(self, node: tree_sitter.Node | None) -> str:
        """Text of a node; empty for none."""
        if node is None:
            return ""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def line(self, node: tree_sitter.Node | None) -> str:
        """Text of a node in one line: runs of white space as one blank."""
        return " ".join(self.text(node).split())


class FileReader:
    """What holds for most languages; each language overrides what is different in it."""

    deepest = 12
    """How deep in the tree patterns of the query may start: most of a file's nodes lie deeper, in
    bodies and expressions, where nothing is defined that others use."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._above: tuple[int, list[tree_sitter.Node]] = 0, []
        """Id of the node whose comments were asked for last, and they."""

    def beside(self, root: tree_sitter.Node) -> Iterator[tuple[int, Nodes]]:
        """More matches, as the query's: pattern and captures. What lies too deep for it."""
        return iter(())

    def package(self, root: tree_sitter.Node) -> str:
        """The package that the file declares; empty where none is declared."""
        return ""

    def imports(self, node: tree_sitter.Node) -> Iterator[Import]:
        """The imports of an `@import` node. Offsets are bytes here; extraction makes them code
        points."""
        return iter(())

    def outer(self, node: tree_sitter.Node) -> tree_sitter.Node:
        """The node with what belongs to it and stands around it: decorators, `export`."""
        return node

    def header(self, node: tree_sitter.Node) -> int:
        """Byte at which a definition's own first line starts, where annotations and decorators lie
        inside of its node, or a keyword around it."""
        return node.start_byte

    def owner(self, node: tree_sitter.Node) -> str | None:
        """Owner of a definition that does not lie in it (a Go receiver's type, a Rust `impl`'s);
        None: the definition around it."""
        return None

    def kind(self, kind: Kind, name: str, owner: str) -> Kind:
        """The query's kind, made exact."""
        if owner and kind is Kind.FUNCTION:
            return Kind.METHOD
        if owner and kind in (Kind.VARIABLE, Kind.CONSTANT):
            return Kind.FIELD
        return kind

    def exported(self, node: tree_sitter.Node, name: str, owner: str) -> bool:
        """Whether other files may use a definition."""
        return True

    def parameters(self, node: tree_sitter.Node) -> tuple[Parameter, ...]:
        """The parameters of an `@parameters` node, without the receiver."""
        return ()

    def value(self, node: tree_sitter.Node) -> str:
        """What a `@value` node says of the type of its variable; empty where it says nothing."""
        return self.source.line(node)

    def result(self, body: tree_sitter.Node) -> str:
        """What a function returns, as `value` says it; empty where its body does not tell."""
        return ""

    def bases(self, node: tree_sitter.Node) -> Iterator[str]:
        """The names in a `@bases` node, as written."""
        for child in node.named_children:
            yield self.source.line(child)

    def implied(self, above: Sequence[tree_sitter.Node]) -> Iterator[str]:
        """Bases of a type that the comments and attributes above it tell."""
        return iter(())

    def doc(self, node: tree_sitter.Node, body: tree_sitter.Node | None) -> str:
        """First line of the documentation of an outer node; else of the comment above it."""
        comments = self.comments_above(node)
        return self.said(self.source.text(comments[0])) if comments else ""

    def comments_above(self, node: tree_sitter.Node) -> list[tree_sitter.Node]:
        """The comments and attributes that stand right above a node, in order, with no blank line
        between."""
        if self._above[0] == node.id:
            return self._above[1]
        found: list[tree_sitter.Node] = []
        row, above = node.start_point.row, node.prev_sibling
        while above is not None and len(found) < _COMMENTS and self.belongs_below(above):
            last = above.end_point
            end = last.row - (1 if last.column == 0 and last.row > above.start_point.row else 0)
            before = above.prev_sibling
            trails = (
                before is not None
                and before.end_point.row == above.start_point.row
                and not self.belongs_below(before)
            )
            if end + 1 < row or trails:
                break
            found.append(above)
            row, above = above.start_point.row, before
        found.reverse()
        self._above = node.id, found
        return found

    def belongs_below(self, node: tree_sitter.Node) -> bool:
        """Whether a node belongs to the definition that follows it."""
        return "comment" in node.type

    @staticmethod
    def said(comment: str) -> str:
        """First line of a comment that says something, without its signs."""
        for line in comment.split("\n"):
            before, line = "", line
            while before != line:
                before, line = line, _COMMENT_SIGNS.sub("", line)
            if any(c.isalnum() for c in line):
                return line.strip()
        return ""
