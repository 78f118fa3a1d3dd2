"""What KV sequences hold is cut, copied, saved. Decodes nothing; `native` gives llama.cpp's names.

A context with several sequences keeps each in memory of its own (`kv_unified` is off).
"""

from __future__ import annotations

import ctypes
from types import ModuleType
from typing import Any


class SequenceMemory:
    """The part of `native.Context` that decodes nothing."""

    def __init__(self, names: ModuleType, pointer: Any) -> None:
        """`names`: llama_cpp's low-level module; `pointer`: an open context."""
        self._names = names
        self._pointer = pointer
        self._memory = names.llama_get_memory(pointer)
        self._copies: set[tuple[int, int]] = set()
        """Sources and targets of the copies that the next decode makes."""

    def remove(self, sequence: int, start: int) -> bool:
        """Forget positions from `start` on. False when refused: recurrent, hybrid and
        sliding-window models cannot drop a part; the sequence is then unchanged.
        """
        return bool(self._names.llama_memory_seq_rm(self._memory, sequence, start, -1))

    def clear(self, sequence: int) -> None:
        """Forget the whole sequence; never refused."""
        self._names.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def copy(self, source: int, target: int) -> None:
        """Make the empty sequence `target` hold what `source` holds. llama.cpp moves the memory
        of the whole sequence, used or not, at the start of the next `decode`.

        Sequences that do not share their memory can only be copied whole: llama.cpp ends the
        process over a range (llama-kv-cache.cpp, `seq_cp`).
        """
        self._names.llama_memory_seq_cp(self._memory, source, target, -1, -1)
        self._copies.add((source, target))

    def state_bytes(self, sequence: int) -> int:
        """Size of what `state` would give."""
        return int(self._names.llama_state_seq_get_size(self._pointer, sequence))

    def state(self, sequence: int) -> memoryview | None:
        """The sequence's memory as bytes that `restore` takes, in the same library with the same
        model and parameters; None when llama.cpp refuses, or while a copy into it is outstanding.
        """
        if any(target == sequence for _, target in self._copies):
            return None
        names, size = self._names, self.state_bytes(sequence)
        try:
            buffer = (ctypes.c_uint8 * size)()
        except MemoryError:
            return None
        written = int(names.llama_state_seq_get_data(self._pointer, buffer, size, sequence))
        return memoryview(buffer) if 0 < written == size else None

    def restore(self, sequence: int, state: bytearray) -> bool:
        """Put what `state` gave into a sequence, in place of what that holds. llama.cpp believes
        the bytes, so they must be those. False when it refuses, or while a copy from it or into it
        is outstanding; the sequence is then empty.
        """
        if state and not any(sequence in copy for copy in self._copies):
            names, size = self._names, len(state)
            data = (ctypes.c_uint8 * size).from_buffer(state)
            if int(names.llama_state_seq_set_data(self._pointer, data, size, sequence)) == size:
                return True
        self.clear(sequence)
        return False

    def last_position(self, sequence: int) -> int:
        """Largest position in the sequence's memory; -1 when it is empty."""
        return int(self._names.llama_memory_seq_pos_max(self._memory, sequence))

    def decoded(self, status: int) -> None:
        """llama_decode was called and gave `status`."""
        # Other failures may come before the copies that `copy` asked for.
        if status in (0, 1, 2):
            self._copies.clear()
