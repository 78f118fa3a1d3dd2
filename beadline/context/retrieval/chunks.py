"""Cuts a file into chunks of whole lines along its syntax. Knows no terms, index or query.

Split-then-merge on syntax nodes as cAST does (Zhang et al. 2025, arXiv 2506.15655), by lines: a
node that is too big is cut into its children, small neighbours are packed together. Where there
is no tree, blank lines and indentation take the place of nodes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from beadline.context.retrieval.secrets import secret_spans
from beadline.context.syntax import SyntaxTree, SyntaxTrees
from beadline.context.types import Document

if TYPE_CHECKING:
    import tree_sitter

MAX_LINES = 20
MAX_CHARS = 640
"""Most lines and characters of a chunk; the shape of what others retrieve (10 lines in
CrossCodeEval, 20 in RepoCoder, 512 characters in Tabby), and small enough that one chunk fits
the built-in model's snippet budget."""
LONGEST_LINE = 400
"""Longer lines are data or minified code."""
_CLOSING = re.compile(r"\s*(?:[\])}>;,]+|end|fi|done|esac)[\])};,.]*\s*(?:(?:#|//).*)?")
"""A line that only closes what stands above it."""
_COMMENT = ("comment", "decorator", "attribute", "annotation")
"""Parts of the names of nodes that belong to what stands below them."""

LONG_LINE = "long line"
SECRET = "looks like a secret"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines of one file; neither first nor last line is blank."""

    start: int
    """Offset of the first character."""
    text: str
    """Without the last line's newline."""

    @property
    def end(self) -> int:
        """Offset behind the last character."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Omitted:
    """Lines that are in no chunk, and why."""

    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Chunks:
    """What a file was cut into; chunks and omitted parts cover every line that is not blank."""

    chunks: tuple[Chunk, ...] = ()
    omitted: tuple[Omitted, ...] = ()


class Chunker:
    """Cuts documents. Keeps parsers, so it belongs to one thread at a time."""

    def __init__(self) -> None:
        self._trees = SyntaxTrees(limit=1)

    def cut(self, document: Document, tree: SyntaxTree | None = None) -> Chunks:
        """The chunks of a document, in order, without overlap; `tree`: its own, if it is known."""
        text = document.text
        lines = text.split("\n")
        starts = [0, *accumulate(len(line) + 1 for line in lines)]
        if tree is None:
            tree = self._trees.parse(document)
            self._trees.forget(document.key)
        if tree is None or tree.root.type == "ERROR":
            breaks = _breaks_of_lines(lines, 0, len(lines))
        else:
            breaks = _breaks_of_tree(tree.root, lines, starts)
        bad = _bad_lines(text, lines, starts)
        chunks: list[Chunk] = []
        omitted: list[Omitted] = []
        for first, last in _packed(lines, starts, breaks):
            start, end = starts[first], starts[last] - 1
            reason = next((bad[row] for row in range(first, last) if row in bad), "")
            if reason:
                omitted.append(Omitted(start, end, reason))
            else:
                chunks.append(Chunk(start, text[start:end]))
        return Chunks(tuple(chunks), tuple(omitted))


Row = int
Breaks = dict[Row, int]
"""Rows before which a cut is good -> depth of what starts there; 0 is the outermost."""


def _breaks_of_tree(root: tree_sitter.Node, lines: Sequence[str], starts: Sequence[int]) -> Breaks:
    """Starts of the nodes, children only of nodes that are too big for one chunk."""
    breaks: Breaks = {0: 0}
    pending: list[tuple[tree_sitter.Node, int]] = [(root, 0)]
    while pending:
        node, depth = pending.pop()
        first, last = _rows(node)
        if _fits(starts, first, last + 1):
            continue
        children = node.children
        if not children:  # a long string or comment
            for row, deeper in _breaks_of_lines(lines, first, last + 1).items():
                breaks.setdefault(row, depth + deeper)
            continue
        glued = False
        for child in children:
            row, end = _rows(child)
            if not glued and row not in breaks and not _CLOSING.fullmatch(lines[row]):
                breaks[row] = depth
            glued = _belongs_below(child.type) and (end + 1 >= len(lines) or lines[end + 1] != "")
            if end > row and not _fits(starts, row, end + 1):
                pending.append((child, depth + 1))
    return breaks


def _rows(node: tree_sitter.Node) -> tuple[int, int]:
    """First and last row with text of a node."""
    first, (last, column) = node.start_point.row, node.end_point
    return first, (last - 1 if last > first and column == 0 else last)


@lru_cache(maxsize=4096)
def _belongs_below(kind: str) -> bool:
    return any(part in kind for part in _COMMENT)


def _breaks_of_lines(lines: Sequence[str], first: int, last: int) -> Breaks:
    """Rows behind blank lines, deeper the further they are indented, and all the others last."""
    breaks: Breaks = {}
    blank = True
    for row in range(first, last):
        line = lines[row]
        if line.strip() and not _CLOSING.fullmatch(line):
            indent = len(line) - len(line.lstrip())
            breaks[row] = indent if blank else 1000 + indent
        blank = not line.strip()
    return breaks


def _fits(starts: Sequence[int], first: Row, stop: Row) -> bool:
    return stop - first <= MAX_LINES and starts[stop] - starts[first] <= MAX_CHARS


def _packed(
    lines: Sequence[str], starts: Sequence[int], breaks: Breaks
) -> Iterable[tuple[Row, Row]]:
    """Ranges of rows that fit, without blank rows at their ends.

    A range grows as far as it may and ends at its best break: the outermost one in its second
    half, the last of those.
    """
    row = 0
    while row < len(lines):
        if not lines[row].strip():
            row += 1
            continue
        most = bisect_right(starts, starts[row] + MAX_CHARS, row) - 1
        stop = max(row + 1, min(row + MAX_LINES, most, len(lines)))
        if stop < len(lines):
            half = row + max(1, (stop - row) // 2)
            good = [at for at in range(half, stop + 1) if at in breaks]
            if good:
                stop = min(good, key=lambda at: (breaks[at], -at))
        end = stop
        while not lines[end - 1].strip():
            end -= 1
        yield row, end
        row = stop


def _bad_lines(text: str, lines: Sequence[str], starts: Sequence[int]) -> dict[Row, str]:
    bad = {row: LONG_LINE for row, line in enumerate(lines) if len(line) > LONGEST_LINE}
    row = 0
    for start, end in secret_spans(text):
        while starts[row + 1] <= start:
            row += 1
        at = row
        while at < len(lines) and starts[at] < max(end, start + 1):
            bad[at] = SECRET
            at += 1
    return bad
