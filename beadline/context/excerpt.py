"""Chooses the part of a long text that is parsed for one offset. Knows no parser.

Every check of a suggestion parses, and where a text is broken a parse takes time that grows with
the square of its length.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from beadline.context.hole import Hole
from beadline.context.lexer import CLOSER, CLOSERS, columns, indent_of, scan

WHOLE_CHARS = 100_000
"""Shorter texts are parsed whole."""
PART_CHARS = 40_000
"""Most characters of a longer text that are parsed at a time."""
_PARAGRAPH = re.compile(r"\n[ \t]*\n([ \t]*)(?=[^\s)\]}])")


@dataclass(frozen=True)
class Excerpt:
    """A part of a text that can be parsed alone: what encloses it stands around it."""

    text: str
    origin: int
    """Offset in the long text that would be offset 0 of this one; negative where the headers
    before the part are longer than what stands before it."""
    start: int
    end: int
    """The part of the long text that stands in this one as it is."""


def excerpt(hole: Hole, chars: int) -> Excerpt | None:
    """The paragraphs around a hole, within the headers and brackets that they stand in.

    On each side at most half of `chars`, and at least a fifth of it where there is so much. None
    where one statement, line or string is too long to be cut.
    """
    start, end = _start(hole, chars), _end(hole, chars)
    if start is None or end is None:
        return None
    headers = _headers(hole, start) if start else ""
    text = headers + hole.text[start:end]
    if end < len(hole.text) and hole.language.blocks == "braces":
        # As it will be when the hole has closed and opened what it has to.
        at = len(headers) + hole.offset - start
        open_at_end = scan(text[:at] + _balance(hole) + text[at:], hole.language).stack
        text += "".join(CLOSER[bracket] for bracket, _ in reversed(open_at_end))
    return Excerpt(text, start - len(headers), start, end)


def _balance(hole: Hole) -> str:
    """The brackets that the text around a hole wants of it."""
    stack = hole.scanned.stack
    closers = [CLOSER[bracket] for bracket, _ in reversed(stack[len(stack) - hole.missing :])]
    openers = {closer: opener for opener, closer in CLOSER.items()}
    return "".join(closers) + "".join(openers[closer] for closer in reversed(hole.opened))


def _start(hole: Hole, chars: int) -> int | None:
    """Start of a line that is as little indented as possible, behind a blank one if possible."""
    text, offset, lines = hole.text, hole.offset, hole.scanned.lines
    if offset <= chars // 2:
        return 0
    first = bisect_left(lines, offset - chars // 2, key=lambda line: line.start)
    last = bisect_right(lines, offset - chars // 5, key=lambda line: line.start)
    best: tuple[int, int] | None = None
    for line in reversed(lines[first:last]):
        if text[line.start] in CLOSERS:
            continue
        at = text.rfind("\n", 0, line.start) + 1
        blank_above = not text[text.rfind("\n", 0, max(0, at - 1)) + 1 : at].strip()
        rank = 2 * line.column + (not blank_above)
        if best is None or rank < best[0]:
            best = rank, at
        if not rank:
            break
    return best and best[1]


def _end(hole: Hole, chars: int) -> int | None:
    near, far = hole.offset + chars // 5, hole.offset + chars // 2
    if far >= len(hole.text):
        return len(hole.text)
    found = min(_PARAGRAPH.finditer(hole.text, near, far), key=_depth, default=None)
    if found is not None:
        return found.start() + 1
    return hole.text.rfind("\n", near, far) + 1 or None


def _depth(match: re.Match[str]) -> int:
    return columns(match.group(1))


def _headers(hole: Hole, start: int) -> str:
    """The headers of what encloses a line, by indentation, which broken code keeps."""
    limit = columns(indent_of(hole.text[start : start + 1000]))
    found: list[str] = []
    opener = {"indent": ":", "braces": "{"}.get(hole.language.blocks, "")
    lines = hole.scanned.lines
    index = bisect_left(lines, start, key=lambda line: line.start) - 1
    while index >= 0 and limit:
        line = lines[index]
        if line.column < limit:
            limit = line.column
            header = hole.text_of(index)
            if opener and header.endswith(opener):
                # A bracket on a line of its own belongs to the header above it.
                if header == opener and index and lines[index - 1].column == limit:
                    index -= 1
                    header = f"{hole.text_of(index)}\n{line.indent}{header}"
                found.append(f"{line.indent}{header}\n")
        index -= 1
    return _opening(hole, start) + "".join(reversed(found))


def _opening(hole: Hole, start: int) -> str:
    """The mark behind which the language starts, where it stands in text of another one."""
    if hole.language.embedded is None:
        return ""
    opening, closing = hole.language.embedded
    opened = hole.text.rfind(opening, 0, start)
    return f"{opening}\n" if opened >= 0 and opened > hole.text.rfind(closing, 0, start) else ""
