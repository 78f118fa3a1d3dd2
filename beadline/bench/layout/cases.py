"""Cursors in real code at which layouts are compared. Knows files and texts; no model, no prompts.

Holes come from evaluation's drawing. A third of the cursors is put inside a word: that is where
typing leaves them most of the time, and where tokens of the prompt and of the model's answer meet.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from beadline.completion.frames import ANCHOR_TOKENS, CHARS_PER_TOKEN
from beadline.evaluation.holes import Hole, draw
from beadline.evaluation.sources import SourceFile

MID_WORD = "mid_word"
"""Category of the holes whose cursor is inside a word."""
MID_WORD_SHARE = 3
"""One case in so many is such a hole."""
MOST_BEHIND = ANCHOR_TOKENS * CHARS_PER_TOKEN
"""Most characters behind an anchor: what serving lets a resting one leave."""
_OWN_LINE = 0.4
_MOST_LINES = 8
_MOST_BREAKS = 3
"""Line breaks, exclusive, in a hole whose start is moved into a word: the rest of a line or of a
statement, no whole bodies."""
_WORD = re.compile(r"[^\W\d]\w+")
"""A word that a cursor can be inside of."""


@dataclass(frozen=True)
class Case:
    """A hole, and how far above its cursor the prompt's anchor stands."""

    hole: Hole
    anchor_lines: int
    """0: at the start of the cursor's line."""

    @property
    def mid_word(self) -> bool:
        """Whether the cursor is inside a word."""
        return self.hole.category == MID_WORD

    def anchor(self, low: int) -> int:
        """Offset of the anchor in the hole's text, not below `low`."""
        text, cursor = self.hole.text, self.hole.start
        low = max(low, cursor - MOST_BEHIND)
        anchor = max(low, text.rfind("\n", low, cursor) + 1)
        for _ in range(self.anchor_lines):
            if anchor <= low:
                break
            anchor = max(low, text.rfind("\n", low, anchor - 1) + 1)
        return anchor


def draw_cases(files: Sequence[SourceFile], *, holes: int, seed: int) -> list[Case]:
    """`holes` cases, a third of them mid-word, in an order that is random: any first part of them
    is a sample of all. The same files and seed always give the same cases; fewer come back where
    the files do not have enough.

    Anchors are 0 lines above the cursor in 40 % of the cases and 1 to 8 lines, uniformly, in the
    others: what typing on from a resting anchor gives, and what our own models are trained on.
    """
    inside = holes // MID_WORD_SHARE
    found = draw(files, holes=holes - inside, empty=0, seed=seed)
    # Not every hole has a word to be inside of, and bodies are left out.
    others = draw(files, holes=3 * inside, empty=0, seed=seed + 1)
    random.Random(seed).shuffle(others)
    moved = {hole.id: hole for each in others if (hole := _into_word(each, _generator(seed, each)))}
    found += list(moved.values())[:inside]
    random.Random(seed).shuffle(found)
    return [Case(hole, _anchor_lines(_generator(seed, hole))) for hole in found]


def _into_word(hole: Hole, rng: random.Random) -> Hole | None:
    """The hole from a cursor inside one of the words of its first line; None where it has none."""
    if hole.truth.count("\n") >= _MOST_BREAKS:
        return None
    first = hole.truth.partition("\n")[0]
    words = list(_WORD.finditer(first))
    if not words:
        return None
    word = rng.choice(words)
    inside = rng.randrange(word.start() + 1, word.end())
    return replace(hole, category=MID_WORD, start=hole.start + inside)


def _anchor_lines(rng: random.Random) -> int:
    return 0 if rng.random() < _OWN_LINE else rng.randint(1, _MOST_LINES)


def _generator(seed: int, hole: Hole) -> random.Random:
    """One of its own for every hole, the same in every process."""
    key = hashlib.sha256(f"{seed}:{hole.id}".encode()).digest()
    return random.Random(int.from_bytes(key[:8], "big"))
