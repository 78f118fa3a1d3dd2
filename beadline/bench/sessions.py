"""Orders the keys of a commit as an author would press them. Knows no server and no clock.

Files are written one after the other, hunk by hunk; at the end of a line the author may look into
another file of the commit, write there, and come back.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from beadline.bench.commits import Commit
from beadline.bench.edits import KEYS, Event, Kind, script

SWITCHES = 0.15
"""Probability at the end of a line that the author goes to another file of the commit."""


class What(StrEnum):
    """What happens in a step."""

    OPEN = "open"
    """A file is opened and shown."""
    SWITCH = "switch"
    """An open file is shown again, with the cursor where it was."""
    EDIT = "edit"
    """Something of a script; a jump too."""
    SAVE = "save"
    PAUSE = "pause"
    """A hunk is done; the author thinks."""


@dataclass(frozen=True)
class Step:
    """One thing that an author does."""

    what: What
    path: str
    event: Event | None = None
    number: int = 0
    """Of the event in the file's script."""


def steps(commit: Commit, *, seed: int, switches: float = SWITCHES) -> Iterator[Step]:
    """All that happens in a commit; the same for the same seed."""
    rng = random.Random(f"{seed}:{commit.id}")
    left = {
        change.path: deque(enumerate(script(change.old, change.new))) for change in commit.changes
    }
    current = next(iter(left))
    opened = {current}
    yield Step(What.OPEN, current)
    while True:
        events = left[current]
        number, event = events.popleft()
        yield Step(What.EDIT, current, event, number)
        hunk_over = not events or events[0][1].hunk != event.hunk
        if hunk_over:
            yield Step(What.SAVE, current)
            yield Step(What.PAUSE, current)
        line_over = hunk_over or events[0][1].kind is Kind.ENTER
        others = [path for path in left if path != current and left[path]]
        wanders = others and line_over and event.kind in KEYS and rng.random() < switches
        if events and not wanders:
            continue
        if not others:
            return
        if wanders and not hunk_over:
            yield Step(What.SAVE, current)
        current = rng.choice(others)
        yield Step(What.SWITCH if current in opened else What.OPEN, current)
        opened.add(current)
