"""Guesses at the tokens that come next. Knows token ids only; no model, no text, no KV state.

Prompt lookup (Saxena 2023, "Prompt Lookup Decoding"; llama.cpp's `ngram-simple`): code repeats
itself, so what followed the last few tokens earlier, in the prompt or in what was generated, often
follows them again. A guess costs microseconds; whether it is worth checking is decided elsewhere
(`speculation`).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import numpy as np

CHANCES = {1: 0.3, 2: 0.55, 3: 0.65, 4: 0.75, 9: 0.9}
"""Tokens of a match, at least -> share of the proposed tokens that were right.

Of 4,640 tokens that the built-in model wrote as served into 240 holes of aiohttp, scrapy, zod,
gson, cobra and fd, snippets in the prompt, at most 8 tokens a draft: first token right 0.19, 0.49,
0.62, 0.79 and over 0.94; the values here count the later tokens too, where those before were right.
The most frequent next token of all the longest matches was right no more often than the latest.
"""
LONGEST_MATCH = max(CHANCES)
_MOST_PLACES = 32
"""Places looked at, the latest ones: what two tokens begin is often no more than a line's end."""
_ROOM = 512
"""Tokens that the index has room for beyond the prompt at first."""


class Drafter(Protocol):
    """Proposes what comes next. One generation at a time."""

    @property
    def chance(self) -> float:
        """The drafter's own estimate that a token of its last proposal is right if those before
        it are. Proposals of the same estimate are judged together, and the judgement counts.
        """
        ...

    def begin(self, tokens: Sequence[int], must_end: Callable[[], bool]) -> None:
        """A new generation: its prompt, and what ends it; that is asked wherever a proposal takes
        time.
        """
        ...

    def append(self, tokens: Sequence[int]) -> None:
        """What was decoded since."""
        ...

    def propose(self, most: int) -> list[int] | None:
        """At most `most` tokens that may follow; none where there is nothing to go by. None while
        it is still busy with the prompt: that says nothing of how long it thinks.
        """
        ...


class PromptLookup:
    """Implements `Drafter`: what followed the latest of the longest matches of the last tokens.

    Tokens that are no text match nothing and are never proposed.
    """

    def __init__(self, vocabulary_size: int, not_text: Collection[int]) -> None:
        self._barred = np.zeros(vocabulary_size, dtype=bool)
        self._barred[list(not_text)] = True
        self._tokens = np.empty(0, dtype=np.int32)
        """Ids; a token that is no text as a negative number that occurs once."""
        self._count = 0
        self.chance = 0.0
        self.matched = 0
        """Tokens of the match of the last proposal, at most `LONGEST_MATCH`."""

    def begin(self, tokens: Sequence[int], must_end: Callable[[], bool] | None = None) -> None:
        """`must_end` is not asked: a proposal takes microseconds."""
        if len(tokens) + _ROOM > len(self._tokens):
            self._tokens = np.empty(len(tokens) + _ROOM, dtype=np.int32)
        self._count = 0
        self.append(tokens)

    def append(self, tokens: Sequence[int]) -> None:
        count = self._count + len(tokens)
        if count > len(self._tokens):
            self._tokens = np.concatenate([self._tokens, np.empty(count, dtype=np.int32)])
        if len(tokens) == 1:
            # The usual case, once per token: NumPy's ways for arrays take ten times longer.
            barred = self._barred.item(tokens[0])
            self._tokens[self._count] = -1 - self._count if barred else tokens[0]
            self._count = count
            return
        new = self._tokens[self._count : count]
        # Several times faster than NumPy's own reading of a tuple.
        new[:] = np.frombuffer(array("i", tokens), dtype=np.int32)
        barred = np.flatnonzero(self._barred[new])
        new[barred] = -1 - self._count - barred
        self._count = count

    def propose(self, most: int) -> list[int]:
        place, length = self._longest_match()
        self.matched = length
        if not length:
            return []
        self.chance = max(chance for least, chance in CHANCES.items() if length >= least)
        continuation = self._tokens[place : min(place + most, self._count)]
        barred = np.flatnonzero(continuation < 0)
        return continuation[: barred[0] if len(barred) else most].tolist()

    def _longest_match(self) -> tuple[int, int]:
        """Where the latest of the longest matches of the end goes on, and how long it is."""
        count = self._count
        tokens = self._tokens[:count]
        if count < 2:
            return 0, 0
        # A place is the index behind a match: that of the token that comes next.
        places = np.flatnonzero(tokens[:-1] == tokens[-1]) + 1
        if not len(places):
            return 0, 0
        best, length = int(places[-1]), 1
        if count < 3:
            return best, length
        # Index -1, of a match at the very start, is the last token: a match there is looked at
        # again below. Few places are left behind two tokens that match.
        places = places[tokens[places - 2] == tokens[-2]][-_MOST_PLACES:]
        end = tokens[-LONGEST_MATCH:].tolist()
        for place in reversed(places.tolist()):
            behind = tokens[max(0, place - LONGEST_MATCH) : place].tolist()
            matched = _common_end(behind, end)
            if matched > length:
                best, length = place, matched
            if length == LONGEST_MATCH:
                break
        return best, length


def _common_end(one: list[int], other: list[int]) -> int:
    """How many tokens both end with."""
    length, most = 0, min(len(one), len(other))
    while length < most and one[-1 - length] == other[-1 - length]:
        length += 1
    return length
