"""Which tokens each KV sequence holds, and what of it a new prompt can reuse. Decodes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Memory(Protocol):
    """What is needed of `native.Context`."""

    @property
    def sequences(self) -> int: ...

    def remove(self, sequence: int, start: int) -> bool: ...

    def clear(self, sequence: int) -> None: ...

    def last_position(self, sequence: int) -> int: ...


@dataclass
class Slot:
    """One KV sequence and its owner."""

    number: int
    tokens: list[int] = field(default_factory=list)
    """Tokens whose keys and values the memory holds, position by position."""


class Sequences:
    """One KV sequence per key (a document), least recently used out."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._free = [Slot(number) for number in reversed(range(memory.sequences))]
        self._used: dict[str, Slot] = {}
        """Least recently used first."""

    def open(self, key: str, prompt: Sequence[int]) -> tuple[Slot, int]:
        """The key's slot, cut back to what it shares with `prompt`, and that length.

        At least the prompt's last token is left out, since its logits are wanted. When the
        memory refuses to drop only the rest, all is dropped.
        """
        slot = self._used.pop(key, None)
        if slot is None:
            slot = self._free.pop() if self._free else self._oldest()
        self._used[key] = slot
        self._reconcile(slot)
        shared = 0
        for held, wanted in zip(slot.tokens, prompt[:-1], strict=False):
            if held != wanted:
                break
            shared += 1
        if shared < len(slot.tokens):
            if shared == 0 or not self._memory.remove(slot.number, shared):
                self._memory.clear(slot.number)
                shared = 0
            del slot.tokens[shared:]
        return slot, shared

    def drop(self, slot: Slot) -> None:
        """Forget the slot's content after a failed decode."""
        self._memory.clear(slot.number)
        slot.tokens.clear()

    def _oldest(self) -> Slot:
        slot = self._used.pop(next(iter(self._used)))
        self.drop(slot)
        return slot

    def _reconcile(self, slot: Slot) -> None:
        """Believe the memory, not our notes: an aborted decode leaves either behind."""
        held = self._memory.last_position(slot.number) + 1
        if held < len(slot.tokens):
            del slot.tokens[held:]
        elif held > len(slot.tokens) and not self._memory.remove(slot.number, len(slot.tokens)):
            self.drop(slot)
