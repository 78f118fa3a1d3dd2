"""Chooses the stable range of text around the cursor. Knows no tokens and no model.

KV state is reused as long as the prompt's front does not change (DESIGN section 4), so the start,
the anchor and the end stay where they were, through every edit (`carried`), until a limit makes
them move; in idle time they move a little earlier (`ahead`). Then the start goes to the start of a
node of the syntax tree, and the end behind one, the outermost within reach.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from beadline.context.difference import changed_span
from beadline.context.syntax import SyntaxTree
from beadline.context.types import CursorContext, Document, Window

if TYPE_CHECKING:
    import tree_sitter

_KEEP_AFTER_MOVE = 0.6
"""Share of the prefix budget that is left before the cursor when the start has to move."""
_LEAST_PREFIX = 0.2
"""Below this share of the budget (cursor went up) the start moves as well."""
_SEARCH = 0.25
"""Share of a budget searched for a better start or end."""
_LEAST_SUFFIX = 0.5
"""Below this share of the budget the end moves."""
_NEARLY = 0.85
"""Share of the prefix budget from which the start moves in idle time."""
_LONG = 0.5
"""Share of the anchor's budget from which the anchor moves in idle time. Not at every line: each
move evaluates the whole suffix again."""

_DEFINITION = re.compile(r"^(?:def |class |async def |@|function |func |fn |export |public )", re.M)
_TOP_LEVEL = re.compile(r"^[^\s)\]}#\"']", re.M)


def place(
    document: Document,
    cursor: CursorContext,
    previous: Window | None,
    *,
    prefix_chars: int,
    suffix_chars: int,
    anchor_chars: int,
    tree: SyntaxTree | None = None,
    ahead: bool = False,
) -> Window:
    """The window for a cursor; budgets in characters.

    `previous` is the last window of the same document, `carried` into this text. `tree` is the
    document's. `ahead`: move what would soon have to move, before a keystroke has to wait for it.
    Guaranteed: start <= anchor <= cursor <= end, at most `prefix_chars` before and `suffix_chars`
    after the cursor, and `anchor` is the start of a line unless that line is longer than a budget.
    """
    text, offset = document.text, cursor.offset
    start = _start(text, offset, previous, prefix_chars, tree, _NEARLY if ahead else 1.0)
    line = line_anchor(text, offset, start, anchor_chars)
    anchor = line
    if previous is not None and _may_rest(text, previous.anchor, start, offset, anchor_chars):
        anchor = previous.anchor
        if ahead and line - anchor >= _LONG * anchor_chars:
            anchor = line
    return Window(start, anchor, offset, _end(text, offset, previous, suffix_chars, tree))


@dataclass(frozen=True)
class Shift:
    """The one change between two versions of a text: [start, old_end) became [start, new_end)."""

    start: int
    old_end: int
    new_end: int
    offset: int
    """The cursor in the new version."""

    @classmethod
    def between(cls, old: str, new: str, offset: int) -> Shift:
        """Of the places where the change could as well be, the one at the cursor: a newline typed
        before a newline differs behind both."""
        start, old_end, new_end = changed_span(old, new)
        back = new_end - offset
        first = start - back
        if back > 0 and first >= 0:
            typed = start == old_end and new[first:start] == new[offset:new_end]
            deleted = start == new_end and old[first:start] == old[old_end - back : old_end]
            if typed or deleted:
                return cls(first, old_end - back, offset, offset)
        return cls(start, old_end, new_end, offset)

    def moved(self, place: int) -> int:
        """Where a place has gone; what was inserted at it is behind it."""
        if place <= self.start:
            return place
        return place - self.old_end + self.new_end if place >= self.old_end else self.start


def carried(window: Window, shift: Shift) -> Window | None:
    """The window of the old version in the new one; None where the change took its start away.

    The result's cursor is where the window's has gone: the new cursor when the change was typed,
    deleted or pasted there, another place after a jump.
    """
    start, old_end, new_end = shift.start, shift.old_end, shift.new_end
    first = window.start
    if start < first < old_end:
        return None
    above = first == start == old_end and first > 0  # inserted above the window
    first = new_end if above else shift.moved(first)
    at_cursor = start <= window.cursor <= old_end and start <= shift.offset <= new_end
    anchor = max(first, shift.moved(window.anchor))
    cursor = max(anchor, shift.offset if at_cursor else shift.moved(window.cursor))
    return Window(first, anchor, cursor, max(cursor, shift.moved(window.end)))


def _start(
    text: str,
    offset: int,
    previous: Window | None,
    budget: int,
    tree: SyntaxTree | None,
    share: float,
) -> int:
    if previous is not None and previous.start <= offset:
        used = offset - previous.start
        enough = previous.start == 0 or used >= _LEAST_PREFIX * budget
        if enough and used <= share * budget:
            return previous.start
    if offset <= share * budget:
        return 0
    target = offset - int(_KEEP_AFTER_MOVE * budget)
    limit = min(offset, target + int(_SEARCH * budget))
    if tree is not None and (start := node_start(tree, offset, target, limit)) is not None:
        return start
    for pattern in (_DEFINITION, _TOP_LEVEL):
        from_line = _line_start_at_or_after(text, target)
        if from_line < limit and (match := pattern.search(text, from_line, limit)):
            return match.start()
    line = _line_start_at_or_after(text, target)
    return line if line <= offset else target


def _may_rest(text: str, anchor: int, start: int, offset: int, budget: int) -> bool:
    """Whether an anchor can stay: within its budget, and still where one may be."""
    if not start <= anchor <= offset <= anchor + budget:
        return False
    line = max(text.rfind("\n", 0, anchor) + 1, start)
    return anchor == line or anchor - line >= budget


def line_anchor(text: str, offset: int, start: int, budget: int) -> int:
    """The anchor of a cursor by itself: where its line starts, as far as the budget goes."""
    line = max(text.rfind("\n", 0, offset) + 1, start)
    if offset - line <= budget:
        return line
    # A very long line: steps of the budget, so that the anchor still rests while typing.
    return line + (offset - line) // budget * budget if budget > 0 else offset


def _end(
    text: str, offset: int, previous: Window | None, budget: int, tree: SyntaxTree | None
) -> int:
    limit = offset + budget
    if limit >= len(text):
        return len(text)
    if previous is not None:
        # The same suffix after typing at the cursor; the same end after the cursor moved.
        for end in (offset + previous.end - previous.cursor, previous.end):
            if offset + _LEAST_SUFFIX * budget <= end <= limit and text[end - 1] == "\n":
                return end
    low = limit - int(_SEARCH * budget)
    if tree is not None and (end := node_end(tree, offset, low, limit)) is not None:
        return end
    newline = text.rfind("\n", offset, limit)
    return newline + 1 if newline >= 0 else limit


def node_start(tree: SyntaxTree, offset: int, low: int, high: int) -> int | None:
    """Start of the line in [low, high) in which the outermost node starts that starts a line.

    Of nodes with the same parent it is a definition, if there is one, else the first; comments
    directly above belong to it.
    """
    text, kinds = tree.text, tree.language.kinds
    for children in _levels(tree, offset, low, high):
        found: int | None = None
        comments = line_below = -1
        for node, start, end in children:
            line = text.rfind("\n", 0, start) + 1
            if not low <= line < high or text[line:start].strip():
                continue
            attached = comments if line == line_below and comments >= 0 else line
            line_below = text.find("\n", max(start, end - 1)) + 1
            comments = attached if node.type in kinds.comments else -1
            if node.type in kinds.comments:
                continue
            if any(kind in kinds.definitions for kind in _kinds(node)):
                return attached
            found = attached if found is None else found
        if found is not None:
            return found
    return None


def node_end(tree: SyntaxTree, offset: int, low: int, high: int) -> int | None:
    """End of the line, its break included, in (low, high] in which the outermost node ends that
    ends a line: the last of those with the same parent."""
    text, comments = tree.text, tree.language.kinds.comments
    for children in _levels(tree, offset, low, high):
        found: int | None = None
        for node, _, end in children:
            line = text.find("\n", max(0, end - text.endswith("\n", 0, end)), high) + 1
            whole = low < line <= high and not text[end:line].strip(" \t\n;,")
            if whole and node.type not in comments:
                found = line
        if found is not None:
            return found
    return None


def _levels(
    tree: SyntaxTree, offset: int, low: int, high: int
) -> Iterator[list[tuple[tree_sitter.Node, int, int]]]:
    """Nodes that touch [low, high], outermost level first, with their offsets.

    Levels whose children are parts of a statement are left out. `offset` is the cursor's.
    """
    if (near := tree.around(offset)) is None:
        return
    part, origin = near
    if not origin <= low <= high <= origin + len(part.text):
        return
    first, last = part.byte_offset(low - origin), part.byte_offset(high - origin)
    blocks = tree.language.kinds.blocks
    parents = [part.root]
    while parents:
        inner: list[tree_sitter.Node] = []
        children: list[tuple[tree_sitter.Node, int, int]] = []
        for parent in parents:
            whole = parent == part.root or parent.type in blocks or parent.is_error
            below = parent.children  # `first_child_for_byte` of tree-sitter 0.26 can crash
            for child in below[bisect_left(below, first, key=lambda node: node.end_byte) :]:
                if child.start_byte > last:
                    break
                if child.child_count and (child.start_byte < first or child.end_byte > last):
                    inner.append(child)
                if whole and child.is_named and not (child.is_error or child.is_missing):
                    start, end = part.offset(child.start_byte), part.offset(child.end_byte)
                    children.append((child, start + origin, end + origin))
        if children:
            yield children
        parents = inner


def _kinds(node: tree_sitter.Node) -> Iterator[str]:
    """Kind of a node, and of what it wraps: `export`, decorators."""
    yield node.type
    for child in node.named_children[-2:]:
        yield child.type


def _line_start_at_or_after(text: str, offset: int) -> int:
    if offset <= 0 or text[offset - 1] == "\n":
        return offset
    newline = text.find("\n", offset)
    return newline + 1 if newline >= 0 else len(text) + 1
