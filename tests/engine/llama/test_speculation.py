"""How long a draft is: as long as it pays by the times and the guesses seen so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from beadline.engine.llama.speculation import PROBE, TRIALS, WIDEST, Speculation


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Eager:
    """A drafter that always has something, and takes its time."""

    def __init__(self, clock: Clock, *, chance: float = 0.5, thought: float = 0.0) -> None:
        self.chance = chance
        self.asked: list[int] = []
        self._clock = clock
        self._thought = thought

    def begin(self, tokens: Sequence[int], must_end: Callable[[], bool]) -> None: ...

    def append(self, tokens: Sequence[int]) -> None: ...

    def propose(self, most: int) -> list[int]:
        self.asked.append(most)
        self._clock.seconds += self._thought * most
        return [7] * most


def learned(speculation: Speculation, cost: float) -> Speculation:
    """Decodes of every width were seen: one second, and `cost` for each further token."""
    for width in list(range(1, WIDEST + 1)) * TRIALS:
        speculation.costs.add(width, 1.0 + cost * (width - 1))
    return speculation


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_nothing_is_drafted_before_a_single_token_was_timed(clock: Clock) -> None:
    assert Speculation([Eager(clock)], now=clock).propose(1, 8) == []


def test_wider_batches_are_tried_one_by_one(clock: Clock) -> None:
    speculation = Speculation([Eager(clock, chance=0.95)], now=clock)
    for width in range(1, WIDEST):
        speculation.costs.add(width, 1.0)
        assert len(speculation.propose(1, 20)) == width
    speculation.costs.add(WIDEST, 1.0)
    assert len(speculation.propose(1, 20)) == WIDEST - 1


@pytest.mark.parametrize(("chance", "cost"), [(0.9, 0.05), (0.6, 0.15), (0.3, 0.15), (0.2, 0.3)])
def test_a_draft_saves_more_than_it_costs(clock: Clock, chance: float, cost: float) -> None:
    speculation = learned(Speculation([Eager(clock, chance=chance)], now=clock), cost)
    draft = speculation.propose(1, 8)
    # Each token of it was worth its place; the next one would not have been.
    worth = [chance**count > cost for count in range(1, WIDEST)]
    assert len(draft) == sum(worth)


def test_wrong_guesses_end_it_and_right_ones_bring_it_back(clock: Clock) -> None:
    speculation = learned(Speculation([Eager(clock)], now=clock), 0.2)
    tries = 0
    while speculation.propose(1, 8) and tries < 100:
        speculation.judged(1, 0)
        tries += 1
    assert 0 < tries < 100
    drafts = [len(speculation.propose(1, 8)) for _ in range(3 * PROBE)]
    assert 1 <= sum(drafts) <= 3
    assert max(drafts) == 1
    for _ in range(200):
        if draft := speculation.propose(1, 8):
            speculation.judged(len(draft), len(draft))
        else:
            speculation.judged(1, 1)
    assert len(speculation.propose(1, 8)) > 1


def test_kinds_of_guesses_are_judged_apart(clock: Clock) -> None:
    drafter = Eager(clock, chance=0.5)
    speculation = learned(Speculation([drafter], now=clock), 0.1)
    while speculation.propose(1, 8):
        speculation.judged(1, 0)
    drafter.chance = 0.9
    assert len(speculation.propose(1, 8)) == WIDEST - 1


def test_the_next_drafter_is_asked_when_the_first_one_has_nothing_that_pays(clock: Clock) -> None:
    unsure, sure = Eager(clock, chance=0.01), Eager(clock, chance=0.9)
    speculation = learned(Speculation([unsure, sure], now=clock), 0.1)
    assert len(speculation.propose(1, 8)) == WIDEST - 1
    assert unsure.asked
    assert sure.asked


def test_thinking_too_long_is_not_worth_it(clock: Clock) -> None:
    slow = Eager(clock, chance=0.9, thought=2.0)
    speculation = learned(Speculation([slow], now=clock), 0.0)
    for _ in range(2 * PROBE):
        if draft := speculation.propose(1, 8):
            speculation.judged(len(draft), len(draft))
    assert len(slow.asked) <= 4


def test_an_interruption_is_not_taken_for_the_cost(clock: Clock) -> None:
    speculation = learned(Speculation([Eager(clock, chance=0.8)], now=clock), 0.1)
    for _ in range(4):
        speculation.costs.add(2, 1.1)
    before = len(speculation.propose(1, 8))
    speculation.costs.add(2, 60.0)
    assert speculation.costs.of(2) == 1.1
    assert len(speculation.propose(1, 8)) == before


def test_nothing_is_drafted_behind_a_chunk_of_a_prompt(clock: Clock) -> None:
    speculation = learned(Speculation([Eager(clock, chance=0.9)], now=clock), 0.0)
    assert len(speculation.propose(WIDEST - 1, 8)) == 1
    assert speculation.propose(WIDEST, 8) == speculation.propose(100, 8) == []


def test_a_slow_first_time_does_not_bar_a_width(clock: Clock) -> None:
    speculation = Speculation([Eager(clock, chance=0.95)], now=clock)
    speculation.costs.add(1, 1.0)
    speculation.costs.add(2, 50.0)
    assert len(speculation.propose(1, 1)) == 1
    for seconds in (50.0, 50.0):
        speculation.costs.add(2, seconds)
    assert speculation.propose(1, 1) == []


def test_disabled_is_silent(clock: Clock) -> None:
    speculation = learned(Speculation([Eager(clock)], enabled=False, now=clock), 0.0)
    assert speculation.propose(1, 8) == speculation.spell([1, 2], 1) == []


def test_typed_words_are_drafted_while_that_pays(clock: Clock) -> None:
    speculation = learned(Speculation([], now=clock), 0.05)
    assert speculation.spell([4, 5], 1) == [4, 5]
    for _ in range(100):
        speculation.spell([4, 5], 1)
        speculation.judged(1, 0)
    assert speculation.spell([4, 5], 1) == []


def test_reading_a_prompt_is_not_taken_for_thinking(clock: Clock) -> None:
    class Reading(Eager):
        unread = 3

        def propose(self, most: int) -> list[int] | None:
            if not self.unread:
                return super().propose(most)
            self.unread -= 1
            clock.seconds += 100.0
            return None

    speculation = learned(Speculation([Reading(clock, chance=0.9)], now=clock), 0.05)
    assert [speculation.propose(1, 8) for _ in range(3)] == [[], [], []]
    assert len(speculation.propose(1, 8)) == WIDEST - 1
