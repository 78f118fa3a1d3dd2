"""Draws cursors as a typing user leaves them: anywhere within a line. Knows lines and chances.

`holes` and `tree_holes` cut what a syntax node holds; keys fall between nodes, into words, strings
and comments too. What the author has from the cursor on is missing: the rest of the line and, in
half of the cases, some of the lines below it, as when a few lines are written into a file.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence

from beadline.evaluation.holes import Hole
from beadline.evaluation.sources import SourceFile

TYPED = "typed"
"""Category of these holes."""
MOST_LINES = 8
"""Most lines missing below the cursor's."""


def draw_typed(files: Sequence[SourceFile], count: int, *, seed: int) -> list[Hole]:
    """`count` cursors, balanced over repositories, and over the files of each.

    A cursor stands behind any key of a line but its last: every character of every line is as
    likely. The same files and seed always give the same holes in the same order.
    """
    repos = sorted({f.repo for f in files})
    drawn: list[Hole] = []
    for index, repo in enumerate(repos):
        own = sorted((f for f in files if f.repo == repo), key=lambda f: f.path)
        share = count // len(repos) + (1 if index < count % len(repos) else 0)
        # Not the built-in hash(): it differs between processes.
        digest = hashlib.sha256(f"{seed}:{repo}:{TYPED}".encode()).digest()
        rng = random.Random(int.from_bytes(digest[:8], "big"))
        found: dict[str, Hole] = {}
        order: list[SourceFile] = []
        for _ in range(4 * share):  # a few come twice, and some files are all blank
            if len(found) == share:
                break
            if not order:
                order = rng.sample(own, len(own))
            hole = _one(order.pop(), rng)
            if hole is not None:
                found.setdefault(hole.id, hole)
        drawn += found.values()
    return drawn


def _one(file: SourceFile, rng: random.Random) -> Hole | None:
    """A cursor in a file; None when the character drawn is no key of a line."""
    text = file.text
    at = rng.randrange(len(text))
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    line = text[start:end].rstrip()
    indent = len(line) - len(line.lstrip())
    if not indent <= at - start < len(line):
        return None
    for _ in range(rng.choice((0, rng.randint(1, MOST_LINES)))):
        below = text.find("\n", end + 1)
        if below < 0:
            break
        end = below
    return Hole(file.repo, file.commit, file.path, TYPED, at, end, text, file.language)
