"""Symbols of a text that is being typed in, by those of an earlier version. Knows no index.

Reading all of a file takes longer than most searches. What is typed in a body defines nothing as a
rule: then only places have moved. While the text is broken what was defined below is still known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from beadline.context.difference import changed_span
from beadline.context.retrieval.terms import words
from beadline.context.symbols.reader import Nodes
from beadline.context.symbols.types import Definition, FileSymbols, Import, Kind
from beadline.context.syntax import SyntaxTree

Matches = Callable[[int, int], Iterable[Nodes]]
MOST_CHARS = 2000
"""Of a change; a larger one is no typing."""
_COMMENT = re.compile(r"#|//|\*|--|@")
"""May begin or end a comment or a decorator."""
_WHOLE = re.compile(r"definition\.|body$|_")
"""Captures of the query that are not what a definition is told by."""


@dataclass(frozen=True)
class _Change:
    """The lines of a text that are others in the next version."""

    start: int
    """Of the first line; the same in both."""
    old_end: int
    """Of the last line, without its newline."""
    new_end: int
    lines: int
    """How many lines more there are."""

    @classmethod
    def between(cls, old: str, new: str) -> _Change | None:
        """None where so much has changed that it was not typed."""
        start, end, new_end = changed_span(old, new)
        if max(end, new_end) - start > MOST_CHARS:
            return None
        lines = new.count("\n", start, new_end) - old.count("\n", start, end)
        stop = old.find("\n", end)
        stop = len(old) if stop < 0 else stop
        return cls(old.rfind("\n", 0, start) + 1, stop, stop + new_end - end, lines)

    @property
    def shift(self) -> int:
        """Characters by which what is below has moved."""
        return self.new_end - self.old_end

    def touches(self, start: int, end: int) -> bool:
        """Whether a range of the old text is in the changed lines, in part at least."""
        return start <= self.old_end and self.start <= end


def moved(before: FileSymbols, old: str, tree: SyntaxTree, matches: Matches) -> FileSymbols | None:
    """The symbols of a tree's text by those of `old`, an earlier version of it. `matches` finds
    definitions and imports that touch a range of its bytes.

    None where they may be others: where the changed lines define or import something, or did. What
    a function returns and how it is documented may be told as it was.
    """
    change = _Change.between(old, tree.text)
    if change is None or _told(before, old, tree.text, change) or _tells(tree, change, matches):
        return None
    ends = _ends(tree, change)
    return replace(
        before,
        definitions=tuple(_definition(each, change, ends) for each in before.definitions),
        imports=tuple(_import(each, change) for each in before.imports),
        names=_names(before.names, old, tree.text, change),
    )


class Kept:
    """What an earlier version of a text had, for one whose symbols have to be extracted: what the
    change does not touch needs not be read again."""

    def __init__(self, before: FileSymbols, old: str, new: str) -> None:
        """`old`: the earlier text, `before` its symbols."""
        self._change = change = _Change.between(old, new)
        self._definitions: dict[tuple[int, str], Definition] = {}
        """By header, where it is now, and name."""
        self.names: Mapping[str, int] | None = None
        """How often every identifier occurs now; None where that is not known."""
        if change is None:
            return
        self.names = _names(before.names, old, new, change)
        for each in before.definitions:
            # With the line above, for its comments.
            if not change.touches(_line_above(old, each), each.end + 1):
                below = each.start > change.old_end
                header = each.header + change.shift if below else each.header
                self._definitions[header, each.name] = each

    def definition(
        self, header: int, name: str, owner: str, kind: Kind, end: int
    ) -> Definition | None:
        """The definition with this header, of this name, owner and kind, and with this end, as it
        was, in its new place."""
        known = self._definitions.get((header, name))
        if known is None or self._change is None:
            return None
        shift = header - known.header
        if (known.owner, known.kind, known.end + shift) != (owner, kind, end):
            return None
        # What is above may have other lines but no other place.
        below = known.start > self._change.old_end
        return _definition(known, self._change, {}) if below else known


def displaced(before: FileSymbols, old: str, new: str) -> FileSymbols:
    """The symbols of `old`, an earlier version of a text, where they are in it now. Nothing is
    read: what the change itself defines is not among them, and lines are not counted anew.
    """
    if old == new:
        return before
    start, end, new_end = changed_span(old, new)

    def at(place: int) -> int:
        return place + new_end - end if place >= end else min(place, start)

    return replace(
        before,
        definitions=tuple(
            each
            if each.end < start
            else replace(
                each,
                start=at(each.start),
                end=at(each.end),
                header=at(each.header),
                header_end=at(each.header_end),
            )
            for each in before.definitions
        ),
        imports=tuple(
            each if each.end < start else replace(each, start=at(each.start), end=at(each.end))
            for each in before.imports
        ),
    )


def _line_above(text: str, each: Definition) -> int:
    """The end of the line above a definition; a comment in it would belong to it."""
    return text.rfind("\n", 0, each.start)


def _told(before: FileSymbols, old: str, new: str, change: _Change) -> bool:
    """Whether something was defined or imported in the changed lines."""
    lines = old[change.start : change.old_end], new[change.start : change.new_end]
    is_comment = any(map(_COMMENT.search, lines))
    return any(
        change.touches(_line_above(old, each) if is_comment else each.start - 1, each.header_end)
        or (each.value and change.touches(each.end, each.end))  # what it returns at last
        for each in before.definitions
    ) or any(change.touches(each.start, each.end) for each in before.imports)


def _tells(tree: SyntaxTree, change: _Change, matches: Matches) -> bool:
    """Whether something is defined or imported in them now."""
    start, end = tree.byte_offset(change.start), tree.byte_offset(change.new_end)
    return any(
        node.start_byte <= end and start <= node.end_byte
        for nodes in matches(start, max(end, start + 1))
        for capture, captured in nodes.items()
        if not _WHOLE.match(capture)
        for node in captured
    )


def _ends(tree: SyntaxTree, change: _Change) -> Mapping[int, int]:
    """Where the nodes with a body around the change end, by their starts: by indentation alone a
    body may have become longer."""
    text = tree.text[change.start : change.new_end]
    first = change.start + len(text) - len(text.lstrip())
    last = max(first, change.start + len(text.rstrip()))
    node = tree.root.descendant_for_byte_range(tree.byte_offset(first), tree.byte_offset(last))
    ends: dict[int, int] = {}
    while node is not None:
        if node.child_by_field_name("body") is not None:
            ends.setdefault(tree.offset(node.start_byte), tree.offset(node.end_byte))
        node = node.parent
    return ends


def _definition(each: Definition, change: _Change, ends: Mapping[int, int]) -> Definition:
    if each.start > change.old_end:
        shift = change.shift
        # All of a file's below the change: `replace` would take ten times as long.
        return Definition(
            each.name,
            each.kind,
            each.owner,
            each.start + shift,
            each.end + shift,
            each.header + shift,
            each.header_end + shift,
            each.line + change.lines,
            each.signature,
            each.doc,
            each.exported,
            each.type,
            each.bases,
            each.value,
            each.parameters,
        )
    if each.header in ends:
        return replace(each, end=ends[each.header])
    if each.end > change.start:
        # A change of its last line may have cut it; nothing ends in front of its header.
        return replace(each, end=max(each.end + change.shift, each.header_end))
    return each


def _import(each: Import, change: _Change) -> Import:
    if each.start <= change.old_end:
        return each
    return replace(each, start=each.start + change.shift, end=each.end + change.shift)


def _names(names: Mapping[str, int], old: str, new: str, change: _Change) -> Mapping[str, int]:
    found = dict(names)
    for name in words(old[change.start : change.old_end]):
        found[name] = found.get(name, 0) - 1
        if found[name] <= 0:
            del found[name]
    for name in words(new[change.start : change.new_end]):
        found[name] = found.get(name, 0) + 1
    return found
