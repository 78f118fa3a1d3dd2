"""How many guessed tokens are worth checking in one decode. Knows times and counts; no model.

A decode of several tokens costs more than one of a single token: little on a GPU, a share that
depends on model, library and processor on a CPU. Guesses that turn out wrong are paid for all the
same. Both are measured while decoding, in this process, and drafts are as long as they pay.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from statistics import median

from beadline.engine.llama.drafts import Drafter

WIDEST = 9
"""Tokens of a batch that holds a draft."""
STEEP = 0.15
"""Cost of each further token of a batch, relative to a decode of one, until it is measured."""
TRUST = 8.0
"""Tokens that a drafter's own estimate counts for."""
SPELLED = 0.25
"""Share of typed words' tokens that the built-in model chose to spell them with (76 of 300 words
of aiohttp, scrapy, zod, gson, cobra and fd; at the end of a word 20 of 32)."""
FORGET = 0.98
"""What a token counts after each later one: the last 50 or so decide."""
DEAR = 0.1
"""Share of a decode of one token from which thinking of a proposed token is reckoned with."""
RECENT = 9
"""Times of a batch width that are looked at: their median counts, so that interruptions do not."""
TRIALS = 3
"""Times of a width before they count: the first ones of a new width are slow."""
SMOOTH = 0.2
"""Weight of the newest time to think of a token."""
PROBE = 32
"""Of guesses that do not pay, one of so many is tried."""


class BatchCosts:
    """Seconds of a decode by the number of its tokens, learned."""

    def __init__(self) -> None:
        self._times: dict[int, deque[float]] = {}
        self._added = 0
        self._seconds = [0.0] + [math.inf] * WIDEST
        """By width: measured, or above what the next narrower width took."""
        self._wide = math.inf
        """Per token of still wider batches."""
        self.single = 0.0
        """Of one token; 0 until it is known."""
        self.widest = 1
        """Largest width, up to `WIDEST`, that was tried."""

    def add(self, width: int, seconds: float) -> None:
        """A decode of `width` tokens took so long."""
        if width > WIDEST:
            width, seconds = WIDEST + 1, seconds / width
        times = self._times.setdefault(width, deque(maxlen=RECENT))
        times.append(seconds)
        # Once per token adds up where a token takes a millisecond.
        self._added += 1
        if len(times) < RECENT or self._added % RECENT == 0:
            self._learn()

    def _learn(self) -> None:
        known = {width: median(times) for width, times in self._times.items()}
        self._wide = known.pop(WIDEST + 1, math.inf)
        self.single = known.get(1, 0.0)
        self.widest = max(known, default=1)
        for width in range(1, WIDEST + 1):
            above = self._seconds[width - 1] + STEEP * self.single if width > 1 else self.single
            tried = len(self._times.get(width, ())) >= TRIALS
            self._seconds[width] = known[width] if tried else above or math.inf

    def of(self, width: int) -> float:
        """Of `width` tokens; infinite where nothing is known."""
        return self._seconds[width] if width <= WIDEST else width * self._wide

    def more(self, width: int, further: int) -> float:
        """What `further` tokens cost on top of a decode of `width`, at most `WIDEST` in all."""
        return max(0.0, self._seconds[width + further] - self._seconds[width])


class Record:
    """What came of the guesses of one kind lately."""

    def __init__(self, chance: float) -> None:
        """`chance`: what is believed at first, as if seen in `TRUST` tokens."""
        self._right, self._tried = TRUST * chance, TRUST
        self._passed = 0

    def judged(self, tried: int, right: int) -> None:
        """`right` of so many tokens were right; those behind a wrong one were not tried."""
        fading = FORGET**tried
        self._right = self._right * fading + right
        self._tried = self._tried * fading + tried

    @property
    def chance(self) -> float:
        """That a proposed token is right, if all before it are."""
        return self._right / self._tried

    def length(self, costs: BatchCosts, width: int, most: int, thought: float = 0.0) -> int:
        """The draft that saves most time behind `width` tokens that are decoded anyway; `thought`:
        seconds to think of a token.
        """
        best, gain, saved, worth = 0, 0.0, 0.0, costs.single
        for count in range(1, most + 1):
            worth *= self.chance
            saved += worth
            net = saved - costs.more(width, count) - count * thought
            if net > gain:
                best, gain = count, net
        return best

    def probed(self) -> bool:
        """Whether a guess that does not pay is tried all the same, to see whether it does now."""
        self._passed += 1
        return self._passed % PROBE == 0


class Speculation:
    """Drafters in order of preference, and what was learned of them and of the model."""

    def __init__(
        self,
        drafters: Sequence[Drafter],
        *,
        enabled: bool = True,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        """The draft of the first drafter that has one that pays is taken; there are none unless
        `enabled`.
        """
        self.enabled = enabled
        self.now = now
        """Seconds, from anywhere."""
        self.costs = BatchCosts()
        self._drafters = [_Asked(drafter, now) for drafter in drafters]
        self._spelled = Record(SPELLED)
        self._judged = self._spelled

    def begin(self, tokens: Sequence[int], must_end: Callable[[], bool]) -> None:
        """A new generation: its prompt, and what ends it."""
        for asked in self._drafters:
            asked.drafter.begin(tokens, must_end)

    def append(self, tokens: Sequence[int]) -> None:
        """What was decoded since."""
        for asked in self._drafters:
            asked.drafter.append(tokens)

    def propose(self, width: int, most: int) -> list[int]:
        """A draft of at most `most` tokens that pays behind `width` tokens decoded anyway."""
        most = self._allowed(width, most)
        for asked in self._drafters if most > 0 else ():
            draft = asked.propose(self.costs, width, most)
            if draft:
                self._judged = asked.record()
                if draft := self._paying(draft, width, asked.seconds):
                    return draft
        return []

    def spell(self, tokens: Sequence[int], width: int) -> list[int]:
        """As `propose`, of `tokens`: they probably spell what was typed."""
        most = self._allowed(width, len(tokens))
        self._judged = self._spelled
        return self._paying(list(tokens[:most]), width, 0.0)

    def judged(self, tried: int, right: int) -> None:
        """What came of the last draft: of `tried` tokens the first `right` were right."""
        self._judged.judged(tried, right)

    def _paying(self, draft: list[int], width: int, thought: float) -> list[int]:
        """As much of a draft as pays; now and then a token of one that does not."""
        if not draft:
            return draft
        length = self._judged.length(self.costs, width, len(draft), thought)
        return draft[: length or self._judged.probed()]

    def _allowed(self, width: int, most: int) -> int:
        """Nothing before a single token's time is known; wider batches are tried step by step,
        none of them as wide as the chunks of a prompt: those have kernels, and roundings, of
        their own (64 tokens and more on a CPU).
        """
        if not self.enabled or not self.costs.single:
            return 0
        return max(0, min(most, max(self.costs.widest + 1, width + 1) - width, WIDEST - width))


class _Asked:
    """One drafter, its records, and how long it thinks."""

    def __init__(self, drafter: Drafter, now: Callable[[], float]) -> None:
        self.drafter = drafter
        self.seconds = 0.0
        """A proposed token took so long."""
        self._now = now
        self._records: dict[float, Record] = {}
        self._asking = Record(1.0)

    def record(self) -> Record:
        """Of proposals like the last one."""
        chance = self.drafter.chance
        return self._records.setdefault(chance, Record(chance))

    def propose(self, costs: BatchCosts, width: int, most: int) -> list[int]:
        """A proposal; none where thinking of it alone would cost too much."""
        if self.seconds > DEAR * costs.single:
            lengths = (
                record.length(costs, width, most, self.seconds) for record in self._records.values()
            )
            most = min(most, max(lengths, default=1) or self._asking.probed())
        if not most:
            return []
        began = self._now()
        draft = self.drafter.propose(most)
        if draft is None:
            return []
        self.seconds = _smooth(self.seconds, (self._now() - began) / max(1, len(draft)))
        return draft


def _smooth(known: float, seconds: float) -> float:
    """Moving average. A time beyond twice the known one counts as that."""
    if not known:
        return seconds
    return known + SMOOTH * (min(seconds, 2 * known) - known)
