"""What to ask of llama.cpp when memory did not suffice: less context, then the CPU. Starts nothing.

llama.cpp gives no reason but its log, and on a GPU some failures end the process (CUDA's pool
aborts), so both are told by their words.
"""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass, replace

from beadline.engine.protocol import ModelInfo

LEAST_CONTEXT = 1024
"""Tokens below which a smaller context is of no use to a prompt with its default windows."""
SEQUENCES = 6
"""Most KV sequences: the documents one goes to and fro between, and a spare for what is evaluated
ahead. With six, five documents stay warm; switching among more of them at a time is rare, and
every sequence costs its whole context (96 MiB of 8,192 tokens for a 0.5B model)."""
_SIGNS = re.compile(
    r"out[ _]?of[ _]?(?:device[ _]?|host[ _]?)?memory|insufficient memory|MemoryError|bad_alloc"
    r"|(?:failed|unable) to (?:re)?alloc",
    re.I,
)
"""Words of ggml (`ggml_aligned_malloc`, `alloc_tensor_range`), CUDA, Vulkan, C++ and Python."""


def tells_of_memory(text: str) -> bool:
    """Whether a log says that an allocation failed."""
    return _SIGNS.search(text) is not None


def was_killed(returncode: int | None) -> bool:
    """Whether the system may have ended the process for its memory (Linux: SIGKILL)."""
    return returncode == -getattr(signal, "SIGKILL", 9)


@dataclass(frozen=True)
class Demand:
    """What a worker is asked to open."""

    context_tokens: int
    """Of one sequence; 0 is the default of the model."""
    gpu_layers: int
    sequences: int = SEQUENCES
    """At most as many as this."""


class Thrift:
    """The demand of an engine, lowered step by step until it fits."""

    def __init__(self, asked: Demand) -> None:
        self._asked = asked
        self._opened_first = 0
        self.demand = asked

    def lower(self, *, opened: int, gpu: bool) -> bool:
        """Ask for less. `opened`: the context that did not fit, 0 when already the weights did
        not; `gpu`: whether this build uses one. False when there is nothing left to give up.

        A smaller context holds one sequence only: it would make room for more of them instead.
        On the CPU it starts again with what was asked.
        """
        self._opened_first = self._opened_first or opened
        if opened > LEAST_CONTEXT:
            tokens = max(LEAST_CONTEXT, opened // 2)
            self.demand = replace(self.demand, context_tokens=tokens, sequences=1)
        elif opened and self.demand.sequences > 1:
            self.demand = replace(self.demand, sequences=1)
        elif gpu and self.demand.gpu_layers != 0:
            self.demand = replace(self._asked, gpu_layers=0)
        else:
            return False
        return True

    def reset(self) -> None:
        """Ask for everything again."""
        self.demand = self._asked
        self._opened_first = 0

    def told(self, info: ModelInfo) -> str:
        """What was given up, one clause for the user; empty when nothing was."""
        if self.demand == self._asked:
            return ""
        given_up = []
        if info.context_tokens < self._opened_first:
            given_up.append(
                f"a context of {info.context_tokens} tokens instead of {self._opened_first}"
            )
        elif self.demand.sequences < self._asked.sequences:
            given_up.append("one document kept warm at a time")
        if self.demand.gpu_layers != self._asked.gpu_layers:
            given_up.append("the CPU instead of the GPU")
        return f"memory did not suffice: it runs with {' and '.join(given_up)}"
