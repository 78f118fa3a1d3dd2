"""Which candidates of all sources become snippets, within one budget. Knows no source and no files.

Reciprocal-rank fusion (Cormack, Clarke and Buettcher 2009): a candidate's score is the sum over
sources of weight / (k + rank). Signatures of one file become one snippet, because every snippet
costs a header in the prompt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from beadline.context.retrieval.sources import Candidate
from beadline.context.retrieval.sources.texts import beginning, telling_lines
from beadline.context.retrieval.weights import Weights
from beadline.context.types import Snippet

DEFINITION = "definition"
"""The source whose candidates are small parts of files that are shown together."""
PER_FILE = 2
"""Most chunks of one file (Tabby's limit)."""
MOST_CHUNKS = 8
SAME = 0.5
"""Share of a chunk's lines that the prompt may already hold: a model repeats what it sees twice
(llama.vim evicts chunks of this similarity before each request)."""
LEAST_CHARS = 80
"""A chunk that was cut shorter than this to fit says nothing."""


@dataclass(frozen=True)
class Prompt:
    """What the prompt holds of the cursor's file, and how much it takes from others."""

    path: str
    text: str
    """The window's."""
    start: int
    """Where the window starts in the file. Nothing of the file behind it is a snippet."""
    max_chars: int
    """Of all snippets together."""


@dataclass(frozen=True)
class _Ranked:
    """A candidate with what all sources say about it."""

    candidate: Candidate
    source: str
    score: float

    @property
    def key(self) -> tuple[bool, tuple[str, int, int]]:
        """A definition and a chunk of the same lines are two things."""
        return self.source == DEFINITION, self.candidate.key


def fuse(
    lists: Mapping[str, Sequence[Candidate]],
    prompt: Prompt,
    weights: Weights,
    *,
    allowed: Callable[[Snippet], bool] = lambda snippet: True,
) -> tuple[Snippet, ...]:
    """Snippets of the candidates, best first, `prompt.max_chars` characters together at most.

    `lists`: by source, each best first. `allowed` says what may be shown at all. First come those
    of sources with room of their own, then all of them by score within the largest share of each,
    then what still fits.
    """
    if prompt.max_chars <= 0:
        return ()
    ranked = _ranked(lists, weights)
    choice = _Choice(prompt, allowed)
    for limits in (weights.reserved, weights.most, None):
        rest: list[_Ranked] = []
        is_full = False
        for each in ranked:
            share = 1.0 if limits is None else limits.get(each.source, 0.0)
            limit = int(share * prompt.max_chars)
            waits = is_full and each.source == DEFINITION
            if waits or not choice.take(each, limit, may_cut=limits is None):
                rest.append(each)
                # What is needed less must not take the place of what did not fit.
                fits_later = limits is not None and not choice.is_refused(each)
                is_full = is_full or (each.source == DEFINITION and fits_later)
        ranked = rest
    return choice.snippets()


def _ranked(lists: Mapping[str, Sequence[Candidate]], weights: Weights) -> list[_Ranked]:
    """All candidates, best first; chunks that several sources found count once, with the sum."""
    found: dict[tuple[bool, tuple[str, int, int]], _Ranked] = {}
    for source, candidates in lists.items():
        for rank, candidate in enumerate(candidates):
            score = weights.score(source, candidate.reason, rank)
            key = source == DEFINITION, candidate.key
            known = found.get(key)
            if known is None:
                found[key] = _Ranked(candidate, source, score)
            else:
                best = candidate if score > known.score else known.candidate
                where = source if score > known.score else known.source
                found[key] = _Ranked(best, where, score + known.score)
    return sorted(found.values(), key=lambda each: (-each.score, each.candidate.key))


class _Choice:
    """What was chosen so far."""

    def __init__(self, prompt: Prompt, allowed: Callable[[Snippet], bool]) -> None:
        self._prompt, self._allowed = prompt, allowed
        self._left = prompt.max_chars
        self._used: Counter[str] = Counter()
        """Characters by source."""
        self._seen = set(telling_lines(prompt.text))
        self._pieces: list[_Ranked] = []
        self._piece_lines: dict[tuple[str, bool], set[str]] = {}
        """Raw lines of the definitions chosen, by file and whether they are stable."""
        self._shown: dict[str, set[str]] = {}
        """By path: stripped lines of all that was chosen of it."""
        self._chunks: list[Snippet] = []
        self._of_file: Counter[str] = Counter()
        self._refused: set[tuple[bool, tuple[str, int, int]]] = set()

    def take(self, each: _Ranked, limit: int, *, may_cut: bool) -> bool:
        """Choose a candidate if it fits: in what is left, and in `limit` for its source. False:
        not in this round."""
        if self._left <= 0 or self.is_refused(each):
            return False
        room = min(self._left, limit - self._used[each.source])
        if each.source == DEFINITION:
            return self._take_piece(each, room)
        return self._take_chunk(each, room, may_cut)

    def is_refused(self, each: _Ranked) -> bool:
        """Whether a candidate will never be chosen."""
        return each.key in self._refused

    def snippets(self) -> tuple[Snippet, ...]:
        """What was chosen, best first."""
        pieces = sorted(self._pieces, key=lambda each: -each.score)
        chunks = sum(len(snippet.text) for snippet in self._chunks)
        joined = _joined(pieces)
        # Headers that pieces have in common were counted once; where they are not neighbours in
        # their file, they are shown twice.
        while pieces and chunks + sum(len(s.text) for s in joined) > self._prompt.max_chars:
            pieces.pop()
            joined = _joined(pieces)
        return tuple(sorted([*joined, *self._chunks], key=lambda snippet: -snippet.score))

    def _take_piece(self, each: _Ranked, room: int) -> bool:
        candidate = each.candidate
        path = candidate.snippet.path
        lines = telling_lines(candidate.snippet.text)
        shown = self._shown.setdefault(path, set())
        group = self._piece_lines.setdefault((path, candidate.stable), set())
        text = candidate.snippet.text.split("\n")
        first = 0
        while first < len(text) - 1 and text[first] in group:
            first += 1
        size = sum(len(line) + 1 for line in text[first:])
        if not lines or lines <= shown or not self._may_show(candidate, candidate.snippet):
            self._refused.add(each.key)
            return False
        if size > room:
            return False
        self._pieces.append(each)
        group.update(text)
        self._add(each.source, path, lines, size)
        return True

    def _take_chunk(self, each: _Ranked, room: int, may_cut: bool) -> bool:
        candidate = each.candidate
        snippet = candidate.snippet
        if len(self._chunks) == MOST_CHUNKS or self._of_file[snippet.path] == PER_FILE:
            return False
        text = self._fitting(candidate, room, may_cut)
        if not text:
            return False
        chosen = Snippet(
            snippet.path,
            text,
            snippet.start,
            each.score,
            snippet.source,
            snippet.volatile,
            candidate.reason,
        )
        lines = telling_lines(text)
        overlaps = any(_overlap(chosen, other) for other in self._chunks)
        if overlaps or self._repeats(lines) or not self._may_show(candidate, chosen):
            self._refused.add(each.key)
            return False
        self._chunks.append(chosen)
        self._of_file[snippet.path] += 1
        self._add(each.source, snippet.path, lines, len(text))
        return True

    def _fitting(self, candidate: Candidate, room: int, may_cut: bool) -> str:
        """The chunk with what follows it, the chunk alone, or its beginning; else nothing."""
        text = candidate.snippet.text
        core = text[: candidate.core or len(text)]
        # Whole, or not at all: half of the next definition helps nobody.
        if len(text) <= room and not self._repeats(telling_lines(text[len(core) :])):
            return text
        if len(core) <= room:
            return core
        cut = beginning(core, room) if may_cut else ""
        return cut if len(cut) >= LEAST_CHARS else ""

    def _may_show(self, candidate: Candidate, snippet: Snippet) -> bool:
        path, _, end = candidate.key
        if path == self._prompt.path and end > self._prompt.start:
            return False
        return self._allowed(snippet)

    def _repeats(self, lines: frozenset[str]) -> bool:
        """Jaccard's measure with the chunk alone below the line: the prompt is always longer."""
        return len(lines & self._seen) > SAME * len(lines)

    def _add(self, source: str, path: str, lines: Iterable[str], size: int) -> None:
        self._seen.update(lines)
        self._shown.setdefault(path, set()).update(lines)
        self._used[source] += size
        self._left -= size


def _overlap(one: Snippet, other: Snippet) -> bool:
    return (
        one.path == other.path
        and one.start < other.start + len(other.text)
        and other.start < one.start + len(one.text)
    )


def _joined(pieces: Iterable[_Ranked]) -> list[Snippet]:
    """Definitions as snippets: one a file and kind of life, in the file's order.

    A piece may begin with the headers around it (`class A:` above a method); those that the piece
    above it begins with as well are not repeated.
    """
    groups: dict[tuple[str, bool], list[_Ranked]] = {}
    for each in pieces:
        groups.setdefault((each.candidate.key[0], each.candidate.stable), []).append(each)
    joined: list[Snippet] = []
    for (path, stable), members in groups.items():
        members.sort(key=lambda each: (each.candidate.key[1], -each.candidate.key[2]))
        lines: list[str] = []
        above: list[str] = []
        for each in members:
            own = each.candidate.snippet.text.split("\n")
            same = 0
            while same < min(len(above), len(own) - 1) and own[same] == above[same]:
                same += 1
            if not set(lines).issuperset(own[same:]):
                lines += own[same:]
            above = own
        joined.append(
            Snippet(
                path,
                "\n".join(lines),
                members[0].candidate.snippet.start,
                max(each.score for each in members),
                DEFINITION,
                volatile=not stable,
                reason=", ".join(dict.fromkeys(m.candidate.reason for m in members)),
            )
        )
    return joined
