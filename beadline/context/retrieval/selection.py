"""Which of the chunks found become snippets. Knows no index, no files and no cursor rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from beadline.context.retrieval.store import Held, Hit
from beadline.context.types import Snippet

PER_FILE = 2
"""Most snippets of one file (Tabby's limit)."""
MOST = 8
SAME = 0.5
"""Share of a chunk's lines that the prompt may already hold: a model repeats what it sees twice
(llama.vim evicts chunks of this similarity before each request)."""
LEAST_CHARS = 80
"""A snippet that was cut shorter than this to fit says nothing."""


def lines_of(text: str) -> frozenset[str]:
    """The lines that tell a text apart: stripped, and not only punctuation."""
    return frozenset(line.strip() for line in text.split("\n") if any(c.isalnum() for c in line))


def choose(
    hits: Iterable[Hit],
    prompt: str,
    *,
    max_chars: int,
    name: Callable[[str], str],
    joins: Callable[[Held], bool] = lambda held: True,
) -> tuple[Snippet, ...]:
    """Snippets of the hits, best first, that fit in `max_chars` together and repeat nothing.

    `prompt` is what the prompt holds of the current file; `name` gives a file's path as it is
    shown; `joins` says whether a chunk may be added to the one above it.
    """
    seen = lines_of(prompt)
    chosen: list[Snippet] = []
    of_file: Counter[str] = Counter()
    left = max_chars
    taken: set[tuple[str, int]] = set()
    for hit in hits:
        held = hit.chunk
        if len(chosen) == MOST or left < LEAST_CHARS:
            break
        lines = lines_of(held.text)
        if (
            of_file[held.path] == PER_FILE
            or (held.path, held.start) in taken
            or not lines
            or _repeats(lines, seen)
        ):
            continue
        text = held.text
        taken.add((held.path, held.start))
        behind = hit.following
        if behind is not None and behind.joins and (behind.path, behind.start) not in taken:
            # Whole, or not at all: half of the next definition helps nobody.
            joined = text + "\n" * (behind.start - held.start - len(text)) + behind.text
            if joins(behind) and len(joined) <= left and not _repeats(lines_of(behind.text), seen):
                text = joined
                taken.add((held.path, behind.start))
        text = _cut(text, left)
        if len(text) < min(LEAST_CHARS, len(held.text)) or _repeats(lines_of(text), seen):
            continue
        chosen.append(Snippet(name(held.path), text, held.start, hit.score, "bm25"))
        of_file[held.path] += 1
        seen |= lines_of(text)
        left -= len(text)
    return tuple(chosen)


def _repeats(lines: frozenset[str], seen: frozenset[str]) -> bool:
    """Jaccard's measure with the chunk alone below the line: the prompt is always longer."""
    return len(lines & seen) > SAME * len(lines)


def _cut(text: str, limit: int) -> str:
    """The first whole lines of a text that fit."""
    if len(text) <= limit:
        return text
    return text[: max(0, text.rfind("\n", 0, limit + 1))].rstrip()
