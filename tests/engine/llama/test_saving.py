"""Which states are kept and read back, over real files and a fake memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from beadline.engine.llama.saving import READ_BYTES_PER_S, SavedStates
from beadline.engine.llama.sequences import LEAST_GAIN, Slot
from beadline.engine.llama.state import StateFiles

TOKENS = list(range(2 * LEAST_GAIN))
SIZE = 1 << 20
FAST = READ_BYTES_PER_S * len(TOKENS) / SIZE
"""Tokens per second at which evaluating `TOKENS` takes as long as reading their state."""


class FakeMemory:
    def __init__(self) -> None:
        self.sequences = {number: bytes([number]) * SIZE for number in range(6)}
        self.written = 0

    def state_bytes(self, sequence: int) -> int:
        return SIZE

    def state(self, sequence: int) -> memoryview | None:
        self.written += 1
        return memoryview(self.sequences[sequence])

    def restore(self, sequence: int, state: bytearray) -> bool:
        self.sequences[sequence] = bytes(state)
        return True


class Session:
    """One run of a worker over the same folder."""

    def __init__(self, folder: Path, *, limit: int = 16 * SIZE, tokens_per_s: float = 0.0) -> None:
        self.memory = FakeMemory()
        self.log: list[str] = []
        self.now = 0.0
        files = StateFiles(folder, identity="0" * 64, limit=limit)
        self.states = SavedStates(
            self.memory, files, identity="0" * 64, tell=self.log.append, clock=lambda: self.now
        )
        if tokens_per_s:
            self.states.measured(1000, 1000 / tokens_per_s)

    def save(self, *keys: str, tokens: list[int] = TOKENS, seconds: float = 9.0) -> int:
        documents = [(key, Slot(number, list(tokens))) for number, key in enumerate(keys)]
        return self.states.save(documents, seconds=seconds)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_a_state_comes_back_in_the_next_session_once(folder: Path) -> None:
    assert Session(folder, tokens_per_s=FAST / 4).save("a", "b") == 2
    later = Session(folder)
    assert later.states.tokens("b") == TOKENS
    assert later.states.tokens("c") == ()
    # The speed is remembered until it is measured again.
    assert later.states.pays("b", LEAST_GAIN)
    assert later.states.restore("b", 5)
    assert later.memory.sequences[5] == bytes([1]) * SIZE
    assert later.states.tokens("b") == ()


def test_reading_must_be_faster_than_evaluating(folder: Path) -> None:
    Session(folder, tokens_per_s=FAST / 4).save("a")
    later = Session(folder, tokens_per_s=FAST)
    assert not later.states.pays("a", len(TOKENS) - 1)
    assert later.states.pays("a", len(TOKENS) + 1)
    assert any("not read" in line for line in later.log)


def test_what_would_not_pay_is_not_kept(folder: Path) -> None:
    assert Session(folder, tokens_per_s=FAST * 2).save("a") == 0
    assert Session(folder, tokens_per_s=FAST / 4).save("a", tokens=TOKENS[: LEAST_GAIN - 1]) == 0
    assert Session(folder).save("a") == 0
    assert not folder.exists()


def test_single_tokens_say_nothing_about_prompts(folder: Path) -> None:
    session = Session(folder, tokens_per_s=FAST / 4)
    for _ in range(1000):
        session.states.measured(1, 1e-9)
    assert session.save("a") == 1


def test_the_newest_documents_have_room_first(folder: Path) -> None:
    limit = 2 * SIZE + SIZE // 2
    assert Session(folder, limit=limit, tokens_per_s=FAST / 4).save("a", "b", "c") == 2
    later = Session(folder, limit=limit)
    assert [key for key in "abc" if later.states.tokens(key)] == ["a", "b"]
    assert sum(path.stat().st_size for path in folder.iterdir()) <= limit
    # The next session's documents take the place of the oldest.
    later.save("c")
    assert [key for key in "abc" if Session(folder).states.tokens(key)] == ["a", "c"]


def test_no_more_is_kept_when_time_is_up(folder: Path) -> None:
    session = Session(folder, tokens_per_s=FAST / 4)
    assert session.save("a", seconds=0.0) == 0
    assert not folder.exists()


def test_a_state_that_did_not_change_is_not_written_again(folder: Path) -> None:
    Session(folder, tokens_per_s=FAST / 4).save("a", "b")
    later = Session(folder)
    assert later.states.restore("a", 0)
    assert later.save("a") == 1
    assert later.memory.written == 0
    assert later.save("a", tokens=[*TOKENS, 1]) == 1
    assert later.memory.written == 1


def test_a_damaged_file_is_not_restored(folder: Path) -> None:
    Session(folder, tokens_per_s=FAST / 4).save("a")
    later = Session(folder)
    (path,) = folder.iterdir()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert not later.states.restore("a", 5)
    assert later.memory.sequences[5] == bytes([5]) * SIZE
    assert any("could not be read" in line for line in later.log)


def test_a_state_that_cannot_be_read_out_is_told_and_the_others_are_kept(folder: Path) -> None:
    session = Session(folder, tokens_per_s=FAST / 4)
    state = session.memory.state
    session.memory.state = lambda sequence: None if sequence == 0 else state(sequence)
    assert session.save("a", "b") == 1
    assert [key for key in "ab" if Session(folder).states.tokens(key)] == ["b"]
    assert [line for line in session.log if "not written" in line]
