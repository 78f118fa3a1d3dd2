"""Predictions that need no model: what a model has to beat. Knows prefix text alone.

Neither looks into the hole or behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

LEAST_SIMILARITY = 0.3
"""Below this nothing is similar enough to copy."""
_LINES = 2000
"""Most lines above the cursor that are compared."""


def nothing(prefix: str) -> str:
    """Always silent."""
    del prefix
    return ""


def most_similar_line(prefix: str) -> str:
    """Copy from the line above that is most like the cursor's line.

    With text before the cursor on its line: the line that starts most alike, from where that text
    ends. On a blank line: the line whose preceding line is most like the one above the cursor.
    Similarity is the Indel ratio of stripped lines; later lines win ties.
    """
    from rapidfuzz.distance import Indel

    lines = prefix.split("\n")[-_LINES:]
    typed = lines.pop().strip()
    best, copied = LEAST_SIMILARITY, ""
    if typed:
        for line in map(str.strip, lines):
            head = line[: len(typed)]
            score = Indel.normalized_similarity(typed, head)
            if score >= best and len(line) > len(typed):
                best, copied = score, line[len(typed) :]
        return copied
    code = [line.strip() for line in lines if line.strip()]
    for above, line in pairwise(code):
        score = Indel.normalized_similarity(code[-1], above)
        if score >= best:
            best, copied = score, line
    return copied


BASELINES: dict[str, Callable[[str], str]] = {
    "empty": nothing,
    "most similar line": most_similar_line,
}
"""Baseline name -> prediction from the text before the cursor."""
