"""Keys and values are reused only under the adapter that they were evaluated with."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.llama.sequences import LEAST_GAIN, Sequences, Slot

FRONT = list(range(1000, 1000 + 2 * LEAST_GAIN))

Pair = tuple[int, str]
"""A token and what it was evaluated with."""


class Memory:
    """Holds what llama.cpp's memory would, and under which adapter it came about."""

    def __init__(self, sequences: int, *, partial: bool) -> None:
        self.sequences = sequences
        self.partial_removal = partial
        self.held: list[list[Pair]] = [[] for _ in range(sequences)]

    def remove(self, sequence: int, start: int) -> bool:
        if self.partial_removal:
            del self.held[sequence][start:]
        return self.partial_removal

    def clear(self, sequence: int) -> None:
        self.held[sequence].clear()

    def copy(self, source: int, target: int) -> None:
        self.held[target] = list(self.held[source])

    def last_position(self, sequence: int) -> int:
        return len(self.held[sequence]) - 1


class Saved:
    """States by the keys that they are saved by."""

    def __init__(self, memory: Memory, states: dict[str, list[Pair]]) -> None:
        self._memory = memory
        self.states = states

    def tokens(self, key: str) -> list[int]:
        return [token for token, _ in self.states.get(key, [])]

    def pays(self, key: str, gain: int) -> bool:
        return True

    def restore(self, key: str, sequence: int) -> bool:
        self._memory.held[sequence] = self.states.pop(key)
        return True


def evaluate(
    memory: Memory, sequences: Sequences, key: str, prompt: list[int], *, warm: bool
) -> int:
    """As the decoder does it; how many tokens were reused."""
    opened = sequences.open_beside if warm else sequences.open
    slot, reused = opened(key, prompt)
    adapter = sequences.adapter
    held = memory.held[slot.number]
    assert held[:reused] == [(token, adapter) for token in prompt[:reused]]
    if reused < len(prompt):
        assert len(held) == reused
        held.extend((token, adapter) for token in prompt[reused:])
        slot.tokens.extend(prompt[reused:])
    return reused


def test_a_swap_makes_what_is_held_worthless_and_a_swap_back_does_not() -> None:
    memory = Memory(3, partial=True)
    sequences = Sequences(memory)
    assert evaluate(memory, sequences, "a", [1, 2, 3], warm=False) == 0
    sequences.adapter = "x 1"
    assert evaluate(memory, sequences, "b", [1, 2, 3], warm=False) == 0
    assert evaluate(memory, sequences, "b", [1, 2, 3], warm=False) == 2
    sequences.adapter = ""
    assert evaluate(memory, sequences, "a", [1, 2, 3], warm=False) == 2


def test_a_front_is_not_copied_from_under_another_adapter() -> None:
    memory = Memory(3, partial=True)
    sequences = Sequences(memory)
    evaluate(memory, sequences, "a", [*FRONT, 1], warm=False)
    assert evaluate(memory, sequences, "b", [*FRONT, 2], warm=False) == len(FRONT)
    sequences.adapter = "x 1"
    assert evaluate(memory, sequences, "c", [*FRONT, 3], warm=False) == 0


def test_states_are_saved_and_found_by_the_adapter() -> None:
    memory = Memory(3, partial=True)
    sequences = Sequences(memory)
    evaluate(memory, sequences, "a", [*FRONT, 1], warm=False)
    sequences.adapter = "x 1"
    evaluate(memory, sequences, "a", [*FRONT, 1], warm=False)
    evaluate(memory, sequences, "b", [*FRONT, 2], warm=False)
    states = {key: list(memory.held[slot.number]) for key, slot in sequences.documents()}
    assert set(states) == {"x 1\na", "x 1\nb"}
    later = Memory(3, partial=True)
    for adapter, reused in (("", 0), ("y 1", 0), ("x 1", len(FRONT) + 1)):
        reading = Sequences(later, Saved(later, states))
        reading.adapter = adapter
        assert evaluate(later, reading, "b", [*FRONT, 2, 3], warm=False) == reused
        for number in range(later.sequences):
            later.clear(number)


PROMPTS = st.builds(
    lambda front, rest: FRONT[:front] + rest,
    st.sampled_from([0, LEAST_GAIN + 1, len(FRONT)]),
    st.lists(st.integers(0, 2), min_size=1, max_size=6),
)
STEPS = st.lists(
    st.tuples(st.sampled_from("abc"), PROMPTS, st.booleans(), st.sampled_from(["", "x 1", "y 1"])),
    max_size=20,
)


@given(partial=st.booleans(), sequences=st.integers(1, 4), steps=STEPS)
def test_nothing_of_another_adapter_is_ever_reused(
    partial: bool, sequences: int, steps: list[tuple[str, list[int], bool, str]]
) -> None:
    memory = Memory(sequences, partial=partial)
    states = {
        "a": [(token, "") for token in [*FRONT, 1]],
        "x 1\na": [(token, "x 1") for token in [*FRONT, 1]],
        "y 1\nb": [(token, "y 1") for token in FRONT],
    }
    made = Sequences(memory, Saved(memory, states))
    for key, prompt, warm, adapter in steps:
        made.adapter = adapter
        evaluate(memory, made, key, prompt, warm=warm)
    for key, slot in made.documents():
        assert isinstance(slot, Slot)
        assert [adapter for _, adapter in memory.held[slot.number]] == [
            slot.adapter for _ in slot.tokens
        ]
        assert key.startswith(f"{slot.adapter}\n") or not slot.adapter
