"""Cursors as users leave them: within lines and words, before closers, where nothing is missing.

Knows lines and characters; of the syntax only the places it is given. The random spans of the
comparison are here too.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cached_property

from beadline.context.window import line_anchor
from beadline.trainer.structured_fim.nodes import Nodes, Span

CLOSERS = ")]}:,\"'`"
"""What an editor may have put behind the cursor, or the user."""
MOST_LINES = 8
"""Most lines missing below the cursor's, as in `evaluation.typed_holes`."""
MOST_ABOVE = 8
"""Most lines between the cursor's and the anchor."""
_TRIES = 8
_LONGEST_RANDOM = 200
_COMPLETE = frozenset("])}\"'")
"""Line ends after which a statement is taken to be complete where there is no tree."""


class Lines:
    """The lines of one text."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def spans(self) -> Sequence[Span]:
        """From the first to behind the last character that is no white space, of every line that
        has one."""
        found: list[Span] = []
        start = 0
        for line in self.text.split("\n"):
            if kept := line.strip():
                first = start + len(line) - len(line.lstrip())
                found.append((first, first + len(kept)))
            start += len(line) + 1
        return found

    def draw(self, rng: random.Random) -> Span | None:
        """One of them."""
        return rng.choice(self.spans) if self.spans else None


def rest_of_line(lines: Lines, rng: random.Random) -> Span | None:
    """From a cursor in a line to the line's end; in a third closers at its end stay behind it."""
    if (line := lines.draw(rng)) is None:
        return None
    start, end = line
    cut = rng.randrange(start, end)
    if rng.random() < 0.7:
        cut = word_start(lines.text, cut, start)
    stop = end
    if rng.random() < 1 / 3:
        while stop > cut + 1 and lines.text[stop - 1] in CLOSERS:
            stop -= 1
    return cut, stop


def inside_word(lines: Lines, rng: random.Random) -> Span | None:
    """From within a word to its end, or to the line's end."""
    for _ in range(_TRIES):
        if (line := lines.draw(rng)) is None:
            return None
        start, end = line
        cut = rng.randrange(start, end)
        first = word_start(lines.text, cut, start)
        last = cut
        while last < end and _in_word(lines.text[last]):
            last += 1
        if last - first > 2:
            cut = rng.randrange(first + 1, last)
            return cut, (last if rng.random() < 0.3 else end)
    return None


def before_closer(nodes: Nodes, text: str, rng: random.Random) -> Span | None:
    """From behind an opening bracket or quote, or from a word in between, to the closing one: an
    editor that closes brackets has put it there."""
    if not nodes.inside:
        return None
    start, end = rng.choice(nodes.inside)
    if rng.random() < 0.5:
        start = word_start(text, rng.randrange(start, end), start)
    return start, end


def some_lines(lines: Lines, most: int, rng: random.Random) -> Span | None:
    """The rest of a line, and some of those below it."""
    if (line := lines.draw(rng)) is None:
        return None
    text = lines.text
    start, end = rng.randrange(*line), line[1]
    for _ in range(rng.randint(1, MOST_LINES)):
        newline = text.find("\n", end)
        below = text.find("\n", newline + 1) if newline >= 0 else -1
        below = len(text) if below < 0 else below
        if newline < 0 or below - start > most:
            break
        end = below
    return start, end


def nothing(nodes: Nodes | None, lines: Lines, rng: random.Random) -> Span | None:
    """A place where nothing is missing: the end of a line whose statement is complete."""
    if nodes is not None:
        at = rng.choice(nodes.ends) if nodes.ends else -1
        return None if at < 0 else (at, at)
    for _ in range(_TRIES):
        line = lines.draw(rng)
        if line is not None and lines.text[line[1] - 1] in _COMPLETE:
            return line[1], line[1]
    return None


def random_span(text: str, most: int, rng: random.Random) -> Span | None:
    """A span of characters, wherever it starts and ends."""
    if len(text) < 2:
        return None
    start = rng.randrange(len(text) - 1)
    length = rng.randint(1, min(most, _LONGEST_RANDOM))
    return start, min(len(text), start + length)


def two_cuts(text: str, stretch: int, rng: random.Random) -> Span | None:
    """Two uniform cuts in a stretch of at most `stretch` characters: the character-level spans of
    Bavarian et al. 2022 (arXiv 2207.14255), on chunks of a context's length."""
    if len(text) < 2:
        return None
    low = rng.randrange(max(1, len(text) - stretch // 2))
    high = min(len(text), low + stretch)
    first, second = sorted((rng.randint(low, high), rng.randint(low, high)))
    return first, second


def draw_anchor(text: str, cursor: int, start: int, most: int, rng: random.Random) -> int:
    """A line start 0 to 8 lines above the cursor, not before `start` and at most `most` characters
    before the cursor, where serving may have left the anchor; mostly in the cursor's own line."""
    anchor = line_anchor(text, cursor, start, most)
    for _ in range(0 if rng.random() < 0.4 else rng.randint(1, MOST_ABOVE)):
        if anchor <= start or text[anchor - 1] != "\n":
            break
        above = max(start, text.rfind("\n", 0, anchor - 1) + 1)
        if cursor - above > most:
            break
        anchor = above
    return anchor


def word_start(text: str, cut: int, low: int) -> int:
    """Where the word starts that a place is in, not before `low`."""
    while cut > low and _in_word(text[cut - 1]):
        cut -= 1
    return cut


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"
