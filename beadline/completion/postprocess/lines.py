"""When two lines say the same. Knows lines of text and nothing else."""

from __future__ import annotations

import re

from rapidfuzz.distance import Levenshtein

SHORT = 4
"""Lines of at most so many characters are compared exactly, or not at all (Continue)."""
_NEAR = 0.1
"""Edit distance by length below which two lines are near (Continue)."""
_WORD = re.compile(r"\w+")


def same(first: str, second: str) -> bool:
    """Equal up to blanks at both ends, or near (Continue) with the very same words.

    In code a line that differs from its neighbour in one name or number is the usual case and
    no repetition: of near lines only those count that differ in blanks and signs.
    """
    first, second = first.strip(), second.strip()
    if first == second:
        return True
    if min(len(first), len(second)) <= SHORT or _WORD.findall(first) != _WORD.findall(second):
        return False
    distance = Levenshtein.distance(first, second)
    return distance < _NEAR * max(len(first), len(second))


def says_something(line: str) -> bool:
    """Long enough, with a letter or digit: not a bracket or a ruler, which legitimately recur."""
    return len(line.strip()) >= SHORT and any(c.isalnum() for c in line)


def filled(text: str, most: int) -> list[str]:
    """The first `most` lines of `text` that are not blank."""
    found: list[str] = []
    at = 0
    while at < len(text) and len(found) < most:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if text[at:end].strip():
            found.append(text[at:end])
        at = end + 1
    return found


def filled_before(text: str, most: int) -> list[str]:
    """The last `most` lines of `text` that are not blank, in the order of the text."""
    found: list[str] = []
    end = len(text)
    while end > 0 and len(found) < most:
        start = text.rfind("\n", 0, end) + 1
        if text[start:end].strip():
            found.append(text[start:end])
        end = start - 1
    return found[::-1]
