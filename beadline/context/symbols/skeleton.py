"""Shows a definition in few lines: a function by its header, a class by those of its members.

Knows no cursor and no prompt. Every line is as in the file, so that what is shown can be found
there; what is left out leaves no mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from beadline.context.symbols.types import Definition, Kind, Needed, Reason

_CONTAINERS = frozenset({Kind.CLASS, Kind.INTERFACE, Kind.ENUM, Kind.MODULE})
_VALUES = frozenset({Kind.FIELD, Kind.VARIABLE, Kind.CONSTANT})
_MOST_LINES = 3
"""Of a value; more is data."""
_MOST_HEADER_LINES = 40
"""Of a header; more is a definition whose body the grammar does not tell apart."""
_MOST_DOC_LINES = 4
_MOST_DOC_CHARS = 300
_MOST_DECORATORS = 4
_DOCUMENTED = frozenset({Reason.CALLEE})
"""Reasons to show documentation, where there is room."""
_ONE_OF_MANY = frozenset({Reason.EXPORT})
"""Reasons to show a header alone, and of a long one the first lines: there are many others."""
_BRIEF_CHARS = 240
_TEXTS = 64
"""Texts of which it is remembered where headers are: those that one search shows."""
_LESSER = re.compile(r"@(?:[\w.]*\.)?(?:overload|setter|deleter)\b")
"""Decorators of a member's second definitions, which are shown where there is room left."""
_STRING = re.compile(r'[rRuU]?("""|\'\'\'|"|\')')
_DECORATOR = re.compile(r"[ \t]*(?:@|#\[)")
_COMMENT = re.compile(r"[ \t]*(?:#(?!\[)|//|/\*|\*|--)")

Lines = tuple[int, int]
"""Start and end of whole lines; the end is behind the last newline, or the end of the text."""


@dataclass(frozen=True)
class Rendered:
    """What is shown of a definition."""

    text: str
    """Whole lines of its file, in the file's order."""
    start: int
    """Offset of the first of them."""


def render(
    needed: Needed, text: str, definitions: Sequence[Definition] = (), *, room: int
) -> Rendered | None:
    """A definition in at most `room` characters; None where not even its header fits.

    `text` is that of its file, `definitions` are the file's: with them a member is shown below the
    header of its class, and a class with as many members as fit, those of `needed.members` first,
    in that order; all of them stand in the order of the file.
    """
    definition = needed.located.definition
    shown = _Shown(text, room)
    is_brief = needed.reason in _ONE_OF_MANY
    header = _header(text, definition)
    if not shown.add(_beginning(text, header) if is_brief else header):
        return None
    owner = _owner(definition, definitions)
    if owner is not None:
        shown.add(_first_line(text, owner.header))
    for decorator in _decorators(text, definition):
        shown.add(decorator)
    if needed.reason in _DOCUMENTED:
        for lines in _doc(text, definition):
            shown.add(lines)
    if definition.kind in _CONTAINERS and not is_brief:
        for member in _members(needed, text, definitions):
            if shown.add(_header(text, member)):
                for decorator in _decorators(text, member):
                    shown.add(decorator)
    return shown.rendered()


class _Shown:
    """Lines that are shown, as long as there is room."""

    def __init__(self, text: str, room: int) -> None:
        self._text, self._room = text, room
        self._lines: dict[int, int] = {}

    def add(self, lines: Lines) -> bool:
        """Show lines; False where there is no room for them."""
        text, known = self._text, self._lines
        size, fresh = 0, []
        at, stop = lines
        while at < stop:
            end = text.find("\n", at) + 1 or len(text)
            if at not in known and not text[at:end].isspace():
                fresh.append((at, end))
                size += end - at
            at = end
        if size > self._room:
            return False
        self._room -= size
        known.update(fresh)
        return True

    def rendered(self) -> Rendered | None:
        """What is shown; None where that is nothing (the file has changed)."""
        if not self._lines:
            return None
        starts = sorted(self._lines)
        parts = [self._text[start : self._lines[start]] for start in starts]
        joined = "".join(part if part.endswith("\n") else f"{part}\n" for part in parts)
        return Rendered(joined, starts[0])


@lru_cache(maxsize=_TEXTS)
def _headers(text: str) -> dict[tuple[int, int, bool], Lines]:
    """What `_header` found in a text. One search after the other shows the same classes."""
    return {}


def _header(text: str, definition: Definition) -> Lines:
    """The lines from a definition's own first one to the one in which its body starts."""
    known = _headers(text)
    key = definition.header, definition.header_end, definition.kind in _VALUES
    found = known.get(key)
    if found is None:
        found = known[key] = _header_lines(text, definition)
    return found


def _header_lines(text: str, definition: Definition) -> Lines:
    start = text.rfind("\n", 0, definition.header) + 1
    stop = max(definition.header_end, definition.header + 1)
    if text.find("\n", definition.header, stop) < 0:
        return start, _line_end(text, min(stop, len(text)))
    lines = text[definition.header : stop].split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or _COMMENT.match(lines[-1])):
        lines.pop()
    if len(lines) > (_MOST_LINES if definition.kind in _VALUES else _MOST_HEADER_LINES):
        lines = lines[:1]
    at = definition.header + len("\n".join(lines))
    return start, _line_end(text, at)


def _beginning(text: str, lines: Lines) -> Lines:
    """The first lines, or line, of long ones."""
    start, end = lines
    if end - start <= _BRIEF_CHARS:
        return lines
    return start, max(text.rfind("\n", start, start + _BRIEF_CHARS) + 1, _line_end(text, start))


def _first_line(text: str, at: int) -> Lines:
    return text.rfind("\n", 0, at) + 1, _line_end(text, at)


def _decorators(text: str, definition: Definition) -> Iterator[Lines]:
    """Lines of one whole decorator each, the last few."""
    top = text.rfind("\n", 0, definition.header) + 1
    if top <= definition.start:
        return  # nothing stands above it
    lines = list(_each_line(text, (text.rfind("\n", 0, definition.start) + 1, top)))
    marked = [line for line in lines if _DECORATOR.match(text, *line) and _whole(text, line)]
    yield from marked[-_MOST_DECORATORS:]


def _doc(text: str, definition: Definition) -> Iterator[Lines]:
    """The documentation above a definition or first in its body, where it is short."""
    top = text.rfind("\n", 0, definition.header) + 1
    above = (text.rfind("\n", 0, definition.start) + 1, top)
    lines = [line for line in _each_line(text, above) if _COMMENT.match(text, *line)]
    if 0 < len(lines) <= _MOST_DOC_LINES:
        yield from lines
    match = _STRING.match(text, definition.header_end)
    if match is not None and definition.doc:
        closed = text.find(match[1], match.end(), match.end() + _MOST_DOC_CHARS)
        inside = text[match.end() : max(closed, match.end())]
        if closed >= 0 and inside.count("\n") < _MOST_DOC_LINES:
            start = text.rfind("\n", 0, match.start()) + 1
            yield start, _line_end(text, closed + len(match[1]))


def _owner(definition: Definition, definitions: Sequence[Definition]) -> Definition | None:
    """The definition that a member belongs to; None for no member, or one of another file's."""
    if not definition.owner:
        return None
    outside, _, name = definition.owner.rpartition(".")
    for each in definitions:
        if each.name == name and each.owner == outside:
            return each
    return None


def _members(needed: Needed, text: str, definitions: Sequence[Definition]) -> list[Definition]:
    """The members of a class, the likeliest first; overloads and setters last."""
    owner = needed.located.definition
    qualified = owner.qualified
    ranks = {name: rank for rank, name in enumerate(needed.members)}
    found = [
        each for each in definitions if each.owner == qualified and each.header >= owner.header
    ]
    return sorted(
        found,
        key=lambda each: (
            each.start < each.header and bool(_LESSER.search(text, each.start, each.header)),
            ranks.get(each.name, len(ranks)),
            each.header,
        ),
    )


def _each_line(text: str, lines: Lines) -> Iterator[Lines]:
    at, end = lines
    while at < end:
        stop = _line_end(text, at)
        yield at, stop
        at = stop


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _whole(text: str, lines: Lines) -> bool:
    """No bracket stays open."""
    return text.count("(", *lines) == text.count(")", *lines)
