"""Which tokens each KV sequence holds, and what of it a new prompt can reuse. Decodes nothing.

A document (a key) has at most two sequences: its main one, and a spare into which a prompt can be
evaluated beside what the main one holds; a prompt that is there whole makes it the main one. Least
recently used goes first: free sequences, then spares, then documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

LEAST_GAIN = 64
"""Tokens by which another source must share more before it is copied.

Copying moves a sequence's whole memory, used or not: 0.1 to 1 ms a MiB (measured on two busy
cores, f16), 3 to 25 ms for contexts of 8,192 tokens of models from 5 M to 0.5 B parameters. 64
tokens take 20 to 3,000 ms to evaluate there."""


class Memory(Protocol):
    """What is needed of `native.Context`."""

    @property
    def sequences(self) -> int: ...

    @property
    def partial_removal(self) -> bool: ...

    def remove(self, sequence: int, start: int) -> bool: ...

    def clear(self, sequence: int) -> None: ...

    def copy(self, source: int, target: int) -> None: ...

    def last_position(self, sequence: int) -> int: ...


class Saved(Protocol):
    """States of documents kept outside the memory."""

    def tokens(self, key: str) -> Sequence[int]:
        """What the document's saved state would bring; empty when there is none."""
        ...

    def pays(self, key: str, gain: int) -> bool:
        """Whether reading it is faster than evaluating `gain` tokens."""
        ...

    def restore(self, key: str, sequence: int) -> bool:
        """Put it into a sequence, in place of what that holds. False: it could not be used, and
        the sequence may hold anything."""
        ...


@dataclass(eq=False)
class Slot:
    """One KV sequence."""

    number: int
    tokens: list[int] = field(default_factory=list)
    """Tokens whose keys and values the memory holds, position by position."""
    adapter: str = ""
    """What they were evaluated with."""


class Sequences:
    """The KV sequences of one context and the documents they belong to."""

    def __init__(self, memory: Memory, saved: Saved | None = None) -> None:
        self._memory = memory
        self._saved = saved
        self._slots = [Slot(number) for number in range(memory.sequences)]
        self._free = self._slots[::-1]
        self._documents: dict[str, list[Slot]] = {}
        """Least recently used first. The main slot comes before the spare."""
        self.adapter = ""
        """What prompts are evaluated with over the model's weights; empty: nothing. What was
        evaluated with anything else is worth nothing to them."""

    def open(self, key: str, prompt: Sequence[int]) -> tuple[Slot, int]:
        """A slot of the document, cut back to what it shares with `prompt`, and that length.

        The one of its slots that shares most becomes the main one. At least the prompt's last
        token is left out, since its logits are wanted. When the memory refuses to drop only the
        rest, all is dropped.
        """
        held = self._usable(prompt, len(prompt) - 1)
        own = self._documents.get(key, [])
        mine = max(own, key=held.__getitem__, default=None)
        source = max(self._slots, key=held.__getitem__)
        have = held[mine] if mine else 0
        if held[source] - have < LEAST_GAIN:
            source = None
        saved = self._saved_gain(key, prompt, held[source] if source else have)
        if mine is None or source is not None or saved:
            mine = self._room() if not own or (len(own) < 2 and self._free) else own[-1]
            self._fill(mine, source, key if saved else None)
        self._own(key, mine)
        return mine, self._cut(mine, prompt, len(prompt) - 1)

    def open_beside(self, key: str, prompt: Sequence[int]) -> tuple[Slot, int]:
        """A slot to evaluate `prompt` in that leaves the document's main one as it is, cut back
        to what it shares with `prompt`, and that length; all of it when nothing is to be done.

        The main slot is used where the prompt only continues it, and where there is no other:
        the slot of the most recently used document is not taken for another one's spare.
        """
        held = self._usable(prompt, len(prompt))
        own = self._documents.get(key, [])
        for slot in own:
            if held[slot] == len(prompt):
                return slot, len(prompt)
        harmless = [slot for slot in own[:1] if held[slot] == len(slot.tokens)] + own[1:]
        mine = max(harmless, key=held.__getitem__, default=None)
        source = max(self._slots, key=held.__getitem__)
        have = held[mine] if mine else 0
        if held[source] - have < LEAST_GAIN:
            source = None
        saved = self._saved_gain(key, prompt, held[source] if source else have)
        if mine is None or source is not None or saved:
            mine = self._room_beside(key) if len(own) < 2 else own[1]
            self._fill(mine, source, key if saved else None)
        self._own(key, mine, warm=True)
        return mine, self._cut(mine, prompt, len(prompt))

    def warmed(self, key: str, slot: Slot) -> None:
        """All of a prompt was evaluated beside: requests go on from it, so that the slot is the
        document's main one, and what was so far is the spare, which goes when room is needed.
        """
        self._documents[key].sort(key=lambda other: other is not slot)

    def drop(self, slot: Slot) -> None:
        """Forget the slot's content after a failed decode."""
        self._memory.clear(slot.number)
        slot.tokens.clear()

    def documents(self) -> Iterator[tuple[str, Slot]]:
        """Keys of their states and their main slots, most recently used first."""
        for slot in self._slots:
            self._reconcile(slot)
        for key in reversed(self._documents):
            slot = self._documents[key][0]
            yield _state_key(key, slot.adapter), slot

    # -- what can be reused

    def _usable(self, prompt: Sequence[int], most: int) -> dict[Slot, int]:
        """How much of `prompt`, at most `most` tokens, each slot could bring."""
        wanted = list(prompt[:most])
        for slot in self._slots:
            self._reconcile(slot)
        return {
            slot: self._brought(slot.tokens, wanted) if slot.adapter == self.adapter else 0
            for slot in self._slots
        }

    def _brought(self, tokens: Sequence[int], wanted: list[int]) -> int:
        shared = shared_length(tokens, wanted)
        return shared if shared == len(tokens) or self._memory.partial_removal else 0

    def _saved_gain(self, key: str, prompt: Sequence[int], have: int) -> bool:
        """Whether the document's saved state is worth reading."""
        kept = _state_key(key, self.adapter)
        if self._saved is None or not (tokens := self._saved.tokens(kept)):
            return False
        gain = self._brought(tokens, list(prompt[:-1])) - have
        return gain >= LEAST_GAIN and self._saved.pays(kept, gain)

    def _reconcile(self, slot: Slot) -> None:
        """Believe the memory, not our notes: an aborted decode leaves either behind."""
        held = self._memory.last_position(slot.number) + 1
        if held < len(slot.tokens):
            del slot.tokens[held:]
        elif held > len(slot.tokens) and not self._memory.remove(slot.number, len(slot.tokens)):
            self.drop(slot)

    # -- what a slot holds

    def _fill(self, slot: Slot, source: Slot | None, saved: str | None) -> None:
        """Give `slot` the state of the document `saved`, or else the content of `source`."""
        if saved is not None and self._saved is not None:
            kept = _state_key(saved, self.adapter)
            tokens = list(self._saved.tokens(kept))
            if self._saved.restore(kept, slot.number):
                slot.tokens, slot.adapter = tokens, self.adapter
                self._reconcile(slot)
                return
            self.drop(slot)
        if source is not None and source is not slot:
            self._memory.clear(slot.number)
            self._memory.copy(source.number, slot.number)
            slot.tokens, slot.adapter = list(source.tokens), source.adapter

    def _cut(self, slot: Slot, prompt: Sequence[int], most: int) -> int:
        """Drop from the slot what is not the front of the prompt; the length that stays."""
        same = slot.adapter == self.adapter
        shared = shared_length(slot.tokens, list(prompt[:most])) if same else 0
        slot.adapter = self.adapter
        if shared < len(slot.tokens):
            if shared == 0 or not self._memory.remove(slot.number, shared):
                self._memory.clear(slot.number)
                shared = 0
            del slot.tokens[shared:]
        return shared

    # -- whose a slot is

    def _own(self, key: str, slot: Slot, *, warm: bool = False) -> None:
        """The slot is the document's; its main one and the document the newest, unless `warm`:
        then it is the main one only where there is none, and the document the newest but one.
        """
        newest = next(reversed(self._documents), None)
        slots = self._documents.pop(key, [])
        if slot not in slots:
            slots.insert(len(slots) if warm else 0, slot)
        elif not warm:
            slots.sort(key=lambda other: other is not slot)
        self._documents[key] = slots
        if warm and newest is not None and newest != key:
            self._documents[newest] = self._documents.pop(newest)

    def _room(self) -> Slot:
        """A slot for the main state of a document without one: free, a spare, or the oldest's."""
        if self._free:
            return self._free.pop()
        for slots in self._documents.values():
            if len(slots) > 1:
                return slots.pop()
        return self._take(next(iter(self._documents)))

    def _room_beside(self, key: str) -> Slot:
        """A slot for a document that is only warmed. What the newest document has goes last, and
        never where `key` has a slot to be evaluated in. Of two slots in all nothing goes either:
        what the prompt changes costs less than the whole prompt of the other document.
        """
        if self._free:
            return self._free.pop()
        if key in self._documents and len(self._slots) == 2:
            return self._documents[key][0]
        newest = next(reversed(self._documents))
        others = [other for other in self._documents if other not in (key, newest)]
        for other in others:
            if len(self._documents[other]) > 1:
                return self._documents[other].pop()
        if others:
            return self._take(others[0])
        if key in self._documents:
            return self._documents[key][0]
        spares = self._documents[newest]
        return spares.pop() if len(spares) > 1 else self._take(newest)

    def _take(self, key: str) -> Slot:
        """The slot of a document that has no spare; the document then has none."""
        (slot,) = self._documents.pop(key)
        return slot


def _state_key(key: str, adapter: str) -> str:
    """What the state of a document is saved by."""
    return f"{adapter}\n{key}" if adapter else key


def shared_length(tokens: Sequence[int], wanted: list[int]) -> int:
    """Length of the longest common front. Compares slices, ever longer, then halves: a loop over
    the thousands of tokens of a prompt would cost a millisecond for every sequence.
    """
    tokens = tokens if isinstance(tokens, list) else list(tokens)
    end = min(len(tokens), len(wanted))
    low, step = 0, 32
    while low < end:
        high = min(low + step, end)
        if tokens[low:high] != wanted[low:high]:
            break
        low, step = high, step * 2
    else:
        return end
    high = min(low + step, end)
    while high - low > 1:
        middle = (low + high) // 2
        if tokens[low:middle] == wanted[low:middle]:
            low = middle
        else:
            high = middle
    return low
