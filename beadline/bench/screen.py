"""What a suggestion on the screen is worth to an author. Knows texts; knows no server.

A suggestion is right if its first line that is not blank is, to its end, what the author then
typed. Before the end of a line that is the rest of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from beadline.bench.edits import Event, Kind
from beadline.bench.sessions import Step


@dataclass(frozen=True)
class Ghost:
    """`text` would replace [start, end) of the text; the cursor stands in it or at its start."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Verdict:
    """What one suggestion was worth."""

    right: bool
    agrees: bool
    """Nothing in its first line is wrong; it may end early."""
    inserted: str
    """What it would put in at the cursor."""


def judge(ghost: Ghost, text: str, cursor: int, rest: str | None) -> Verdict:
    """`rest` is what the author still types at the cursor; None: other things come first."""
    result = text[: ghost.start] + ghost.text + text[ghost.end :]
    behind = text[cursor : ghost.end]
    inserted = result[cursor : len(result) - (len(text) - ghost.end)]
    if behind and inserted.endswith(behind):
        inserted = inserted[: -len(behind)]
    if not rest or not rest.strip() or not inserted.strip() or result[:cursor] != text[:cursor]:
        return Verdict(False, False, inserted)
    truth = rest + text[cursor:]
    right = first_line(result[cursor:]) == first_line(truth)
    return Verdict(right, right or truth.startswith(first_line(inserted)), inserted)


def first_line(text: str) -> str:
    """Up to the end of the first line that is not blank, without blanks at its end."""
    begin = len(text) - len(text.lstrip())
    end = text.find("\n", begin)
    return text[: end if end >= 0 else len(text)].rstrip()


def typed_on(ghost: Ghost, event: Event) -> Ghost | None:
    """What is left of a suggestion after a key that agrees with it; None if it does not."""
    agrees = event.start == event.end == ghost.start and ghost.text.startswith(event.text)
    if not agrees or len(ghost.text) == len(event.text):
        return None
    moved = len(event.text)
    return Ghost(ghost.start + moved, ghost.end + moved, ghost.text[moved:])


def acceptance(
    verdict: Verdict, steps: Sequence[Step], at: int, cursor: int, rest: str
) -> tuple[Event, int] | None:
    """How an author takes a right suggestion after step `at`: the edit, and the step that it
    replaces last. The whole if all of it is right, else its first line."""
    line = first_line(rest)
    for wanted in (verdict.inserted, line):
        if not wanted or not rest.startswith(wanted):
            continue
        missing = rest[len(wanted) :]
        for number in range(at + 1, len(steps)):
            event = steps[number].event
            if event is None or event.kind in (Kind.JUMP, Kind.DELETE):
                break
            if event.rest == missing:
                taken = Event(Kind.TYPE, cursor, cursor, wanted, missing, event.hunk)
                return taken, number
    return None
