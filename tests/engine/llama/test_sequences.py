"""KV bookkeeping against a model of llama.cpp's memory that aborts, refuses and forgets."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.llama.sequences import LEAST_GAIN, Sequences, shared_length

FRONT = list(range(1000, 1000 + 2 * LEAST_GAIN))
"""What prompts of several documents may begin with."""


class FakeMemory:
    """Holds tokens per sequence as llama.cpp's memory holds their keys and values."""

    def __init__(self, sequences: int, *, partial: bool = True) -> None:
        self.sequences = sequences
        self.partial_removal = partial
        self.held: list[list[int]] = [[] for _ in range(sequences)]
        self.copies = 0

    def remove(self, sequence: int, start: int) -> bool:
        if not self.partial_removal:
            return False
        del self.held[sequence][start:]
        return True

    def clear(self, sequence: int) -> None:
        self.held[sequence].clear()

    def copy(self, source: int, target: int) -> None:
        assert source != target
        assert not self.held[target]
        self.held[target] = list(self.held[source])
        self.copies += 1

    def last_position(self, sequence: int) -> int:
        return len(self.held[sequence]) - 1


@dataclass
class FakeSaved:
    """States kept outside."""

    memory: FakeMemory
    states: dict[str, list[int]] = field(default_factory=dict)
    paying: bool = True
    readable: bool = True

    def tokens(self, key: str) -> list[int]:
        return self.states.get(key, [])

    def pays(self, key: str, gain: int) -> bool:
        return self.paying

    def restore(self, key: str, sequence: int) -> bool:
        tokens = self.states.pop(key)
        self.memory.held[sequence] = tokens if self.readable else []
        return self.readable


@dataclass
class Bench:
    """Opens and evaluates as the decoder does; gives how many tokens were reused."""

    memory: FakeMemory
    saved: FakeSaved | None = None

    def __post_init__(self) -> None:
        self.sequences = Sequences(self.memory, self.saved)

    def ask(self, key: str, prompt: list[int], *, stop: int | None = None) -> int:
        slot, reused = self.sequences.open(key, prompt)
        assert reused < len(prompt)
        return self._evaluate(slot, prompt, reused, stop)

    def warm(self, key: str, prompt: list[int], *, stop: int | None = None) -> int:
        slot, reused = self.sequences.open_beside(key, prompt)
        if reused == len(prompt):
            assert self.memory.held[slot.number][:reused] == prompt
        else:
            self._evaluate(slot, prompt, reused, stop)
        if stop is None:
            self.sequences.warmed(key, slot)
        return reused

    def _evaluate(self, slot, prompt: list[int], reused: int, stop: int | None) -> int:
        assert self.memory.held[slot.number] == prompt[:reused] == slot.tokens
        self.memory.held[slot.number].extend(prompt[reused:stop])
        slot.tokens.extend(prompt[reused:stop])
        return reused


def slots_of(made: Bench) -> dict[str, int]:
    """How many slots each document has."""
    return {key: len(slots) for key, slots in made.sequences._documents.items()}


def bench(sequences: int = 3, *, partial: bool = True, **saved: list[int]) -> Bench:
    memory = FakeMemory(sequences, partial=partial)
    return Bench(memory, FakeSaved(memory, saved))


def test_the_shared_front_is_reused_and_the_last_token_is_not() -> None:
    made = bench(2)
    assert made.ask("a", [1, 2, 3]) == 0
    assert made.ask("a", [1, 2, 3]) == 2
    assert made.ask("a", [1, 2, 3, 4, 5]) == 3
    assert made.ask("a", [1, 2, 9]) == 2
    assert made.ask("a", [7, 8]) == 0


def test_two_keys_do_not_disturb_each_other() -> None:
    made = bench(2)
    made.ask("a", [1, 2, 3])
    made.ask("b", [4, 5, 6])
    assert made.ask("a", [1, 2, 3, 9]) == 3
    assert made.ask("b", [4, 5, 6, 9]) == 3


def test_the_least_recently_used_goes() -> None:
    made = bench(2)
    made.ask("a", [1, 2, 3])
    made.ask("b", [4, 5, 6])
    made.ask("a", [1, 2, 3])
    assert made.ask("c", [7, 8, 9]) == 0
    assert made.ask("a", [1, 2, 3]) == 2
    assert made.ask("b", [4, 5, 6]) == 0


def test_a_refused_removal_evaluates_everything_anew() -> None:
    made = bench(1, partial=False)
    made.ask("a", [1, 2, 3, 4])
    assert made.ask("a", [1, 2, 9]) == 0
    # A pure continuation removes nothing, so a recurrent model may go on.
    assert made.ask("a", [1, 2, 9, 10]) == 3


def test_a_prompt_with_the_front_of_another_document_takes_a_copy_of_it() -> None:
    made = bench()
    made.ask("a", [*FRONT, 1, 2])
    assert made.ask("b", [*FRONT, 3, 4]) == len(FRONT)
    assert made.memory.copies == 1
    assert made.ask("a", [*FRONT, 1, 2, 5]) == len(FRONT) + 2
    assert made.ask("b", [*FRONT, 3, 4, 5]) == len(FRONT) + 2


def test_a_little_in_common_is_not_worth_a_copy() -> None:
    made = bench()
    made.ask("a", [*FRONT, 1])
    assert made.ask("b", [*FRONT[: LEAST_GAIN - 1], 2, 3]) == 0
    assert made.memory.copies == 0


def test_the_slot_that_goes_is_taken_over_without_a_copy() -> None:
    made = bench(1)
    made.ask("a", [*FRONT, 1])
    assert made.ask("b", [*FRONT, 2]) == len(FRONT)
    assert made.memory.copies == 0


def test_models_that_cannot_forget_a_part_copy_only_what_is_shared_whole() -> None:
    made = bench(partial=False)
    made.ask("a", FRONT)
    assert made.ask("b", [*FRONT, 1]) == len(FRONT)
    assert made.ask("c", [*FRONT, 2]) == len(FRONT)
    assert made.ask("d", [*FRONT[:-1], 3]) == 0


def test_a_warmed_prompt_stands_beside_the_current_one() -> None:
    made = bench()
    made.ask("a", [*FRONT, 1, 2])
    assert made.warm("a", [*FRONT, 3, 4]) == len(FRONT)
    assert made.ask("a", [*FRONT, 1, 2, 5]) == len(FRONT) + 2
    assert made.ask("a", [*FRONT, 3, 4, 5]) == len(FRONT) + 2


def test_a_warm_prompt_that_only_continues_needs_no_second_sequence() -> None:
    made = bench()
    made.ask("a", [*FRONT, 1])
    assert made.warm("a", [*FRONT, 1, 2, 3]) == len(FRONT) + 1
    assert made.memory.copies == 0
    assert made.ask("a", [*FRONT, 1, 2, 3, 4]) == len(FRONT) + 3


def test_a_warm_prompt_that_is_there_already_changes_nothing() -> None:
    made = bench()
    made.ask("a", [1, 2, 3, 4])
    assert made.warm("a", [1, 2, 3]) == 3
    assert made.ask("a", [1, 2, 3, 4, 5]) == 4


def test_with_one_sequence_warm_is_evaluated_in_place() -> None:
    made = bench(1)
    made.ask("a", [1, 2, 3])
    assert made.warm("a", [1, 2, 4]) == 2
    assert made.ask("a", [1, 2, 4, 5]) == 3


def test_what_was_warmed_before_it_ended_early_is_used() -> None:
    made = bench()
    made.ask("a", [*FRONT, 1])
    wanted = [*FRONT, *range(9)]
    made.warm("a", wanted, stop=len(FRONT) + 4)
    assert made.warm("a", wanted, stop=len(FRONT) + 6) == len(FRONT) + 4
    assert made.ask("a", wanted) == len(FRONT) + 6


def test_spares_go_before_documents() -> None:
    made = bench(3)
    made.ask("a", [1, 2, 3])
    made.ask("b", [4, 5, 6])
    made.warm("b", [7, 8, 9])
    made.ask("c", [10, 11])
    assert made.ask("a", [1, 2, 3]) == 2
    assert made.ask("b", [7, 8, 9]) == 2
    assert made.ask("c", [10, 11]) == 1


def test_warming_another_document_leaves_the_newest_alone() -> None:
    made = bench(2)
    made.ask("a", [1, 2, 3])
    made.ask("b", [4, 5, 6])
    made.warm("c", [7, 8, 9])
    assert made.ask("b", [4, 5, 6]) == 2
    made = bench(2)
    made.ask("b", [4, 5, 6])
    made.warm("b", [7, 8, 9])
    made.warm("c", [10, 11])
    assert made.ask("b", [7, 8, 9]) == 2


def test_with_two_sequences_a_document_is_warmed_in_its_own() -> None:
    made = bench(2)
    made.ask("a", [*FRONT, 1, 2])
    made.ask("b", [4, 5, 6, 7])
    assert made.warm("b", [4, 5, 8]) == 2
    assert made.ask("a", [*FRONT, 1, 2, 3]) == len(FRONT) + 2
    assert made.warm("b", [4, 5, 8, 9]) == 3
    assert made.ask("b", [4, 5, 8, 9, 1]) == 4
    assert made.ask("a", [*FRONT, 1, 2, 3, 4]) == len(FRONT) + 3


def test_a_document_never_gets_a_third_sequence() -> None:
    made = bench(5)
    made.ask("a", [1, 2, 3])
    made.warm("a", [4, 5, 6])
    made.ask("b", [*FRONT, 1])
    assert made.ask("a", [*FRONT, 2]) == len(FRONT)
    assert slots_of(made) == {"b": 1, "a": 2}
    # The spare made room for it.
    assert made.ask("a", [4, 5, 6]) == 2


def test_what_cannot_be_cut_back_is_no_warmed_prompt() -> None:
    made = bench(partial=False)
    made.ask("a", [1, 2, 3, 4])
    assert made.warm("a", [1, 2, 3]) == 0
    assert made.ask("a", [1, 2, 3, 9]) == 3
    assert made.warm("a", [1, 2, 3, 9]) == 4


def test_a_saved_state_comes_with_the_first_prompt_that_it_serves() -> None:
    made = bench(2, a=[*FRONT, 1, 2, 3])
    assert made.saved is not None
    assert made.ask("a", [5, 6, 7]) == 0
    assert made.ask("a", [*FRONT, 1, 4]) == len(FRONT) + 1
    assert made.saved.states == {}


@pytest.mark.parametrize("trouble", ["paying", "readable"])
def test_a_saved_state_that_does_not_pay_or_cannot_be_read_is_not_used(trouble: str) -> None:
    made = bench(2, a=[*FRONT, 1])
    setattr(made.saved, trouble, False)
    assert made.ask("a", [*FRONT, 2]) == 0


def test_documents_come_with_their_main_slots_newest_first() -> None:
    made = bench(4)
    made.ask("a", [1, 2])
    made.ask("b", [3, 4])
    made.warm("b", [5, 6])
    made.warm("c", [7, 8])
    found = [(key, slot.tokens) for key, slot in made.sequences.documents()]
    assert found == [("b", [5, 6]), ("c", [7, 8]), ("a", [1, 2])]


def test_what_is_half_warmed_leaves_the_main_one() -> None:
    made = bench(3)
    made.ask("a", [1, 2, 3])
    made.warm("a", [4, 5, 6], stop=2)
    made.ask("b", [7, 8])
    made.ask("c", [9, 10])
    assert made.ask("a", [1, 2, 3]) == 2


@given(st.lists(st.integers(0, 1), max_size=200), st.lists(st.integers(0, 1), max_size=200))
def test_shared_length_is_that_of_the_common_front(first: list[int], second: list[int]) -> None:
    common = 0
    while common < min(len(first), len(second)) and first[common] == second[common]:
        common += 1
    assert shared_length(first, second) == common
    assert shared_length(first + second, first + second) == len(first + second)


PROMPTS = st.builds(
    lambda front, rest: FRONT[:front] + rest,
    st.sampled_from([0, 0, LEAST_GAIN - 1, LEAST_GAIN + 1, len(FRONT)]),
    st.lists(st.integers(0, 2), min_size=1, max_size=8),
)
STEPS = st.lists(
    st.tuples(st.sampled_from("abcd"), PROMPTS, st.booleans(), st.integers(-3, 3)), max_size=20
)


@given(partial=st.booleans(), sequences=st.integers(1, 4), steps=STEPS)
def test_memory_always_equals_the_prompt(
    partial: bool, sequences: int, steps: list[tuple[str, list[int], bool, int]]
) -> None:
    """Also after decodes that were aborted: the memory then holds less, or more, than noted."""
    made = bench(sequences, partial=partial, a=[*FRONT, 1], b=FRONT[: LEAST_GAIN + 1])
    for key, prompt, warm, drift in steps:
        (made.warm if warm else made.ask)(key, prompt)
        for held in made.memory.held:
            if drift < 0:
                del held[drift:]
            else:
                held.extend([99] * drift)


@given(sequences=st.integers(1, 5), steps=STEPS)
def test_the_newest_documents_stay_whatever_is_warmed(
    sequences: int, steps: list[tuple[str, list[int], bool, int]]
) -> None:
    """No more slots than there are, at most two a document; the newest document's prompt, asked
    with or warmed, is still there after any number of warm requests of others, where there is a
    slot to warm in: of two each document has one."""
    made = bench(sequences, a=[*FRONT, 1], b=FRONT[: LEAST_GAIN + 1])
    newest: tuple[str, list[int]] | None = None
    recent: list[str] = []
    before: set[str] = set()
    for key, prompt, warm, _ in steps:
        if warm:
            made.warm(key, prompt)
            if newest is not None and key == newest[0]:
                newest = key, prompt
        else:
            made.ask(key, prompt)
            newest = key, prompt
            recent = [other for other in recent if other != key] + [key]
        held = list(made.sequences.documents())
        assert sum(slots_of(made).values()) <= sequences
        assert max(slots_of(made).values()) <= 2
        if newest is not None and sequences > 1:
            assert held[0][0] == newest[0]
            if sequences > 2:
                assert held[0][1].tokens[: len(newest[1])] == newest[1]
            elif warm and key in before:
                assert {name for name, _ in held} == before
        before = {name for name, _ in held}
        if not any(step[2] for step in steps):
            # Nothing was warmed: the last so many documents are there, newest first.
            assert [name for name, _ in held] == recent[::-1][:sequences]
