"""The places of a parsed text where a hole may be cut, read off its tree once. Draws nothing.

Spans are offsets of code points without white space at their ends, which some grammars count in.
What the parser could not read is left out, and so is the inside of strings and comments.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

from beadline.context.syntax import SyntaxTree

if TYPE_CHECKING:
    import tree_sitter

Span = tuple[int, int]
PAIRS = {"(": ")", "[": "]", "{": "}"}
_OPENERS = frozenset({"{", "(", ":", "do", "then", "else", "ensure"})
_CLOSERS = frozenset({"}", ")", "end", "done", "fi", ";;", "endif"})
"""What stands around the statements of a block, as node kinds."""
_PREFIX_CHARS = 3
"""Longest letters in front of a quote (`rb"`)."""


@dataclass(frozen=True, slots=True)
class Compound:
    """The children of a construct with a body, in order."""

    children: tuple[Span, ...]
    body: int
    """Number of the first one that is a body."""


@dataclass
class Nodes:
    """What one text has."""

    single: list[Span] = field(default_factory=list)
    """Named nodes of a size that a middle may have, each place once."""
    weights: list[int] = field(default_factory=list)
    """Sums of the lengths of `single` up to each."""
    statements: list[Span] = field(default_factory=list)
    """Statements of one line, with the semicolon that a grammar leaves to the parent."""
    ends: list[int] = field(default_factory=list)
    """Where a line and a complete statement end together."""
    bodies: list[tuple[Span, ...]] = field(default_factory=list)
    """What blocks hold between their brackets."""
    arguments: list[Span] = field(default_factory=list)
    """What calls have between their parentheses."""
    compounds: list[Compound] = field(default_factory=list)
    inside: list[Span] = field(default_factory=list)
    """What stands between brackets or quotes of one line, white space included."""

    @classmethod
    def of(cls, tree: SyntaxTree, least: int, most: int) -> Nodes:
        """Of a tree; `least` and `most`: characters of a middle."""
        return _Reading(tree, least, most).run()


class _Reading:
    """One walk over a tree."""

    def __init__(self, tree: SyntaxTree, least: int, most: int) -> None:
        self._tree = tree
        self._text = tree.text
        self._least, self._most = least, most
        self._nodes = Nodes()

    def run(self) -> Nodes:
        kinds, nodes = self._tree.language.kinds, self._nodes
        closed = kinds.strings | kinds.texts | kinds.opaque
        pending = list(reversed(self._tree.root.children))
        while pending:
            node = pending.pop()
            kind = node.type
            if kind in kinds.comments:
                continue
            children = node.children
            if kind not in closed:
                pending.extend(reversed(children))
            if not node.is_named or node.is_missing or node.has_error:
                continue
            span = span_of(self._tree, node)
            if self._fits(span):
                nodes.single.append(span)
            if kind in kinds.strings:
                self._quoted(span)
            if kind in closed:
                continue
            if kind in kinds.statements:
                self._statement(node, span)
            if kind in kinds.statements or kind in kinds.definitions:
                self._compound(children)
            if kind in kinds.blocks:
                self._body(children)
            if len(children) > 2 and PAIRS.get(children[0].type) == children[-1].type:
                self._bracketed(kind, children)
        nodes.single = list(dict.fromkeys(nodes.single))
        nodes.weights = list(accumulate(end - start for start, end in nodes.single))
        nodes.ends = sorted(set(nodes.ends))
        return nodes

    def _fits(self, span: Span) -> bool:
        return self._least <= span[1] - span[0] <= self._most

    def _statement(self, node: tree_sitter.Node, span: Span) -> None:
        start, end = span
        behind = node.next_sibling
        if behind is not None and behind.type == ";":
            end = span_of(self._tree, behind)[1]
        if self._fits((start, end)) and "\n" not in self._text[start:end]:
            self._nodes.statements.append((start, end))
        line_end = self._text.find("\n", end)
        line_end = len(self._text) if line_end < 0 else line_end
        if start < end and not self._text[end:line_end].strip():
            self._nodes.ends.append(end)

    def _compound(self, children: list[tree_sitter.Node]) -> None:
        blocks = self._tree.language.kinds.blocks
        spans: list[Span] = []
        body = -1
        for child in children:
            span = span_of(self._tree, child)
            if span[0] == span[1]:
                continue
            if body < 0 and child.type in blocks:
                body = len(spans)
            spans.append(span)
        if body > 0:
            self._nodes.compounds.append(Compound(tuple(spans), body))

    def _body(self, children: list[tree_sitter.Node]) -> None:
        first = 1 if children and children[0].type in _OPENERS else 0
        last = len(children)
        if last > first and children[-1].type in _CLOSERS:
            last -= 1
        spans = [span_of(self._tree, child) for child in children[first:last]]
        if kept := tuple(span for span in spans if span[0] < span[1]):
            self._nodes.bodies.append(kept)

    def _bracketed(self, kind: str, children: list[tree_sitter.Node]) -> None:
        first, last = children[1], children[-2]
        run = span_of(self._tree, first)[0], span_of(self._tree, last)[1]
        if "argument" in kind and "type" not in kind and 0 < run[1] - run[0] <= self._most:
            self._nodes.arguments.append(run)
        opened = self._tree.offset(children[0].end_byte)
        self._add_inside(opened, self._tree.offset(children[-1].start_byte))

    def _quoted(self, span: Span) -> None:
        start, end = span
        head = self._text[start : min(end, start + _PREFIX_CHARS + 1)]
        at = next((i for i, character in enumerate(head) if character in "\"'`"), -1)
        if at < 0:
            return
        quote = head[at]
        start += at
        wide = 3 if self._text.startswith(3 * quote, start) and end - start >= 6 else 1
        if end - start > 2 * wide and self._text[end - wide : end] == wide * quote:
            self._add_inside(start + wide, end - wide)

    def _add_inside(self, start: int, end: int) -> None:
        inner = self._text[start:end]
        if inner.strip() and "\n" not in inner and len(inner) <= self._most:
            self._nodes.inside.append((start, end))


def span_of(tree: SyntaxTree, node: tree_sitter.Node) -> Span:
    """Offsets of a node without white space at its ends."""
    return stripped(tree.text, tree.offset(node.start_byte), tree.offset(node.end_byte))


def stripped(text: str, start: int, end: int) -> Span:
    """A span without white space at its ends; empty at its start where there is nothing else."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def aligned(tree: SyntaxTree, start: int, end: int, least: int, most: int) -> Span | None:
    """The run of siblings that overlaps a span best (IoU, AST-FIM): children of the smallest node
    around it. None where no run has `least` to `most` characters, or it would hold more than one
    definition, which nobody writes at a time."""
    first, last = tree.byte_offset(start), tree.byte_offset(end)
    parent = tree.root.descendant_for_byte_range(first, last)
    while parent is not None and not parent.children:
        parent = parent.parent
    if parent is None:
        return None
    children = parent.children
    low = bisect_left(children, first + 1, key=lambda child: child.end_byte)
    high = bisect_left(children, last, key=lambda child: child.start_byte) - 1
    best: tuple[float, Span] | None = None
    # All between overlap with their whole length; only those at the ends may be worth leaving out.
    for i in (low, low + 1):
        for j in (high - 1, high):
            if not 0 <= i <= j < len(children):
                continue
            run = children[i : j + 1]
            if any(child.has_error for child in run) or _definitions(tree, run) > 1:
                continue
            span = span_of(tree, run[0])[0], span_of(tree, run[-1])[1]
            if not least <= span[1] - span[0] <= most:
                continue
            common = min(span[1], end) - max(span[0], start)
            share = common / (max(span[1], end) - min(span[0], start))
            if best is None or share > best[0]:
                best = share, span
    return None if best is None else best[1]


def _definitions(tree: SyntaxTree, nodes: list[tree_sitter.Node]) -> int:
    kinds = tree.language.kinds.definitions
    return sum(
        node.type in kinds or any(child.type in kinds for child in node.named_children[-2:])
        for node in nodes
    )
