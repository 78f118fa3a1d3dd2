"""llama.vim's ring of chunks, its extra context. Knows no request, no clock and no editor.

After ggml-org/llama.vim a1c8e6e, autoload/llama.vim; line numbers in comments are of that file.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

CHUNKS = 16
"""ring_n_chunks (l. 80)."""
CHUNK_LINES = 64
"""ring_chunk_size (l. 81)."""
SCOPE_LINES = 1024
"""ring_scope (l. 82)."""
PREFIX_LINES, SUFFIX_LINES = 256, 64
"""n_prefix, n_suffix (l. 71-72)."""
_QUEUE = 16
"""l. 502"""
_LEAST_LINES = 3
"""l. 441"""
_SAME, _NEAR = 0.9, 0.5
"""l. 479, l. 788"""
_FAR_LINES = 32
"""l. 880"""
_NOT_WORD = re.compile(r"[^0-9A-Za-z_]+")
"""Vim's `\\W\\+`."""


@dataclass(frozen=True)
class Chunk:
    """Some lines of a file."""

    lines: tuple[str, ...]
    filename: str
    tokens: int = 0
    """Known once it is in the ring."""

    @property
    def text(self) -> str:
        """As it is sent (l. 454)."""
        return "\n".join(self.lines) + "\n"


def similarity(first: Sequence[str], second: Sequence[str]) -> float:
    """s:chunk_sim (l. 397-422): 0 is nothing in common, 1 the same words."""
    words = [word for word in _NOT_WORD.split("\n".join(first)) if word]
    others = [word for word in _NOT_WORD.split("\n".join(second)) if word]
    if not words and not others:
        return 1.0
    known = set(words)
    return 2.0 * sum(word in known for word in others) / (len(words) + len(others))


class Ring:
    """What was picked, and what of it goes into prompts."""

    def __init__(self, *, seed: int, most_tokens: int | None = None) -> None:
        """`most_tokens`: of the whole ring; beyond, the oldest chunks go, as they do beyond
        `CHUNKS`. The plugin has no such bound: its users choose `ring_n_chunks` to fit."""
        self.chunks: list[Chunk] = []
        self.queued: list[Chunk] = []
        self._random = random.Random(seed)
        self._most_tokens = most_tokens
        self._picked_at = -9999  # l. 264, s:pos_y_pick

    def pick(self, lines: Sequence[str], filename: str, *, evict: bool) -> None:
        """s:pick_chunk (l. 429-509) without its first test, which is the caller's."""
        if len(lines) < _LEAST_LINES:
            return
        chunk = Chunk(tuple(self._part(lines)), filename)
        if any(each.lines == chunk.lines for each in (*self.chunks, *self.queued)):  # l. 456-475
            return
        for held in (self.queued, self.chunks):  # l. 477-499
            for number in range(len(held) - 1, -1, -1):
                if similarity(held[number].lines, chunk.lines) > _SAME:
                    if not evict:
                        return
                    del held[number]
        if len(self.queued) == _QUEUE:
            del self.queued[0]
        self.queued.append(chunk)

    def pick_around(self, lines: Sequence[str], y: int, filename: str) -> None:
        """What entering, leaving and writing an unmodified buffer picks (l. 349-353)."""
        self.pick(around(lines, y), filename, evict=True)

    def moved(self, lines: Sequence[str], y: int, filename: str) -> None:
        """What an automatic request picks far from where one did the last time (l. 874-890)."""
        if abs(y - self._picked_at) <= _FAR_LINES:
            return
        last = len(lines)
        above = getline(lines, max(1, y - SCOPE_LINES), max(1, y - PREFIX_LINES))
        self.pick(above, filename, evict=False)
        below = getline(
            lines, min(last, y + SUFFIX_LINES), min(last, y + SUFFIX_LINES + CHUNK_LINES)
        )
        self.pick(below, filename, evict=False)
        self._picked_at = y

    def drop_near(self, lines: Sequence[str], y: int) -> None:
        """Before a request, what resembles the text around the cursor goes (l. 777-792)."""
        text = around(lines, y)
        start = self._random.randint(0, max(0, len(text) - CHUNK_LINES // 2))
        end = min(start + CHUNK_LINES // 2, len(text))
        chunk = text[start : end + 1]
        for number in range(len(self.chunks) - 1, -1, -1):
            if similarity(self.chunks[number].lines, chunk) > _NEAR:
                del self.chunks[number]

    def update(self, tokens: int = 0) -> None:
        """s:ring_update (l. 535-544): the oldest queued chunk, of `tokens`, goes into the ring."""
        if not self.queued:
            return
        if len(self.chunks) == CHUNKS:
            del self.chunks[0]
        chunk = self.queued.pop(0)
        self.chunks.append(Chunk(chunk.lines, chunk.filename, tokens))
        if self._most_tokens is not None:
            while sum(each.tokens for each in self.chunks) > self._most_tokens:
                del self.chunks[0]

    def extra(self) -> list[dict[str, str]]:
        """s:ring_get_extra (l. 511-523); the time goes to no model and stays out."""
        return [{"text": each.text, "filename": each.filename} for each in self.chunks]

    def _part(self, lines: Sequence[str]) -> Sequence[str]:
        """All, or half a chunk at random (l. 445-452; Vim's slices hold their end)."""
        if len(lines) + 1 < CHUNK_LINES:
            return lines
        start = self._random.randint(0, max(0, len(lines) - CHUNK_LINES // 2))
        return lines[start : min(start + CHUNK_LINES // 2, len(lines)) + 1]


def around(lines: Sequence[str], y: int) -> Sequence[str]:
    """Half a chunk's size of lines to both sides of line `y` (l. 349, 778)."""
    half = CHUNK_LINES // 2
    return getline(lines, max(1, y - half), min(y + half, len(lines)))


def getline(lines: Sequence[str], first: int, last: int) -> Sequence[str]:
    """Vim's getline(): lines from 1, the last one included."""
    return lines[max(0, first - 1) : max(0, last)]
