"""The arrays that `llama_decode` reads, allocated once. Knows no model and evaluates nothing."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from types import ModuleType
from typing import Any


class Batch:
    """A `llama_batch` of tokens that follow each other in one sequence."""

    def __init__(self, names: ModuleType, size: int) -> None:
        """`names`: llama_cpp's low-level module; `size`: the most tokens."""
        self._size = size
        self._tokens = (names.llama_token * size)()
        self._positions = (names.llama_pos * size)()
        self._sequence = (names.llama_seq_id * 1)()
        pointer = ctypes.cast(self._sequence, ctypes.POINTER(names.llama_seq_id))
        # The struct only points to these: they live as long as it does.
        self._sequences = (ctypes.POINTER(names.llama_seq_id) * size)(*[pointer] * size)
        self._counts = (ctypes.c_int32 * size)(*[1] * size)
        self._outputs = (ctypes.c_int8 * size)()
        self._struct = names.llama_batch(
            n_tokens=0,
            token=self._tokens,
            embd=None,
            pos=self._positions,
            n_seq_id=self._counts,
            seq_id=self._sequences,
            logits=self._outputs,
        )

    def fill(self, tokens: Sequence[int], position: int, sequence: int, outputs: int) -> Any:
        """The struct for `tokens` at `position`... of a sequence, with logits for the last
        `outputs` of them; the next call overwrites it. Raises `ValueError` for none or too many.
        """
        count = len(tokens)
        if not 0 < count <= self._size:
            raise ValueError(f"{count} tokens do not fit a batch of {self._size}")
        for index, token in enumerate(tokens):
            self._tokens[index] = token
            self._positions[index] = position + index
            self._outputs[index] = index >= count - outputs
        self._sequence[0] = sequence
        self._struct.n_tokens = count
        return self._struct
