"""Finds holes in syntax trees, for the languages whose parser is tree-sitter. Knows no model.

Node kinds are the language's own (`context.languages`). A text that its grammar cannot read
without a problem has no holes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from beadline.context import languages
from beadline.context.syntax import SyntaxTree, SyntaxTrees
from beadline.context.types import Document

if TYPE_CHECKING:
    import tree_sitter

MAX_CHARS = 400
MAX_BLOCK_LINES = 8
MAX_STATEMENT_LINES = 3
MAX_EXPRESSION = 80
Span = tuple[int, int]


def read(text: str, language: str) -> TreeReader | None:
    """The reader of a text; None where there is no grammar or the text does not parse."""
    tree = SyntaxTrees().parse(Document("", "", language, text))
    if tree is None or tree.problems().count:
        return None
    return TreeReader(tree, languages.get(language))


class TreeReader:
    """One parsed file."""

    def __init__(self, tree: SyntaxTree, language: languages.Language) -> None:
        self.tree = tree
        self.text = tree.text
        self.kinds = language.kinds
        self.comment = language.line_comment

    @cached_property
    def nodes(self) -> list[tree_sitter.Node]:
        """Every node, outer before inner."""
        found: list[tree_sitter.Node] = []
        pending = [self.tree.root]
        while pending:
            node = pending.pop()
            found.append(node)
            pending.extend(reversed(node.children))
        return found

    @cached_property
    def code(self) -> list[tree_sitter.Node]:
        """As `nodes`, without what is inside strings, comments and code the grammar skips."""
        kinds = self.kinds
        closed = kinds.strings | kinds.texts | kinds.comments | kinds.opaque
        found: list[tree_sitter.Node] = []
        pending = [self.tree.root]
        while pending:
            node = pending.pop()
            if node.type in kinds.comments:
                continue
            found.append(node)
            if node.type not in closed:
                pending.extend(reversed(node.children))
        return found

    def span(self, node: tree_sitter.Node) -> Span:
        """Offsets of a node without white space at its ends, which some grammars count in."""
        start, end = self.tree.offset(node.start_byte), self.tree.offset(node.end_byte)
        text = self.text[start:end]
        return start + len(text) - len(text.lstrip()), end - len(text) + len(text.rstrip())

    def line_prefix(self, offset: int) -> str:
        return self.text[self.text.rfind("\n", 0, offset) + 1 : offset]

    def rest(self, offset: int) -> str:
        end = self.text.find("\n", offset)
        return self.text[offset : end if end >= 0 else len(self.text)]

    def whole_lines(self, span: Span, most_lines: int, most_chars: int = MAX_CHARS) -> bool:
        """Alone on its lines (but for a comment behind it), neither too long nor too tall."""
        text, rest = self.text[slice(*span)], self.rest(span[1]).strip()
        return (
            not self.line_prefix(span[0]).strip()
            and (not rest or (bool(self.comment) and rest.startswith(self.comment)))
            and text.count("\n") < most_lines
            and 0 < len(text) <= most_chars
        )

    def ended(self, span: Span) -> Span:
        """A statement with the semicolon that its grammar leaves to its parent."""
        rest = self.rest(span[1])
        gap = len(rest) - len(rest.lstrip())
        return (span[0], span[1] + gap + 1) if rest[gap : gap + 1] == ";" else span


def _simple_statements(reader: TreeReader) -> Iterator[Span]:
    """Statements without a body."""
    for node in reader.code:
        if node.type in reader.kinds.statements and not _has(node, reader.kinds.blocks):
            yield reader.ended(reader.span(node))


def _statement(reader: TreeReader) -> Iterator[Span]:
    for span in _simple_statements(reader):
        text = reader.text[slice(*span)]
        if reader.whole_lines(span, MAX_STATEMENT_LINES) and any(map(str.isalnum, text)):
            yield span


def inside_block(reader: TreeReader, node: tree_sitter.Node) -> list[tree_sitter.Node]:
    """The children of a block between its brackets, or all of them where it has none."""
    inner = list(node.children)
    if inner and inner[0].type in ("{", "(", ":", "do", "then", "else", "ensure"):
        inner = inner[1:]
    if inner and inner[-1].type in ("}", ")", "end", "done", "fi", ";;", "endif"):
        inner = inner[:-1]
    inner = [child for child in inner if reader.text[slice(*reader.span(child))]]
    return inner


def span_of(reader: TreeReader, nodes: list[tree_sitter.Node]) -> Span:
    """From the start of the first of some neighbours to the end of the last."""
    return reader.span(nodes[0])[0], reader.ended(reader.span(nodes[-1]))[1]


def _block_body(reader: TreeReader) -> Iterator[Span]:
    for node in reader.code:
        if node.type not in reader.kinds.blocks or not node.is_named:
            continue
        inner = inside_block(reader, node)
        if inner and reader.whole_lines(span := span_of(reader, inner), MAX_BLOCK_LINES):
            yield span


def _call_arguments(reader: TreeReader) -> Iterator[Span]:
    """What is between the parentheses of a call."""
    for node in reader.code:
        if "argument" not in node.type or "type" in node.type:
            continue
        start, end = reader.span(node)
        if reader.text[start : start + 1] != "(" or reader.text[end - 1 : end] != ")":
            continue
        truth = reader.text[start + 1 : end - 1]
        if truth.strip() and len(truth) <= MAX_CHARS and truth.count("\n") < MAX_STATEMENT_LINES:
            yield start + 1, end - 1


def _expression(reader: TreeReader) -> Iterator[Span]:
    """One expression of a line, with text before it."""
    for node in reader.code:
        if node.type not in reader.kinds.expressions:
            continue
        span = reader.span(node)
        text = reader.text[slice(*span)]
        short = 3 <= len(text) <= MAX_EXPRESSION and "\n" not in text
        if short and reader.line_prefix(span[0]).strip():
            yield span


def _rest_of_line(reader: TreeReader) -> Iterator[Span]:
    """From the start of a token to the end of its line."""
    tall = _tall_lines(reader)
    for node in reader.code:
        closed = node.type in reader.kinds.strings or not node.children
        if not closed or node.start_point.row in tall:
            continue
        start, end = reader.span(node)
        if start < end and reader.line_prefix(start).strip():
            yield start, start + len(reader.rest(start).rstrip())


def _empty(reader: TreeReader) -> Iterator[Span]:
    """Right behind a complete statement at the end of its line."""
    tall = _tall_lines(reader)
    for start, end in _simple_statements(reader):
        line = reader.text.count("\n", 0, end)
        if start < end and not reader.rest(end).strip() and line not in tall:
            yield end, end


def _tall_lines(reader: TreeReader) -> set[int]:
    """Lines of tokens that go over several: texts, not code."""
    tall: set[int] = set()
    kinds = reader.kinds
    for node in reader.nodes:
        first, last = node.start_point.row, node.end_point.row
        literal = node.type in kinds.strings | kinds.texts | kinds.comments
        if first != last and (literal or not node.children):
            tall.update(range(first, last + 1))
    return tall


def _has(node: tree_sitter.Node, kinds: frozenset[str]) -> bool:
    pending = list(node.children)
    while pending:
        child = pending.pop()
        if child.type in kinds:
            return True
        pending.extend(child.children)
    return False


CATEGORIES: dict[str, Callable[[TreeReader], Iterator[Span]]] = {
    "call_arguments": _call_arguments,
    "block_body": _block_body,
    "statement": _statement,
    "expression": _expression,
    "rest_of_line": _rest_of_line,
}
"""Categories of holes with an answer, those that a language may lack first, and who finds them."""


def spans(reader: TreeReader, category: str) -> list[Span]:
    """The holes of a category (`empty` is one as well), in the order of the text."""
    find = CATEGORIES.get(category, _empty)
    return sorted(set(find(reader)))
