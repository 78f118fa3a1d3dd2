"""Where holes are cut for training: syntax nodes, lines, blocks, random spans. Renders nothing.

Structured FIM follows aiXcoder-7B (complete nodes), AST-FIM (arXiv 2506.00204: single nodes drawn
by size, runs of siblings aligned to a random span) and Mellum's cursors (rest of line, bodies).
Every structured middle is one whole node or a run of siblings; P + M + S is the text.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from beadline.context.syntax import SyntaxTree

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_MIDDLE = 700
"""Characters; Mellum's cap."""
MIN_MIDDLE = 5
EMPTY_AFTER = "])}\"'"
"""Line ends after which a statement is taken to be complete."""


@dataclass(frozen=True)
class Hole:
    """`text[start:end]` is the middle."""

    start: int
    end: int
    kind: str


class HoleSampler:
    """Draws holes from one parsed text, deterministic by the generator it is given."""

    def __init__(self, tree: SyntaxTree) -> None:
        self._tree = tree
        self._text = tree.text
        self._lines = _line_spans(tree.text)
        self._nodes = [
            node
            for node in _walk(tree.root)
            if node.is_named
            and MIN_MIDDLE <= node.end_byte - node.start_byte <= MAX_MIDDLE
            and node.parent is not None
        ]
        self._statements = [
            node
            for node in self._nodes
            if node.type.endswith("_statement") and node.start_point.row == node.end_point.row
        ]
        self._blocks = [node for node in self._nodes if node.type == "block"]
        kinds: list[tuple[str, float, Callable[[random.Random], tuple[int, int] | None]]] = [
            ("rest_of_line", 0.34, self._rest_of_line),
            ("node", 0.22, self._node),
            ("aligned", 0.10, self._aligned),
            ("statement", 0.10, self._statement),
            ("block", 0.12, self._block),
            ("random", 0.05, self._random),
            ("empty", 0.07, self._empty),
        ]
        self._kinds = kinds
        self._weights = [weight for _, weight, _ in kinds]

    def draw(self, rng: random.Random) -> Hole | None:
        """One hole, or None when the kind that was drawn finds no place in this text."""
        kind, _, cut = rng.choices(self._kinds, self._weights)[0]
        span = cut(rng)
        return None if span is None else Hole(*span, kind)

    def _span(self, node: Node) -> tuple[int, int]:
        return self._tree.offset(node.start_byte), self._tree.offset(node.end_byte)

    def _rest_of_line(self, rng: random.Random) -> tuple[int, int] | None:
        """From a cursor in a line to its end; in a third, closers at the end stay right of it."""
        line = self._code_line(rng)
        if line is None:
            return None
        start, end = line
        cut = rng.randrange(start, end)
        if rng.random() < 0.7:
            cut = _word_start(self._text, cut, start)
        stop = end
        if rng.random() < 0.33:
            while stop > cut + 1 and self._text[stop - 1] in ")]}:,\"'":
                stop -= 1
        return cut, stop

    def _node(self, rng: random.Random) -> tuple[int, int] | None:
        """One node, drawn by its size; now and then the cursor stands inside its first word."""
        if not self._nodes:
            return None
        sizes = [node.end_byte - node.start_byte for node in self._nodes]
        start, end = self._span(rng.choices(self._nodes, sizes)[0])
        if rng.random() < 0.15:
            word = start
            while word < end and (self._text[word].isalnum() or self._text[word] == "_"):
                word += 1
            if word - start > 1:
                start = rng.randrange(start + 1, word)
        return start, end

    def _aligned(self, rng: random.Random) -> tuple[int, int] | None:
        """The run of siblings with the largest overlap (IoU) with a random span."""
        size = len(self._text)
        if size < 40:
            return None
        length = rng.randint(20, min(MAX_MIDDLE, max(21, size // 4)))
        low = rng.randrange(0, max(1, size - length))
        a, b = self._tree.byte_offset(low), self._tree.byte_offset(min(size, low + length))
        parent = self._tree.root.descendant_for_byte_range(a, b)
        if parent is None or not parent.children:
            return None
        best: tuple[float, int, int] | None = None
        children = parent.children
        first = max(0, next((i for i, c in enumerate(children) if c.end_byte > a), 0))
        for i in range(first, min(first + 3, len(children))):
            for j in range(i, min(i + 12, len(children))):
                start, end = children[i].start_byte, children[j].end_byte
                overlap = min(end, b) - max(start, a)
                score = overlap / (max(end, b) - min(start, a))
                if MIN_MIDDLE <= end - start <= MAX_MIDDLE and (best is None or score > best[0]):
                    best = (score, start, end)
        if best is None:
            return None
        return self._tree.offset(best[1]), self._tree.offset(best[2])

    def _statement(self, rng: random.Random) -> tuple[int, int] | None:
        return self._span(rng.choice(self._statements)) if self._statements else None

    def _block(self, rng: random.Random) -> tuple[int, int] | None:
        """A body; half of those with a docstring keep it left of the cursor."""
        if not self._blocks:
            return None
        node = rng.choice(self._blocks)
        start, end = self._span(node)
        statements = node.named_children
        if len(statements) > 1 and rng.random() < 0.5:
            start = self._tree.offset(statements[1].start_byte)
        return start, end

    def _random(self, rng: random.Random) -> tuple[int, int] | None:
        if len(self._text) < 20:
            return None
        start = rng.randrange(len(self._text) - 10)
        return start, min(len(self._text), start + rng.randint(1, 200))

    def _empty(self, rng: random.Random) -> tuple[int, int] | None:
        """Nothing to add: the end of a line whose statement is complete."""
        line = self._code_line(rng)
        if line is None:
            return None
        if self._text[line[1] - 1] not in EMPTY_AFTER and rng.random() < 0.6:
            return None
        return line[1], line[1]

    def _code_line(self, rng: random.Random) -> tuple[int, int] | None:
        """First and last offset (exclusive) of the text of a random line that has any."""
        for _ in range(8):
            start, end = rng.choice(self._lines)
            line = self._text[start:end]
            stripped = line.strip()
            if stripped:
                start += len(line) - len(line.lstrip())
                return start, start + len(stripped)
        return None


def random_span(text: str, most: int, rng: random.Random) -> Hole | None:
    """Two uniform cuts in a stretch of at most `most` characters, the character-level spans of
    Bavarian et al. 2022 (arXiv 2207.14255)."""
    if len(text) < 20:
        return None
    low = rng.randrange(max(1, len(text) - most // 2))
    high = min(len(text), low + most)
    start, end = sorted((rng.randint(low, high), rng.randint(low, high)))
    return Hole(start, end, "random")


def draw_anchor(rng: random.Random, text: str, cursor: int, low: int) -> int:
    """A line start 0-8 lines above the cursor, not below `low`; mostly the cursor's own line."""
    anchor = max(low, text.rfind("\n", low, cursor) + 1)
    for _ in range(0 if rng.random() < 0.4 else rng.randint(1, 8)):
        if anchor <= low:
            break
        anchor = max(low, text.rfind("\n", low, anchor - 1) + 1)
    return anchor


def _word_start(text: str, cut: int, low: int) -> int:
    while cut > low and (text[cut - 1].isalnum() or text[cut - 1] == "_"):
        cut -= 1
    return cut


def _line_spans(text: str) -> list[tuple[int, int]]:
    spans, start = [], 0
    for line in text.split("\n"):
        spans.append((start, start + len(line)))
        start += len(line) + 1
    return spans


def _walk(root: Node) -> list[Node]:
    found, stack = [], [root]
    while stack:
        node = stack.pop()
        found.append(node)
        stack.extend(node.children)
    return found
