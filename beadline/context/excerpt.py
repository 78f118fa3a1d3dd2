"""Chooses the part of a long Python text that is parsed for one offset. Knows no parser.

Every check of a suggestion parses, and where a text is broken a parse takes time that grows with
the square of its length.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

from beadline.context.hole import Hole
from beadline.context.lexer import columns

WHOLE_CHARS = 100_000
"""Shorter texts are parsed whole."""
_NEAR, _FAR = 20_000, 50_000
"""Least and most characters on each side of the offset."""
_TOP_LEVEL = re.compile(r"(?:(?:async\s+)?def|class)\b|@")
_DEFINITION = re.compile(r"\n\n([ \t]*)(?=def |class |async def |@)")


def excerpt(hole: Hole) -> tuple[int, int] | None:
    """Start and end of the definitions around a hole; at most `WHOLE_CHARS` in all.

    None where one statement, line or string is too long to be cut.
    """
    start, end = _start(hole), _end(hole)
    return None if start is None or end is None else (start, end)


def _start(hole: Hole) -> int | None:
    """Start of a top-level definition, its decorators included, else of an outer statement."""
    text, offset, lines = hole.text, hole.offset, hole.scanned.lines
    if offset <= _FAR:
        return 0
    first = bisect_left(lines, offset - _FAR, key=lambda line: line.start)
    last = bisect_right(lines, offset - _NEAR, key=lambda line: line.start)
    for index in range(last - 1, first - 1, -1):
        line = lines[index]
        decorated = index > 0 and text.startswith("@", lines[index - 1].start)
        if not line.indent and not decorated and _TOP_LEVEL.match(text, line.start):
            return line.start
    outermost = min(reversed(lines[first:last]), key=lambda line: line.column, default=None)
    return None if outermost is None else text.rfind("\n", 0, outermost.start) + 1


def _end(hole: Hole) -> int | None:
    near, far = hole.offset + _NEAR, hole.offset + _FAR
    if far >= len(hole.text):
        return len(hole.text)
    # Before a definition, the outermost there is, so that what stands in front of it is whole.
    behind = min(_DEFINITION.finditer(hole.text, near, far), key=_depth, default=None)
    if behind is not None:
        return behind.start() + 1
    return hole.text.rfind("\n", near, far) + 1 or None


def _depth(match: re.Match[str]) -> int:
    return columns(match.group(1))
