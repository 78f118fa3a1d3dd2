"""Turns a change of a file into what an author's keys do. Knows no git, no server and no clock.

A hunk is a cursor jump, the deletion of what goes, and the new text character by character, with
the indentation that an editor inserts after Enter. Applying all events of a script to the old
text gives exactly the new one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

_OPENERS = (":", "(", "[", "{")
"""A line that ends so makes editors indent the next one a level more."""


class Kind(StrEnum):
    """What an author does."""

    JUMP = "jump"
    """The cursor goes elsewhere."""
    DELETE = "delete"
    """Old text is selected and removed."""
    TYPE = "type"
    """One character."""
    ENTER = "enter"
    """A line break and the editor's indentation."""
    BACKSPACE = "backspace"
    """Indentation that the editor inserted and nobody wants is removed."""


KEYS = frozenset({Kind.TYPE, Kind.ENTER, Kind.BACKSPACE})
"""What is typed: editors ask for a suggestion after these."""


@dataclass(frozen=True)
class Event:
    """`text` replaces [start, end) of the text as it is by then; the cursor stands behind it."""

    kind: Kind
    start: int
    end: int
    text: str
    rest: str | None
    """What of the new text is still missing after the cursor until the hunk is done. None while
    the text is not a part of the new one: indentation too much, or nothing typed yet."""
    hunk: int
    """Number of the hunk in its file."""

    @property
    def cursor(self) -> int:
        """Where the cursor is afterwards."""
        return self.start + len(self.text)


def apply(text: str, event: Event) -> str:
    """The text after an event."""
    return text[: event.start] + event.text + text[event.end :]


def script(old: str, new: str) -> list[Event]:
    """The events that turn `old` into `new`, from top to bottom. Both have LF line ends."""
    events: list[Event] = []
    shift = 0
    for hunk, (o0, o1, n0, n1) in enumerate(_hunks(old, new)):
        start, line = o0 + shift, new.rfind("\n", 0, n0) + 1
        events.append(Event(Kind.JUMP, start, start, "", None, hunk))
        if o1 > o0:
            events.append(Event(Kind.DELETE, start, start + o1 - o0, "", None, hunk))
        events += _typed(new[n0:n1], start, new[line:n0], hunk)
        shift += (n1 - n0) - (o1 - o0)
    return events


def _hunks(old: str, new: str) -> Iterator[tuple[int, int, int, int]]:
    """Ranges of `old` and of `new` that differ; whole lines, less what their ends share."""
    before, after = _lines(old), _lines(new)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    old_at, new_at = _offsets(before), _offsets(after)
    for tag, i0, i1, j0, j1 in matcher.get_opcodes():
        if tag == "equal":
            continue
        o0, o1, n0, n1 = old_at[i0], old_at[i1], new_at[j0], new_at[j1]
        if o0 == o1 and o0 and n0 and old[o0 - 1] == "\n" and new[n0:n1].endswith("\n"):
            # Whole new lines: Enter at the end of the line above comes first, not last.
            o0, o1, n0, n1 = o0 - 1, o1 - 1, n0 - 1, n1 - 1
        while o0 < o1 and n0 < n1 and old[o0] == new[n0]:
            o0, n0 = o0 + 1, n0 + 1
        while o0 < o1 and n0 < n1 and old[o1 - 1] == new[n1 - 1]:
            o1, n1 = o1 - 1, n1 - 1
        yield o0, o1, n0, n1


def _lines(text: str) -> list[str]:
    """Lines with their ends; `splitlines` would break at form feeds as well."""
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _offsets(lines: list[str]) -> list[int]:
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line))
    return offsets


def _typed(wanted: str, start: int, line: str, hunk: int) -> Iterator[Event]:
    """Keys that insert `wanted` at `start`, where `line` stands before it on its line."""
    at = 0
    spare = 0
    """Characters of indentation behind `wanted[:at]` that nobody wants."""
    while at < len(wanted):
        here = start + at
        if wanted[at] != "\n":
            line += wanted[at]
            yield Event(Kind.TYPE, here, here, wanted[at], wanted[at + 1 :], hunk)
            at += 1
            continue
        following = wanted[at + 1 :]
        # The last line break opens a line above text that is there: nothing to indent.
        indent = _editor_indent(line, following) if following else ""
        kept = _common(indent, following)
        exact = kept == len(indent)
        rest = following[kept:] if exact else None
        yield Event(Kind.ENTER, here, here + spare, f"\n{indent}", rest, hunk)
        at, spare, line = at + 1 + kept, len(indent) - kept, indent[:kept]
        if spare and not wanted.startswith("\n", at):
            # On an empty line it stays until Enter, when editors take it away by themselves.
            here = start + at
            yield Event(Kind.BACKSPACE, here, here + spare, "", wanted[at:], hunk)
            spare = 0
        elif spare:
            line = indent


def _editor_indent(line: str, following: str) -> str:
    """What an editor inserts after Enter at the end of `line`: the same indentation, and where
    the line opens something that of the next line, if that is deeper."""
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    below = following[: len(following) - len(following.lstrip(" \t"))]
    if line.rstrip().endswith(_OPENERS) and below.startswith(indent):
        return below
    return indent


def _common(first: str, second: str) -> int:
    length = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        length += 1
    return length
