"""KV bookkeeping against a model of llama.cpp's memory that aborts, refuses and forgets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.llama.sequences import Sequences


class FakeMemory:
    """Holds tokens per sequence as llama.cpp's memory holds their keys and values."""

    def __init__(self, sequences: int, *, partial: bool = True) -> None:
        self.sequences = sequences
        self.partial = partial
        self.held: list[list[int]] = [[] for _ in range(sequences)]

    def remove(self, sequence: int, start: int) -> bool:
        if not self.partial:
            return False
        del self.held[sequence][start:]
        return True

    def clear(self, sequence: int) -> None:
        self.held[sequence].clear()

    def last_position(self, sequence: int) -> int:
        return len(self.held[sequence]) - 1


def evaluate(memory: FakeMemory, sequences: Sequences, key: str, prompt: list[int]) -> int:
    """Open and evaluate as the decoder does; how many tokens were reused."""
    slot, reused = sequences.open(key, prompt)
    assert memory.held[slot.number] == prompt[:reused] == slot.tokens
    memory.held[slot.number].extend(prompt[reused:])
    slot.tokens.extend(prompt[reused:])
    return reused


def test_the_shared_front_is_reused_and_the_last_token_is_not() -> None:
    memory = FakeMemory(2)
    sequences = Sequences(memory)
    assert evaluate(memory, sequences, "a", [1, 2, 3]) == 0
    assert evaluate(memory, sequences, "a", [1, 2, 3]) == 2
    assert evaluate(memory, sequences, "a", [1, 2, 3, 4, 5]) == 3
    assert evaluate(memory, sequences, "a", [1, 2, 9]) == 2
    assert evaluate(memory, sequences, "a", [7, 8]) == 0


def test_two_keys_do_not_disturb_each_other() -> None:
    memory = FakeMemory(2)
    sequences = Sequences(memory)
    evaluate(memory, sequences, "a", [1, 2, 3])
    evaluate(memory, sequences, "b", [4, 5, 6])
    assert evaluate(memory, sequences, "a", [1, 2, 3, 9]) == 3
    assert evaluate(memory, sequences, "b", [4, 5, 6, 9]) == 3


def test_the_least_recently_used_goes() -> None:
    memory = FakeMemory(2)
    sequences = Sequences(memory)
    evaluate(memory, sequences, "a", [1, 2, 3])
    evaluate(memory, sequences, "b", [4, 5, 6])
    evaluate(memory, sequences, "a", [1, 2, 3])
    assert evaluate(memory, sequences, "c", [4, 5, 6]) == 0
    assert evaluate(memory, sequences, "a", [1, 2, 3]) == 2
    assert evaluate(memory, sequences, "b", [4, 5, 6]) == 0


def test_a_refused_removal_evaluates_everything_anew() -> None:
    memory = FakeMemory(1, partial=False)
    sequences = Sequences(memory)
    evaluate(memory, sequences, "a", [1, 2, 3, 4])
    assert evaluate(memory, sequences, "a", [1, 2, 9]) == 0
    # A pure continuation removes nothing, so a recurrent model may go on.
    assert evaluate(memory, sequences, "a", [1, 2, 9, 10]) == 3


@given(
    partial=st.booleans(),
    steps=st.lists(
        st.tuples(
            st.sampled_from("abcd"),
            st.lists(st.integers(0, 2), min_size=1, max_size=8),
            st.integers(-3, 3),
        ),
        max_size=20,
    ),
)
def test_memory_always_equals_the_prompt(
    partial: bool, steps: list[tuple[str, list[int], int]]
) -> None:
    """Also after decodes that were aborted: the memory then holds less, or more, than noted."""
    memory = FakeMemory(2, partial=partial)
    sequences = Sequences(memory)
    for key, prompt, drift in steps:
        slot, reused = sequences.open(key, prompt)
        assert reused < len(prompt)
        assert memory.held[slot.number] == prompt[:reused] == slot.tokens
        memory.held[slot.number].extend(prompt[reused:])
        slot.tokens.extend(prompt[reused:])
        if drift < 0:
            del memory.held[slot.number][drift:]
        else:
            memory.held[slot.number].extend([99] * drift)
